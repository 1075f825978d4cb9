"""Checks of the few-shot examples: alike in layout and length, in the form that is asked for. Not of their truth."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from cockpit.core.check_end import examples_named, put_all
from cockpit.core.check_text import Scene, Written, edit, shown
from cockpit.core.check_values import Found, grouped
from cockpit.core.shots import LINE_LABEL, Shot, label_name

FAR_LONGER, FAR_CHARS = 3, 200
"""An example is far longer from this many times the median of the others, and this many characters more."""
JSON_ASKED = re.compile(
    r"\b(?:answer|reply|respond|output|return|give|write|produce|format)\b(?:[^.\n]{0,40}\b(?:as|in|with|a|of))?\s+"
    r"(?:(?:a|an|one|single|valid|only|raw|the following)\s+)*JSON\b(?! (?:file|schema|parser|library|string)s?\b)",
    re.I,
)
CHOICE_ASKED = re.compile(
    r"\b(?:answer|reply|respond|output|write|say)(?:\s+(?:with|only|just|either|exactly|using|simply))*\s*:?\s+"
    r"((?:[\"'`“]?[\w-]+[\"'`”]?,\s+)*[\"'`“]?[\w-]+[\"'`”]?,?\s+or\s+[\"'`“]?[\w-]+[\"'`”]?)(?=[.\n,;:)]|$)",
    re.I,
)
ONE_WORD = re.compile(
    r"\b(?:answer|reply|respond)\b[^.\n]{0,20}\b(?:in|with|using)\s+(?:only\s+|exactly\s+)?(?:one|a single)\s+word\b",
    re.I,
)
TAGS_ASKED = re.compile(
    r"\b(?:answer|reply|response|output|result|verdict)\b[^.\n]{0,30}\b(?:in|inside|within)\s+<([A-Za-z_][\w-]*)>", re.I
)
LAST_LABEL = re.compile(r"(?:^|\n)[ \t]*([^\W\d_][^\n:：]{0,30}[:：])[ \t]*\n?\Z")


def separators(scene: Scene) -> Iterator[Found]:
    """Examples are set apart, or their labels spelled, in more than one way."""
    written = scene.written
    if written is None:
        return
    found, text = written.found, written.text
    usual, times = Counter(found.separators).most_common(1)[0] if found.separators else ("", 0)
    odd = [i for i, separator in enumerate(found.separators) if separator != usual]
    if odd and len(found.separators) > 2 and times > len(odd):
        starts = [found.shots[i].end for i in odd]
        spans = [
            (start, start + len(found.separators[i]), found.separators[i]) for i, start in zip(odd, starts, strict=True)
        ]
        after = (
            "between the last example and the question"
            if odd[0] == len(found.shots) - 1
            else f"after example {odd[0] + 1}"
        )
        sentence = f"Examples are set apart by {shown(usual)}, but {after} stands {shown(found.separators[odd[0]])}."
        yield Found("warning", sentence, text.place(*spans[0][:2]), put_all(text, spans, usual))
    elif odd:
        kinds = " and ".join(shown(one) for one in dict.fromkeys(found.separators))
        at = found.shots[0].end
        yield Found("warning", f"Examples are set apart in different ways: {kinds}.", text.place(at, at + 1))
    yield from _spelling(written)


def _spelling(written: Written) -> Iterator[Found]:
    """A cue that one example writes otherwise: 'a:' or 'A :' for 'A:'."""
    cue, text = written.found.cue, written.text
    spans = []
    for shot in written.found.shots:
        before = text.rendered[shot.start : shot.answer_at].rstrip()
        if shot.answer and (other := _other_spelling(before, cue)):
            end = shot.start + len(before)
            spans.append((end - len(other), end, other))
    before = text.rendered[written.found.question_at :].rstrip()
    if other := _other_spelling(before, cue):
        end = written.found.question_at + len(before)
        spans.append((end - len(other), end, other))
    if spans and len(spans) < len(written.found.shots):
        start, end, other = spans[0]
        sentence = f"{shown(other)} stands where the first example has {shown(cue)}."
        yield Found("warning", sentence, text.place(start, end), put_all(text, spans, cue))


def _other_spelling(before: str, cue: str) -> str:
    """The end of `before` if it is the cue in other letter case or spacing; empty if it is the cue, or none."""
    if before.endswith(cue):
        return ""
    line = before[-len(cue) - 2 :]
    squeezed = "".join(cue.casefold().split())
    for start in range(max(0, len(line) - len(cue) - 2), len(line)):
        if "".join(line[start:].casefold().split()) == squeezed and not line[start].isspace():
            clean = start == 0 or not (line[start - 1].isalnum() and line[start].isalnum())
            return line[start:] if clean else ""
    return ""


def long_example(scene: Scene) -> Iterator[Found]:
    """One example is longer than the rest by far."""
    written = scene.written
    if written is None or len(written.found.shots) < 3:
        return
    lengths = [len(shot.text) for shot in written.found.shots]
    for i, length in enumerate(lengths):
        others = median(lengths[:i] + lengths[i + 1 :])
        if length >= FAR_LONGER * others and length - others >= FAR_CHARS:
            sentence = f"Example {i + 1} has {grouped(length)} characters, the others about {grouped(round(others))}."
            yield Found("note", sentence, written.place(i))


def example_format(scene: Scene) -> Iterator[Found]:
    """Examples answer in another form than the prompt asks for, or the prompt ends with another cue than they have."""
    written = scene.written
    if written is None:
        return
    asked = _instructions(scene, written)
    answered = [(i, shot) for i, shot in enumerate(written.found.shots) if shot.answer]
    for wanted, fits in _wanted(asked):
        wrong = [i for i, shot in answered if not fits(_whole(written, shot))]
        if wrong:
            example = shown(written.found.shots[wrong[0]].answer)
            sentence = f"The prompt asks for {wanted}; {examples_named(wrong)} gives {example}."
            if len(wrong) > 1:
                sentence = f"The prompt asks for {wanted}; {examples_named(wrong)} do not give that: {example}."
            yield Found("warning", sentence, written.place(wrong[0]))
    missing = [i for i, shot in enumerate(written.found.shots) if not shot.answer]
    if missing:
        yield Found("warning", f"{examples_named(missing)} has no answer.", written.place(missing[0]))
    yield from _other_cue(scene, written)


def _instructions(scene: Scene, written: Written) -> str:
    """What is asked for outside the examples and the data: the system prompt and the text around the examples."""
    found, text = written.found, written.text
    parts = [text.rendered[: found.shots[0].start], text.rendered[found.question_at :]]
    parts += [other.rendered for other in scene.instructions() if other.field != text.field]
    return "\n".join(parts)


def _whole(written: Written, shot: Shot) -> str:
    """An answer with the cue that is a tag: '<verdict>yes'."""
    return (written.found.cue if written.found.cue.startswith("<") else "") + shot.answer


def _wanted(asked: str) -> Iterator[tuple[str, Callable[[str], bool]]]:
    if asks_for(JSON_ASKED, asked):
        yield "JSON", _is_json
    if match := asks_for(CHOICE_ASKED, asked):
        choices = choices_in(match[1])
        yield " or ".join(choices), lambda answer: _chosen(answer, choices)
    if asks_for(ONE_WORD, asked):
        yield "one word", lambda answer: len(answer.split()) == 1
    if match := asks_for(TAGS_ASKED, asked):
        tag = f"<{match[1]}>"
        yield f"the answer in {tag}", lambda answer: tag in answer


def asks_for(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that is not denied: 'do not answer in JSON' asks for none."""
    for match in pattern.finditer(text):
        before = re.split(r"[.!?\n]", text[: match.start()])[-1]
        if not re.search(r"\b(?:not|never|without)\b|n['’]t\b", before + match[0], re.I):
            return match
    return None


def choices_in(text: str) -> tuple[str, ...]:
    """The words of 'A, B or C'."""
    return tuple(word.strip(" \"'`“”") for word in re.split(r",?\s+or\s+|,\s*", text) if word.strip())


def _chosen(answer: str, choices: Sequence[str]) -> bool:
    """Whether an answer has one of the choices, spelled so, as a word of its own; reasons may stand around it.

    Choices that are small letters in the instruction may be written with a capital: 'answer yes or no' means Yes too.
    """
    words = set(re.findall(r"[\w-]+", answer))
    return any(choice in words or (choice.islower() and choice.capitalize() in words) for choice in choices)


def _is_json(answer: str) -> bool:
    inner = re.sub(r"\A```(?:json)?\s*|\s*```\Z", "", answer.strip())
    if "{{" in inner:
        return True
    try:
        json.loads(inner)
    except ValueError:
        return False
    return True


def _other_cue(scene: Scene, written: Written) -> Iterator[Found]:
    last = scene.last()
    cue = written.found.cue
    if last is None or not cue.endswith((":", "：")) or last.field not in (written.text.field, "prefill"):
        return
    match = LAST_LABEL.search(last.rendered)
    if match is None or label_name(match[1]) == label_name(cue) or not LINE_LABEL.match(match[1]):
        return
    place = last.exact(match.start(1), match.end(1))
    fix = edit(f"end with {cue}", [(place, match[1], cue)]) if place else None
    sentence = f"Examples answer after {shown(cue)}, but the prompt ends with {shown(match[1])}."
    yield Found("warning", sentence, place or last.place(match.start(1), match.end(1)), fix)
