"""`cockpit log`: entries of the research log from the shell. Words and citations are the core's; draws nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    import sqlite3

    from cockpit.core.log_refs import Kind
    from cockpit.store.log import Entry


class Day(click.ParamType[str]):
    """A day as a person says it: 2026-11-24, today, yesterday."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The day as YYYY-MM-DD.

        Raises:
            click.BadParameter: it is no day.
        """
        near = {"today": 0, "yesterday": 1}
        if value in near:
            return (date.today() - timedelta(days=near[value])).isoformat()  # noqa: DTZ011
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            self.fail(f"{value!r} is no day: write YYYY-MM-DD, today or yesterday.", param, ctx)


@click.group("log")
def log_command() -> None:
    """Keep the research log: entries that cite runs, samples and jobs, with figures that come along."""


@log_command.command("add")
@click.argument("text", required=False, type=TEXT)
@click.option("--title", default="", type=TEXT)
@click.option("--idea", default="", type=TEXT, help="The idea it is about; made if need be.")
@click.option("--tag", "tags", multiple=True, type=TEXT, help="Repeatable.")
@click.option("--cite", "cites", multiple=True, metavar="KIND:ID", help="run:12, sample:345, job:7 …; repeatable.")
@click.option("--day", type=Day(), default="today", show_default=True)
@as_json
@pass_context
def add_command(ctx: Context, /, text: str | None, cites: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Add an entry: TEXT, or stdin with -. What is cited comes along with its figures; without TEXT, sections wait."""
    from cockpit.store.log import add_entry, get_entry
    from cockpit.store.projects import ensure_project

    words = sys.stdin.read() if text == "-" else text or ""
    if not words.strip() and not cites:
        raise InputError("There is nothing to write.", hint="Give a text, or something to cite: --cite run:12.")
    places = _places(cites)

    def add(db: sqlite3.Connection) -> Entry:
        project_id = ensure_project(db, ctx.project)
        draft = _draft(db, words, places, given)
        return get_entry(db, add_entry(db, project_id, draft))

    with ctx.store() as store:
        entry = store.write_now(add)
    if as_json:
        output.emit(to_json(entry))
    else:
        output.say(f"Entry {entry.id}: {entry.title}")
    return 0


def _draft(db: sqlite3.Connection, words: str, places: Sequence[tuple[Kind, int]], given: dict[str, Any]) -> Any:
    from dataclasses import replace

    from cockpit.core.clock import utc_now
    from cockpit.core.log_draft import OBSERVED
    from cockpit.log_drafts import draft_about
    from cockpit.store.log import Draft

    draft = draft_about(db, places, utc_now(), idea=given["idea"]) if places else Draft("", words, given["day"])
    body = draft.body
    if places and words.strip():
        body = body.replace(f"## {OBSERVED}\n", f"## {OBSERVED}\n\n{words.strip()}\n", 1)
    chosen = {"title": given["title"] or draft.title, "idea": draft.idea or given["idea"]}
    return replace(draft, body=body, day=given["day"], tags=given["tags"], **chosen)


def _places(cites: Sequence[str]) -> list[tuple[Kind, int]]:
    from cockpit.core.log_refs import KINDS, parse_target

    found = []
    for text in cites:
        ref = parse_target(text)
        if ref is None:
            raise InputError(f"{text!r} cites nothing.", hint=f"Write KIND:ID, with one of {', '.join(KINDS)}.")
        found.append((ref.kind, ref.id))
    return found


@log_command.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--idea", default="", type=TEXT)
@click.option("--tag", default="", type=TEXT)
@click.option("--since", type=Day())
@click.option("--until", type=Day())
@click.option("--search", "words", default="", type=TEXT, help="Words that it must say.")
@click.option("--cites", metavar="KIND:ID", help="Only those that cite this.")
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@as_json
@pass_context
def list_command(ctx: Context, /, limit: int, cites: str | None, everywhere: bool, as_json: bool, **only: Any) -> int:
    """The project's entries, newest day first."""
    from cockpit.store.log import backlinks, list_entries
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        db = store.read()
        project = None if everywhere else find_project(db, ctx.project)
        given = {name: value for name, value in only.items() if value}
        found = [] if project is None and not everywhere else list_entries(db, project, limit=limit, **given)
        if cites:
            citing = {entry.id for entry in backlinks(db, *_places([cites])[0])}
            found = [entry for entry in found if entry.id in citing]
    if as_json:
        for entry in found:
            output.emit(to_json(entry))
    elif found:
        rows = [(str(e.id), e.draft.day, e.title, e.draft.idea, " ".join(e.draft.tags)) for e in found]
        output.table(rows, heads=("id", "day", "title", "idea", "tags"), right=(0,))
    else:
        output.note(f'No such entries in project {ctx.project!r}. Write one: cockpit log add "…" --cite run:1')
    return 0


@log_command.command("show")
@click.argument("entry_id", type=int)
@click.option("--check", is_flag=True, help="Also say what a stranger would miss, and figures that have changed.")
@click.option("--history", is_flag=True, help="Every edit, oldest first.")
@as_json
@pass_context
def show_command(ctx: Context, entry_id: int, check: bool, history: bool, as_json: bool) -> int:
    """One entry as Markdown, with where it is cited."""
    from cockpit.log_files import to_markdown
    from cockpit.store.log import backlinks, get_entry, revisions

    with ctx.store() as store:
        db = store.read()
        entry = get_entry(db, entry_id)
        citing = [one.id for one in backlinks(db, "entry", entry_id)]
        edits = revisions(db, entry_id) if history else []
        report = _check(db, entry) if check else {}
    if as_json:
        edited = [{"number": e.number, "at": e.at, "title": e.draft.title, "body": e.draft.body} for e in edits]
        more = {"edits": edited} if history else {}
        output.emit({**to_json(entry), "cited_in": citing, **report, **more})
        return 0
    output.say(to_markdown(entry))
    for edit in edits:
        output.say(f"— edit {edit.number}, {edit.at[:16]} —\n{edit.draft.title}\n\n{edit.draft.body}\n")
    if citing:
        output.note(f"Cited in entry {', '.join(map(str, citing))}.")
    for line in [*report.get("missing", []), *report.get("changed", [])]:
        output.note(line)
    return 0


def _check(db: sqlite3.Connection, entry: Entry) -> dict[str, Any]:
    from cockpit.log_drafts import entry_gaps
    from cockpit.log_figures import trace_all

    traced = trace_all(db, entry.draft.body)
    changed = [f"{one.ref.target}: {one.problem}" for one in traced if one.problem]
    for one in traced:
        if one.changed and one.figure is not None:
            changed.append(f"{one.ref.target} now gives {one.figure.words()}, not {one.ref.words}.")
    return {"missing": [gap.words for gap in entry_gaps(db, entry.draft.body)], "changed": changed}


@log_command.command("edit")
@click.argument("entry_id", type=int)
@click.argument("text", required=False, type=TEXT)
@click.option("--title", type=TEXT)
@click.option("--idea", type=TEXT)
@click.option("--tag", "tags", multiple=True, type=TEXT, help="Its tags from now on; repeatable.")
@click.option("--day", type=Day())
@as_json
@pass_context
def edit_command(ctx: Context, /, entry_id: int, text: str | None, as_json: bool, **given: Any) -> int:
    """Change an entry: its TEXT (- reads stdin), else in $VISUAL or $EDITOR; every edit is kept."""
    from dataclasses import replace

    from cockpit.store.log import get_entry, save_entry

    fields = {name: value for name, value in given.items() if value is not None and value != ()}
    with ctx.store() as store:
        before = get_entry(store.read(), entry_id)
        body = sys.stdin.read() if text == "-" else text
        if body is None and not fields:
            body = click.edit(before.draft.body, extension=".md")
        changes: dict[str, Any] = {**fields, **({} if body is None else {"body": body})}
        draft = replace(before.draft, **changes)
        number = store.write_now(lambda db: save_entry(db, entry_id, draft, seen=before.revision))
        entry = get_entry(store.read(), entry_id)
    if as_json:
        output.emit(to_json(entry))
    else:
        output.say(f"Entry {entry_id}: " + ("nothing changed." if number == before.revision else f"edit {number}."))
    return 0


@log_command.command("export")
@click.argument("entry_ids", type=int, nargs=-1)
@click.option("--since", type=Day())
@click.option("--until", type=Day())
@click.option("--idea", default="", type=TEXT)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder; one entry alone is printed.")
@as_json
@pass_context
def export_command(ctx: Context, /, entry_ids: tuple[int, ...], out: Path | None, as_json: bool, **only: Any) -> int:
    """Write entries as Markdown files with front matter: some, those of some days, or all of the project."""
    from cockpit.log_files import to_markdown, write_files
    from cockpit.store.log import get_entry, list_entries
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        db = store.read()
        project = find_project(db, ctx.project)
        given = {name: value for name, value in only.items() if value}
        listed = [] if project is None or entry_ids else list_entries(db, project, limit=-1, **given)
        entries = [get_entry(db, number) for number in entry_ids] or listed
    if out is None and len(entries) != 1:
        raise InputError(f"{len(entries)} entries need a folder.", hint="Give one with --out.")
    if out is None:
        output.say(to_markdown(entries[0]))
        return 0
    written = write_files(entries, out)
    if as_json:
        for path in written:
            output.emit({"path": str(path)})
    else:
        output.say(f"{len(written)} files in {out}.")
    return 0


@log_command.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@as_json
@pass_context
def import_command(ctx: Context, paths: tuple[Path, ...], as_json: bool) -> int:
    """Read Markdown files, or folders of them: new ones become entries, edited exports become edits."""
    from cockpit.log_files import files_below, import_files
    from cockpit.store.projects import ensure_project

    today = date.today().isoformat()  # noqa: DTZ011
    files = files_below(paths)
    with ctx.store() as store:
        found = store.write_now(lambda db: import_files(db, ensure_project(db, ctx.project), files, today))
    if as_json:
        output.emit({"added": found.added, "changed": found.changed, "same": found.same, "problems": found.problems})
    else:
        output.say(f"{len(found.added)} added, {len(found.changed)} edited, {len(found.same)} as they were.")
        for problem in found.problems:
            output.complain(problem)
    return 1 if found.problems else 0


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as every command prints it with --json."""
    from cockpit.core.log_refs import cited

    draft = entry.draft
    return {
        "entry": entry.id, "project": entry.project, "kind": entry.kind, "day": draft.day, "title": entry.title,
        "idea": draft.idea or None, "tags": list(draft.tags), "revision": entry.revision,
        "created": entry.created_at, "changed": entry.changed_at, "body": draft.body,
        "cites": [f"{kind}:{number}" for kind, number in cited(draft.body)],
    }  # fmt: skip


@log_command.command("pace")
@as_json
@pass_context
def pace_command(ctx: Context, as_json: bool) -> int:
    """Runs, samples, results, bits and hours by week, how long ideas take, and results that no entry cites."""
    from cockpit.core.clock import utc_now
    from cockpit.log_pace import pace

    with ctx.store() as store:
        found = pace(store.read(), ctx.project, utc_now())
    weeks = [(f"{w.monday}", str(w.runs), str(w.samples), str(w.results), f"{w.bits:.1f}", f"{w.hours:.1f}")
             for w in found.weeks]  # fmt: skip
    if as_json:
        heads = ("monday", "runs", "samples", "results", "bits", "hours")
        late = found.latency
        output.emit({
            "weeks": [dict(zip(heads, (str(w.monday), w.runs, w.samples, w.results, w.bits, w.hours), strict=True))
                      for w in found.weeks],
            "latency_hours": late.hours, "latency_n": late.n, "ideas_without_result": late.waiting,
            "not_logged": [{"kind": one.kind, "id": one.id, "what": one.words} for one in found.waiting],
        })  # fmt: skip
        return 0
    output.table(weeks, heads=("week of", "runs", "samples", "results", "bits", "hours"), right=(1, 2, 3, 4, 5))
    for one in found.waiting:
        output.note(f"Not logged: {one.kind}:{one.id}, {one.words}")
    return 0
