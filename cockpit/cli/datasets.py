"""`cockpit dataset`: the group, lists, splits and subsets. What a split is, is the core's; storage the store's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.cli.dataset_check import check_command
from cockpit.cli.dataset_import import import_dataset
from cockpit.cli.dataset_words import check_split, copies_words, counts, opened, pairs, say_row
from cockpit.core.dataset_refs import DatasetRef
from cockpit.core.errors import PlanError
from cockpit.core.splits import FRACTIONS, assign, check_fractions, suggest

if TYPE_CHECKING:
    from cockpit.core.examples import Row
    from cockpit.store.datasets import DatasetRow

USUAL = ",".join(f"{name}={share:g}" for name, share in FRACTIONS.items())
SHOWN = 20
"""Labels that are shown to people; --json has all that are kept."""


@click.group("dataset")
def dataset_command() -> None:
    """Import labelled data, look at it, split it, take nested subsets of it."""


# Subcommands of other files, in the order of use.
dataset_command.add_command(import_dataset)
dataset_command.add_command(check_command)


@dataset_command.command("list")
@as_json
@pass_context
def list_datasets(ctx: Context, /, *, as_json: bool) -> int:
    """The project's datasets, by name."""
    from cockpit.store import datasets, projects

    with ctx.store() as store:
        db = store.read()
        project = projects.find_project(db, ctx.project)
        rows = [] if project is None else datasets.list_datasets(db, project)
    if as_json:
        for row in rows:
            output.emit(_facts(row))
        return 0
    if not rows:
        output.note(f"No datasets in project {ctx.project!r} yet. Begin: cockpit dataset import FILE")
        return 0
    cells = ((row.name, f"{row.n:,}", counts(row.labels, 4), counts(row.splits, 9), row.source) for row in rows)
    output.table(cells, heads=("dataset", "rows", "labels", "splits", "from"), right=(1,))
    return 0


def _facts(row: DatasetRow) -> dict[str, Any]:
    return {"dataset": row.name, **{name: value for name, value in asdict(row).items() if name not in ("id", "name")}}


@dataset_command.command("show")
@click.argument("name", type=TEXT)
@click.option("-n", "--rows", "n", type=click.IntRange(0), default=3, show_default=True, help="First rows to print.")
@click.option("--split", type=TEXT, help="Only rows of this split.")
@as_json
@pass_context
def show_dataset(ctx: Context, /, *, name: str, n: int, split: str | None, as_json: bool) -> int:
    """A dataset at a glance: labels, lengths, copies, splits, and its first rows."""
    from cockpit.store.datasets import iter_rows

    with opened(ctx, name) as (db, row):
        check_split(row, split)
        first = list(iter_rows(db, row.id, split=split, limit=n))
    if as_json:
        output.emit({**_facts(row), "suggested": _suggested(row.n)})
        for item in first:
            output.emit(asdict(item))
        return 0
    output.say(f"{row.name}: {row.n:,} rows from {row.source}", keep_newlines=False)
    _say_labels(row)
    for title, key in (("input", "input_chars"), ("answer", "output_chars")):
        spread = row.facts.get(key) or {}
        if spread:
            output.say(
                f"{title}: {spread['least']:,} to {spread['most']:,} characters, median {spread['median']:,}, "
                f"95 % within {spread['p95']:,}"
            )
    output.say(f"copies: {row.facts.get('copies', 0):,} rows have the input of an earlier one")
    output.say(f"splits: {counts(row.splits, 20)}; {row.n - sum(row.splits.values()):,} in none", keep_newlines=False)
    for item in first:
        say_row(item)
    return 0


def _say_labels(row: DatasetRow) -> None:
    for label, count in list(row.labels.items())[:SHOWN]:
        output.say(f"label {label}: {count:,} ({count / max(1, row.n):.1%})", keep_newlines=False)
    if row.distinct_labels > SHOWN:
        output.say(f"… {row.distinct_labels:,} labels in all")
    if row.unlabelled and row.labels:
        output.say(f"without a label: {row.unlabelled:,}")


def _suggested(n: int) -> list[dict[str, float]]:
    return [{"n": size, "half_width": round(half, 4)} for size, half in suggest(n)]


@dataset_command.command("split")
@click.argument("name", type=TEXT)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same splits anywhere.")
@click.option("--shares", default=USUAL, show_default=True, help="Each split and its share; they add up to 1.")
@click.option("--stratify", is_flag=True, help="Exact shares of each label; else a row's own hash decides.")
@click.option("--groups", is_flag=True, help="Rows of one group stay on one side.")
@click.option("--again", is_flag=True, help="Split anew; without it rows that have a split keep it.")
@as_json
@pass_context
def split_dataset(ctx: Context, /, *, name: str, seed: int, shares: str, as_json: bool, **given: Any) -> int:
    """Put every row into a split by hashes of seed and key. Rows with equal inputs are never parted.

    Rows that keep a split may have been parted before: equal inputs in two splits are counted afterwards.
    """
    from dataclasses import replace

    from cockpit.dataset_files import copies_between_splits
    from cockpit.store.datasets import iter_rows, set_splits

    fractions = _fractions(shares)
    with opened(ctx, name) as (db, row):
        rows: Iterable[Row] = iter_rows(db, row.id)
        if given["again"]:
            rows = (replace(item, split=None) for item in rows)
        found = assign(rows, fractions, seed=seed, stratify=given["stratify"], groups=given["groups"])
        dataset_id = row.id
    with ctx.store() as store:
        moved = store.write_now(lambda db: set_splits(db, dataset_id, found))
        leaks = copies_between_splits(store, dataset_id)
    with opened(ctx, name) as (_, row):
        splits = dict(row.splits)
    if as_json:
        output.emit(
            {"dataset": name, "seed": seed, "shares": fractions, "moved": moved, "splits": splits, "copies": len(leaks)}
        )
        return 0
    output.say(f"{name}: {counts(splits, 20)}; {moved:,} rows were put there now.", keep_newlines=False)
    output.say(copies_words(name, leaks), keep_newlines=False)
    return 0


def _fractions(shares: str) -> dict[str, float]:
    try:
        found = {name: float(share) for name, share in pairs(shares.split(","), "--shares").items()}
    except ValueError as error:
        raise click.UsageError(f"--shares has no number: {error}.") from error
    check_fractions(found)
    return found


@dataset_command.command("subset")
@click.argument("name", type=TEXT)
@click.option("-n", "--rows", "n", type=click.IntRange(1), help="How many. Without it: sizes worth taking.")
@click.option("--seed", type=int, default=0, show_default=True, help="One seed, one order: smaller ones are inside.")
@click.option("--split", type=TEXT, help="Only rows of this split.")
@click.option("--stratify", is_flag=True, help="Labels in proportion at every size.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Write JSONL to FILE. Default: stdout.")
@as_json
@pass_context
def subset_dataset(ctx: Context, /, *, name: str, n: int | None, split: str | None, as_json: bool, **given: Any) -> int:
    """The first n rows in the order of a seed, as JSONL with input, output, label, group, id and split.

    Nested: the 300 are inside the 1,000. Such a file is an inputs file: cockpit send --inputs FILE '{{input}}'.
    """
    from cockpit.dataset_inputs import row_lines, rows_of

    with opened(ctx, name) as (db, row):
        check_split(row, split)
        there = row.n if split is None else row.splits[split]
        if n is None:
            return _suggest(there, as_json=as_json)
        rows = rows_of(db, row, DatasetRef(name, split, n, given["seed"], given["stratify"]))
    if n > there:
        output.note(f"There are only {there:,} rows.")
    if given["path"] is None:
        for line in row_lines(rows):
            output.say(line)
        return 0
    _write(given["path"].expanduser(), row_lines(rows))
    if as_json:
        output.emit({"file": str(given["path"]), "rows": len(rows), "seed": given["seed"], "split": split})
    else:
        output.note(f"{len(rows):,} rows → {given['path']}")
    return 0


def _suggest(there: int, *, as_json: bool) -> int:
    if as_json:
        for item in _suggested(there):
            output.emit(item)
        return 0
    cells = [(f"{size:,}", f"± {half * 100:.1f} points") for size, half in suggest(there)]
    output.table(cells, heads=("rows", "95 % interval of a rate of one half"), right=(0,))
    return 0


def _write(path: Path, lines: Iterable[str]) -> None:
    from cockpit.whole_files import whole_file

    with whole_file(path) as stream:
        for line in lines:
            stream.write(line.encode() + b"\n")


@dataset_command.command("remove")
@click.argument("name", type=TEXT)
@click.option("--yes", is_flag=True, help="Even though examples were made from its rows.")
@as_json
@pass_context
def remove_dataset(ctx: Context, /, *, name: str, yes: bool, as_json: bool) -> int:
    """Remove a dataset with its rows and splits. Examples made from its rows stay, and samples too.

    Refuses where examples were made from its rows, since where they are from is lost with it, unless --yes.
    """
    from cockpit.store import datasets, projects
    from cockpit.store.dataset_pages import cited_by

    with opened(ctx, name) as (db, row):
        cited = cited_by(db, projects.find_project(db, ctx.project) or 0, name)
    if cited and not yes:
        was = "example was" if cited == 1 else "examples were"
        raise PlanError(f"{cited:,} {was} made from rows of {name!r}.", hint="--yes removes it all the same.")
    with ctx.store() as store:
        store.write_now(lambda db: datasets.remove_dataset(db, row.id))
    if as_json:
        output.emit({"dataset": name, "removed": True, "rows": row.n, "cited_by": cited})
    else:
        output.say(f"Removed {name!r} and its {row.n:,} rows.", keep_newlines=False)
    return 0
