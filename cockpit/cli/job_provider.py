"""`cockpit job finetune|batch|adopt`: the vendors' own jobs, started or taken into the list. Decides nothing itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import AMOUNT, TEXT, Context, as_json, pass_context
from cockpit.cli.job_desk import job_desk, say_state
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    from cockpit.finetune import Planned
    from cockpit.job_runner import Ask, JobDesk

KINDS = {"ftjob": "openai", "batch": "openai", "msgbatch": "anthropic"}
"""How an id begins → whose it is."""


@click.command("finetune")
@click.argument("set_name", type=TEXT)
@click.option("--model", required=True, help="The model to train, as OpenAI names it.")
@click.option("--version", "number", type=click.IntRange(1), help="Of the set; the newest unless given.")
@click.option("--system", default="", type=TEXT, help="A system prompt before every example.")
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True)
@click.option("--batch-size", type=click.IntRange(1))
@click.option("--learning-rate", type=AMOUNT, help="As a multiple of OpenAI's own.")
@click.option("--validation", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file to test on.")
@click.option("--suffix", default="", help="Of the new model's name.")
@click.option("--usd-per-million", type=AMOUNT, help="The price of a million training tokens, for the estimate.")
@click.option("--idea", default="", type=TEXT)
@click.option("--reason", default="", type=TEXT, help="Why rungs below are skipped; asked for if any are.")
@click.option("--dry-run", is_flag=True, help="Check and estimate; send nothing.")
@as_json
@pass_context
def finetune_job(ctx: Context, /, set_name: str, dry_run: bool, as_json: bool, **given: Any) -> int:
    """Finetune a model on an example set: its file is checked, its cost estimated, the ladder asked first."""
    return asyncio.run(_finetune(ctx, set_name, given, dry_run=dry_run, as_json=as_json))


async def _finetune(ctx: Context, set_name: str, given: dict[str, Any], *, dry_run: bool, as_json: bool) -> int:
    from dataclasses import replace

    from cockpit.finetune import LADDER, ask_of, plan, reason_fact
    from cockpit.services import load_catalog, load_tokenizers
    from cockpit.store import jobs, projects
    from cockpit.tokenizers.registry import FALLBACK

    count = load_tokenizers(ctx.config, load_catalog(ctx.config)).get(FALLBACK).count
    async with job_desk(ctx) as desk:
        project = await desk.store.write(lambda db: projects.ensure_project(db, ctx.project))
        planned = plan(
            desk.store.read(), project, set_name, count, number=given["number"], system=given["system"],
            epochs=given["epochs"], usd_per_million=given["usd_per_million"], idea=given["idea"],
        )  # fmt: skip
        _say_plan(planned, given["model"], as_json=as_json and dry_run)
        if dry_run:
            return 1 if planned.problems else 0
        ask = ask_of(
            planned, desk.folder / "files", model=given["model"], reason=given["reason"], options=_options(given)
        )
        ids = await desk.submit(replace(ask, idea=given["idea"]), ctx.project)
        if planned.missing:
            fact = reason_fact(planned, given["reason"])
            await desk.store.write(lambda db: jobs.put_known(db, ids[0], LADDER, fact, "you"))
        return await _say(desk, ids[0], as_json=as_json)


def _options(given: dict[str, Any]) -> dict[str, str]:
    found = {"batch_size": given["batch_size"], "learning_rate": given["learning_rate"], "suffix": given["suffix"]}
    if given["validation"] is not None:
        found["validation"] = given["validation"].expanduser().absolute()
    return {name: str(value) for name, value in found.items() if value}


def _say_plan(planned: Planned, model: str, *, as_json: bool) -> None:
    if as_json:
        output.emit(
            {
                "set": planned.examples.name, "version": planned.examples.number, "n": len(planned.examples.examples),
                "tokens": planned.tokens, "epochs": planned.epochs, "usd": planned.usd,
                "problems": [f"line {one.line}: {one.reason}" for one in planned.problems],
                "not_tried": list(planned.missing),
            }
        )  # fmt: skip
        return
    cost = "cost ? (no training price known: --usd-per-million)" if planned.usd is None else f"≈ ${planned.usd:.2f}"
    n = len(planned.examples.examples)
    output.note(f"{n} examples, ≈ {planned.tokens} tokens × {planned.epochs} epochs on {model}: {cost}.")
    if planned.missing:
        output.note(f"Not tried yet on this idea: {', '.join(planned.missing)}.")


@click.command("batch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--on", "vendor", type=click.Choice(["openai", "anthropic"]), required=True)
@click.option("--endpoint", default="/v1/chat/completions", show_default=True, help="Of OpenAI's batches.")
@click.option("--name", default="")
@as_json
@pass_context
def batch_job(ctx: Context, /, file: Path, vendor: str, *, endpoint: str, name: str, as_json: bool) -> int:
    """Send a file of requests as a batch, and watch it as a job; its answers are kept in the job's folder."""
    from cockpit.job_runner import Ask

    path = file.expanduser().absolute()
    options = {"kind": "batch", "file": str(path)} | ({"endpoint": endpoint} if vendor == "openai" else {})
    words = (vendor, "batch", path.name)
    ask = Ask(words, str(path.parent), name=name or f"batch {path.name}", backend=vendor, options=options)
    return asyncio.run(_submit(ctx, ask, as_json=as_json))


@click.command("adopt")
@click.argument("native", metavar="ID", required=False)
@click.option("--list", "vendor", type=click.Choice(["openai", "anthropic"]), help="Show what the account has instead.")
@click.option("--name", default="")
@as_json
@pass_context
def adopt_job(ctx: Context, native: str | None, vendor: str | None, name: str, as_json: bool) -> int:
    """Take a vendor's job that is there already into the list: ftjob-…, batch_…, msgbatch_…"""
    from cockpit.job_runner import Ask

    if vendor is not None:
        return asyncio.run(_theirs(ctx, vendor, as_json=as_json))
    if native is None:
        raise click.UsageError("Give an id, or --list openai or anthropic.")
    number = native.rpartition(":")[2]
    whose = KINDS.get(number.replace("-", "_").partition("_")[0])
    if whose is None:
        raise InputError(f"{native!r} is no id of a finetune or batch.", hint="They begin ftjob-, batch_ or msgbatch_.")
    kind = "finetune" if number.startswith("ftjob") else "batch"
    options = {"kind": kind, "adopt": number}
    ask = Ask((whose, kind, number), str(Path.cwd()), name=name or number, backend=whose, options=options)
    return asyncio.run(_submit(ctx, ask, as_json=as_json))


async def _theirs(ctx: Context, vendor: str, *, as_json: bool) -> int:
    """Print what an account has."""
    async with job_desk(ctx, reading=True) as desk:
        found = await desk.backends.get(vendor).theirs()  # type: ignore[attr-defined]
    for number, what, status, made in found:
        if as_json:
            output.emit({"id": number, "what": what, "status": status, "made": made})
    if not as_json:
        rows = [(number, what, status, (made or "?")[:16]) for number, what, status, made in found]
        output.table(rows, heads=("id", "what", "status", "made"))
    return 0


async def _submit(ctx: Context, ask: Ask, *, as_json: bool) -> int:
    async with job_desk(ctx) as desk:
        ids = await desk.submit(ask, ctx.project)
        return await _say(desk, ids[0], as_json=as_json)


async def _say(desk: JobDesk, job_id: int, *, as_json: bool) -> int:
    (view,) = await desk.shown([job_id])
    if as_json:
        output.emit(view.to_json())
    else:
        say_state(view)
    return int(view.state == "failed")
