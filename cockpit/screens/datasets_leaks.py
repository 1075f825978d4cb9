"""Leaks between a dataset's splits: found with progress, shown side by side, fixed by a key. What one is, is core's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.leaks import KINDS, NEAR, Kind, Leak, find_leaks, fix
from cockpit.screens.datasets_read import read_one
from cockpit.screens.datasets_words import in_order
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.words import count, one_line, plural
from cockpit.store.dataset_pages import iter_light, rows_by_key
from cockpit.store.datasets import set_splits
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

NARROW_BELOW = 110
WIDE = (ListColumn("kind", 14), ListColumn("gives away"), ListColumn("from → to", 24, quiet=True))
NARROW = (ListColumn("kind", 14), ListColumn("gives away"))
GLYPHS: Mapping[Kind, tuple[str, str]] = {
    "exact": ("✗", "error"),
    "normalised": ("✗", "error"),
    "near-duplicate": ("▲", "cut"),
    "13-gram": ("▲", "cut"),
    "group": ("◆", "refuse"),
}
LISTED = 5_000


class Stopped(Exception):
    """The person wants no answer any more."""


@dataclass(slots=True)
class Search:
    """How far a search in a thread is, and whether it is still wanted."""

    share: float = 0.0
    running: bool = True
    stopped: bool = False

    def tell(self, share: float) -> None:
        """Called by the search.

        Raises:
            Stopped: nobody wants it any more.
        """
        if self.stopped:
            raise Stopped
        self.share = share


@dataclass(slots=True)
class Found:
    """The leaks of a dataset as it was when it was searched."""

    leaks: list[Leak] = field(default_factory=list)
    done: bool = False


class LeaksScreen(OpenedScreen[None]):
    """A list of leaks over both texts of the highlighted one."""

    scope: ClassVar[str] = "dataset_leaks"
    pane_title: ClassVar[str] = "Leaks"
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, dataset: DatasetRow) -> None:
        super().__init__(services)
        self._dataset = dataset
        self._near = NEAR
        self._found = Found()
        self._search = Search(running=False)
        self._kind: Kind | None = None

    def compose_body(self) -> ComposeResult:
        """What was found over the texts."""
        with Vertical(classes="body"):
            yield Plain("", id="kinds")
            rows = RowList(WIDE, id="rows", classes="box", empty=("Reading …",))
            rows.border_title = "leaks"
            yield rows
            with Container(id="texts", classes="split"):
                yield TextView("", id="a", classes="box")
                yield TextView("", id="b", classes="box")

    def on_mount(self) -> None:
        """Begin to search, where there is something to search between."""
        self.rows.focus()
        self._begin()

    def on_unmount(self) -> None:
        """Nobody waits for the thread."""
        self._search.stopped = True

    def on_resize(self, event: events.Resize) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self._show)

    @property
    def rows(self) -> RowList:
        """The leaks."""
        return self.query_one("#rows", RowList)

    @property
    def busy(self) -> bool:
        """Whether a search runs."""
        return self._search.running

    def cancel_running(self) -> None:
        """Give the search up."""
        self._search.stopped = True

    @property
    def listed(self) -> list[Leak]:
        """Those of the kind that is shown."""
        return [leak for leak in self._found.leaks if self._kind in (None, leak.kind)]

    def flush(self) -> None:
        """How far the search is."""
        if not self.is_attached:
            return
        self.head(
            (self._dataset.name, "plain"),
            (self._state(), "quiet"),
            right=[(f"near from {100 * self._near:g} % ", "quiet")],
        )
        if self._search.running:
            done = round(30 * self._search.share)
            line = "━" * done + "─" * (30 - done)
            self.rows.set_empty(
                f"Checking {plural(sum(self._dataset.splits.values()), 'row')}", line, "ctrl+c stops it."
            )

    def _state(self) -> str:
        if self._search.running:
            return f"checking, {100 * self._search.share:.0f} %"
        return plural(len(self._found.leaks), "leak") if self._found.done else "not checked"

    def _begin(self) -> None:
        if len([n for n in self._dataset.splits.values() if n]) < 2:
            self.rows.set_empty(
                "Leaks are between splits, and this has fewer than two.", "Go back with q; s splits it."
            )
            self.flush()
        else:
            self._find()

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _find(self) -> None:
        self._search.stopped = True
        search = self._search = Search()
        self._found = Found()
        self._show()
        self.start_flush()
        store, dataset, near = self.services.store, self._dataset, self._near

        def find() -> list[Leak]:
            total = sum(dataset.splits.values())
            return find_leaks(iter_light(store.read(), dataset.id), near=near, total=total, progress=search.tell)

        try:
            self._found = Found(await asyncio.to_thread(find), done=True)
            self.rows.set_empty("No row of one split gives away a row of another.", checked_words(dataset))
        except Stopped:
            self.rows.set_empty("The check was stopped.", "r begins it again.")
        finally:
            search.running = False
            self.stop_flush()
        self._show()
        self.refresh_bindings()

    def _show(self) -> None:
        if not self.is_attached:
            return
        narrow = self.size.width < NARROW_BELOW
        self.rows.columns = NARROW if narrow else WIDE
        listed = self.listed
        self.rows.show([_list_row(at, leak, narrow=narrow) for at, leak in enumerate(listed[:LISTED])])
        more = f", the first {count(LISTED)} listed" if len(listed) > LISTED else ""
        self.rows.border_subtitle = plain_title(f"{plural(len(listed), 'leak')}{more}" if listed else "")
        self.query_one("#kinds", Plain).update(kinds_words(self._found.leaks, self._kind))
        self.query_one("#kinds").display = bool(self._found.leaks)
        self.query_one("#texts").display = bool(self._found.leaks)
        self.flush()
        self._moved()

    @on(RowList.Moved)
    @work(exclusive=True, group="texts", exit_on_error=False)
    async def _moved(self) -> None:
        """Both texts of the highlighted leak."""
        listed, at = self.listed, self.rows.cursor
        if at >= len(listed):
            return
        leak, store = listed[at], self.services.store
        found = await asyncio.to_thread(lambda: rows_by_key(store.read(), self._dataset.id, (leak.a, leak.b)))
        for name, key, split in (("a", leak.a, leak.split_a), ("b", leak.b, leak.split_b)):
            view, row = self.query_one(f"#{name}", TextView), found.get(key)
            view.show(row.input if row else "This row is not there any more.")
            number = f"row {count(row.number)}" if row else "gone"
            group = f", group {one_line(row.group, 30)}" if row and row.group else ""
            view.border_title = plain_title(f"{split}, {number}{group}")

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Fixing needs leaks."""
        if action in ("fix", "kind", "copy") and not self._found.leaks:
            return False
        return super().check_action(action, parameters)

    def action_kind(self) -> None:
        """The next kind that there is, or all."""
        kinds: list[Kind | None] = [
            None,
            *(kind for kind in KINDS if any(one.kind == kind for one in self._found.leaks)),
        ]
        self._kind = kinds[(kinds.index(self._kind) + 1) % len(kinds)]
        self.rows.move_to(0)
        self._show()

    def action_again(self) -> None:
        """Check anew."""
        self._begin()

    @work(group="near", exit_on_error=False)
    async def action_near(self) -> None:
        """Ask for another threshold."""
        from cockpit.screens.dialogs import Ask

        text = await self.app.push_screen_wait(
            Ask(
                "From what likeness on are two texts near copies?",
                prompt="A share of common pairs of words, from 0.5 to 1. At 0.8 one word in twenty may be replaced.",
                value=f"{self._near:g}",
                check=_no_threshold,
            )
        )
        if text:
            self._near = float(text)
            self._begin()

    @work(exclusive=True, group="fix", exit_on_error=False)
    async def action_fix(self) -> None:
        """Say which rows go, take them out of their split, and check again."""
        from cockpit.screens.dialogs import Confirm

        store, dataset, leaks = self.services.store, self._dataset, self.listed
        gone = await asyncio.to_thread(lambda: fix(iter_light(store.read(), dataset.id), leaks))
        if not gone:
            self._begin()
            return
        kind = f"{self._kind} " if self._kind else ""
        question = Confirm(
            f"Mend {plural(len(leaks), f'{kind}leak')}?", fix_words(leaks, gone), yes="Take them out", no="Leave them"
        )
        if await self.app.push_screen_wait(question):
            moved = await store.write(lambda db: set_splits(db, dataset.id, gone))
            self._dataset = await asyncio.to_thread(read_one, self.services, self.cockpit.project, dataset.name)
            self.notify_plain(f"{plural(moved, 'row is', 'rows are')} in no split now; checking again.")
            self._kind = None
            self._begin()

    def action_copy(self) -> None:
        """Copy the leaks listed."""
        lines = (f"{x.kind}\t{x.split_a}\t{x.a}\t{x.split_b}\t{x.b}\t{x.evidence}" for x in self.listed)
        self.cockpit.copy_text("\n".join(lines), "leaks")


def _no_threshold(text: str) -> str:
    try:
        return "" if 0.5 <= float(text) <= 1 else "From 0.5 to 1."
    except ValueError:
        return "A number from 0.5 to 1."


def _list_row(at: int, leak: Leak, *, narrow: bool) -> ListRow:
    glyph, tone = GLYPHS[leak.kind]
    cells = (leak.kind, one_line(leak.evidence))
    return ListRow(at, cells if narrow else (*cells, f"{leak.split_a} → {leak.split_b}"), glyph, tone)


def kinds_words(leaks: Sequence[Leak], shown: Kind | None) -> str:
    """How many of each kind."""
    counts = {kind: sum(leak.kind == kind for leak in leaks) for kind in KINDS}
    said = "   ".join(f"{GLYPHS[kind][0]} {count(n)} {kind}" for kind, n in counts.items() if n)
    return f"{said}      only {shown}" if shown is not None else said


def checked_words(dataset: DatasetRow) -> str:
    """What was held against what."""
    return "Checked: " + ", ".join(f"{name} {count(n)}" for name, n in in_order(dataset.splits)) + "."


def fix_words(leaks: Sequence[Leak], gone: Mapping[str, str | None]) -> str:
    """Which rows a fix takes out of which split."""
    was: dict[str, str] = {leak.a: leak.split_a for leak in leaks}
    splits = [was.get(key, "?") for key in gone]
    counts = ", ".join(f"{count(splits.count(name))} of {name}" for name in dict.fromkeys(splits))
    groups = any(leak.kind == "group" for leak in leaks)
    again = "\n\nGroup leaks need not be: a split that keeps groups together has none (q, s, then o and a)."
    said = (
        f"{plural(len(gone), 'row goes', 'rows go')} out of {'its' if len(gone) == 1 else 'their'} split: {counts}. "
        "They stay in the dataset, in no split; nothing of the best protected split goes, no row moves to another."
    )
    return said + again if groups else said
