"""Sweeps as text and numbers: what a person typed, and how much it will cost in requests. Pure: no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.params import EFFORTS, Params, problems
from cockpit.screens.words import plural

OFFERED: dict[str, str] = {
    "temperature": "0, 0.3, 0.7, 1",
    "top_p": "0.5, 0.9, 1",
    "max_tokens": "64, 256, 1024",
    "reasoning_effort": "low, medium, high",
    "seed": "1, 2, 3",
}
"""The parameters that can be swept, each with values to begin from."""

READERS: dict[str, Callable[[str], Any]] = {
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "seed": int,
    "reasoning_effort": str,
}
MANY_COLUMNS = 24


def parse_values(name: str, text: str) -> tuple[Any, ...]:
    """The values of one parameter, in the order typed, each once.

    Raises:
        InputError: nothing typed, not a number, or out of range.
    """
    found: dict[Any, None] = {}
    for piece in (part.strip() for part in text.split(",")):
        if piece:
            found.setdefault(_value(name, piece))
    if not found:
        raise InputError("Type at least one value.", hint=f"Such as {OFFERED[name]}.")
    return tuple(found)


def _value(name: str, text: str) -> Any:
    try:
        value = READERS[name](text)
    except ValueError as error:
        kind = "a whole number" if READERS[name] is int else "a number"
        raise InputError(f"{text} is not {kind}.") from error
    wrong = problems(Params().with_value(name, value))
    if wrong:
        hint = f"One of {', '.join(EFFORTS)}." if name == "reasoning_effort" else ""
        raise InputError(f"{wrong[0]}.", hint=hint)
    return value


def now_text(params: Params, name: str) -> str:
    """What the parameter is set to now."""
    value = getattr(params, name)
    return "not set" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def summary(sweep: Mapping[str, Sequence[Any]], models: int, n: int, inputs: int = 1) -> str:
    """How many columns and requests a sweep makes, as a multiplication a person can check."""
    if not sweep:
        requests = models * n * inputs
        return f"No sweep: {plural(models, 'column')}, {plural(requests, 'request')} a send."
    columns = prod((len(values) for values in sweep.values()), start=models)
    factors = [
        plural(models, "model"),
        *(f"{plural(len(values), 'value')} of {name}" for name, values in sweep.items()),
    ]
    rows = f" × {plural(inputs, 'input')}" if inputs > 1 else ""
    return (
        f"{' × '.join(factors)} = {plural(columns, 'column')};"
        f" × {plural(n, 'sample')}{rows} = {plural(columns * n * inputs, 'request')} a send."
    )


def column_count(sweep: Mapping[str, Sequence[Any]], models: int) -> int:
    """How many columns the wall will have."""
    return prod((len(values) for values in sweep.values()), start=models)
