"""What a set's examples cost in tokens, for each of Play's models; made in a thread. Chooses and draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.core.catalog import parse_model
from cockpit.core.errors import CockpitError
from cockpit.core.example_block import render_block, render_example
from cockpit.tokenizers.count import FRAME_TOKENS

if TYPE_CHECKING:
    from cockpit.core.examples import Example, Template
    from cockpit.core.tokens import Tokenizer
    from cockpit.services import Services

KEPT_TEXTS = 20_000
"""Counts of examples that are remembered, for each vocabulary."""


class Stopped(Exception):
    """The count is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens for one model: of each example by itself, and of all as they are sent.

    They need not add up: what separates examples counts too, and pieces merge across their edges.
    """

    model: str
    each: tuple[int, ...] = ()
    whole: int = 0
    exact: bool = False
    how: str = ""
    window: int | None = None
    """Tokens of the model's context; None where that is not known."""
    problem: str = ""
    """Why nothing was counted."""


class Counter:
    """Counts sets for models and remembers what it counted, so that a move costs one count of the whole."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, dict[str, int]] = {}

    def count(
        self, models: Sequence[str], examples: Sequence[Example], template: Template, stop: Callable[[], bool]
    ) -> tuple[Counted, ...]:
        """In a thread: by model.

        Raises:
            Stopped: `stop` says that nobody waits any more.
        """
        texts = _texts(examples, template)
        is_turns = template.kind == "turns"
        whole = "" if is_turns else render_block(examples, template)
        return tuple(self._one(name, texts, whole, stop, is_turns=is_turns) for name in dict.fromkeys(models))

    def _one(
        self, name: str, texts: Sequence[tuple[str, ...]], whole: str, stop: Callable[[], bool], *, is_turns: bool
    ) -> Counted:
        services = self._services
        try:
            model = parse_model(name, services.config.aliases)
            choice = services.tokenizers.choose(str(model))
            tokenizer = services.tokenizers.get(choice.encoding)
        except CockpitError as error:
            return Counted(name, problem=error.message)
        known = self._known.setdefault(choice.encoding, {})
        if len(known) > KEPT_TEXTS + len(texts):
            known.clear()
        each = []
        for parts in texts:
            if stop():
                raise Stopped
            each.append(sum(_count(tokenizer, text, known) for text in parts) + (len(parts) * FRAME_TOKENS * is_turns))
        total = sum(each) if is_turns else tokenizer.count(whole) if whole else 0
        window = services.catalog.capabilities(model.provider, model.model).context
        exact = choice.exact and tokenizer.exact and not is_turns
        return Counted(name, tuple(each), total, exact, choice.encoding, window)


def _texts(examples: Sequence[Example], template: Template) -> list[tuple[str, ...]]:
    """The texts of each example that are counted for themselves: two turns, or one stretch of the block."""
    if template.kind == "turns":
        return [(one.input, one.answer) for one in examples]
    return [(render_example(one, template),) for one in examples]


def _count(tokenizer: Tokenizer, text: str, known: dict[str, int]) -> int:
    if text not in known:
        known[text] = tokenizer.count(text)
    return known[text]
