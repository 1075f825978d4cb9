"""The template of a set as a form: one line for each part that its kind uses. It renders and saves nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from cockpit.core.examples import Template
from cockpit.screens.sets_draft import PARTS, escaped, problem_of, unescaped
from widgets.field import Field
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor

LABELS = {"input_label": "before the input ", "output_label": "before the output", "separator": "between examples "}
TAGS = {"input_label": "tag of the input ", "output_label": "tag of the output", "separator": "between examples "}
HINTS = {"separator": r"\n: line end"}
TURNS = "Each example is a user turn and an assistant turn before the last user turn; nothing is put around them."


class TemplateForm(Vertical):
    """Fields for the parts of a template. `show` fills it; every change of a person's is a message."""

    DEFAULT_CSS: ClassVar[str] = """
    TemplateForm { height: auto; }
    TemplateForm PromptEditor { height: auto; min-height: 2; max-height: 9; border: none; padding: 0 1; }
    TemplateForm PromptEditor, TemplateForm .text-area--cursor-line { background: $background; }
    TemplateForm PromptEditor:focus { border: none; }
    TemplateForm .problem { padding: 0 1; height: auto; max-height: 3; color: $text-error; }
    TemplateForm .note { padding: 0 1; height: auto; color: $text-muted; }
    TemplateForm Field { height: 1; }
    """

    @dataclass
    class Changed(Message):
        """A part was typed in."""

        template: Template
        part: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.template = Template()

    def compose(self) -> ComposeResult:
        """Every part; those that the kind does not use are not shown."""
        yield Plain("", classes="note")
        yield PromptEditor(id="part-body")
        for part, label in LABELS.items():
            yield Field(label, id=f"part-{part}", hint=HINTS.get(part, ""))
        yield Plain("", classes="problem")

    def show(self, template: Template) -> None:
        """Show a template; a field that says the same already keeps its caret."""
        used = PARTS[template.kind]
        self.template = template
        note = self.query_one(".note", Plain)
        note.update({"turns": TURNS, "custom": "one example: {{input}} {{output}} {{label}}"}.get(template.kind, ""))
        note.display = template.kind in ("turns", "custom")
        labels = TAGS if template.kind == "xml" else LABELS
        for part in LABELS:
            field = self.query_one(f"#part-{part}", Field)
            field.display = part in used
            field.label = labels[part]
            if unescaped(field.value) != getattr(template, part):
                field.value = escaped(getattr(template, part))
            field.refresh()
        editor = self.query_one(PromptEditor)
        editor.display = "body" in used
        if editor.text != template.body:
            with editor.prevent(TextArea.Changed):
                editor.load_text(template.body)
        problem = self.query_one(".problem", Plain)
        problem.update(problem_of(template))
        problem.display = bool(problem_of(template))

    def first_part(self) -> Widget | None:
        """Where typing begins; None where the kind has nothing to type."""
        used = PARTS[self.template.kind]
        return self.query_one(f"#part-{used[0]}") if used else None

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        part = (event.field.id or "").removeprefix("part-")
        self._change(part, unescaped(event.value))

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    @on(TextArea.Changed)
    def _body(self, event: TextArea.Changed) -> None:
        event.stop()
        if "body" in PARTS[self.template.kind]:
            self._change("body", event.text_area.text)

    def _change(self, part: str, text: str) -> None:
        if getattr(self.template, part) != text:
            self.template = Template(**{**asdict(self.template), part: text})
            self.post_message(self.Changed(self.template, part))
