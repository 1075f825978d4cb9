"""What differs between jobs: arguments, environment, code, results. Facts in, a table out; what is alike is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from cockpit.core.metric_families import better

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One job as far as it is compared. `facts` are named like 'commit', `metrics` are (latest, best) of each."""

    job: int
    name: str
    argv: Sequence[str]
    facts: Facts = field(default_factory=dict)
    env: Facts = field(default_factory=dict)
    metrics: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a name and a value for each job; `best` is the place of the best, None where unknown."""

    name: str
    values: tuple[str, ...]
    best: int | None = None


def flags(argv: Sequence[str]) -> dict[str, str]:
    """A command's arguments by name: '--lr 1e-5', '--lr=1e-5' and 'lr=1e-5' are all lr; others by their place."""
    found: dict[str, str] = {}
    at, plain = 0, 0
    while at < len(argv):
        word = argv[at]
        name, equals, value = word.partition("=")
        if word.startswith("-") and len(word) > 1 and not _is_number(word):
            following = argv[at + 1] if at + 1 < len(argv) else None
            if equals:
                found[name.lstrip("-")] = value
            elif following is not None and (not following.startswith("-") or _is_number(following)):
                found[name.lstrip("-")] = following
                at += 1
            else:
                found[name.lstrip("-")] = "yes"
        elif equals and name.replace(".", "_").replace("/", "_").isidentifier():
            found[name] = value
        else:
            found["program" if plain == 0 else f"word {plain}"] = word
            plain += 1
        at += 1
    return found


def compare(sides: Sequence[Side]) -> list[Row]:
    """The rows in which not all jobs are alike, arguments first; metrics always, as they are what is asked."""
    rows = _differing([flags(side.argv) for side in sides])
    rows += _differing([side.facts for side in sides])
    rows += _differing([{f"${name}": value for name, value in side.env.items()} for side in sides])
    names = list(dict.fromkeys(name for side in sides for name in side.metrics))
    for name in names:
        both = [side.metrics.get(name, (None, None)) for side in sides]
        rows.append(_measured(name, [latest for latest, _ in both]))
        if any(best is not None and best != latest for latest, best in both):
            rows.append(_measured(f"best {name}", [best for _, best in both]))
    return rows


def markdown(sides: Sequence[Side], rows: Sequence[Row]) -> str:
    """The table as Markdown; the best value of a metric is bold."""
    heads = [f"{side.job} {side.name}" for side in sides]
    lines = ["| | " + " | ".join(map(_cell, heads)) + " |", "|---|" + "---|" * len(sides)]
    for row in rows:
        cells = [f"**{_cell(v)}**" if row.best == at and v else _cell(v) for at, v in enumerate(row.values)]
        lines.append(f"| {_cell(row.name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def best_of(name: str, values: Sequence[float]) -> float | None:
    """The best of a metric's values; None where its name does not say which way is better."""
    known = [value for value in values if isfinite(value)]
    way = better(name)
    if not known or way is None:
        return None
    return min(known) if way == "lower" else max(known)


def _differing(sides: Sequence[Facts]) -> list[Row]:
    names = list(dict.fromkeys(name for side in sides for name in side))
    rows = [Row(name, tuple(side.get(name, "") for side in sides)) for name in names]
    return [row for row in rows if len(set(row.values)) > 1]


def _measured(name: str, values: Sequence[float | None]) -> Row:
    top = best_of(name, [value for value in values if value is not None])
    at = next((i for i, value in enumerate(values) if value is not None and value == top), None)
    alike = len({value for value in values if value is not None}) < 2
    return Row(name, tuple("" if v is None else f"{v:.5g}" for v in values), None if alike or len(values) < 2 else at)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
