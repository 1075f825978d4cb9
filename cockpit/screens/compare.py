"""Two samples side by side with what differs marked. The comparing itself is in core."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.diffs import DiffLine, DiffPart, diff_texts, diff_versions
from cockpit.core.errors import PlanError
from cockpit.core.prompts import Version, render
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sample_view import end_text, strip_text
from cockpit.screens.words import plural
from cockpit.store.runs import load_plan
from cockpit.store.samples import SampleRow, get_sample
from widgets.diff_view import DiffView
from widgets.plain import Plain

if TYPE_CHECKING:
    from cockpit.services import Services

Subject = Literal["answer", "prompt", "reasoning"]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: the sample, and what it was asked with its variables filled."""

    row: SampleRow
    asked: Version
    params: tuple[tuple[str, object], ...]

    def title(self) -> str:
        """Where it is from, and how it ended."""
        sample = self.row.sample
        version = f" v{self.row.version_number}" if self.row.version_number else ""
        glyph, _, words = end_text(sample)
        return f"{sample.model} · run {sample.run_id}{version} · sample {sample.id} · {glyph} {words}"


def read_side(services: Services, sample_id: int) -> Side:
    """In a thread: one side, whole."""
    db = services.store.read()
    row = get_sample(db, sample_id)
    plan = load_plan(db, row.sample.run_id)
    key = row.sample.key
    try:
        asked = render(plan.version, plan.inputs[key.input])
    except (PlanError, IndexError):
        asked = plan.version
    params = plan.targets[key.target].params.to_json() if key.target < len(plan.targets) else {}
    return Side(row, asked, tuple(sorted(params.items())))


def squeezed(text: str) -> str:
    """The text with runs of white space as one space a word, so that only words can differ."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def differences(left: Side, right: Side, subject: Subject, *, whitespace: bool) -> list[tuple[str, list[DiffLine]]]:
    """The parts to show, each a title and its rows."""
    if subject == "prompt":
        return [(part.title, list(part.lines)) for part in prompt_parts(left, right)]
    texts = [getattr(s.row.sample, "reasoning" if subject == "reasoning" else "text") for s in (left, right)]
    if not whitespace:
        texts = [squeezed(text) for text in texts]
    return [("", diff_texts(texts[0], texts[1]))]


def prompt_parts(left: Side, right: Side) -> Sequence[DiffPart]:
    """What was asked, part by part, and the params where they differ."""
    parts = diff_versions(left.asked, right.asked)
    if left.params != right.params:
        lines = ["\n".join(f"{name} {value}" for name, value in side.params) for side in (left, right)]
        parts = [*parts, DiffPart("params", tuple(diff_texts(lines[0], lines[1])))]
    return parts


def said(parts: Sequence[tuple[str, Sequence[DiffLine]]], *, whitespace: bool) -> str:
    """How much differs, counted in lines."""
    rows = [row for _, lines in parts for row in lines]
    differ = sum(row.op != "same" for row in rows)
    if not rows:
        return "both are empty"
    if not differ:
        return "no difference" if whitespace else "no difference but in white space, if any"
    return f"{plural(differ, 'line')} of {len(rows)} differ" + ("" if whitespace else ", white space aside")


class CompareScreen(OpenedScreen[None]):
    """Two samples' answers, reasoning or prompts."""

    scope: ClassVar[str] = "compare"
    pane_title: ClassVar[str] = "Compare"

    def __init__(self, services: Services, left_id: int, right_id: int) -> None:
        super().__init__(services)
        self._ids = (left_id, right_id)
        self._sides: tuple[Side, Side] | None = None
        self._subject: Subject = "answer"
        self._whitespace = True

    def compose_body(self) -> ComposeResult:
        """Facts of both over the difference."""
        with Vertical(classes="body"):
            yield Plain("", id="left", classes="said")
            yield Plain("", id="right", classes="said")
            diff = DiffView(id="diff", classes="box")
            diff.border_title = "answers"
            yield diff

    def on_mount(self) -> None:
        """Read both in a thread."""
        self.query_one("#diff").focus()
        self._read()

    @work(exit_on_error=False)
    async def _read(self) -> None:
        left = await asyncio.to_thread(read_side, self.services, self._ids[0])
        right = await asyncio.to_thread(read_side, self.services, self._ids[1])
        self._sides = (left, right)
        self._show()

    @work(exclusive=True, group="diff", exit_on_error=False)
    async def _show(self) -> None:
        if self._sides is None:
            return
        left, right = self._sides
        parts = await asyncio.to_thread(differences, left, right, self._subject, whitespace=self._whitespace)
        diff = self.query_one("#diff", DiffView)
        diff.border_title = f"{self._subject}s" if self._subject != "reasoning" else "reasoning"
        diff.border_subtitle = plain_title(said(parts, whitespace=self._whitespace))
        diff.show(parts, titles=(left.title(), right.title()))
        for name, side in (("#left", left), ("#right", right)):
            self.query_one(name, Plain).update(f"{side.row.sample.model}   {strip_text(side.row.sample)}")
        same = left.asked == right.asked and left.params == right.params
        words = "asked the same" if same else "the prompts or params differ too: p shows where"
        self.head(right=[(f"{words} ", "quiet" if same else "warn")])

    def action_keep(self) -> None:
        """Ask what to make of one of the two as an example; the left one comes first."""
        from cockpit.screens.keep_open import ask_keep

        left, right = (side.row.sample.id for side in self._sides) if self._sides is not None else (None, None)
        if left is not None and right is not None:
            ask_keep(self, (left,), (right,), names=("left", "right"))

    def action_swap(self) -> None:
        """Left becomes right."""
        if self._sides is not None:
            self._sides = (self._sides[1], self._sides[0])
            self._show()

    def action_whitespace(self) -> None:
        """Count white space, or look past it."""
        self._whitespace = not self._whitespace
        self._show()

    def action_part(self) -> None:
        """The prompts, or the answers again."""
        self._subject = "answer" if self._subject == "prompt" else "prompt"
        self._show()

    def action_reasoning(self) -> None:
        """The reasoning, or the answers again."""
        self._subject = "answer" if self._subject == "reasoning" else "reasoning"
        self._show()
