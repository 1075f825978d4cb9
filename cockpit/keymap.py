"""Merges a person's keys with the defaults and finds what cannot work. Pure: no Textual, no files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.command_tables.command import Command

PRESETS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    # Enter sends, as chat programs do; ctrl+j is the newline.
    "chat": {"play.send": "enter,ctrl+enter", "play.newline": "ctrl+j"},
}

_NAMED = frozenset(
    {"enter", "escape", "tab", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end"}
    | {"pageup", "pagedown", *(f"f{n}" for n in range(1, 25))}
)
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta", "hyper"})
# Textual's own short names for characters whose Unicode name is unwieldy.
_SHORT = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_LONG = {short: long for long, short in _SHORT.items()}

_AMBIGUOUS = {
    "ctrl+i": "most terminals send it as tab",
    "ctrl+m": "most terminals send it as enter",
    "ctrl+h": "most terminals send it as backspace",
    "ctrl+left_square_bracket": "most terminals send it as escape",
    "alt+enter": "most terminals send it as enter",
    "shift+enter": "most terminals send it as enter",
    "ctrl+tab": "most terminals do not send it",
    "alt+b": "many terminals send it as ctrl+left",
    "alt+f": "many terminals send it as ctrl+right",
    "ctrl+b": "tmux takes it",
    "ctrl+a": "screen and many tmux set-ups take it",
    "ctrl+z": "it suspends programs",
    **{f"alt+{digit}": "many terminals send it as another character" for digit in range(10)},
}

# A screen may give these keys its own meaning: leaving, or moving between its parts.
_SHADOWABLE = frozenset({"app.escape", "app.leave", "app.next_part", "app.previous_part"})


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys by command id, in long form ('question_mark'), and what is wrong with them in words."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def of(self, command: Command) -> tuple[str, ...]:
        """The keys of a command; its defaults if the map does not know it."""
        return self.keys[command.id] if command.id in self.keys else split(command.keys)

    def shown(self, command: Command) -> str:
        """The first key of a command as a person reads it, or nothing."""
        keys = self.of(command)
        return display(keys[0]) if keys else ""

    def all_shown(self, command: Command) -> str:
        """Every key of a command as a person reads them."""
        return " ".join(display(key) for key in self.of(command))


def long_form(key: str) -> str:
    """A key as Textual names it: '?' is 'question_mark', 'Ctrl+X' is 'ctrl+x'."""
    key = key.strip()
    if key == "+":
        return "plus"
    *modifiers, last = key.split("+") if not key.endswith("++") else [*key[:-2].split("+"), "+"]
    if len(last) == 1 and not last.isalnum():
        name = unicodedata.name(last, "").lower().replace("-", "_").replace(" ", "_")
        last = _SHORT.get(name, name) or last
    elif len(last) > 1:
        last = last.lower()
        last = {"esc": "escape", "return": "enter", "?": "question_mark"}.get(last, last)
    if modifiers and len(last) == 1:
        last = last.lower()
    return "+".join([*(modifier.lower() for modifier in modifiers), last])


def split(keys: str) -> tuple[str, ...]:
    """A comma-separated list of keys, each in long form; 'none' is no key at all. A comma is written 'comma'."""
    if keys.strip().lower() == "none":
        return ()
    return tuple(long_form(key) for key in keys.split(",") if key.strip())


def display(key: str) -> str:
    """A key in long form as a person reads it: 'question_mark' is '?', 'f1' is 'F1', 'escape' is 'esc'."""
    *modifiers, last = key.split("+")
    if last in ("escape", "pageup", "pagedown", "delete"):
        last = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del"}[last]
    elif last in ("up", "down", "left", "right"):
        last = {"up": "↑", "down": "↓", "left": "←", "right": "→"}[last]
    elif last[0] == "f" and last[1:].isdigit():
        last = last.upper()
    elif last not in _NAMED and last != "space" and (character := _character(last)):
        last = character
    return "+".join([*modifiers, last])


def is_plain(key: str) -> bool:
    """Whether the key writes a character into a text field, so that it can be a command only while moving."""
    return "+" not in key and key not in _NAMED


def _character(name: str) -> str | None:
    """The character that a long key name stands for."""
    if len(name) == 1:
        return name
    long = _LONG.get(name, name)
    for candidate in (long, long.replace("hyphen_", "hyphen-")):
        try:
            return unicodedata.lookup(candidate.replace("_", " "))
        except KeyError:
            continue
    return None


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    return all(m in _MODIFIERS for m in modifiers) and (last in _NAMED or _character(last) is not None)


def merge(commands: Sequence[Command], overrides: Mapping[str, str], preset: str = "default") -> Keymap:
    """The key map that holds: defaults, then the preset, then a person's own keys; with every problem found in it.

    A key that two commands of one screen want goes to the one the person configured, else to the first in the registry.
    """
    known = {command.id for command in commands}
    problems = [_unknown(name, known) for name in overrides if name not in known]
    if preset not in PRESETS:
        problems.append(f"key_preset {preset!r} is unknown; known are {', '.join(PRESETS)}.")
    chosen = {**PRESETS.get(preset, {}), **overrides}
    keys: dict[str, tuple[str, ...]] = {}
    for command in commands:
        wanted = split(chosen[command.id]) if command.id in chosen else split(command.keys)
        keys[command.id], found = _usable(command, wanted)
        problems += found
    problems += _settle_clashes(commands, keys, set(overrides), set(chosen))
    return Keymap(keys, tuple(problems))


def _unknown(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=1)
    return f"keys: there is no command {name!r}" + (f"; did you mean {close[0]!r}?" if close else ".")


def _usable(command: Command, wanted: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The keys of the list that exist, and what is wrong with any."""
    problems = [f"keys: {command.id}: {key!r} is not a key." for key in wanted if not _is_key(key)]
    keys = tuple(dict.fromkeys(key for key in wanted if _is_key(key)))
    problems += [
        f"keys: {command.id}: {display(key)} cannot be relied on: {_AMBIGUOUS[key]}."
        for key in keys
        if key in _AMBIGUOUS
    ]
    if command.typing and keys and all(is_plain(key) for key in keys):
        problems.append(f"keys: {command.id}: {display(keys[0])} is a plain character: it will not work while typing.")
    if problems and not keys:
        keys = split(command.keys)
    return keys, problems


def _settle_clashes(
    commands: Sequence[Command], keys: dict[str, tuple[str, ...]], own: set[str], chosen: set[str]
) -> list[str]:
    """Take each doubly wanted key away from the command with the weaker claim, and say so."""
    problems: list[str] = []
    everywhere = [command for command in commands if command.scope == "app"]
    for scope in dict.fromkeys(command.scope for command in commands):
        here = [command for command in commands if command.scope == scope] if scope != "app" else []
        holder: dict[str, Command] = {}
        ranked = sorted([*here, *everywhere], key=lambda c: 0 if c.id in own else 1 if c.id in chosen else 2)
        for command in ranked:
            for key in keys[command.id]:
                first = holder.setdefault(key, command)
                if first is command or _SHADOWABLE & {first.id, command.id}:
                    continue
                keys[command.id] = tuple(k for k in keys[command.id] if k != key)
                problems.append(f"keys: {display(key)} is wanted by {first.id} and {command.id}; {first.id} has it.")
    return problems
