"""Word-level differences between two texts or two versions, as values. No drawing, no colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from cockpit.core.prompts import Version

Op = Literal["same", "change", "add", "remove"]
Span = tuple[int, int]
"""Start and end of a changed stretch, in characters of its line."""

WORD = re.compile(r"\w+|\s+|[^\w\s]")
MAX_LINES = 4_000
"""Beyond this many lines a side, lines are compared in order and not aligned: aligning is quadratic."""
MAX_WORDS = 2_000
"""Beyond this many words a line, the line is marked as changed between its common ends."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One row of a side-by-side view: a line of each side (None where it has none) and what differs in it."""

    op: Op
    left: str | None
    right: str | None
    left_spans: tuple[Span, ...] = ()
    right_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class DiffPart:
    """The difference in one part of a version: 'system', 'user 1', 'prefill' …"""

    title: str
    lines: tuple[DiffLine, ...]

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return any(line.op != "same" for line in self.lines)


def diff_texts(left: str, right: str) -> list[DiffLine]:
    """Row by row, lines aligned, with the changed words of changed lines; an empty text has no lines."""
    a, b = _lines(left), _lines(right)
    if left == right:
        return [DiffLine("same", line, line) for line in a]
    found: list[DiffLine] = []
    for op, a0, a1, b0, b1 in _blocks(a, b):
        if op == "equal":
            found += [DiffLine("same", line, line) for line in a[a0:a1]]
        else:
            found += _pairs(a[a0:a1], b[b0:b1])
    return found


def diff_versions(left: Version, right: Version) -> list[DiffPart]:
    """Part by part, in the order they are sent; a part that both sides lack is not listed."""
    a, b = _parts(left), _parts(right)
    titles = [*a, *(title for title in b if title not in a)]
    order = sorted(titles, key=_rank)
    return [DiffPart(title, tuple(diff_texts(a.get(title, ""), b.get(title, "")))) for title in order]


def _parts(version: Version) -> dict[str, str]:
    parts = {"system": version.system} if version.system else {}
    for number, message in enumerate(version.messages, 1):
        parts[f"{message.role} {number}"] = message.content
    if version.examples:
        parts["examples"] = version.examples
    if version.prefill:
        parts["prefill"] = version.prefill
    return parts


def _rank(title: str) -> tuple[int, int, str]:
    fixed = {"system": 0, "examples": 2, "prefill": 3}
    if title in fixed:
        return (fixed[title], 0, title)
    return (1, int(title.rpartition(" ")[2]), title)


def _lines(text: str) -> list[str]:
    """Split at newlines only: other separators are content, and shown as such."""
    return text.split("\n") if text else []


def _blocks(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Aligned stretches; the common head and tail are cut off first, which makes the usual edit cheap."""
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    a1, b1 = len(a) - tail, len(b) - tail
    middle: list[tuple[str, int, int, int, int]] = []
    if max(a1 - head, b1 - head) > MAX_LINES:
        middle = [("replace", head, a1, head, b1)]
    elif a1 > head or b1 > head:
        matcher = SequenceMatcher(None, a[head:a1], b[head:b1], autojunk=False)
        middle = [(op, i + head, j + head, k + head, m + head) for op, i, j, k, m in matcher.get_opcodes()]
    return [("equal", 0, head, 0, head), *middle, ("equal", a1, len(a), b1, len(b))]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    size = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        size += 1
    return size


def _pairs(a: Sequence[str], b: Sequence[str]) -> list[DiffLine]:
    both = min(len(a), len(b))
    found = [_changed(left, right) for left, right in zip(a[:both], b[:both], strict=True)]
    found += [DiffLine("remove", line, None, ((0, len(line)),)) for line in a[both:]]
    found += [DiffLine("add", None, line, (), ((0, len(line)),)) for line in b[both:]]
    return found


def _changed(left: str, right: str) -> DiffLine:
    if left == right:
        return DiffLine("same", left, right)
    a, b = WORD.findall(left), WORD.findall(right)
    blocks: list[tuple[str, int, int, int, int]]
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    a1, b1 = len(a) - tail, len(b) - tail
    if max(a1 - head, b1 - head) > MAX_WORDS:
        blocks = [("replace", head, a1, head, b1)]
    else:
        matcher = SequenceMatcher(None, a[head:a1], b[head:b1], autojunk=False)
        blocks = [(op, i + head, j + head, k + head, m + head) for op, i, j, k, m in matcher.get_opcodes()]
    left_spans = _spans(a, [(i, j) for op, i, j, _, _ in blocks if op != "equal"])
    right_spans = _spans(b, [(k, m) for op, _, _, k, m in blocks if op != "equal"])
    return DiffLine("change", left, right, left_spans, right_spans)


def _spans(words: Sequence[str], ranges: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Word ranges as character ranges; neighbours become one."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    merged: list[Span] = []
    for first, last in ranges:
        start, end = starts[first], starts[last]
        if start == end:
            continue
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)
