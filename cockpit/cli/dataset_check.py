"""`cockpit dataset check`: the leaks between a dataset's splits, and fixing them. What a leak is, is core's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.core.errors import InputError, PlanError

if TYPE_CHECKING:
    from cockpit.core.leaks import Leak
    from cockpit.store.datasets import DatasetRow
    from cockpit.store.db import Store

SHOWN = 20
HEADS = ("leak", "row", "in", "gives away", "in", "what they share")


@click.command("check")
@click.argument("name")
@click.option("--near", type=click.FloatRange(0.5, 1), default=0.8, show_default=True, help="From what on is it near?")
@click.option("--fix", "mend", is_flag=True, help="Take the fewest leaking rows out of their split; never of test.")
@click.option("--all", "everything", is_flag=True, help=f"Show every leak, not the first {SHOWN}.")
@as_json
@pass_context
def check_command(ctx: Context, /, name: str, near: float, *, mend: bool, everything: bool, as_json: bool) -> int:
    """Find rows of one split that give away rows of another: copies, near copies, passages, groups.

    Exit status 1 when there are leaks; 0 when there are none, or --fix has ended them. A row that --fix takes out stays
    in the dataset, in no split. Only inputs are compared.
    """
    with ctx.store() as store:
        dataset, splits = _find(ctx, store, name)
        if len(splits) < 2:
            place = f"all its rows in {next(iter(splits))!r}" if splits else "no splits"
            raise PlanError(f"The dataset {name!r} has {place}.", hint=f"Split it: cockpit dataset split {name}")
        leaks = _leaks(store, dataset, near)
        if as_json:
            for leak in leaks:
                output.emit(asdict(leak))
        else:
            _show(name, leaks, splits, None if everything else SHOWN)
        if not leaks or not mend:
            return 1 if leaks else 0
        taken = _mend(store, dataset, leaks, near)
    if as_json:
        for key, split in taken.items():
            output.emit({"row": key, "from": split, "to": None})
    else:
        by_split = {split: sum(one == split for one in taken.values()) for split in sorted(set(taken.values()))}
        output.say(f"Taken out: {', '.join(f'{n:,} of {split}' for split, n in by_split.items())}. No leaks are left.")
    return 0


def _find(ctx: Context, store: Store, name: str) -> tuple[DatasetRow, dict[str, int]]:
    """The dataset and its splits with their numbers of rows."""
    from cockpit.store import datasets, projects

    db = store.read()
    project = projects.find_project(db, ctx.project)
    if project is None:
        raise InputError(f"There is no dataset {name!r}.", hint="`cockpit dataset list` shows them.")
    dataset = datasets.get_dataset(db, project, name)
    return dataset, {split: n for split, n in dataset.splits.items() if n}


def _leaks(store: Store, dataset: DatasetRow, near: float) -> list[Leak]:
    from cockpit.core.leaks import find_leaks
    from cockpit.store.dataset_pages import iter_light

    with _telling() as tell:
        return find_leaks(iter_light(store.read(), dataset.id), near=near, total=dataset.n, progress=tell)


@contextmanager
def _telling() -> Iterator[Callable[[float], None]]:
    """Shows how far it is on a terminal's stderr, on a line that is written over and cleared at the end."""
    on_terminal, shown = sys.stderr.isatty(), [-1]

    def tell(share: float) -> None:
        percent = int(100 * share)
        if on_terminal and percent != shown[0]:
            shown[0] = percent
            click.echo(f"\rchecking, {percent} %", nl=False, err=True)

    try:
        yield tell
    finally:
        if shown[0] >= 0:
            click.echo("\r" + " " * 16 + "\r", nl=False, err=True)


def _mend(store: Store, dataset: DatasetRow, leaks: list[Leak], near: float) -> dict[str, str]:
    """Fix and check again until nothing leaks: which rows went out of which split.

    Each round takes a row out at least, or somebody else has moved the rows meanwhile.
    """
    from cockpit.core.leaks import fix
    from cockpit.store.dataset_pages import iter_light
    from cockpit.store.datasets import set_splits

    taken: dict[str, str] = {}
    while leaks:
        gone = fix(iter_light(store.read(), dataset.id), leaks)
        was = {leak.a: leak.split_a for leak in leaks}
        store.write_now(lambda db, gone=gone: set_splits(db, dataset.id, gone))  # type: ignore[misc]
        taken |= {key: was[key] for key in gone}
        leaks = _leaks(store, dataset, near)
    return taken


def _show(name: str, leaks: list[Leak], splits: dict[str, int], most: int | None) -> None:
    from cockpit.core.leaks import KINDS

    checked = ", ".join(f"{split} {n:,}" for split, n in splits.items())
    if not leaks:
        output.say(f"No leaks in {name!r}: {checked}.", keep_newlines=False)
        return
    rows = [(leak.kind, leak.a, leak.split_a, leak.b, leak.split_b, leak.evidence) for leak in leaks[:most]]
    output.table(rows, heads=HEADS, widest=64)
    if len(rows) < len(leaks):
        output.say(f"… and {len(leaks) - len(rows):,} more: --all")
    counts = {kind: sum(leak.kind == kind for leak in leaks) for kind in KINDS}
    said = ", ".join(f"{n:,} {kind}" for kind, n in counts.items() if n)
    output.say(f"{len(leaks):,} leak{'s' * (len(leaks) != 1)} in {name!r} ({checked}): {said}.", keep_newlines=False)
