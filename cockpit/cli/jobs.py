"""`cockpit job`: the group, and the commands that only look: list, show, tail, wait. Decides nothing of its own."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from importlib import import_module
from typing import Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.cli.job_desk import SPAN, job_desk, say_state, status_of, table
from cockpit.core.job_words import clock, shown, span
from cockpit.core.jobs import ENDED, LIVE

ELSEWHERE = {
    "run": ("job_run", "Submit a command as a job, or a sweep of them."),
    "clone": ("job_run", "Submit a job like another one, with changed arguments."),
    "finetune": ("job_provider", "Finetune a model on an example set at OpenAI."),
    "batch": ("job_provider", "Send a file of requests to OpenAI or Anthropic as a batch."),
    "adopt": ("job_provider", "Take a finetune or batch that is there already into the list."),
    "kill": ("job_change", "End jobs and all that they started, or take them out of the queue."),
    "pause": ("job_change", "Stop running jobs for a while."),
    "resume": ("job_change", "Let paused jobs go on."),
    "restart": ("job_change", "Run jobs again at once; what still runs is ended first."),
    "requeue": ("job_change", "Put ended jobs at the end of the queue again."),
    "move": ("job_change", "Change a waiting job's place in the queue."),
    "queue": ("job_change", "Show or set queues: how many at once, paused, which GPUs."),
    "compare": ("job_report", "What differs between jobs."),
    "metrics": ("job_report", "What a job measured, every point if asked."),
    "digest": ("job_report", "What ended, how, and what to look at first."),
    "busy": ("job_report", "How much of the time a job ran, and why not."),
    "hook": ("job_report", "Tell a webhook how a job ended, as every ending job does where one is set."),
    "step": ("job_change", "Advance the queue once, as every ending job does by itself."),
}
HIDDEN = ("step", "hook")
LOOKING = ("list", "show", "tail", "wait")


class JobCommands(click.Group):
    """The job commands; those that change something are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of use."""
        first, *rest = [name for name in ELSEWHERE if name not in HIDDEN]
        return [first, *LOOKING, *rest]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name in ELSEWHERE:
            module = import_module(f"cockpit.cli.{ELSEWHERE[cmd_name][0]}")
            found: click.Command = getattr(module, f"{cmd_name}_job")
            return found
        return super().get_command(ctx, cmd_name)


@click.group("job", cls=JobCommands)
def job_command() -> None:
    """Run long work that survives this terminal, and see what became of it.

    A job goes on when this program, the terminal or the connection ends. What is shown of it is what its own files and
    the kernel prove; what nobody can know is called lost, orphaned or unreachable.
    """


@job_command.command("list")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@click.option("--open", "open_only", is_flag=True, help="Only those that have not ended.")
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only in this state; may be given again.")
@click.option("--group", metavar="NAME", help="Only of this sweep.")
@as_json
@pass_context
def list_command(ctx: Context, /, limit: int, as_json: bool, **only: Any) -> int:
    """The project's jobs, newest first, as they stand now."""
    return asyncio.run(_list(ctx, limit, as_json=as_json, **only))


async def _list(
    ctx: Context, limit: int, *, everywhere: bool, open_only: bool, states: tuple[str, ...], group: str | None,
    as_json: bool,
) -> int:  # fmt: skip
    from cockpit.job_steps import nudge
    from cockpit.store import projects

    async with job_desk(ctx, reading=True) as desk:
        project = None if everywhere else projects.find_project(desk.store.read(), ctx.project)
        if project is None and not everywhere:
            found = []
        else:
            if not desk.store.read_only:
                await nudge(desk)
            found = await desk.listed(project, limit=limit, open_only=open_only)
    found = [v for v in found if (not states or v.state in states) and (group is None or v.row.group == group)]
    if as_json:
        for view in found:
            output.emit(view.to_json())
    elif found:
        table(found)
    else:
        output.note(f"No such jobs in project {ctx.project!r}. Start one: cockpit job run -- python train.py")
    return 0


@job_command.command("show")
@click.argument("job_id", type=int)
@click.option("--diff", is_flag=True, help="With the uncommitted changes it started from, whole.")
@click.option("--packages", is_flag=True, help="With the packages its interpreter had.")
@as_json
@pass_context
def show_command(ctx: Context, job_id: int, diff: bool, packages: bool, as_json: bool) -> int:
    """Everything about one job: state and proof, command, code, machine, everything observed."""
    return asyncio.run(_show(ctx, job_id, {"diff": diff, "packages": packages}, as_json=as_json))


async def _show(ctx: Context, job_id: int, whole: dict[str, bool], *, as_json: bool) -> int:
    from cockpit.store import jobs

    async with job_desk(ctx, reading=True) as desk:
        view = await desk.one(job_id)
        db = desk.store.read()
        seen, captures = jobs.observations(db, [job_id])[job_id], jobs.captures(db, job_id)
        after = jobs.afters(db, [job_id]).get(job_id, ())
        folder, ladder = str(desk.folder_of(view.row)), jobs.fact(db, job_id, "ladder")
        trouble = jobs.fact(db, job_id, "trouble")
    captures = {stage: _kept(facts, whole) for stage, facts in captures.items()}
    facts = {
        **view.to_json(), "after": [asdict(item) for item in after], "set_env": dict(view.row.spec.set_env),
        "folder": folder, "ladder": ladder,
        "trouble": trouble, "captured": captures, "observations": [asdict(item) for item in seen],
    }  # fmt: skip
    if as_json:
        output.emit(facts)
        return 0
    _print(facts)
    for stage, found in captures.items():
        for name in ("packages", "diff"):
            if found.get(name):
                output.say(f"\n{name} at {stage}\n{found[name]}")
    return 0


def _kept(facts: dict[str, Any], whole: dict[str, bool]) -> dict[str, Any]:
    """What was captured, without the long texts that were not asked for."""
    long = {name: facts[name] for name in whole if facts.get(name)}
    short = {name: value for name, value in facts.items() if name not in whole}
    counts = {f"{name}_lines": text.count("\n") + 1 for name, text in long.items()}
    return {**short, **counts, **{name: text for name, text in long.items() if whole[name]}}


def _progress(told: dict[str, Any]) -> str:
    total = "" if told["total"] is None else f" of {told['total']:g}"
    return f"{told['unit']} {told['done']:g}{total}, from {told['source']}"


def _metrics(values: dict[str, float | None], source: str) -> str:
    shown = ", ".join(f"{name} {'not a number' if value is None else f'{value:.6g}'}" for name, value in values.items())
    return f"{shown}, from {source}"


def _print(facts: dict[str, Any]) -> None:
    """The facts for people: one a line."""
    import shlex

    rows = [
        ("job", f"{facts['job']} {facts['name']}"), ("state", facts["shown"]), ("evidence", facts["evidence"]),
        ("command", shlex.join(facts["command"])), ("directory", facts["cwd"]), ("log", f"{facts['folder']}/log"),
        ("queue", f"{facts['queue']} on {facts['backend']}"), ("group", facts["group"]),
        ("after", ", ".join(str(item["job"]) for item in facts["after"])),
        ("GPUs", ", ".join(facts["gpu_ids"]) or facts["gpus"]),
        ("started", facts["started"] and clock(facts["started"])), ("ended", facts["ended"] and clock(facts["ended"])),
        ("for", facts["elapsed_s"] is not None and span(facts["elapsed_s"])),
        ("progress", facts["progress"] and _progress(facts["progress"])),
        ("ends", facts["eta"] and f"{clock(facts['eta']['at'])} ({facts['eta']['source']})"),
        ("metrics", facts["metrics"] and _metrics(facts["metrics"], facts["metrics_from"])),
    ]  # fmt: skip
    found = facts["captured"].get("start") or facts["captured"].get("submit") or {}
    git = found.get("git")
    if git:
        changes = f", uncommitted changes ({found.get('diff_lines', 0)} lines of diff)" if git["dirty"] else ""
        rows.append(("code", f"{git['commit'][:12] or 'no commit'} {git['branch']}{changes}"))
    if python := found.get("python"):
        count = f"{found.get('packages_lines', '?')} packages"
        rows.append(("python", f"{python.get('version', '?')} {python['path']}, {count}"))
    rows += [("unread", f"{name}: {why}") for name, why in (facts["trouble"] or {}).items()]
    if ladder := facts["ladder"]:
        rows.append(("ladder", f"skipped {', '.join(ladder['skipped'])}: {ladder['reason']}"))
    rows += [("host", found.get("host")), ("cockpit", found.get("cockpit"))]
    for name, value in rows:
        if value:
            output.say(f"{name:<10} {value}", keep_newlines=False)
    for item in facts["observations"]:
        words = item["state"] or item["raw"]
        output.say(f"  {clock(item['at'])}  {item['source']}: {words}: {item['evidence']}", keep_newlines=False)


@job_command.command("tail")
@click.argument("job_id", type=int)
@click.option("-n", "--lines", type=click.IntRange(0), default=20, show_default=True, help="How many last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--raw", is_flag=True, help="The bytes as they are, for a pipe or file; a terminal would obey them.")
@as_json
@pass_context
def tail_command(ctx: Context, job_id: int, *, lines: int, follow: bool, raw: bool, as_json: bool) -> int:
    """The end of a job's output. Control characters are shown and not obeyed."""
    from cockpit.cli.job_tail import tail

    return asyncio.run(tail(ctx, job_id, lines, follow=follow, form="raw" if raw else "json" if as_json else "text"))


@job_command.command("wait")
@click.argument("job_ids", type=int, nargs=-1, required=True)
@click.option("--timeout", type=SPAN, help="Wait no longer than this; the exit status is then 124.")
@as_json
@pass_context
def wait_command(ctx: Context, job_ids: tuple[int, ...], timeout: float | None, as_json: bool) -> int:
    """Wait until jobs have ended. Exit status 0 if all finished well, 1 if one did not."""
    return asyncio.run(_wait(ctx, job_ids, timeout, as_json=as_json))


async def _wait(ctx: Context, job_ids: tuple[int, ...], timeout: float | None, *, as_json: bool) -> int:
    from cockpit.job_control import until_ended

    async with job_desk(ctx) as desk:
        found = await until_ended(desk, job_ids, timeout_s=timeout)
    for view in found:
        if as_json:
            output.emit(view.to_json())
        else:
            say_state(view)
    going = [view for view in found if view.state not in ENDED]
    if going and not as_json:
        words = "goes on" if going[0].state in LIVE else "waits"
        output.complain(f"job {going[0].row.id} still {words}: {shown(going[0].standing)}")
    return status_of(found)
