"""The reading list: what to read next, how, and which idea it bears on. What BibTeX means is the core's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from cockpit.core.papers import of_words, to_bibtex
from cockpit.screens.changing_list import ChangingList
from cockpit.screens.dialogs import Ask, Confirm
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.papers import HOWS, Listed, add_paper, drop_paper, list_papers, move_paper, note_paper, read_paper
from widgets.row_list import ListColumn, ListRow, RowList

GLYPHS = {"to read": ("○", ""), "reading": ("▸", "stream"), "read": ("✓", "ok")}


class LogPapersScreen(ChangingList[Listed]):
    """Papers over what is known of one."""

    scope: ClassVar[str] = "log-papers"
    pane_title: ClassVar[str] = "Papers"
    DEFAULT_CSS = "LogPapersScreen #paper { height: 9; }"

    def compose_body(self) -> ComposeResult:
        """The list over one of them."""
        columns = (ListColumn("paper"), ListColumn("year", 5, quiet=True), ListColumn("how", 10, quiet=True))
        empty = ("What to read next, tangentially or directly.", "a adds an arXiv id, a DOI or a title.")
        yield RowList(columns, empty=empty, id="rows", classes="box tall")
        yield TextPanel(id="paper", classes="box short")

    def on_mount(self) -> None:
        """Show them."""
        self.query_one("#rows").border_title = Content("reading list")
        self.query_one("#rows").focus()
        self.change()

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Listed]:
        """In their order, what is read last."""
        return list_papers(db, project)

    def key_of(self, item: Listed) -> int:
        """Its number."""
        return item.id

    def show_items(self, items: Sequence[Listed]) -> None:
        """A row a paper."""
        self.query_one("#rows", RowList).show([_row(one) for one in items])
        read = sum(one.state == "read" for one in items)
        self.head((f"{len(items) - read} to read, {read} read", "quiet"))
        self._moved()

    @on(RowList.Moved)
    def _moved(self) -> None:
        one = self.current
        self.query_one("#paper", TextPanel).show([] if one is None else paper_lines(one))

    # Commands

    async def action_add(self) -> None:
        """Ask for a paper."""
        self.run_worker(self._add(), group="ask", exclusive=True, exit_on_error=False)

    async def _add(self) -> None:
        said = await self.app.push_screen_wait(Ask("A paper", prompt="An arXiv id or address, a DOI, or its title."))
        if said is not None and said.strip():
            paper = of_words(said)
            self.change(lambda db, project: add_paper(db, project, paper))

    def action_read(self, how: Any) -> None:
        """Read it so: the first time it is begun, the second time it has been read."""
        if (one := self.current) is not None:
            begun = one.state == "reading" and one.how == how
            self.change(lambda db, _: read_paper(db, one.id, how, "read" if begun else "reading"))

    def action_unread(self) -> None:
        """It is still to be read."""
        if (one := self.current) is not None:
            self.change(lambda db, _: read_paper(db, one.id, "", "to read"))

    async def action_note(self, what: str) -> None:
        """Ask for notes, or for the ideas it bears on."""
        self.run_worker(self._note(what), group="ask", exclusive=True, exit_on_error=False)

    async def _note(self, what: str) -> None:
        if (one := self.current) is None:
            return
        if what == "notes":
            said = await self.app.push_screen_wait(Ask("Notes", prompt=one.title, value=one.notes))
            if said is not None:
                self.change(lambda db, _: note_paper(db, one.id, notes=said))
            return
        prompt = "Which ideas it bears on, and how, parted by semicolons:  refusals: their metric"
        said = await self.app.push_screen_wait(Ask("Bears on", prompt=prompt, value="; ".join(one.ideas)))
        if said is not None:
            self.change(lambda db, _: note_paper(db, one.id, ideas=said.split(";")))

    async def action_drop(self) -> None:
        """Off the list; where notes would go with it, asked first."""
        self.run_worker(self._drop(), group="ask", exclusive=True, exit_on_error=False)

    async def _drop(self) -> None:
        if (one := self.current) is None:
            return
        said = f"{one.title}\n\nIts notes are gone then."
        has_notes = bool(one.notes or one.ideas)
        if not has_notes or await self.app.push_screen_wait(Confirm("Off the list?", said, yes="drop", no="keep")):
            self.change(lambda db, _: drop_paper(db, one.id))

    def action_earlier(self) -> None:
        """One place up."""
        self._move(-1)

    def action_later(self) -> None:
        """One place down."""
        self._move(1)

    def _move(self, by: int) -> None:
        if (one := self.current) is not None:
            self.change(lambda db, project: move_paper(db, project, one.id, by))

    def action_bibtex(self) -> None:
        """Copy the list as BibTeX."""
        self.cockpit.copy_text(to_bibtex(one.paper for one in self.items), "The list as BibTeX")


def paper_lines(one: Listed) -> list[Said]:
    """What is known of a paper; what is not is said to be."""
    paper = one.paper
    where = [f"arXiv:{paper.arxiv}" if paper.arxiv else "", f"doi:{paper.doi}" if paper.doi else "", paper.key]
    how = f"{one.state}, {one.how}: {HOWS[one.how]}" if one.how else f"{one.state}; {HOWS['']}"
    lines: list[Said] = [
        (paper.authors or "authors unknown", ""),
        (" · ".join(part for part in where if part), "quiet"),
    ]
    lines.append((how, "quiet"))
    lines += [(f"bears on {idea}", "strong") for idea in one.ideas]
    return [*lines, (one.notes, "")] if one.notes else lines


def _row(one: Listed) -> ListRow:
    glyph, tone = GLYPHS[one.state]
    return ListRow(one.id, (one.title, one.paper.year, one.how), glyph=glyph, tone=tone, quiet=one.state == "read")
