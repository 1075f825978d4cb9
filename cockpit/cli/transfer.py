"""`cockpit export` and `cockpit import`: samples to files, other tools' history to samples. Formats are the core's."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.cli.runs import FORMATS
from cockpit.core import exports
from cockpit.core.errors import InputError
from cockpit.core.exports import Exported, RunInfo
from cockpit.whole_files import whole_file

if TYPE_CHECKING:
    import sqlite3

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".md": "md", ".markdown": "md", ".eval": "eval"}
MOST_HITS = 1_000_000
TEXT_FORMATS = {"jsonl": exports.jsonl, "csv": exports.csv_text, "md": exports.markdown}


@click.command("export")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by FILE's suffix, else jsonl.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Default: stdout (not for eval).")
@click.option("--search", "query", help="Only samples that match, of every project, as in cockpit search.")
@click.option("--run", "run_ids", type=int, multiple=True, help="Only this run; repeatable.")
@as_json
@pass_context
def export_command(
    ctx: Context, /, *, form: str | None, path: Path | None, query: str | None, run_ids: tuple[int, ...], as_json: bool
) -> int:
    """Write the samples of the project, of runs or of a search to a file, whole or not at all.

    Text is exact: nothing is trimmed, and a cell of a CSV file may begin with '=' (import it as text).
    """
    return write_export(ctx, form, path, as_json=as_json, run_ids=list(run_ids), query=query)


def write_export(
    ctx: Context,
    form: str | None,
    path: Path | None,
    *,
    as_json: bool,
    run_ids: Sequence[int] = (),
    query: str | None = None,
) -> int:
    """Write an export and, with --json and a file, say where it is; the exit status.

    Raises:
        InputError: a binary format without a file, or nothing to export.
    """
    to_file = path if path is not None and str(path) != "-" else None
    chosen = form or SUFFIXES.get(to_file.suffix.lower() if to_file else "", "jsonl")
    if to_file is None and chosen == "eval":
        raise InputError("An .eval file is a zip.", hint="Name it with -o FILE.")
    with ctx.store() as store:
        source = Source(store.read())
        chosen_runs = source.chosen(ctx.project, run_ids, query)
        if not chosen_runs:
            raise InputError("Nothing to export.", hint="cockpit run list --all shows what there is.")
        counted = Counted(source.items(chosen_runs))
        if to_file is None:
            if sys.stdout.isatty() and chosen != "jsonl":
                raise InputError("Samples may hold control characters.", hint="Name a file with -o FILE, or pipe it.")
            with contextlib.closing(os.fdopen(os.dup(1), "wb")) as stream:
                _write(stream, chosen, counted, source, chosen_runs)
            return 0
        with whole_file(to_file.expanduser()) as stream:
            _write(stream, chosen, counted, source, chosen_runs)
    if as_json:
        output.emit({"file": str(to_file), "format": chosen, "samples": counted.number, "runs": len(chosen_runs)})
    else:
        output.note(f"{counted.number} samples of {len(chosen_runs)} runs → {to_file}")
    return 0


def _write(stream: IO[bytes], form: str, items: Iterable[Exported], source: Source, runs: dict[int, set[int]]) -> None:
    if form == "eval":
        from cockpit.core.inspect_log import write_eval

        infos = [source.info(run_id) for run_id in runs]
        write_eval(stream, items, infos, created=infos[-1].created_at or datetime.now(UTC).isoformat())
        return
    for text in TEXT_FORMATS[form](items):
        stream.write(text.encode(exports.ENCODING, exports.ENCODING_ERRORS))


class Counted:
    """An iteration that knows how far it came."""

    def __init__(self, items: Iterable[Exported]) -> None:
        self._items = items
        self.number = 0

    def __iter__(self) -> Iterator[Exported]:
        for item in self._items:
            self.number += 1
            yield item


class Source:
    """Samples out of the database with what they need to be understood elsewhere."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._projects: dict[int, str] = {}

    def chosen(self, project: str, run_ids: Sequence[int], query: str | None) -> dict[int, set[int]]:
        """Run ids in order, each with the ids of its samples to take (an empty set: all)."""
        from cockpit.store import projects, runs, search

        if query is not None:
            found: dict[int, set[int]] = {}
            for hit in search.search(self._db, query, MOST_HITS):
                if not run_ids or hit.run_id in run_ids:
                    found.setdefault(hit.run_id, set()).add(hit.sample_id)
            return dict(sorted(found.items()))
        if run_ids:
            return {runs.get_run(self._db, run_id).id: set() for run_id in run_ids}
        number = projects.find_project(self._db, project)
        rows = [] if number is None else runs.list_runs(self._db, number, MOST_HITS)
        return {row.id: set() for row in reversed(rows)}

    def items(self, chosen: dict[int, set[int]]) -> Iterator[Exported]:
        """The samples of the chosen runs, in the order of the plans."""
        from cockpit.store import samples

        marked = {row[0] for row in self._db.execute("SELECT sample_id FROM tag UNION SELECT sample_id FROM note")}
        for run_id, wanted in chosen.items():
            info = self.info(run_id)
            for sample in samples.iter_samples(self._db, run_id):
                if wanted and sample.id not in wanted:
                    continue
                if sample.id is not None and sample.id in marked:
                    row = samples.get_sample(self._db, sample.id)
                    yield Exported(info, sample, row.tags, row.note)
                else:
                    yield Exported(info, sample)

    def info(self, run_id: int) -> RunInfo:
        """Where the samples of a run come from."""
        from cockpit.store import projects, runs

        if not self._projects:
            self._projects = {project.id: project.name for project in projects.list_projects(self._db)}
        row = runs.get_run(self._db, run_id)
        number = row.version_number if row.prompt_id is not None else None
        name = self._projects.get(row.project_id, "")
        return RunInfo(runs.load_plan(self._db, run_id), name, row.prompt, number, row.created_at)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
@pass_context
def import_command(ctx: Context, file: Path, as_json: bool) -> int:
    """Import the history of the llm tool: FILE is its logs.db (`llm logs path` says where).

    All or nothing, and again is harmless: what was imported before is not imported twice.
    """
    from cockpit.importers import import_llm, read_llm

    turns = read_llm(file.expanduser())
    with ctx.store() as store:
        project = ctx.project
        report = store.write_now(lambda db: import_llm(db, turns, project))
    if as_json:
        output.emit({"file": str(file), "imported": report.imported, "known": report.known, "skipped": report.skipped})
        return 0
    output.say(f"{report.imported} answers imported, {report.known} were here already.")
    if report.skipped:
        output.note(f"{report.skipped} had no text and no prompt, and were passed over.")
    return 0
