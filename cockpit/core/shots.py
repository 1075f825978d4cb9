"""Few-shot examples written in a text, found by their repeated labels. Reads only: nothing is changed or counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WORD = r"[^\W\d_][\w'’/&-]*"
LINE_LABEL = re.compile(
    rf"^[ \t]{{0,3}}((?:#{{1,6}} |\*\*|__)?{WORD}(?: [\w'’/&#()-]+){{0,3}} ?(?:\*\*)?[:：](?:\*\*|__)?)", re.M
)
HEADING = re.compile(r"^(#{1,6} [^\n:：]{1,40})$", re.M)
TAG = re.compile(r"<([A-Za-z_][\w-]*)>")
INLINE_LABEL = re.compile(r"(?<!\S)([A-Z]\w*(?: [a-z]+)?:)(?=\s|$)")
CLOSING = re.compile(r"</[A-Za-z_][\w-]*>")
ARROW_SIGNS = ("=>", "->", "→", "⇒")
LONGEST_LABEL, MOST_OPENERS, MOST_LABELS = 48, 24, 4000
DIVIDER = frozenset("-=*#_~+")


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


ANSWERS = words_of(
    "a answer output response label completion assistant result classification verdict sentiment category class "
    "translation summary target solution ai model bot decision judgement judgment rating score topic intent "
    "ideal_output final_answer prediction explanation correction french spanish german english"
)
"""Names, in small letters, that usually stand before an answer."""
QUESTIONS = words_of(
    "q question input prompt text review example user human sentence query problem article tweet passage document "
    "statement instruction message email title shot sample case"
)
"""Names that usually stand before what an answer is wanted to."""
SPEAKERS = words_of("human user assistant ai bot chatbot model system customer agent interviewer")
"""Names in a transcript: data, not examples, unless the text ends where the next of them would speak."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One worked example: characters `start` to `end` of the text; its answer begins at `answer_at`."""

    start: int
    end: int
    text: str
    answer: str
    answer_at: int


@dataclass(frozen=True, slots=True)
class Shots:
    """The examples of a text, in order.

    `separators[i]` stands between example i and the next; one more stands before a question that is written as the
    examples are.
    `question` is the text from `question_at` to the end; `cue` is what stands before the answers, such as 'A:'.
    """

    shots: tuple[Shot, ...] = ()
    separators: tuple[str, ...] = ()
    question_at: int = 0
    question: str = ""
    cue: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One occurrence of a label: what it is called whatever its spelling, and where it and what it names begin."""

    name: str
    start: int
    end: int
    written: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the examples of a text are laid out: the labels that each has, in order, and which one the answer follows."""

    names: tuple[str, ...]
    cue: str
    times: int


def find_shots(text: str) -> Shots:
    """The examples in a prompt or an examples block; none where no labels repeat."""
    for labels in (_line_labels(text), _inline_labels(text)):
        blocks, pattern = _best(labels, text)
        if pattern is not None and (found := _read(text, blocks, pattern)).shots:
            return found
    return _arrows(text)


def label_name(written: str) -> str:
    """What a label is called: small letters, numbers as '#', without colon and markup."""
    return " ".join(re.sub(r"\d+", "#", written.strip(" *_#:：<>")).casefold().split())


def _line_labels(text: str) -> list[Mark]:
    found = [
        Mark(label_name(m[1]), m.start(1), m.end(1), m[1])
        for pattern in (LINE_LABEL, HEADING)
        for m in pattern.finditer(text)
        if len(m[1]) <= LONGEST_LABEL
    ]
    opened = Counter(m[1] for m in TAG.finditer(text))
    tags = {tag for tag, times in opened.items() if times > 1 and f"</{tag}>" in text}
    found += [Mark(m[1].casefold(), m.start(), m.end(), m[0], m[1]) for m in TAG.finditer(text) if m[1] in tags]
    return sorted(found, key=lambda label: label.start)


def _inline_labels(text: str) -> list[Mark]:
    return [Mark(label_name(m[1]), m.start(1), m.end(1), m[1]) for m in INLINE_LABEL.finditer(text)]


def _best(labels: Sequence[Mark], text: str) -> tuple[list[list[Mark]], Pattern | None]:
    """The way of cutting at labels that gives the most blocks alike; of equals, the one that begins first."""
    counts = Counter(label.name for label in labels)
    kept = [label for label in labels if counts[label.name] > 1][:MOST_LABELS]
    best: tuple[list[list[Mark]], Pattern | None] = ([], None)
    for opener in list(dict.fromkeys(label.name for label in kept))[:MOST_OPENERS]:
        blocks = _blocks(kept, opener)
        pattern = _pattern(blocks, text)
        if pattern is not None and (best[1] is None or pattern.times > best[1].times):
            best = (blocks, pattern)
    return best


def _blocks(labels: Sequence[Mark], opener: str) -> list[list[Mark]]:
    """The labels cut before each opener, and where a block begins anew without its heading, as a question may."""
    blocks: list[list[Mark]] = []
    seen: set[str] = set()
    for label in labels:
        if label.name == opener or (blocks and label.name in seen and label.name == _second(blocks[-1])):
            blocks.append([label])
            seen = {label.name}
        elif blocks and label.name not in seen:
            blocks[-1].append(label)
            seen.add(label.name)
    return blocks


def _second(block: Sequence[Mark]) -> str:
    return block[1].name if len(block) > 1 else ""


def _pattern(blocks: Sequence[Sequence[Mark]], text: str) -> Pattern | None:
    """What most blocks look like, if that looks like examples: a question and an answer, not a list of records."""
    shapes = Counter(tuple(label.name for label in block) for block in blocks)
    if not shapes:
        return None
    names, times = shapes.most_common(1)[0]
    last = blocks[-1][-1]
    open_end = not text[last.end :].strip() and last.name in names
    cue = last.name if open_end else names[-1]
    if len(names) == 1:
        return Pattern(names, cue, times) if open_end and times > 2 else None
    if not open_end and SPEAKERS.issuperset(names):
        return None
    looks_so = cue in ANSWERS or names[0].strip(" #") in QUESTIONS or (open_end and not blocks[-1][0].tag)
    enough = times > 1 or (open_end and len(blocks) > 1)
    return Pattern(names, cue, times) if looks_so and enough else None


def _read(text: str, blocks: Sequence[Sequence[Mark]], pattern: Pattern) -> Shots:
    """The blocks as examples, and what follows the last complete one as the question."""
    ends = [block[0].start for block in blocks[1:]] + [len(text)]
    read = [_shot(text, block, pattern, end) for block, end in zip(blocks, ends, strict=True)]
    complete = [i for i, shot in enumerate(read) if shot.answer]
    if not complete:
        return Shots(question=text)
    last = complete[-1]
    kept = read[: last + 1]
    alike = last + 1 < len(blocks)
    if alike:
        question_at = blocks[last + 1][0].start
    else:
        kept[-1], question_at = _without_tail(text, kept, blocks[last][0].tag)
    starts = [shot.start for shot in kept[1:]] + ([question_at] if alike else [])
    between = tuple(text[shot.end : start] for shot, start in zip(kept, starts, strict=False))
    cue = next(label.written for label in blocks[complete[0]] if label.name == pattern.cue)
    return Shots(tuple(kept), between, question_at, text[question_at:], cue)


def _shot(text: str, block: Sequence[Mark], pattern: Pattern, limit: int) -> Shot:
    """One block; its answer is empty where the cue is missing or nothing follows it."""
    first = block[0]
    close = text.find(f"</{first.tag}>", first.end, limit) if first.tag else -1
    inner = limit if close < 0 else close
    cue = next((label for label in block if label.name == pattern.cue), None)
    end = inner if cue is None or not cue.tag else _closing(text, cue, inner)
    start = first.end if cue is None else cue.end
    answer_end = _content_end(text, start, end)
    answer_at = start + len(text[start:answer_end]) - len(text[start:answer_end].lstrip())
    if close >= 0:
        shot_end = close + len(first.tag) + 3
    elif cue is not None and cue.tag and end < inner:
        shot_end = end + len(cue.tag) + 3
    else:
        shot_end = max(answer_end, first.end)
    answer = "" if cue is None else text[answer_at:answer_end]
    return Shot(first.start, shot_end, text[first.start : shot_end], answer, answer_at)


def _closing(text: str, label: Mark, limit: int) -> int:
    at = text.find(f"</{label.tag}>", label.end, limit)
    return at if at >= 0 else limit


def _content_end(text: str, start: int, end: int) -> int:
    """Where a stretch ends without the blank lines and the divider lines after it."""
    while True:
        end = start + len(text[start:end].rstrip())
        line = text.rfind("\n", start, end) + 1
        if line <= start or end - line < 2 or not DIVIDER.issuperset(text[line:end].strip()):
            return end
        end = line


def _content_start(text: str, start: int) -> int:
    """Where prose after the examples begins: past blank and divider lines and the tag that closes them all."""
    while True:
        start = len(text) - len(text[start:].lstrip())
        line = text.find("\n", start)
        line = len(text) if line < 0 else line
        if match := CLOSING.match(text, start):
            start = match.end()
        elif line - start >= 2 and DIVIDER.issuperset(text[start:line].strip()):
            start = line
        else:
            return start


def _without_tail(text: str, shots: Sequence[Shot], tag: str) -> tuple[Shot, int]:
    """The last example without the prose that may follow it, and where that begins (the text's end where none does).

    Prose is told from the answer by the separator of the other examples, where no answer of theirs has that inside.
    """
    last = shots[-1]
    if not tag:
        gaps = Counter(text[one.end : other.start] for one, other in pairwise(shots))
        gap = gaps.most_common(1)[0][0] if gaps else "\n\n"
        inside = any(gap in shot.answer for shot in shots[:-1])
        at = last.answer.find(gap) if gap.strip(" \t") and not inside else -1
        if at >= 0:
            end = _content_end(text, last.answer_at, last.answer_at + at)
            last = Shot(last.start, end, text[last.start : end], text[last.answer_at : end], last.answer_at)
    return last, _content_start(text, last.end)


def _arrows(text: str) -> Shots:
    """Examples of the form `input => output`, one a line, as in Brown et al. 2020 (https://arxiv.org/abs/2005.14165).

    Code has arrows too: either the text ends in one that waits for its answer, or it has nothing but such lines.
    """
    sign = next((sign for sign in ARROW_SIGNS if text.rstrip().endswith(sign)), "")
    waits = bool(sign)
    if not sign:
        sign = next(
            (sign for sign in ARROW_SIGNS if all(sign in line for line in text.splitlines() if line.strip())), ""
        )
    shots: list[Shot] = []
    question_at, at = len(text), 0
    for line in text.splitlines(keepends=True) if sign else ():
        left, _, right = line.partition(sign)
        start = at + len(line) - len(line.lstrip())
        answer_at = at + len(left) + len(sign) + len(right) - len(right.lstrip())
        if left.strip() and right.strip():
            end = at + len(line.rstrip())
            shots.append(Shot(start, end, text[start:end], right.strip(), answer_at))
        elif left.strip() and sign in line:
            question_at = start
        at += len(line)
    if len(shots) < 2:
        return Shots(question_at=0, question=text)
    starts = [shot.start for shot in shots[1:]] + ([question_at] if waits else [])
    between = tuple(text[shot.end : start] for shot, start in zip(shots, starts, strict=False))
    return Shots(tuple(shots), between, question_at, text[question_at:], sign)
