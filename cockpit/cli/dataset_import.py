"""`cockpit dataset import`: a file into the store, with progress and a clean end on Ctrl-C. Formats are the core's."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.cli.dataset_words import copies_words, pairs, say_row
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    from cockpit.core.datasets import BadRow
    from cockpit.core.leaks import Leak
    from cockpit.dataset_files import Imported, Order
    from cockpit.store.db import Store


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", type=TEXT, help="The dataset's name. Default: the file's.")
@click.option("--format", "form", type=TEXT, help="jsonl, csv, parquet, inspect, lm-eval, …; default: as it looks.")
@click.option(
    "--map", "pairs", multiple=True, type=TEXT, metavar="FIELD=COLUMN",
    help="A column for input, output, label, group, id or split; dotted into nested values; repeatable.",
)  # fmt: skip
@click.option("--skip-bad", is_flag=True, help="Import the good rows although others are bad.")
@click.option("--add", is_flag=True, help="Add to the dataset of that name; rows it has stay as they are.")
@click.option("--dry-run", is_flag=True, help="Show how the first rows are read; store nothing.")
@as_json
@pass_context
def import_dataset(ctx: Context, /, *, file: Path, form: str | None, as_json: bool, **given: Any) -> int:
    """Import labelled rows: JSONL, JSON, CSV, TSV, Parquet, a folder of Hugging Face datasets, OpenAI chat JSONL,
    Inspect samples, lm-eval sample logs, Inverse Scaling CSV, question/answer_matching_behavior JSONL, aichat roles.

    All or nothing: bad rows are listed with line and reason, and with any of them nothing is stored (exit status 1),
    unless --skip-bad. A --map stands beside what the format or the usual column names say.
    """
    from cockpit.dataset_files import Order, import_file

    path = file.expanduser()
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    form, mapping = _reading(path, form, pairs(given["pairs"], "--map"))
    if given["dry_run"]:
        return _dry_run(path, form, mapping, as_json=as_json)
    order = Order(path, given["name"] or path.stem, form, mapping, given["skip_bad"], given["add"])
    with ctx.store() as store, _interrupts() as interrupted, _counter(as_json=as_json) as tell:
        done = import_file(store, ctx.project, order, progress=tell, cancelled=interrupted)
        leaks = _copies(store, ctx, order) if done.done else None
    return _concluded(order, done, leaks, as_json=as_json)


def _copies(store: Store, ctx: Context, order: Order) -> list[Leak] | None:
    """Equal inputs in two splits, now that rows were added; None where the dataset has no two splits."""
    from cockpit.dataset_files import copies_between_splits
    from cockpit.store import datasets, projects

    db = store.read()
    found = datasets.get_dataset(db, projects.find_project(db, ctx.project) or 0, order.name)
    return copies_between_splits(store, found.id) if len(found.splits) > 1 else None


def _reading(path: Path, form: str | None, own: Mapping[str, str]) -> tuple[str, Mapping[str, str] | None]:
    """The format and the mapping to read by, said before anything is stored."""
    from cockpit.core.datasets import sniff_as
    from cockpit.dataset_arrow import read_tables

    sniffed = sniff_as(path, form, read_tables)
    if sniffed.mapping is None and not own:
        return sniffed.format, None
    missing = sorted({column.split(".")[0] for column in own.values()} - {c.split(".")[0] for c in sniffed.columns})
    if missing and not set(own.values()) <= set(sniffed.columns):
        raise InputError(f"There is no column {missing[0]!r}.", hint=f"Columns: {', '.join(sniffed.columns)}.")
    usual = {name: column for name, column in (sniffed.mapping or {}).items() if column not in own.values()}
    return sniffed.format, {**usual, **own}


def _dry_run(path: Path, form: str, mapping: Mapping[str, str] | None, *, as_json: bool) -> int:
    from itertools import islice

    from cockpit.core.datasets import PREVIEW, BadRow
    from cockpit.dataset_files import read_rows

    rows = list(islice(read_rows(path, form, mapping), PREVIEW))
    if as_json:
        first = [asdict(row) for row in rows]
        output.emit({"file": str(path), "format": form, "mapping": mapping and dict(mapping), "first": first})
        return 0
    output.say(f"{path.name} as {form}{_mapped(mapping)}")
    for row in rows:
        if isinstance(row, BadRow):
            output.say(f"line {row.line}: {row.reason}", keep_newlines=False)
        else:
            say_row(row)
    output.note("Nothing was stored.")
    return 0


def _mapped(mapping: Mapping[str, str] | None) -> str:
    return "" if not mapping else ": " + ", ".join(f"{name} = {column}" for name, column in mapping.items())


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: between two batches it is a clean end, in the middle of a write it would be none."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _counter(*, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows how far it is, on stderr: a line that is written over, or with --json an object each 10,000 rows."""
    shown = [0]
    on_terminal = sys.stderr.isatty()

    def tell(rows: int, bad: int) -> None:
        if on_terminal:
            click.echo(f"\r{rows:,} rows, {bad:,} bad", nl=False, err=True)
        elif as_json and (rows + bad) // 10_000 > shown[0]:
            shown[0] = (rows + bad) // 10_000
            click.echo(f'{{"rows": {rows}, "bad": {bad}}}', err=True)

    yield tell
    if on_terminal:
        click.echo(err=True)


def _concluded(order: Order, done: Imported, leaks: list[Leak] | None, *, as_json: bool) -> int:
    if as_json:
        output.emit({
            "dataset": order.name, "file": str(order.path), "format": order.format,
            "mapping": order.mapping and dict(order.mapping), "imported": done.rows, "known": done.known,
            "stored": done.done, "cancelled": done.cancelled, "bad": [asdict(row) for row in done.bad],
            "copies": None if leaks is None else len(leaks),
        })  # fmt: skip
    else:
        _list_bad(done.bad)
        _say_done(order, done)
        if leaks is not None:
            output.say(copies_words(order.name, leaks), keep_newlines=False)
    return 130 if done.cancelled else 0 if done.done else 1


def _list_bad(bad: Sequence[BadRow]) -> None:
    for row in bad:
        output.note(f"line {row.line}: {row.reason}")


def _say_done(order: Order, done: Imported) -> None:
    if done.cancelled:
        output.complain("Cancelled; nothing was stored.")
    elif not done.done:
        output.complain(f"{len(done.bad):,} bad rows; nothing was stored. --skip-bad imports the others.")
    else:
        known = f", {done.known:,} were there already" if done.known else ""
        out = f", {len(done.bad):,} bad ones left out" if done.bad else ""
        output.say(
            f"{done.rows:,} rows imported into {order.name!r} as {order.format}{_mapped(order.mapping)}{known}{out}."
        )
