"""What the commands on datasets share: opening one, words of the form name=value, rows for people. No command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import Context
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    import sqlite3

    from cockpit.core.examples import Row
    from cockpit.core.leaks import Leak
    from cockpit.store.datasets import DatasetRow


def pairs(values: Iterable[str], what: str) -> dict[str, str]:
    """Words of the form name=value; `what` is the option they are of.

    Raises:
        click.UsageError: one is not of that form, or a name stands twice.
    """
    found: dict[str, str] = {}
    for value in values:
        name, sign, rest = value.partition("=")
        if not sign or not name.strip() or not rest.strip():
            raise click.UsageError(f"{what} is written name=value, not {value!r}.")
        if name.strip() in found:
            raise click.UsageError(f"{what}: {name.strip()!r} stands twice.")
        found[name.strip()] = rest.strip()
    return found


def counts(counts: Mapping[str, int], most: int) -> str:
    """Names with their numbers, at most so many of them."""
    shown = [f"{name} {n:,}" for name, n in list(counts.items())[:most]]
    return ", ".join(shown + (["…"] if len(counts) > most else [])) or "–"


@contextmanager
def opened(ctx: Context, name: str) -> Iterator[tuple[sqlite3.Connection, DatasetRow]]:
    """A dataset of the project, for reading.

    Raises:
        InputError: there is none of that name.
    """
    from cockpit.store import datasets, projects

    with ctx.store() as store:
        db = store.read()
        project = projects.find_project(db, ctx.project)
        known = {} if project is None else {row.name: row for row in datasets.list_datasets(db, project)}
        if name not in known:
            there = f"There are {', '.join(known)}." if known else "Begin: cockpit dataset import FILE"
            raise InputError(f"There is no dataset {name!r}.", hint=there)
        yield db, known[name]


def say_row(row: Row) -> None:
    """A row for people: its place and marks, its input, its answer."""
    marks = (row.split, row.label and f"label {row.label}", row.group and f"group {row.group}")
    output.say()
    output.say(" · ".join([str(row.number), row.key, *filter(None, marks)]), keep_newlines=False)
    output.say(f"  {row.input}", keep_newlines=False)
    output.say(f"  → {row.output or row.label or ''}", keep_newlines=False)


def copies_words(name: str, leaks: Sequence[Leak]) -> str:
    """What the quick check of a split dataset found."""
    if not leaks:
        return f"No input stands in two splits. Near copies and passages: cockpit dataset check {name}"
    exact = sum(leak.kind == "exact" for leak in leaks)
    kinds = f"{exact:,} exact, {len(leaks) - exact:,} normalised"
    many = "1 leak" if len(leaks) == 1 else f"{len(leaks):,} leaks"
    return f"{many} between splits ({kinds}): equal inputs. To see and fix them: cockpit dataset check {name} --fix"


def check_split(row: DatasetRow, split: str | None) -> None:
    """Raise where a dataset lacks a split.

    Raises:
        InputError: it has none of that name.
    """
    if split is not None and split not in row.splits:
        there = f"It has {', '.join(row.splits)}." if row.splits else f"Split it: cockpit dataset split {row.name}"
        raise InputError(f"{row.name!r} has no split {split!r}.", hint=there)
