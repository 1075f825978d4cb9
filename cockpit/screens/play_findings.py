"""Every finding of the checks on Play's draft: read it, go to its place, fix it, dismiss it. No rule lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.commands import by_id
from cockpit.screens.base import keymap_of
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.play_checks import SEVERITIES, counts_of, said
from cockpit.screens.words import plural
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.core.checks import Check, Finding, Place
    from cockpit.core.draft import PlayDraft
    from cockpit.screens.play_checks import Checks

TONES = {"error": "error", "warning": "cut", "note": "mark"}
WIDE = (
    ListColumn("severity", 9),
    ListColumn("what"),
    ListColumn("where", 18, quiet=True),
    ListColumn("fix", 30, quiet=True),
)
MIDDLE = (WIDE[0], WIDE[1], ListColumn("where", 16, quiet=True))
NARROW = (WIDE[1], ListColumn("where", 14, quiet=True))


class FindingsScreen(OpenedScreen["Place | None"]):
    """The findings, worst first, with what is known of the one under the cursor; dismissed ones come last."""

    scope: ClassVar[str] = "findings"
    pane_title: ClassVar[str] = "Checks"

    def __init__(self, checks: Checks) -> None:
        super().__init__(checks.screen.services)
        self._checks = checks
        self._shown: list[Finding] = []

    def compose_body(self) -> ComposeResult:
        """The list over the details."""
        with Vertical(classes="body"):
            rows = RowList((), id="rows", classes="box tall", empty=("The checks find nothing.", "q goes back."))
            rows.border_title = "findings"
            yield rows
            text = TextView("", id="text", classes="box short")
            text.border_title = "about it"
            yield text

    def on_mount(self) -> None:
        """Show what was found; what changes from now on shows by itself."""
        self.rows.focus()
        self._checks.on_change = self._show
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """The columns that fit now."""
        self._show()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._checks.on_change = None

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#rows", RowList)

    @property
    def _current(self) -> Finding | None:
        return self._shown[self.rows.cursor] if self.rows.cursor < len(self._shown) else None

    def _show(self) -> None:
        checks, width = self._checks, self.app.size.width
        self.rows.columns = WIDE if width >= 130 else MIDDLE if width >= 96 else NARROW
        open_, dismissed = checks.open_findings(), [f for f in checks.findings if checks.is_dismissed(f)]
        self._shown = [*open_, *dismissed]
        self.rows.show([self._row(at, finding) for at, finding in enumerate(self._shown)], keep_cursor=True)
        more = f"{len(dismissed)} dismissed for this prompt " if dismissed else ""
        self.head((counts_of(open_) or "nothing found", "quiet"), right=[(more, "quiet")])
        self._show_details()

    def _row(self, at: int, finding: Finding) -> ListRow:
        glyph, _ = SEVERITIES[finding.severity]
        away = self._checks.is_dismissed(finding)
        where = place_words(finding.place, self._checks.screen.writing.draft)
        severity = "dismissed" if away else finding.severity
        fix = finding.fix.title if finding.fix is not None else ""
        cells = {9: severity, 0: said(finding), 30: fix}
        shown = tuple(cells.get(column.width, where) for column in self.rows.columns)
        return ListRow(at, shown, "–" if away else glyph, "cancel" if away else TONES[finding.severity], quiet=away)

    def _show_details(self) -> None:
        finding = self._current
        self.query_one("#text", TextView).show(self._details(finding) if finding is not None else "")

    def _details(self, finding: Finding) -> str:
        keymap, check = keymap_of(self.app), check_of(finding)
        lines = [f"{finding.severity}: {said(finding)}", ""]
        where = place_words(finding.place, self._checks.screen.writing.draft)
        lines += [f"Where    {where}"] if where else []
        lines += [f"Fix      {finding.fix.title} ({keymap.shown(by_id('findings.fix'))})"] if finding.fix else []
        lines += [f"Check    {check.title}: {check.what}"] if check is not None else []
        lines += [f"Source   {finding.source}"]
        return "\n".join(lines)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Leave for the place in the editor."""
        finding = self._current
        if finding is None:
            return
        if finding.place is None:
            self.notify_plain("This is about the request as a whole, not about one place.")
        else:
            self.dismiss(finding.place)

    def action_fix(self) -> None:
        """Apply the fix; the list follows."""
        finding = self._current
        if finding is None:
            return
        if finding.fix is None:
            self.notify_plain("This has no fix of its own: enter goes to the place.")
        else:
            self.run_worker(self._checks.fixes.apply(finding), group="fix", exit_on_error=False)

    def action_unfix(self) -> None:
        """Take the last fix back."""
        self.run_worker(self._checks.fixes.unfix(), group="fix", exit_on_error=False)

    def action_dismiss_finding(self) -> None:
        """Say it no more of this prompt, or say it again."""
        finding = self._current
        if finding is not None:
            self._checks.dismiss(finding)

    def action_copy(self) -> None:
        """Copy every finding as text."""
        if self._shown:
            text = "\n\n".join(self._details(finding) for finding in self._shown)
            self.cockpit.copy_text(text, plural(len(self._shown), "finding"))


def check_of(finding: Finding) -> Check | None:
    """The rule that a finding came from."""
    from cockpit.core.checks import CHECKS

    return next((check for check in CHECKS if check.id == finding.check), None)


def place_words(place: Place | None, draft: PlayDraft) -> str:
    """'turn 2, line 3'; empty where a finding is about no one place."""
    if place is None:
        return ""
    name, _, number = place.field.partition(":")
    if name == "turn" and number.isdigit() and int(number) < len(draft.turns):
        text = draft.turns[int(number)].content
        name = "prompt" if len(draft.turns) == 1 else f"turn {int(number) + 1}"
    else:
        text = str(getattr(draft, name, "")) if name in ("system", "examples", "prefill") else ""
    lines = text.count("\n")
    return f"{name}, line {text.count(chr(10), 0, place.start) + 1}" if lines else name
