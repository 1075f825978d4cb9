"""Checks of where the prompt stops and the answer begins: whitespace, unfinished tokens. Nothing about its content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from cockpit.core.check_text import Scene, Text, Written, edit, shown
from cockpit.core.check_values import Fix, Found, Place, Severity, Target, grouped
from cockpit.core.check_vocabulary import beginnings
from cockpit.core.tokens import Tokenizer, plain_bytes

PREFILL_REFUSED = "https://github.com/vercel/ai/pull/2124"
TAIL = 200
"""Characters before the end that are cut into tokens: enough that the last tokens are as in the whole."""
OPENERS = "([{<\"'`/_$#@\\"
PROBES = ("the", "The", "yes", "answer", "a")
MOST_ANSWERS = 20


def trailing_whitespace(scene: Scene) -> Iterator[Found]:
    """The text before the answer ends in whitespace."""
    text = scene.last()
    if text is None:
        return
    tail = text.rendered[len(text.rendered.rstrip()) :]
    if not tail or (tail == text.rendered and text.field != "prefill"):
        return
    place = text.exact(len(text.rendered) - len(tail), len(text.rendered))
    fix = edit("trim the end", [(place, tail, "")]) if place else None
    where = place or text.place(len(text.rendered) - 1, len(text.rendered))
    if text.field != "prefill":
        if place is None:
            return  # The end of a value is data, not wording.
        sentence = f"The prompt ends with {_named(tail)}; the model reads it as part of the question."
        yield Found("note", sentence, where, fix)
        return
    claude = [target for target in scene.checked.targets if is_claude(target) and target.can.prefill]
    for target in claude:
        sentence = f"The prefill ends with {_named(tail)}; Claude's API refuses that."
        yield Found("error", sentence, where, fix, target.model, PREFILL_REFUSED)
    others = [target for target in scene.checked.targets if not is_claude(target) and target.can.prefill]
    if (others or not scene.checked.targets) and not tail.endswith("\n"):
        sentence = f"The prefill ends with {_named(tail)}: words begin with their space, the answer starts off wrong."
        yield Found("error", sentence, where, fix, others[0].model if len(others) == 1 and claude else "")


def is_claude(target: Target) -> bool:
    """By name, or, where that is an alias, by the rule that no other API has: no stop string of whitespace alone."""
    return target.model.startswith("anthropic") or "claude" in target.model or not target.can.whitespace_stop


def _named(tail: str) -> str:
    names = {" ": "space", "\n": "newline", "\t": "tab"}
    if len(set(tail)) == 1 and tail[0] in names:
        return f"a {names[tail[0]]}" if len(tail) == 1 else f"{len(tail)} {names[tail[0]]}s"
    return "whitespace"


def unfinished_token(scene: Scene) -> Iterator[Found]:
    """A prefill stops where the model's vocabulary would have gone on with the same token. A chat turn is closed by the
    template, so nothing is cut there."""
    text = scene.text("prefill")
    if text is None or not text.rendered.strip() or text.rendered[-1].isspace():
        return
    seen: set[str] = set()
    for target in scene.checked.targets:
        tokenizer = target.tokenizer
        if tokenizer is None or not tokenizer.boundaries or not target.can.prefill or tokenizer.name in seen:
            continue
        seen.add(tokenizer.name)
        sure = _seam(scene, text, tokenizer) or _inside_word(text.rendered, tokenizer)
        sentence = sure or _opener(text, tokenizer)
        if sentence:
            end = len(text.rendered)
            severity: Severity = "warning" if sure or text.rendered.endswith(":") else "note"
            yield Found(severity, sentence, text.place(end - 1, end), model=target.model)


def _seam(scene: Scene, text: Text, tokenizer: Tokenizer) -> str:
    """Whether answers that are known merge with the end of the prefill into one token."""
    known = [continuation for continuation in _continuations(scene, text.rendered) if continuation]
    merged = [one for one in known if _merges(text.rendered, one, tokenizer)]
    if not merged:
        return ""
    end = text.rendered[-6:] + merged[0][:6]
    of = f"{len(merged)} of {len(known)} known answers"
    return f"The prefill ends inside a token of {of}: there {shown(end)} is cut elsewhere."


def _continuations(scene: Scene, prefill: str) -> Iterator[str]:
    """How answers that are known go on after the prefill, where that can be told."""
    written = scene.written
    shots = written.found.shots if written is not None else ()
    answers = [*scene.checked.answers, *(shot.answer for shot in shots)][:MOST_ANSWERS]
    gap = _common_gap(written) if written is not None else " "
    ends_in_cue = written is not None and prefill.endswith(written.found.cue)
    for answer in answers:
        if answer.startswith(prefill):
            yield answer[len(prefill) :]
        elif ends_in_cue:
            yield gap + answer


def _merges(prompt: str, continuation: str, tokenizer: Tokenizer) -> bool:
    tail = prompt[-TAIL:]
    cut = len(plain_bytes(tail))
    return cut not in set(tokenizer.encode(tail + continuation[:TAIL]).ends)


def _inside_word(prompt: str, tokenizer: Tokenizer) -> str:
    """A last word in several tokens that is the beginning of one token: ' Sentim' of ' Sentiment'."""
    match = re.search(r" ?[^\W\d_]{2,}$", prompt[-TAIL:])
    if match is None or len(match[0]) > 40:
        return ""
    word = plain_bytes(match[0])
    if len(tokenizer.encode(match[0])) < 2:
        return ""
    longer = [t for t in beginnings(tokenizer.vocabulary()).starting(word) if _text_of(t[len(word) :]).isalpha()]
    if not longer:
        return ""
    example = shown(_text_of(min(longer, key=len)))
    return f"The prefill ends inside a word: {shown(match[0])} is several tokens, {example} is one."


def _opener(text: Text, tokenizer: Tokenizer) -> str:
    """A sign that is one token with what comes after it, such as '(' or the ':' of 'http:'."""
    prompt = text.rendered
    tokens = tokenizer.encode(prompt[-TAIL:])
    last = tokens.bytes_of(len(tokens) - 1)
    if re.search(r"\bhttps?:$", prompt):
        longer = [t for t in beginnings(tokenizer.vocabulary()).starting(b":") if t.startswith(b"://")]
        probe = "//" if longer and last == b":" else ""
    elif prompt[-1] in OPENERS and not _closes(prompt):
        probe = next((word for word in PROBES if _merges(prompt, word, tokenizer)), "")
    else:
        return ""
    if not probe:
        return ""
    count = len(beginnings(tokenizer.vocabulary()).starting(last))
    return (
        f"The prefill ends with {shown(_text_of(last))}, how {grouped(count)} longer tokens begin, as in "
        f"{shown(_text_of(last) + probe)}: end it earlier, or write on."
    )


def _closes(prompt: str) -> bool:
    """Whether the last sign is a quote that ends something, not one that opens."""
    sign = prompt[-1]
    return sign in "\"'`" and prompt.rsplit("\n", 1)[-1].count(sign) % 2 == 0


def _text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def answer_space(scene: Scene) -> Iterator[Found]:
    """Examples do not agree on what stands before the answer; or logprobs are asked for and the space decides."""
    written = scene.written
    if written is None or len(written.found.shots) < 2:
        return
    gaps = _gaps(written)
    usual = _common_gap(written)
    odd = [i for i, gap in enumerate(gaps) if gap != usual]
    if odd:
        shots = written.found.shots
        spans = [(shots[i].answer_at - len(gaps[i]), shots[i].answer_at, gaps[i]) for i in odd]
        others = f"the others {gap_named(usual)}"
        sentence = f"{examples_named(odd)} {have(odd)} {gap_named(gaps[odd[0]])} before the answer, {others}."
        yield Found("warning", sentence, written.place(odd[0]), put_all(written.text, spans, usual))
    elif scene.checked.params.logprobs is not None and usual in ("", " "):
        yield from _first_token(scene, written, usual)


def _first_token(scene: Scene, written: Written, gap: str) -> Iterator[Found]:
    prefilled = scene.text("prefill") is not None
    answer = written.found.shots[0].answer.split("\n")[0]
    begins = gap + answer if prefilled else answer
    with_space = begins.startswith(" ")
    if prefilled or gap:
        how = "with a space" if with_space else "without a space"
        sentence = f"Answers will begin {how}: the logprob to read is that of {shown(begins)}."
        yield Found("note", sentence)


def _gaps(written: Written) -> list[str]:
    text = written.text.rendered
    ends = [shot.start + len(text[shot.start : shot.answer_at].rstrip()) for shot in written.found.shots]
    return [text[end : shot.answer_at] for end, shot in zip(ends, written.found.shots, strict=True)]


def _common_gap(written: Written) -> str:
    return Counter(_gaps(written)).most_common(1)[0][0]


def gap_named(gap: str) -> str:
    return _named(gap) if gap else "nothing"


def examples_named(indices: Sequence[int]) -> str:
    numbers = [str(i + 1) for i in indices[:4]] + (["more"] if len(indices) > 4 else [])
    joined = numbers[0] if len(numbers) == 1 else ", ".join(numbers[:-1]) + " and " + numbers[-1]
    return f"Example{'s' if len(indices) > 1 else ''} {joined}"


def have(indices: Sequence[int]) -> str:
    return "have" if len(indices) > 1 else "has"


def put_all(text: Text, spans: Sequence[tuple[int, int, str]], new: str) -> Fix | None:
    """One fix for all spans that a person wrote as such; None where none is."""
    places = [(text.exact(start, end), old) for start, end, old in spans]
    changes: list[tuple[Place, str, str]] = [(place, old, new) for place, old in places if place is not None]
    return edit("make them alike", changes) if changes else None
