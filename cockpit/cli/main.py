"""The command line's root: the options before a command, and how every failure ends. Commands load when called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from cockpit.cli.context import Context
from cockpit.core.errors import CockpitError, ConfigError, InputError, PlanError, UnknownModel

COMMANDS = {
    "send": ("send", "Send a prompt to models, n times each, and print each answer as it ends."),
    "run": ("runs", "List, show, resume and export runs."),
    "job": ("jobs", "Run long work that survives this terminal: submit, queue, watch, end, sweep."),
    "log": ("log", "Keep the research log: add, list, show, edit, export, import entries that cite your work."),
    "report": ("report", "Tell others what was done: a daily update, a weekly deck, an idea's report."),
    "predict": ("predict", "Predict results beforehand, and see how good you are at it."),
    "paper": ("papers", "Keep the reading list: BibTeX and arXiv ids in and out."),
    "step": ("steps", "Keep the ranked list of what to try next."),
    "search": ("search", "Search every sample, newest first."),
    "show": ("search", "Show one sample: text, numbers, the exact request."),
    "example": ("examples", "Keep examples and sets of them: add, list, import, export, fill a context, render."),
    "tokens": ("tokens", "Show a text in tokens and count them, without a network."),
    "stops": ("stops", "Check stop strings before they are sent, and audit how stored answers ended."),
    "dataset": ("datasets", "Import labelled data, look at it, split it, take nested subsets of it."),
    "fewshot": ("fewshot", "Measure what examples do: their number, each of them, their order."),
    "score": ("scoring", "Score a run's answers, by text or by a judge, and store the scores."),
    "models": ("models", "List models: what they take, what they cost, whether there is a key."),
    "export": ("transfer", "Write samples of a project or a search to a file."),
    "import": ("transfer", "Import the history of the llm tool (logs.db)."),
    "keys": ("keys", "List the app's keys, as configured."),
    "doctor": ("doctor", "Check the database, config, keys and terminal, and say what is wrong."),
    "demo": ("demo", "Try Cockpit on a throw-away database."),
}
WRONG_CALL = (PlanError, UnknownModel, InputError, ConfigError)


class Commands(click.Group):
    """The commands, each imported when it is called: help and completion need none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cockpit.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--db", type=click.Path(path_type=Path), help="The database. Also $COCKPIT_DB.")
@click.option("--config", type=click.Path(path_type=Path), help="The config file. Also $COCKPIT_CONFIG.")
@click.option("--project", help="The project. Also $COCKPIT_PROJECT.")
@click.version_option(package_name="research-cockpit", prog_name="cockpit", message="%(prog)s %(version)s")
@click.pass_context
def cockpit(ctx: click.Context, db: Path | None, config: Path | None, project: str | None) -> None:
    """A research cockpit for language models. Without a command it opens the app.

    Every command takes --json and then prints one object a line. Exit status: 0 done, 1 something failed, 2 a wrong
    call, 130 interrupted.
    """
    ctx.obj = Context(db and db.expanduser(), config and config.expanduser(), project)


def run(arguments: Sequence[str]) -> int:
    """Run a command; the exit status. Every failure is one line on stderr."""
    try:
        return _run(arguments)
    except BaseExceptionGroup as group:
        # Tasks of one command fail together; the first failure says it.
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        return _failed(first)
    except BaseException as error:
        return _failed(error)


def _run(arguments: Sequence[str]) -> int:
    status = cockpit.main(args=list(arguments), prog_name="cockpit", standalone_mode=False)
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _failed(error: BaseException) -> int:
    """Say what went wrong in one line; the exit status. What is no known failure is our own fault and is logged."""
    from asyncio import CancelledError

    from cockpit.cli.output import complain

    if isinstance(error, SystemExit):
        raise error

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(error.format_message() + "\n")
        return 2
    if isinstance(error, click.ClickException):
        complain(_usage(error))
        return 2
    if isinstance(error, click.Abort | KeyboardInterrupt | CancelledError):
        return 130
    if isinstance(error, BrokenPipeError):
        # Whoever read us has left; Python would complain again while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    if isinstance(error, CockpitError):
        complain(_scrubbed(error.sentence()))
        return 2 if isinstance(error, WRONG_CALL) else 1
    if isinstance(error, OSError):
        complain(_scrubbed(f"{error.filename or 'system'}: {error.strerror or error}"))
        return 1
    return _bug(error)


def _bug(error: BaseException) -> int:
    from cockpit import log, paths
    from cockpit.cli.output import complain

    log.open_log(paths.state_dir())
    log.LOGGER.error("unexpected error", exc_info=error)
    log.close_log()
    where = log.log_path(paths.state_dir())
    complain(_scrubbed(f"This is a fault of cockpit, not yours: {type(error).__name__}: {error}. Details: {where}"))
    return 1


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    tail = f" Try: {context.command_path} --help" if context is not None else ""
    return f"{error.format_message()}{tail}"


def _scrubbed(text: str) -> str:
    """The text without the value of any key in the environment, whatever put it there."""
    from cockpit.log import Scrub

    return Scrub(os.environ).text(text)
