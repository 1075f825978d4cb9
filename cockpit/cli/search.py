"""`cockpit search` and `cockpit show`: find samples and look at one. Reading only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.core.exports import sample_json

if TYPE_CHECKING:
    from cockpit.core.runs import Plan
    from cockpit.store.samples import SampleRow


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@as_json
@pass_context
def search_command(ctx: Context, query: tuple[str, ...], limit: int, as_json: bool) -> int:
    """Find samples by their words, newest first, in every project.

    "Quotes" make a phrase; model:NAME, run:ID, ended:WORD, tag:NAME and is:gold narrow it. Finding nothing is no
    failure.
    """
    from cockpit.store.search import search

    with ctx.store() as store:
        hits = search(store.read(), " ".join(query), limit)
    if as_json:
        for hit in hits:
            output.emit(
                {"sample": hit.sample_id, "run": hit.run_id, "model": hit.model, "snippet": hit.snippet,
                 "ended": hit.ended, "created_at": hit.created_at}
            )  # fmt: skip
    elif not hits:
        output.note("Nothing found.")
    else:
        rows = [(str(hit.sample_id), str(hit.run_id), hit.model, hit.snippet) for hit in hits]
        output.table(rows, heads=("sample", "run", "model", "snippet"), right=(0, 1), widest=100)
    return 0


@click.command("show")
@click.argument("sample_id", type=int)
@click.option("--curl", is_flag=True, help="Print the request as a curl command, without the key.")
@click.option("--python", "python", is_flag=True, help="Print the request as a Python script, without the key.")
@as_json
@pass_context
def show_command(ctx: Context, sample_id: int, curl: bool, python: bool, as_json: bool) -> int:
    """One sample: its text, numbers and the exact request."""
    from cockpit.store import runs, samples

    with ctx.store() as store:
        row = samples.get_sample(store.read(), sample_id)
        plan = runs.load_plan(store.read(), row.sample.run_id)
    if curl or python:
        code = _snippet(ctx, plan, row, python=python)
        if as_json:
            output.emit({"sample": sample_id, "python" if python else "curl": code})
        else:
            output.say(code.rstrip("\n"))
    elif as_json:
        output.emit(_json(plan, row))
    else:
        _show(plan, row)
    return 0


def _json(plan: Plan, row: SampleRow) -> dict[str, Any]:
    sample = row.sample
    found = sample_json(sample, plan.inputs[sample.key.input], plan.targets[sample.key.target].label)
    version = row.version_number if row.prompt_id is not None else None
    marks = {"tags": list(row.tags), "note": row.note, "verdict": row.verdict}
    history = [sample_json(old, plan.inputs[old.key.input]) for old in row.attempts]
    return found | {"prompt": row.prompt, "version": version, **marks, "request": sample.request_body,
                    "failed_attempts": history}  # fmt: skip


def _show(plan: Plan, row: SampleRow) -> None:
    import json

    from cockpit.cli.flight import headline

    sample = row.sample
    output.say(headline(plan, sample), keep_newlines=False)
    facts = {
        "sample": str(sample.id),
        "run": str(sample.run_id),
        "prompt": f"{row.prompt} v{row.version_number}" if row.prompt else "–",
        "stop reason": str(sample.stop_reason),
        "tokens": f"{_number(sample.usage.input_tokens)} in, {_number(sample.usage.output_tokens)} out",
        "first token": "unknown" if sample.ttft_ms is None else f"{sample.ttft_ms:.0f} ms",
        "cost": output.money(sample.cost_usd),
        "tags": " ".join(row.tags),
        "note": row.note,
    }
    for name, value in facts.items():
        if value:
            output.say(f"{name:>12}  {value}", keep_newlines=False)
    if sample.reasoning:
        output.say(f"\nreasoning\n{sample.reasoning}")
    output.say(f"\n{sample.text}")
    output.say("\nrequest\n" + json.dumps(sample.request_body, ensure_ascii=False, indent=1))


def _number(count: int | None) -> str:
    return "unknown" if count is None else str(count)


def _snippet(ctx: Context, plan: Plan, row: SampleRow, *, python: bool) -> str:
    """The stored body with today's address and headers of its provider."""
    from dataclasses import replace
    from os import environ

    from cockpit.core.snippets import as_curl, as_python
    from cockpit.providers.registry import ProviderRegistry
    from cockpit.services import load_catalog

    registry = ProviderRegistry(ctx.config.servers, environ, load_catalog(ctx.config))
    request = plan.request(row.sample.key)
    wire = registry.get(request.provider).wire(request)
    if row.sample.request_body:
        wire = replace(wire, body=row.sample.request_body)
    return as_python(wire) if python else as_curl(wire)
