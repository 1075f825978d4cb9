"""Examples, sets of them and where they came from: values only. Rendering, filling and storing are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["gold", "candidate", "rejected"]
VERDICTS: tuple[Verdict, ...] = ("gold", "candidate", "rejected")
SourceKind = Literal["typed", "sample", "row", "edited", "file"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an example came from.

    `detail` names it: `sample` and `model` for a sample; `dataset` and `row` for a dataset's row; `example` for the one
    it was edited from; `path` and `line` for a file.
    """

    kind: SourceKind = "typed"
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """An input and the output it should have, for few-shot use.

    `group` ties examples that must not stand on both sides of a split (one author, one template); `reason` says why it
    got its verdict.
    """

    input: str
    output: str
    label: str | None = None
    verdict: Verdict = "gold"
    reason: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    group: str | None = None
    source: Source = field(default_factory=Source)
    id: int | None = None

    @property
    def answer(self) -> str:
        """What is shown to the model as the answer."""
        return self.output or self.label or ""


TemplateKind = Literal["pairs", "turns", "xml", "custom"]


@dataclass(frozen=True, slots=True)
class Template:
    """How a set becomes text or turns.

    pairs: `input_label` input newline `output_label` output, `separator` between; xml: the labels are tag names;
    turns: a user and an assistant turn each; custom: `body` with `{{input}}`, `{{output}}`, `{{label}}`, and
    `separator` between.
    """

    kind: TemplateKind = "pairs"
    input_label: str = "Input:"
    output_label: str = "Output:"
    separator: str = "\n\n"
    body: str = ""


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """A named, ordered list of examples and its template, at one of its versions. A change makes another version."""

    name: str
    examples: tuple[Example, ...] = ()
    template: Template = field(default_factory=Template)
    number: int = 1
    id: int | None = None
    """Of the version."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled row of a dataset. `key` identifies it whatever is added: its own id, else a content hash."""

    key: str
    input: str
    output: str = ""
    label: str | None = None
    group: str | None = None
    split: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    """Its place in the dataset, from 1."""
