"""A part of a dataset as one line of text, such as 'dataset:qa/dev?n=300&seed=0'. Names alone: no rows, no storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.core.errors import InputError
from cockpit.core.examples import Row

PREFIX = "dataset:"
SHAPE = "dataset:NAME/SPLIT?n=300&seed=0"
ESCAPES = {"%": "%25", "/": "%2F", "?": "%3F", "&": "%26"}
"""What would end a name; everything else in it stands as it is."""


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """Rows of a dataset: of one split or of all, the first `n` in the order of a seed or all as they stand."""

    name: str
    split: str | None = None
    n: int | None = None
    seed: int = 0
    stratify: bool = False

    @property
    def text(self) -> str:
        """The line that `parse_ref` reads back."""
        where = f"{PREFIX}{_escaped(self.name)}" + ("" if self.split is None else f"/{_escaped(self.split)}")
        if self.n is None:
            return where
        return f"{where}?n={self.n}&seed={self.seed}" + ("&stratify=1" if self.stratify else "")


def is_ref(text: str) -> bool:
    """Whether a text means a part of a dataset and no file."""
    return text.startswith(PREFIX)


def parse_ref(text: str) -> DatasetRef:
    """What a line such as 'dataset:qa/dev?n=300&seed=0' means.

    Raises:
        InputError: it is none, or has a word or number that means nothing.
    """
    if not is_ref(text):
        raise InputError(f"{text!r} names no dataset.", hint=f"As in {SHAPE}.")
    where, _, query = text[len(PREFIX) :].partition("?")
    name, slash, split = where.partition("/")
    if not name or (slash and not split):
        raise InputError("A dataset needs a name, and after '/' a split.", hint=f"As in {SHAPE}.")
    words: dict[str, str] = {}
    for word in query.split("&") if query else ():
        key, _, value = word.partition("=")
        if key not in ("n", "seed", "stratify") or key in words:
            raise InputError(f"{key!r} means nothing there, or stands twice.", hint=f"As in {SHAPE}.")
        words[key] = value
    try:
        n = int(words["n"]) if "n" in words else None
        seed, stratify = int(words.get("seed", "0")), bool(int(words.get("stratify", "0")))
    except ValueError as error:
        raise InputError("n, seed and stratify are whole numbers.", hint=f"As in {SHAPE}.") from error
    if n is not None and n < 1:
        raise InputError(f"A subset cannot have {n} rows.", hint=f"As in {SHAPE}.")
    return DatasetRef(_unescaped(name), _unescaped(split) if slash else None, n, seed, stratify)


def _escaped(name: str) -> str:
    return "".join(ESCAPES.get(sign, sign) for sign in name)


def _unescaped(name: str) -> str:
    for sign, escape in reversed(ESCAPES.items()):
        name = name.replace(escape, sign)
    return name


def values_of(row: Row, column: str | None = None) -> dict[str, str]:
    """A row as a prompt's variables: key, input, output, label and whatever else its file had, as text.

    What is empty is left out.

    Args:
        column: what the input was called in the file it is from; it is given under that name, too.
    """
    own = {"key": row.key, "input": row.input, "output": row.output, "label": row.label or ""}
    more = {name: _text(value) for name, value in row.extra.items() if name not in own}
    named = {column: row.input} if column and column not in own and "." not in column else {}
    kept: Mapping[str, str] = {**named, **more, **own}
    return {name: value for name, value in kept.items() if value}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
