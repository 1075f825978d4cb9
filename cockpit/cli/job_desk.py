"""What every job command needs: the jobs of the database, spans of time, lines about jobs. Decides nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context
from cockpit.core.errors import StoreError
from cockpit.core.job_words import clock, parse_span, shown, span
from cockpit.core.jobs import ENDED
from widgets.visible import fit, visible

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk
    from cockpit.job_views import JobView

LEAST_NAME = 12
SPARE = ("queue", "since", "progress", "for")
"""What a narrow terminal goes without, in this order."""
HEADS = ("job", "name", "state", "for", "progress", "queue", "since", "evidence")


class Span(click.ParamType[float]):
    """A length of time: 90, 45s, 15m, 4h, 1h30m, 2d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds.

        Raises:
            click.BadParameter: it is no length of time.
        """
        if isinstance(value, float):
            return value
        try:
            return parse_span(str(value))
        except ValueError:
            return self.fail(f"{value!r} is no length of time; write 45s, 15m, 4h or 1h30m.", param, ctx)


SPAN = Span()


@asynccontextmanager
async def job_desk(ctx: Context, *, reading: bool = False) -> AsyncIterator[JobDesk]:
    """The jobs, closed at the end.

    Args:
        reading: a database that cannot be written will do: states come from the jobs' own files all the same.

    Raises:
        StoreError: the database cannot be opened.
    """
    from cockpit.backends.registry import BackendRegistry
    from cockpit.job_runner import JobDesk
    from cockpit.store.db import open_store

    try:
        store = open_store(ctx.db_path)
    except StoreError as error:
        if not reading:
            raise
        try:
            store = open_store(ctx.db_path, read_only=True)
        except StoreError:
            raise error from None
        output.note(f"cockpit: {error.message} What is shown here is not kept.")
    backends = BackendRegistry(ctx.config.backends)
    desk = JobDesk(store, backends, config_file=ctx.config_file, webhook_env=ctx.config.webhook_env)
    try:
        yield desk
    finally:
        await desk.backends.aclose()
        await store.aclose()


def cells(view: JobView) -> tuple[str, ...]:
    """One row of the list."""
    standing, progress = view.standing, view.known.progress
    share = None if progress is None else progress.share
    done = "" if progress is None else f"{progress.done:g}" if share is None else f"{share:.0%}"
    began = standing.started or view.row.created_at
    return (
        str(view.row.id), view.row.name, shown(standing),
        "" if standing.elapsed_s is None else span(standing.elapsed_s), done, view.row.queue,
        clock(began)[5:16], standing.evidence,
    )  # fmt: skip


def table(views: Sequence[JobView]) -> None:
    """The list for people: a job is one line of their terminal, however narrow; its state is never cut."""
    room = output.room()
    rows = [cells(view) for view in views]
    if room is not None:
        names = max(LEAST_NAME, room // 4)
        rows = [(number, fit(visible(name, newlines="mark"), names), *rest) for number, name, *rest in rows]
    output.table(rows, heads=HEADS, right=(0, 3, 4), widest=70, room=room, spare=SPARE)


def say_state(view: JobView) -> None:
    """One line about one job."""
    row, standing = view.row, view.standing
    output.say(f"job {row.id} {shown(standing)}: {row.name} ({standing.evidence})", keep_newlines=False)


def status_of(views: Sequence[JobView]) -> int:
    """The exit status that says how jobs ended: 0 if all finished well, 1 if one did not, 124 if one still goes on."""
    if any(view.state in ENDED and view.state != "finished" for view in views):
        return 1
    return 0 if all(view.state == "finished" for view in views) else 124
