"""What checks of stop strings take and give. Values only: no rule stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cockpit.core.models import Capabilities
from cockpit.core.params import Params
from cockpit.core.samples import Sample
from cockpit.core.shots import Shots
from cockpit.core.tokens import Tokenizer

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class StopTarget:
    """A model that the stop strings are meant for, and what it is asked with."""

    model: str
    """As samples name it: an alias or provider:model."""
    can: Capabilities
    params: Params
    tokenizer: Tokenizer | None
    prefill: str = ""


@dataclass(frozen=True, slots=True)
class StopFinding:
    """One thing that is or may be wrong. `stop` is None where it is about the whole list, `model` where about any."""

    check: str
    severity: Severity
    stop: str | None
    model: str | None
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way to write a stop string, its tokens (none: unknown), and how many stored answers first write it so."""

    text: str
    token_ids: tuple[int, ...]
    seen: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the checks of one model look at."""

    stops: Sequence[str]
    target: StopTarget
    prompt: str
    """As it will be sent."""
    answers: Sequence[str]
    """What good answers look like: gold examples, and the answers of the examples in the prompt."""
    shots: Shots
    """The worked examples in the prompt."""
    samples: Sequence[Sample]
    """Stored answers of this model that did not break off."""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.target.model


@dataclass(frozen=True, slots=True)
class Say:
    """A finding in the making: the table adds the check's id, the model and the source."""

    severity: Severity
    stop: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class StopCheck:
    """A line of the table of checks: what it looks at, why, and where that is known from."""

    id: str
    title: str
    what: str
    source: str
    run: Callable[[Facts], Iterator[Say]]


@dataclass(frozen=True, slots=True)
class StopReport:
    """What is known about one stop string with one model."""

    stop: str
    model: str
    allowed: bool
    """Whether the API takes it, as far as the table of models knows."""
    reason: str
    """Why not; empty where it is allowed."""
    token_ids: tuple[int, ...] | None
    """Alone; None where no tokenizer of the model is known."""
    hits: int
    """Stored answers that it ended, or would have."""
    n: int
    """Stored answers of the model that did not break off."""
    rate: float | None
    """hits / n; None without answers, or where `unclear` ones make it unknowable."""
    low: float
    high: float
    cut_by_length: int
    """Stored answers that the token limit cut before this stop string came."""
    early: int
    """Good answers that it would cut before their end."""
    variants: tuple[Variant, ...]
    findings: tuple[StopFinding, ...]
    """Worst first. What is about the whole list stands with every stop string of the model."""
    unclear: int = 0
    """Stored answers whose API does not tell whether it was hit."""
