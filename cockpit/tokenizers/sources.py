"""Where a tokenizer comes from, as a value, and its loading; each kind's module is imported when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokenizer

Kind = Literal["openai", "claude", "gguf", "hf"]


@dataclass(frozen=True, slots=True)
class Source:
    """A tokenizer that can be loaded in any process: its kind, its name, and its file where it has one of its own."""

    kind: Kind
    name: str
    path: str = ""


BASE = Source("openai", "o200k_base")
"""What counts where no tokenizer is known."""


def load(source: Source, get: Callable[[Source], Tokenizer]) -> Tokenizer:
    """Load a tokenizer; blocks for up to half a second.

    Args:
        get: gives another one that this one rests on.

    Raises:
        InputError: it cannot be had, or what it needs is not installed.
    """
    if source.kind == "openai":
        from cockpit.tokenizers import openai

        return openai.load(source.name)
    if source.kind == "gguf":
        from cockpit.tokenizers import gguf

        return gguf.load(Path(source.path), source.name)
    if source.kind == "hf":
        from cockpit.tokenizers import hf

        return hf.load(Path(source.path), source.name)
    from cockpit.tokenizers import claude

    family = claude.family_named(source.name)
    if family is None:
        raise InputError(f"There is no encoding {source.name!r}.")
    return claude.ClaudeTokenizer(family, get(BASE))
