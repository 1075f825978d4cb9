"""Sweeps and changed arguments: values by name, put into a command's words. Pure; it starts nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from cockpit.core.errors import InputError

NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish")
LARGEST = 1000
"""Jobs of one sweep."""


def grid(texts: Sequence[str]) -> list[dict[str, str]]:
    r"""Every combination of 'lr=1e-5,3e-5', the last name turning fastest; `\,` is a comma within a value.

    Raises:
        InputError: a text is not of that form, a name or value comes twice, or there are too many.
    """
    axes = [_axis(text) for text in texts]
    names = [name for name, _ in axes]
    if len(set(names)) < len(names):
        raise InputError("A name is swept twice.", hint="Give all its values in one --sweep, with commas.")
    total = 1
    for _, values in axes:
        total *= len(values)
    if total > LARGEST:
        raise InputError(f"That would be {total} jobs.", hint=f"A sweep has at most {LARGEST}.")
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(values for _, values in axes))]


def _axis(text: str) -> tuple[str, list[str]]:
    name, equals, rest = text.partition("=")
    values = [value.replace("\\,", ",") for value in re.split(r"(?<!\\),", rest)]
    if not equals or not NAME.match(name) or not all(values):
        raise InputError(f"{text!r} is no sweep.", hint="Write NAME=VALUE,VALUE, such as lr=1e-5,3e-5.")
    if len(set(values)) < len(values):
        raise InputError(f"A value of {name} comes twice.", hint="For repetitions sweep a seed: seed=1,2,3.")
    return name, values


def substitute(argv: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The command with the values in it.

    Where `{name}` stands in a word, it becomes the value; else the value of an option `--name V`, `--name=V` or an
    override `name=V` is replaced; else `--name=V` is added at the end.

    Raises:
        InputError: there is no place for a value: a shell's `-c` text takes only `{name}`.
    """
    words = list(argv)
    for name, value in values.items():
        words = _put(words, name, value)
    return tuple(words)


def _put(words: list[str], name: str, value: str) -> list[str]:
    mark = f"{{{name}}}"
    if any(mark in word for word in words):
        return [word.replace(mark, value) for word in words]
    spellings = {f"--{name}", f"--{name.replace('_', '-')}", f"--{name.replace('-', '_')}"}
    found = list(words)
    for i in range(len(words) - 1, 0, -1):
        head, equals, _ = words[i].partition("=")
        if equals and (head in spellings or head in (name, f"+{name}")):
            found[i] = f"{head}={value}"
            return found
        if words[i] in spellings and i + 1 < len(words):
            found[i + 1] = value
            return found
    if words[0].rpartition("/")[2] in SHELLS and "-c" in words:
        raise InputError(f"The shell's command has no place for {name}.", hint=f"Write {mark} in it.")
    return [*words, f"--{name}={value}"]


def label(values: Mapping[str, str]) -> str:
    """'lr=1e-5 seed=2'."""
    return " ".join(f"{name}={value}" for name, value in values.items())
