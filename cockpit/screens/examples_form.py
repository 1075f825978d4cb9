"""Two texts and a label to type an example in. It stores nothing and knows no keys but those of its fields."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from cockpit.core.examples import Example
from cockpit.screens.opened import plain_title
from widgets.field import Field
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor

FIELDS = ("form-input", "form-output", "form-label")


@dataclass(frozen=True, slots=True)
class Texts:
    """What is typed."""

    input: str = ""
    output: str = ""
    label: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is typed."""
        return not (self.input or self.output or self.label)


def texts_of(example: Example) -> Texts:
    """What an example says, to be edited."""
    return Texts(example.input, example.output, example.label or "")


class ExampleForm(Vertical):
    """Input over output over label, and a line of words."""

    def __init__(self) -> None:
        super().__init__(id="form")
        self._said_of: Texts | None = None
        self._is_same = False

    def compose(self) -> ComposeResult:
        """The three fields."""
        for name in FIELDS[:2]:
            editor = PromptEditor(id=name, classes="box")
            editor.highlight_cursor_line = False
            editor.border_title = plain_title(name.partition("-")[2])
            yield editor
            if name == FIELDS[0]:
                yield Plain("", id="form-said")
        with Vertical(id="form-foot", classes="box"):
            yield Field("label", id="form-label", hint="optional")

    @property
    def texts(self) -> Texts:
        """What stands in the fields."""
        asked, answer = (self.query_one(f"#{name}", PromptEditor).text for name in FIELDS[:2])
        return Texts(asked, answer, self.query_one("#form-label", Field).value.strip())

    def fill(self, texts: Texts) -> None:
        """Put texts in the fields, the carets at their ends."""
        for name, text in zip(FIELDS[:2], (texts.input, texts.output), strict=True):
            editor = self.query_one(f"#{name}", PromptEditor)
            editor.load_text(text)
            editor.move_cursor(editor.document.end)
        self.query_one("#form-label", Field).value = texts.label

    def type_in(self, name: str) -> None:
        """The field of that name takes the letters."""
        field = self.query_one(f"#{name}")
        if isinstance(field, PromptEditor):
            field.start_typing()
        else:
            field.focus()

    def step(self, focused: Widget | None, step: int) -> None:
        """To the next field, or the one before, around the end."""
        here = focused.id if focused is not None else None
        at = FIELDS.index(here) if here in FIELDS else 0
        self.type_in(FIELDS[(at + step) % len(FIELDS)])

    def say(self, text: str) -> None:
        """A line under the input; it stays until something else is typed."""
        self._said_of, self._is_same = self.texts, False
        self.query_one("#form-said", Plain).update(text)

    def say_same(self, text: str) -> None:
        """That the input is known already; empty, that it is not. Other words give way to it, and not to none."""
        if text or self._is_same:
            self.say(text)
            self._is_same = bool(text)

    def typed(self) -> Texts:
        """What stands in the fields; words about something else are taken away."""
        texts = self.texts
        if texts != self._said_of and not self._is_same:
            self.say("")
        return texts
