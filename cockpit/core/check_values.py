"""What a prompt check takes and gives: values only. The rules are in the other `check_*` files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cockpit.core.models import Capabilities
from cockpit.core.params import Params
from cockpit.core.prompts import Version
from cockpit.core.tokens import Tokenizer

Severity = Literal["error", "warning", "note"]
RANK: Mapping[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a draft's own text, variables unfilled, in 'system', 'turn:0', 'examples' or 'prefill'."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends a finding. Applied to a draft that has changed since, it leaves what it no longer fits."""

    title: str
    apply: Callable[[Version, Params], tuple[Version, Params]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found. `source` is a URL or a citation; `model` is empty where it holds for all."""

    check: str
    severity: Severity
    sentence: str
    source: str
    place: Place | None = None
    fix: Fix | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A model that the prompt goes to; without a tokenizer, what needs tokens is not checked."""

    model: str
    can: Capabilities = field(default_factory=Capabilities)
    tokenizer: Tokenizer | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft to check: its unfilled version, what fills it for one input, and answers known to be right."""

    version: Version
    params: Params = field(default_factory=Params)
    targets: Sequence[Target] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule reports; the table adds the check's name, and its source where the rule names none of its own."""

    severity: Severity
    sentence: str
    place: Place | None = None
    fix: Fix | None = None
    model: str = ""
    source: str = ""


def grouped(n: int) -> str:
    """A whole number with its thousands set apart, as every screen writes them."""
    return f"{n:,}".replace(",", " ")
