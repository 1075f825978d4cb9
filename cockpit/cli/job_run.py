"""`cockpit job run` and `clone`: options into what is asked for. Every decision is the runner's."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.cli.job_desk import SPAN, job_desk, say_state, status_of
from cockpit.core.errors import InputError
from cockpit.core.jobs import LOCAL, After

if TYPE_CHECKING:
    from cockpit.job_runner import Ask, JobDesk

COMMAND = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command("run", context_settings=COMMAND)
@click.option("--name", default="", help="Default: the script's or the program's name.")
@click.option("--idea", default="", help="The claim that it tests.")
@click.option("--expect", "expect_s", type=SPAN, help="How long it should take, such as 4h.")
@click.option("--timeout", "timeout_s", type=SPAN, help="End it after this time, such as 16h.")
@click.option("--grace", "grace_s", type=SPAN, default=10.0, help="Between SIGTERM and SIGKILL. Default: 10s.")
@click.option(
    "--metrics",
    default="auto",
    show_default=True,
    metavar="PATH",
    help="A file or folder of metrics; auto: its own folder and log.",
)
@click.option("--gpus", type=click.IntRange(0), default=0, help="GPUs of its own (CUDA_VISIBLE_DEVICES).")
@click.option("--after", type=int, multiple=True, metavar="JOB", help="Start once this job has finished well.")
@click.option("--after-any", type=int, multiple=True, metavar="JOB", help="Start once this job has ended in any way.")
@click.option("--queue", default="", help="Default: default; made when first used. See: cockpit job queue")
@click.option("--backend", default=LOCAL, show_default=True, help="Where it runs.")
@click.option("--option", "options", multiple=True, metavar="K=V", help="What only the backend understands.")
@click.option("--env", multiple=True, metavar="K=V", help="A variable for the job; it is stored, so never a secret.")
@click.option("--cwd", type=click.Path(path_type=Path), help="Default: this directory.")
@click.option("--sweep", multiple=True, metavar="NAME=V,V", help="One job a value; several make a grid.")
@click.option("--dry-run", is_flag=True, help="Print the commands and submit nothing.")
@click.option("--wait", is_flag=True, help="Wait until it has ended, as `job wait` does.")
@as_json
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@pass_context
def run_job(ctx: Context, /, command: tuple[str, ...], dry_run: bool, wait: bool, as_json: bool, **given: Any) -> int:
    """Submit a command as a job: cockpit job run -- python train.py --lr 1e-5

    It starts at once if its queue has a place, and goes on when this terminal closes. A swept value takes the place of
    {NAME} in the command; else that of an option --NAME or NAME= in it; else --NAME=VALUE is added at its end.
    """
    return asyncio.run(_run(ctx, _ask(command, **given), dry_run=dry_run, wait=wait, as_json=as_json))


def _ask(
    argv: tuple[str, ...], *, cwd: Path | None, after: tuple[int, ...], after_any: tuple[int, ...],
    options: tuple[str, ...], **given: Any,
) -> Ask:  # fmt: skip
    from cockpit.job_runner import Ask

    where = str((cwd or Path.cwd()).expanduser().absolute())
    both = (*(After(job) for job in after), *(After(job, anyhow=True) for job in after_any))
    if len({item.job for item in both}) < len(both):
        raise InputError("The same job is named twice in --after and --after-any.")
    return Ask(argv, where, after=both, options=_pairs(options, "--option"), **given)


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """'NAME=VALUE' texts as a mapping.

    Raises:
        InputError: one is not of that form.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"{text!r} is not NAME=VALUE.", hint=f"Write {option} NAME=VALUE.")
        found[name] = value
    return found


async def _run(ctx: Context, ask: Ask, *, dry_run: bool, wait: bool, as_json: bool) -> int:
    from cockpit.job_form import lateness

    async with job_desk(ctx) as desk:
        if dry_run:
            for values, spec in desk.plan(ask):
                if as_json:
                    output.emit({"command": list(spec.argv), "cwd": spec.cwd, "values": values})
                else:
                    output.say(shlex.join(spec.argv), keep_newlines=False)
            return 0
        ids = await desk.submit(ask, ctx.project)
        if doubt := desk.doubt():
            output.note(f"cockpit: {doubt}")
        if (too_late := lateness(desk, ask)) is not None:
            output.note(f"cockpit: {too_late.words} Shorter: {'; '.join(too_late.shorter[:3])}.")
        return await _say(desk, ids, wait=wait, as_json=as_json)


async def _say(desk: JobDesk, ids: list[int], *, wait: bool, as_json: bool) -> int:
    """Say how new jobs stand; the exit status."""
    from cockpit.job_control import until_ended

    if wait:
        await until_ended(desk, ids)
    found = await desk.shown(ids)
    for view in found:
        if as_json:
            output.emit(view.to_json())
        else:
            say_state(view)
    return status_of(found) if wait else int(any(view.state == "failed" for view in found))


@click.command("clone")
@click.argument("job_id", type=int)
@click.option("--set", "values", multiple=True, metavar="NAME=V", help="An argument's new value, as in a sweep.")
@click.option("--name", default="", help="Default: the other's name with what was changed.")
@click.option("--wait", is_flag=True, help="Wait until it has ended, as `job wait` does.")
@as_json
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@pass_context
def clone_job(
    ctx: Context,
    job_id: int,
    *,
    values: tuple[str, ...],
    name: str,
    command: tuple[str, ...],
    wait: bool,
    as_json: bool,
) -> int:
    """Submit a job like JOB_ID, with changed arguments or, after --, another command."""

    async def go() -> int:
        from cockpit.job_control import clone

        async with job_desk(ctx) as desk:
            made = await clone(desk, job_id, values=_pairs(values, "--set"), argv=command, name=name)
            return await _say(desk, [made], wait=wait, as_json=as_json)

    return asyncio.run(go())
