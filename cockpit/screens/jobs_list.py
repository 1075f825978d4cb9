"""Which jobs the Jobs pane lists: filter, order, sweeps folded or not, the rows. Nothing is asked or changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from cockpit.screens import jobs_words as words
from cockpit.screens.jobs_filter import ORDERS, Line, Order, lines, matches, ordered
from widgets.field import Field
from widgets.row_list import ListRow, RowList
from widgets.top_bar import BarPart, TopBar

if TYPE_CHECKING:
    from cockpit.job_views import JobView
    from cockpit.screens.jobs import JobsScreen

SHOWN = ("", "state:open", "state:failed", "state:finished")
OPEN_GROUP = 12
"""Jobs of a sweep up to which it is unfolded at first."""


class Listing:
    """The lines that are listed."""

    def __init__(self, screen: JobsScreen) -> None:
        self.screen = screen
        self.text = ""
        """The filter as typed."""
        self.order: Order = "newest"
        self.folded: set[int] = set()
        self.lines: list[Line] = []
        self._seen_groups: set[int] = set()
        self._shown: list[ListRow] = []
        self._was: int | None = None

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one("#rows", RowList)

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        at = self.rows.cursor
        return self.lines[at] if at < len(self.lines) else None

    @property
    def current(self) -> JobView | None:
        """The job under the cursor; on a sweep's head, the first of its jobs that has not ended, else the first."""
        line = self.line
        if line is None:
            return None
        return line.view if line.view is not None else line.members[0]

    @property
    def chosen(self) -> list[JobView]:
        """What a command acts on: the marked jobs, else the one under the cursor, or its whole sweep."""
        marked = cast("set[int]", self.rows.marked)
        views = [view for view in self.screen.job_watch.views if view.row.id in marked]
        if views:
            return sorted(views, key=lambda view: view.row.id)
        line = self.line
        if line is None:
            return []
        return [line.view] if line.view is not None else list(line.members)

    def to_json(self) -> dict[str, Any]:
        """What to remember."""
        at = self.current
        return {"filter": self.text, "order": self.order, "folded": sorted(self.folded), "at": at and at.row.id}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take up what `to_json` returned."""
        self.text = str(data.get("filter") or "")
        order = data.get("order")
        self.order = cast("Order", order) if order in ORDERS else "newest"
        folded = data.get("folded")
        self.folded = {one for one in folded if isinstance(one, int)} if isinstance(folded, list) else set()
        self._seen_groups |= self.folded
        self.screen.query_one("#filter", Field).value = self.text

    # What is listed

    def show(self) -> None:
        """The rows as they stand now; nothing is drawn anew that did not change."""
        watch = self.screen.job_watch
        wanted = [view for view in watch.views if matches(view, self.text)]
        self._fold_large(watch.views)
        self.lines = lines(ordered(wanted, self.order), self.folded)
        width, now = self.rows.size.width, self.screen.services.clock()
        shown = [self._row(line, width, now) for line in self.lines]
        columns = words.columns(width)
        if shown != self._shown or columns != self.rows.columns:
            self._shown, self.rows.columns = shown, columns
            self.rows.show(shown)
        if not shown:
            self._say_empty()
        self.show_counts()
        here = self.current
        if (now_at := here.row.id if here is not None else None) != self._was:
            self._was = now_at
            self.screen.look.look()

    def _row(self, line: Line, width: int, now: Any) -> ListRow:
        if line.view is not None:
            return words.row_of(line.view, width, now, inside=line.inside)
        name = line.members[0].row.group or line.members[0].row.name
        return words.group_row(line.group, name, line.members, width, folded=line.group in self.folded)

    def _fold_large(self, views: list[JobView]) -> None:
        """A large sweep is one line until a person unfolds it."""
        sizes: dict[int, int] = {}
        for view in views:
            if view.row.group_id is not None:
                sizes[view.row.group_id] = sizes.get(view.row.group_id, 0) + 1
        new = {group for group, n in sizes.items() if n > OPEN_GROUP} - self._seen_groups
        self.folded |= new
        self._seen_groups |= new

    def _say_empty(self) -> None:
        watch = self.screen.job_watch
        if not watch.loaded:
            self.rows.set_empty("" if not watch.problem else watch.problem)
        elif watch.views:
            self.rows.set_empty("No job is like that.", "esc shows all of them")
        else:
            self.rows.set_empty(*words.NO_JOBS)

    def mark_members(self) -> None:
        """A marked head of a sweep means its jobs: all are marked, or unmarked where all were."""
        marks = self.rows.marked
        for line in self.lines:
            if line.view is None and ("group", line.group) in marks:
                marks.discard(("group", line.group))
                mine = {view.row.id for view in line.members}
                self.rows.marked = marks - mine if mine <= marks else marks | mine
                self.rows.refresh()

    def show_counts(self) -> None:
        """The line over the list."""
        views, marks = self.screen.job_watch.views, len(self.rows.marked)
        left = words.counts(views) if views else [("no jobs yet", "quiet")]
        if marks:
            left.append((f"   ● {marks} marked", "accent"))
        said: list[BarPart] = []
        if self.screen.job_watch.problem:
            said.append((f"{self.screen.job_watch.problem}  ", "error"))
        if self.text:
            jobs = sum(line.view is not None for line in self.lines)
            said.append((f"{jobs} of {len(views)} listed  ", "quiet"))
        if self.order != "newest":
            said.append((ORDERS[self.order], "quiet"))
        self.screen.query_one("#about", TopBar).show(left, said)
        field = self.screen.query_one("#filter", Field)
        field.display = bool(self.text) or field.has_focus

    # Commands

    def filter(self) -> None:
        """Type the filter."""
        field = self.screen.query_one("#filter", Field)
        field.display = True
        field.focus()

    def typed(self, text: str) -> None:
        """The filter is being typed."""
        self.text = text
        self.show()

    def show_only(self, text: str) -> None:
        """Another filter, at once."""
        self.screen.query_one("#filter", Field).value = text
        self.typed(text)

    def cycle(self) -> None:
        """What has not ended, what failed, what finished, then all again."""
        self.show_only(SHOWN[(SHOWN.index(self.text) + 1) % len(SHOWN)] if self.text in SHOWN else "")

    async def sort(self) -> None:
        """Choose the order."""
        from cockpit.screens.pick import Choice, Pick

        choices = [Choice(name, name, said) for name, said in ORDERS.items()]
        chosen = await self.screen.app.push_screen_wait(Pick("Order", choices, selected=self.order))
        if chosen is not None:
            self.order = cast("Order", chosen)
            self.show()

    def fold(self) -> None:
        """Fold or unfold the sweep under the cursor."""
        line = self.line
        if line is None or not line.group:
            return
        self.folded ^= {line.group}
        self._seen_groups.add(line.group)
        self.show()
        at = next(i for i, one in enumerate(self.lines) if one.group == line.group and one.view is None)
        self.rows.move_to(at)

    def fold_all(self) -> None:
        """Fold every sweep; if all are, unfold all."""
        groups = {view.row.group_id for view in self.screen.job_watch.views if view.row.group_id is not None}
        self.folded = set() if groups <= self.folded else groups
        self._seen_groups |= groups
        self.show()

    @property
    def can_clear(self) -> bool:
        """Whether escape has something to take away."""
        return bool(self.text or self.rows.marked)

    def clear(self) -> None:
        """Unmark all, then take the filter away."""
        if self.rows.marked:
            self.rows.clear_marks()
            self.show_counts()
        else:
            self.show_only("")
        self.rows.focus()
