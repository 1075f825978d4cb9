"""`cockpit run`: list, show, resume and export runs. Every decision is the runner's and the store's."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import AMOUNT, Context, as_json, pass_context
from cockpit.core.exports import sample_json

if TYPE_CHECKING:
    from cockpit.store.runs import RunRow

HEADS = ("run", "when", "prompt", "models", "n", "rows", "done", "failed", "cost", "state")
FORMATS = ("jsonl", "csv", "md", "eval")


@click.group("run")
def run_command() -> None:
    """List, show, resume and export runs."""


@run_command.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@click.option("--unfinished", is_flag=True, help="Only those that were not brought to their end.")
@as_json
@pass_context
def list_runs(ctx: Context, limit: int, everywhere: bool, unfinished: bool, as_json: bool) -> int:
    """The latest runs of the project, newest first."""
    from cockpit.store import projects, runs
    from cockpit.store.sending import sent_now

    with ctx.store() as store:
        db = store.read()
        project = None if everywhere else projects.find_project(db, ctx.project)
        if project is None and not everywhere:
            rows = []
        elif unfinished:
            rows = runs.unfinished_runs(db, project)[:limit]
        else:
            rows = runs.list_runs(db, project, limit)
        sent = sent_now(store.path)
    if as_json:
        for row in rows:
            facts = {k: v for k, v in asdict(row).items() if k != "id"}
            output.emit({"run": row.id, **facts, "state": _state(row, sent)})
        return 0
    if not rows:
        output.note(f"No runs in project {ctx.project!r} yet. Start one: cockpit send 'What is 2 + 2?'")
        return 0
    output.table((_cells(row, sent) for row in rows), heads=HEADS, right=(0, 4, 5, 6, 7, 8))
    return 0


def _state(row: RunRow, sent: Container[int]) -> str:
    """How a run is: sending, whoever sends it, finished or unfinished."""
    return "sending" if row.id in sent else "finished" if row.finished_at else "unfinished"


def _cells(row: RunRow, sent: Container[int]) -> tuple[str, ...]:
    prompt = f"{row.prompt} v{row.version_number}" if row.prompt else "–"
    prompt += f" · {row.idea}" if row.idea else ""
    state = _state(row, sent)
    if state == "unfinished":
        state += f", {row.total - row.done} to send"
    cost = output.money(row.cost_usd) + ("+?" if row.cost_usd is not None and row.cost_unknown else "")
    return (
        str(row.id), row.created_at[:16].replace("T", " "), prompt, ", ".join(row.models), str(row.n), str(row.inputs),
        f"{row.done}/{row.total}", str(row.failed), cost, state,
    )  # fmt: skip


@run_command.command("show")
@click.argument("run_id", type=int)
@as_json
@pass_context
def show_run(ctx: Context, run_id: int, as_json: bool) -> int:
    """Every sample of a run."""
    from cockpit.cli.flight import headline
    from cockpit.store import runs, samples
    from cockpit.store.sending import sent_now

    with ctx.store() as store:
        db = store.read()
        plan = runs.load_plan(db, run_id)
        row = runs.get_run(db, run_id)
        if not as_json:
            output.table([_cells(row, sent_now(store.path))], heads=HEADS)
            output.say()
        for sample in samples.iter_samples(db, run_id):
            if as_json:
                target = plan.targets[sample.key.target]
                output.emit(sample_json(sample, plan.inputs[sample.key.input], target.label))
            else:
                output.say(f"{headline(plan, sample)} · sample {sample.id}", keep_newlines=False)
                output.say(f"{sample.text}\n")
    return 0


@run_command.command("resume")
@click.argument("run_id", type=int)
@click.option("--cap", type=AMOUNT, metavar="USD", help="A new spend cap for the run.")
@as_json
@pass_context
def resume_run(ctx: Context, run_id: int, cap: float | None, as_json: bool) -> int:
    """Send what is missing of a run, failed samples included, and print only that."""
    return asyncio.run(_resume(ctx, run_id, cap, as_json=as_json))


async def _resume(ctx: Context, run_id: int, cap: float | None, *, as_json: bool) -> int:
    from cockpit.cli.flight import conclude, fly_and_print
    from cockpit.runner import resume
    from cockpit.store.runs import set_cap
    from cockpit.store.sending import refuse_sent

    async with ctx.services() as services:
        refuse_sent(services.store.path, run_id)
        if cap is not None:
            await services.store.write(lambda db: set_cap(db, run_id, cap))
        plan, live, done = await resume(services, run_id)
        return conclude(plan, await fly_and_print(services, plan, live, done=done, as_json=as_json))


@run_command.command("export")
@click.argument("run_id", type=int)
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by FILE's suffix, else jsonl.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Default: stdout (not for eval).")
@as_json
@pass_context
def export_run(ctx: Context, run_id: int, form: str | None, path: Path | None, as_json: bool) -> int:
    """Write a run's samples to FILE, whole or not at all."""
    from cockpit.cli.transfer import write_export

    return write_export(ctx, form, path, as_json=as_json, run_ids=[run_id])
