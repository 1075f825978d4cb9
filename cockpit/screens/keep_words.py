"""The words of the `*` dialog: what samples are as examples, and what was done. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.core.examples import Example, Verdict
from cockpit.screens.examples_words import GLYPHS
from cockpit.screens.keep_read import Kept, Several, Standing
from cockpit.screens.sample_view import end_text
from cockpit.screens.words import TONES, count, one_line, plural
from widgets.visible import fit, visible, wrap

NAME = 12
"""Cells of the names at the left."""
STYLES = {**TONES, "wait": "$foreground", "plain": "$foreground", "quiet": "$text-muted", "accent": "$text-accent"}
Part = tuple[str, str]


def verdict_part(verdict: Verdict) -> Part:
    """A verdict as glyph and word, with its tone."""
    glyph, tone, word = GLYPHS[verdict]
    return f"{glyph} {word}", tone


def fact(name: str, *parts: Part) -> Content:
    """A name in its column and a value in one or more tones, on one line."""
    shown = [(visible(text, newlines="mark"), STYLES[tone]) for text, tone in parts if text]
    return Content.assemble((f"{name:<{NAME}}", "$text-muted"), *shown)


def head(standing: Standing) -> str:
    """Which sample this is."""
    sample = standing.sample
    return f"sample {count(sample.id)} of {sample.model}, run {sample.run_id}"


def standing_lines(standing: Standing, width: int, *, texts: int, twins: int) -> list[Content]:
    """What there is to know of one sample before it is kept.

    Args:
        texts, twins: the most lines of a text, and of the examples with the same input.
    """
    glyph, tone, ended = end_text(standing.sample)
    found = [fact("ended", (f"{glyph} {ended}", tone)), _now(standing)]
    asked = standing.asked if standing.example is None else standing.example.input
    found += block("input", asked, width, max(texts // 2, 1))
    if standing.output.strip():
        found += block("output", standing.output, width, texts)
    else:
        found.append(fact("output", ("The answer is empty: e types one, x rejects it.", "cut")))
    return found + twin_lines(standing, width, twins)


def _now(standing: Standing) -> Content:
    example = standing.example
    if example is None:
        return fact("now", ("no example yet", "quiet"))
    more = [
        f", example {count(example.id)}",
        f", edited {count(standing.edits)} ×" if standing.edits else "",
        f", in {plural(standing.sets, 'set')}" if standing.sets else "",
        f": {example.reason}" if example.reason else "",
    ]
    return fact("now", verdict_part(example.verdict), ("".join(more), "plain"))


def block(name: str, text: str, width: int, most: int) -> list[Content]:
    """The first lines of a text beside its name; the last says how much more there is."""
    room = max(width - NAME, 8)
    lines = wrap(visible(text[: (most + 1) * room * 4]), room, most + 1)
    cut = len(lines) > most
    shown = lines[:most]
    if cut:
        shown[-1] = fit(f"{shown[-1]} …", room) if len(shown[-1]) < room - 2 else f"{shown[-1][: room - 2]} …"
    return [
        Content.assemble((f"{name if at == 0 else '':<{NAME}}", "$text-muted"), line) for at, line in enumerate(shown)
    ]


def twin_lines(standing: Standing, width: int, most: int) -> list[Content]:
    """The examples with the same input, and what they answer."""
    found = []
    for at, twin in enumerate(standing.twins[:most]):
        found.append(fact("same input" if at == 0 else "", *_twin(twin, standing.output, width - NAME)))
    more = standing.twins_in_all - len(found)
    if found and more > 0:
        found.append(fact("", (f"and {count(more)} more", "quiet")))
    return found


def _twin(twin: Example, output: str, width: int) -> tuple[Part, ...]:
    text, tone = verdict_part(twin.verdict)
    number = f", example {count(twin.id)}: "
    same = twin.answer.strip() == output.strip()
    said = "the same output" if same else one_line(twin.answer) or "no output"
    return (text, tone), (number, "plain"), (fit(visible(said), width - len(text) - len(number)), "quiet")


def several_lines(several: Several) -> list[Content]:
    """What there is to know of marked samples before they are kept."""
    none = several.n - sum(several.verdicts.values())
    now: list[Part] = []
    for verdict in ("gold", "candidate", "rejected"):
        if n := several.verdicts.get(verdict, 0):
            glyph, tone, word = GLYPHS[verdict]
            now.append((f"{glyph} {count(n)} {word}   ", tone))
    now.append((f"{count(none)} no example yet" if none else "", "quiet"))
    found = [
        fact("models", (", ".join(several.models), "plain")),
        fact("inputs", (plural(several.inputs, "different input"), "plain")),
        fact("now", *now),
    ]
    if several.twins:
        found.append(fact("same input", (f"{count(several.twins)} have an input that another example has", "cut")))
    if several.empty:
        found.append(fact("empty", (f"{count(several.empty)} have no text, and can only be rejected", "cut")))
    return found


def done_words(kept: Kept) -> str:
    """What was done, as one sentence."""
    n = len(kept.sample_ids)
    left = f" {plural(kept.empty, 'sample')} without a text left out." if kept.empty else ""
    if not n:
        return left.strip() or "No example was changed."
    what = f"Sample {count(kept.sample_ids[0])}" if n == 1 else f"{count(n)} samples"
    if kept.verdict is None:
        return f"{what} {'is no example' if n == 1 else 'are no examples'} any more."
    glyph, _, word = GLYPHS[kept.verdict]
    return f"{what} {'is' if n == 1 else 'are'} now {glyph} {word}.{left}"


def undo_words(kept: Kept) -> str:
    """What taking the last change back would do."""
    n = len(kept.sample_ids)
    what = f"sample {count(kept.sample_ids[0])}" if n == 1 else f"{count(n)} samples"
    if kept.verdict is None:
        return f"bring {what} back"
    return f"undo {GLYPHS[kept.verdict][0]} {GLYPHS[kept.verdict][2]} of {what}"


def key_line(keys: Sequence[tuple[str, str, str]]) -> Content:
    """Keys with what they do: (key, words, tone)."""
    parts: list[tuple[str, str]] = []
    for key, words, tone in keys:
        parts += [("   " if parts else "", ""), (key, "$text-accent bold"), (f" {words}", STYLES[tone])]
    return Content.assemble(*parts)
