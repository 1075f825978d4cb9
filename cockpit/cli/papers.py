"""`cockpit paper`: the reading list, in and out. What BibTeX means is the core's, what is kept the store's."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    from cockpit.store.papers import Listed

HOW = click.Choice(["tangential", "direct"])
STATE = click.Choice(["to read", "reading", "read"])


@click.group("paper")
def paper_command() -> None:
    """Papers to read: tangentially (abstract, figure 1, stop) or directly (all of it), and what they bear on."""


def to_json(one: Listed) -> dict[str, Any]:
    """A paper for programs."""
    paper = one.paper
    return {
        "id": one.id, "key": paper.key, "title": paper.title, "authors": paper.authors, "year": paper.year,
        "arxiv": paper.arxiv, "doi": paper.doi, "how": one.how, "state": one.state, "ideas": list(one.ideas),
        "notes": one.notes, "added_at": one.added_at, "read_at": one.read_at,
    }  # fmt: skip


@paper_command.command("add")
@click.argument("what", nargs=-1, required=True, type=TEXT)
@as_json
@pass_context
def add_command(ctx: Context, what: tuple[str, ...], as_json: bool) -> int:
    """Add WHAT: an arXiv id or address, a DOI, or a title. No network is asked, so an id has no title yet."""
    from cockpit.core.papers import of_words
    from cockpit.store.papers import add_paper, get_paper
    from cockpit.store.projects import ensure_project

    paper = of_words(" ".join(what))
    with ctx.store() as store:
        number, is_new = store.write_now(lambda db: add_paper(db, ensure_project(db, ctx.project), paper))
        one = get_paper(store.read(), number)
    if as_json:
        output.emit({**to_json(one), "new": is_new})
    else:
        output.say(f"Paper {one.id}{'' if is_new else ' was there'}: {one.title}")
    return 0


@paper_command.command("list")
@click.option("--state", type=STATE)
@as_json
@pass_context
def list_command(ctx: Context, state: str | None, as_json: bool) -> int:
    """The reading list in its order."""
    from cockpit.store.papers import list_papers
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        project = find_project(store.read(), ctx.project)
        found = [] if project is None else list_papers(store.read(), project)
    found = [one for one in found if state in (None, one.state)]
    if as_json:
        for one in found:
            output.emit(to_json(one))
    elif found:
        rows = [(str(one.id), one.state, one.how, one.paper.year, one.title, ", ".join(one.ideas)) for one in found]
        output.table(rows, heads=("id", "state", "how", "year", "title", "bears on"), right=(0,))
    else:
        output.note("No papers. Add one: cockpit paper add arXiv:1706.03762")
    return 0


@paper_command.command("read")
@click.argument("paper_id", type=int)
@click.option("--how", type=HOW, help="tangential: abstract, figure 1, stop; direct: the whole paper.")
@click.option("--state", type=STATE, default="read", show_default=True)
@as_json
@pass_context
def read_command(ctx: Context, paper_id: int, how: str | None, state: Any, as_json: bool) -> int:
    """Say how PAPER_ID is read, and how far."""
    from cockpit.store.papers import get_paper, read_paper

    with ctx.store() as store:
        chosen: Any = how if how is not None else get_paper(store.read(), paper_id).how
        store.write_now(lambda db: read_paper(db, paper_id, chosen, state))
        one = get_paper(store.read(), paper_id)
    return _told(one, as_json=as_json)


@paper_command.command("note")
@click.argument("paper_id", type=int)
@click.argument("notes", required=False, type=TEXT)
@click.option("--bears-on", "ideas", multiple=True, type=TEXT, help="An idea, and how: 'refusals: their metric'.")
@as_json
@pass_context
def note_command(ctx: Context, paper_id: int, notes: str | None, ideas: tuple[str, ...], as_json: bool) -> int:
    """Keep NOTES on a paper, and which ideas it bears on."""
    from cockpit.store.papers import get_paper, note_paper

    with ctx.store() as store:
        store.write_now(lambda db: note_paper(db, paper_id, notes=notes, ideas=ideas or None))
        one = get_paper(store.read(), paper_id)
    return _told(one, as_json=as_json)


@paper_command.command("drop")
@click.argument("paper_id", type=int)
@as_json
@pass_context
def drop_command(ctx: Context, paper_id: int, as_json: bool) -> int:
    """Take a paper off the list, with its notes."""
    from cockpit.store.papers import drop_paper

    with ctx.store() as store:
        store.write_now(lambda db: drop_paper(db, paper_id))
    if as_json:
        output.emit({"dropped": paper_id})
    else:
        output.say(f"Paper {paper_id} is off the list.")
    return 0


@paper_command.command("import")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True))
@as_json
@pass_context
def import_command(ctx: Context, path: Path, as_json: bool) -> int:
    """Add the papers of a BibTeX file (- reads stdin); a text of another kind is searched for arXiv ids."""
    from cockpit.core.papers import arxiv_ids, of_words, parse_bibtex
    from cockpit.store.papers import add_paper
    from cockpit.store.projects import ensure_project

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    papers, problems = parse_bibtex(text)
    papers = papers or [of_words(one) for one in arxiv_ids(text)]

    def add(db: sqlite3.Connection) -> int:
        project = ensure_project(db, ctx.project)
        return sum(add_paper(db, project, one)[1] for one in papers)

    with ctx.store() as store:
        new = store.write_now(add)
    if as_json:
        output.emit({"read": len(papers), "new": new, "problems": problems})
    else:
        output.say(f"{len(papers)} papers, {new} of them new.")
        for problem in problems:
            output.note(problem)
    return 0


@paper_command.command("export")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@as_json
@pass_context
def export_command(ctx: Context, out: Path | None, as_json: bool) -> int:
    """The list as BibTeX."""
    from cockpit.core.papers import to_bibtex
    from cockpit.store.papers import list_papers
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        project = find_project(store.read(), ctx.project)
        found = [] if project is None else list_papers(store.read(), project)
    text = to_bibtex(one.paper for one in found)
    if out is None:
        if as_json:
            output.emit({"papers": len(found), "bibtex": text})
        else:
            output.say(text.rstrip("\n"))
        return 0
    try:
        out.write_text(text, "utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    if as_json:
        output.emit({"papers": len(found), "path": str(out)})
    else:
        output.say(f"Written to {out}.")
    return 0


def _told(one: Listed, *, as_json: bool) -> int:
    if as_json:
        output.emit(to_json(one))
    else:
        output.say(f"Paper {one.id} ({one.state}{', ' + one.how if one.how else ''}): {one.title}")
    return 0
