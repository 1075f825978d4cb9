"""Small dialogs that return one typed answer: ask, confirm, pick, show. No use case lives here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from cockpit.screens.base import ModalPane, panel
from cockpit.screens.pick import Choice, Pick, PickMany
from widgets.field import Field
from widgets.plain import Plain
from widgets.text_view import TextView

__all__ = ["Ask", "Choice", "Confirm", "Pick", "PickMany", "ShowError", "ShowText", "bug_report"]


class Ask(ModalPane[str | None]):
    """One line of text; None if dismissed. `check` returns what is wrong with a text, or nothing."""

    DEFAULT_CSS = """
    Ask .message { color: $text-muted; height: auto; margin-bottom: 1; }
    Ask .problem { color: $text-error; height: 1; }
    Ask Field { background: $boost; margin-bottom: 0; }
    """

    def __init__(
        self,
        title: str,
        *,
        prompt: str = "",
        value: str = "",
        placeholder: str = "",
        check: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._prompt, self._check = title, prompt, check
        self._field = Field("", value, hint=placeholder)
        self._problem = Plain("", classes="problem")

    def compose(self) -> ComposeResult:
        """A sentence, the line, and room for what is wrong with it."""
        with panel(self._title, "enter accept · esc cancel"):
            if self._prompt:
                yield Plain(self._prompt, classes="message")
            yield self._field
            yield self._problem

    def on_mount(self) -> None:
        """Ready for typing."""
        self._field.focus()

    def on_field_changed(self, event: Field.Changed) -> None:
        """What was wrong may be right now."""
        event.stop()
        self._problem.update("")

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """Accept, unless the check objects."""
        event.stop()
        problem = self._check(event.value) if self._check else ""
        if problem:
            self._problem.update(problem)
        else:
            self.dismiss(event.value)


class Confirm(ModalPane[bool]):
    """A yes or no by one key; False if dismissed. Enter is yes only where `enter_means_yes` says so."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("y", "answer(True)", "yes", id="dialog.yes"),
        Binding("n,q", "answer(False)", "no", id="dialog.no"),
        Binding("enter", "enter", "accept", id="dialog.enter"),
    )
    DEFAULT_CSS = """
    Confirm .message { height: auto; margin-bottom: 1; }
    """

    def __init__(
        self, title: str, message: str, *, yes: str = "Yes", no: str = "No", enter_means_yes: bool = False
    ) -> None:
        super().__init__()
        self._title, self._message, self._yes, self._no = title, message, yes, no
        self._enter_means_yes = enter_means_yes

    def compose(self) -> ComposeResult:
        """The question; its keys are in the border."""
        y, n = ("y/enter", "n/esc") if self._enter_means_yes else ("y", "n/esc")
        with panel(self._title, f"{y} {self._yes} · {n} {self._no}"):
            yield Plain(self._message, classes="message")

    def action_answer(self, answer: bool) -> None:
        """That is the answer."""
        self.dismiss(answer)

    def action_enter(self) -> None:
        """Enter does nothing where a yes could lose something."""
        if self._enter_means_yes:
            self.dismiss(True)

    def action_leave(self) -> None:
        """Leaving is a no."""
        self.dismiss(False)


class ShowError(ModalPane[None]):
    """What went wrong, what to do about it, and details that `y` copies."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("y", "copy", "copy", id="dialog.copy"),
        Binding("enter,q", "leave", "close", id="dialog.close"),
    )
    DEFAULT_CSS = """
    ShowError > .panel { width: 90; border: round $error; border-title-color: $text-error; }
    ShowError .message { height: auto; max-height: 10; }
    ShowError .hint { height: auto; max-height: 6; color: $text-muted; margin-top: 1; }
    ShowError TextView { height: 10; max-height: 30vh; margin-top: 1; background: $boost; }
    ShowError .end { height: 1; }
    """

    def __init__(self, title: str, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__()
        self._title, self._message, self._hint, self._details = title, message, hint, details

    def compose(self) -> ComposeResult:
        """Message, way out, details."""
        with panel(self._title, "y copy · esc close"):
            yield Plain(self._message, classes="message")
            if self._hint:
                yield Plain(self._hint, classes="hint")
            if self._details:
                yield TextView(self._details)
            yield Plain("", classes="end")

    def action_copy(self) -> None:
        """All of it, for a report."""
        parts = (self._title, self._message, self._hint, self._details)
        self.cockpit.copy_text("\n\n".join(part for part in parts if part), "Error")


class ShowText(ModalPane[None]):
    """A longer text to read, scroll and copy."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("y", "copy", "copy", id="dialog.copy"),
        Binding("enter,q", "leave", "close", id="dialog.close"),
    )
    DEFAULT_CSS = """
    ShowText > .panel { width: 96%; max-width: 130; height: 84%; padding: 1 1 0 1; }
    ShowText TextView { height: 1fr; }
    """

    def __init__(self, title: str, text: str, *, hint: str = "", markdown: bool = False) -> None:
        super().__init__()
        self._title, self._text, self._hint, self._markdown = title, text, hint, markdown

    def compose(self) -> ComposeResult:
        """The text fills the panel."""
        keys = "j k g G ctrl+d ctrl+u · y copy · esc close"
        with panel(self._title, f"{self._hint} · {keys}" if self._hint else keys):
            yield TextView(self._text, markdown=self._markdown)

    def on_mount(self) -> None:
        """Ready for scrolling."""
        self.query_one(TextView).focus()

    def action_copy(self) -> None:
        """All of it."""
        self.cockpit.copy_text(self._text, self._title)


def bug_report(error: BaseException, log: Path, *, title: str = "") -> ShowError:
    """The dialog for a fault of our own: what it was, where the log is, the traceback without secrets."""
    from os import environ
    from traceback import format_exception

    from cockpit.log import Scrub

    scrub = Scrub(environ).text
    return ShowError(
        title or "Something went wrong in Cockpit",
        scrub(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__),
        hint=f"Nothing that was saved is lost, and the app goes on. The log has it too: {log}",
        details=scrub("".join(format_exception(error))),
    )
