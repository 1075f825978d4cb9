"""`cockpit job compare|digest|busy|metrics`: what is said about several jobs, or over time. Changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from math import isfinite, isnan
from typing import Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.cli.job_desk import SPAN, job_desk
from cockpit.core.errors import InputError


@click.command("compare")
@click.argument("job_ids", type=int, nargs=-1, required=True)
@click.option("--markdown", "as_markdown", is_flag=True, help="As a Markdown table.")
@as_json
@pass_context
def compare_job(ctx: Context, job_ids: tuple[int, ...], as_markdown: bool, as_json: bool) -> int:
    """What differs between jobs: arguments, code, machine, metrics. What is alike is left out."""
    from cockpit.core.job_compare import compare, markdown
    from cockpit.job_rules import sides

    async def read() -> list[Any]:
        async with job_desk(ctx, reading=True) as desk:
            return sides(desk, await desk.shown(job_ids))

    found = asyncio.run(read())
    rows = compare(found)
    if as_json:
        for row in rows:
            best = None if row.best is None else found[row.best].job
            values = {str(side.job): value or None for side, value in zip(found, row.values, strict=True)}
            output.emit({"name": row.name, "values": values, "best": best})
    elif as_markdown:
        output.say(markdown(found, rows))
    elif rows:
        heads = ("", *(f"{side.job} {side.name}" for side in found))
        cells = (
            (row.name, *(f"★ {v}" if row.best == at else v or "–" for at, v in enumerate(row.values))) for row in rows
        )
        output.table(cells, heads=heads, widest=40)
    else:
        output.note("These jobs are alike in all that is known.")
    return 0


@click.command("digest")
@click.option("--since", "since_s", type=SPAN, default=86400.0, help="How far back: 12h, 2d. Default: 24h.")
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@as_json
@pass_context
def digest_job(ctx: Context, since_s: float, everywhere: bool, as_json: bool) -> int:
    """What ended in the last day, how, the first error lines, and what to look at first."""
    from cockpit.core.job_digest import Digest, digest_lines
    from cockpit.job_rules import digest_since
    from cockpit.store import projects

    async def read() -> Digest | None:
        async with job_desk(ctx, reading=True) as desk:
            project = None if everywhere else projects.find_project(desk.store.read(), ctx.project)
            if project is None and not everywhere:
                return None
            views = await desk.listed(project, limit=2000)
            since = desk.clock() - timedelta(seconds=since_s)
            return await digest_since(desk, views, since.isoformat(timespec="microseconds"))

    found = asyncio.run(read())
    if found is None:
        output.note(f"No jobs in project {ctx.project!r}.")
    elif as_json:
        output.emit(asdict(found))
    else:
        for line, _ in digest_lines(found):
            output.say(line, keep_newlines=False)
    return 0


@click.command("busy")
@click.option("--since", "since_s", type=SPAN, default=86400.0, help="How far back: 24h, 7d. Default: 24h.")
@click.option("--backend", default="", help="Only this place.")
@as_json
@pass_context
def busy_job(ctx: Context, since_s: float, backend: str, as_json: bool) -> int:
    """The share of the time in which at least one job ran, and the gaps with their reasons. Over all projects."""
    from cockpit.core.job_busy import Busy, gap_words
    from cockpit.job_rules import busy_since
    from cockpit.store import jobs

    async def read() -> Busy:
        async with job_desk(ctx, reading=True) as desk:
            await desk.look(jobs.open_jobs(desk.store.read()))
            return busy_since(desk.store.read(), desk.clock(), timedelta(seconds=since_s), backend=backend)

    found = asyncio.run(read())
    if as_json:
        gaps = [{"start": g.start.isoformat(), "end": g.end.isoformat(), "why": g.why} for g in found.gaps]
        times = {"start": found.start.isoformat(), "end": found.end.isoformat()}
        output.emit({**times, "share": found.share, "unknown": found.unknown, "gaps": gaps})
        return 0
    more = f", {found.unknown:.0%} more is not certain" if found.unknown >= 0.005 else ""
    output.say(f"busy {found.share:.0%}{more}")
    for gap in found.gaps:
        output.say(gap_words(gap))
    return 0


@click.command("metrics")
@click.argument("job_id", type=int)
@click.option("--name", help="Every point of this metric.")
@as_json
@pass_context
def metrics_job(ctx: Context, job_id: int, name: str | None, as_json: bool) -> int:
    """What a job measured: each metric with its latest and best value; with --name every point of one."""
    from cockpit.store import job_points

    async def read() -> tuple[dict[str, int], Any, dict[str, float | None], dict[str, float | None]]:
        from cockpit.job_rules import best

        async with job_desk(ctx, reading=True) as desk:
            view = await desk.one(job_id)
            db = desk.store.read()
            names = job_points.metric_names(db, [job_id])[job_id]
            points = None if name is None else job_points.points_of(db, job_id, name)
            return names, points, dict(view.known.metrics), {one: best(db, job_id, one) for one in names}

    names, points, latest, top = asyncio.run(read())
    if name is not None and name not in names:
        raise InputError(f"Job {job_id} has no metric {name!r}.", hint=f"It has {', '.join(names) or 'none yet'}.")
    if points is not None:
        for step, value, at in zip(points.steps, points.values, points.times, strict=True):
            row = {"step": _known(step), "value": value if isfinite(value) else None, "time": _known(at)}
            if as_json:
                output.emit(row)
            else:
                output.say(f"{'' if row['step'] is None else f'{step:g}'}\t{value:g}")
        return 0
    for one, n in names.items():
        if as_json:
            output.emit({"name": one, "points": n, "latest": latest.get(one), "best": top[one]})
    if not as_json:
        rows = [(one, f"{n}", _said(latest.get(one)), _said(top[one])) for one, n in names.items()]
        output.table(rows, heads=("metric", "points", "latest", "best"), right=(1, 2, 3))
    return 0


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _said(value: float | None) -> str:
    return "?" if value is None else f"{value:.6g}"


@click.command("hook", hidden=True)
@click.argument("job_id", type=int)
@click.argument("variable")
@pass_context
def hook_job(ctx: Context, job_id: int, variable: str) -> int:
    """Tell the URL in an environment variable how a job stands: one POST of JSON, tried three times."""
    import os

    from cockpit.job_hook import message, post

    async def tell() -> bool:
        async with job_desk(ctx, reading=True) as desk:
            view = await desk.one(job_id)
            url = os.environ.get(variable, "")
            log = desk.folder_of(view.row) / "supervisor.log"
            return await post(url, message(view), log)

    return 0 if asyncio.run(tell()) else 1
