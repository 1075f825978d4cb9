"""An empty app for one widget; no test is here."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget


class Host(App[None]):
    """Shows one widget and keeps the messages that reach it."""

    CSS = "Screen { layers: base; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        if self.widget.can_focus:
            self.widget.focus()

    def hear(self, message: Message) -> None:
        """For run_test(message_hook=…)."""
        self.heard.append(message)

    def last(self, kind: type[Message]) -> Message | None:
        """The last message of a kind, if any."""
        return next((message for message in reversed(self.heard) if type(message) is kind), None)


def screen_lines(app: App[None]) -> list[str]:
    """What the screen shows now, as plain text, drawn from scratch."""
    return [strip.text for strip in app.screen._compositor.render_strips()]
