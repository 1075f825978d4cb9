"""The exact requests of a draft before anything is sent: what goes out, what is left out, what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container

from cockpit.core.errors import CockpitError
from cockpit.core.ports import Wire
from cockpit.core.samples import SampleKey
from cockpit.core.snippets import as_curl, as_python
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.sample_view import wire_text
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.runner import Draft
    from cockpit.services import Services


@dataclass(frozen=True, slots=True)
class Preview:
    """One column's first request, or why there is none."""

    title: str
    wire: Wire | None
    left_out: tuple[str, ...] = ()
    refused: str = ""

    def text(self) -> str:
        """The request as text, after a line in words where something is not sent as set."""
        if self.wire is None:
            return f"Not sent: {self.refused}"
        head = f"Left out, since this model does not take it: {', '.join(self.left_out)}.\n\n" if self.left_out else ""
        return head + wire_text(self.wire)


def previews(services: Services, draft: Draft) -> list[Preview]:
    """The first request of each column, model by model, so that one model's refusal hides no other."""
    found: list[Preview] = []
    for model in draft.models:
        found += _of_model(services, replace(draft, models=(model,)))
    return found


def _of_model(services: Services, draft: Draft) -> list[Preview]:
    from cockpit.runner import prepare

    try:
        plan = prepare(services, draft)
    except CockpitError as error:
        return [Preview(draft.models[0], None, refused=error.sentence())]
    found: list[Preview] = []
    for at, target in enumerate(plan.targets):
        try:
            wire = services.providers.get(target.provider).wire(plan.request(SampleKey(at, 0, 0)))
        except CockpitError as error:
            found.append(Preview(target.title, None, refused=error.sentence()))
        else:
            found.append(Preview(target.title, wire, target.left_out))
    return found


class RequestScreen(OpenedScreen[None]):
    """What each model will be sent, exactly; nothing is sent from here."""

    scope: ClassVar[str] = "request"
    pane_title: ClassVar[str] = "Request"

    def __init__(self, services: Services, draft: Draft) -> None:
        super().__init__(services)
        self._draft = draft
        self._previews: list[Preview] = []

    def compose_body(self) -> ComposeResult:
        """The request beside the columns it may go to."""
        with Container(classes="body split"):
            text = TextView("", id="text", classes="box")
            text.border_title = "as it will be sent"
            yield text
            rows = RowList((ListColumn("to"),), id="rows", classes="box side", empty=("No model is chosen.",))
            rows.border_title = "models"
            yield rows

    def on_mount(self) -> None:
        """Work the requests out off the loop: building a provider may import its client."""
        self.query_one("#text").focus()
        self._read()

    @work(exit_on_error=False)
    async def _read(self) -> None:
        self._previews = await asyncio.to_thread(previews, self.services, self._draft)
        refused = sum(p.wire is None for p in self._previews)
        self.query_one("#rows", RowList).show([self._row(at, p) for at, p in enumerate(self._previews)])
        words = f"{refused} of {len(self._previews)} refused" if refused else "nothing refused"
        self.head(("first sample of the first input", "quiet"), right=[(f"{words} ", "error" if refused else "quiet")])
        self._show()

    @staticmethod
    def _row(at: int, preview: Preview) -> ListRow:
        if preview.wire is None:
            return ListRow(at, (preview.title,), "⊘", "error")
        return ListRow(at, (preview.title,), "✂" if preview.left_out else "✓", "cut" if preview.left_out else "ok")

    @property
    def _current(self) -> Preview | None:
        at = self.query_one("#rows", RowList).cursor
        return self._previews[at] if at < len(self._previews) else None

    def _show(self) -> None:
        preview = self._current
        self.query_one("#text", TextView).show(preview.text() if preview else "Choose a model first.")

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show()

    def action_previous(self) -> None:
        """The model before."""
        self.query_one("#rows", RowList).action_scroll_lines(-1)

    def action_next(self) -> None:
        """The model after."""
        self.query_one("#rows", RowList).action_scroll_lines(1)

    def action_copy(self) -> None:
        """Copy as curl; the key stays a variable."""
        self._copy_as(as_curl, "curl command")

    def action_copy_python(self) -> None:
        """Copy as Python; the key stays a variable."""
        self._copy_as(as_python, "Python script")

    def _copy_as(self, render: object, what: str) -> None:
        preview = self._current
        if preview is None or preview.wire is None:
            self.notify_plain("There is no request to copy.", severity="warning")
        elif callable(render):
            self.cockpit.copy_text(render(preview.wire), what)
