"""Stop strings against tokens, good answers, the prompt and stored answers. Reads texts; knows no API's rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cockpit.core.samples import Sample
from cockpit.core.stop_values import Facts, Say, Variant
from cockpit.core.stops import first_stop, loose, shown
from cockpit.core.tokens import Tokenizer, plain_bytes

SPECIAL = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|<[be]os>|<pad>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>"
)
"""What chat templates mark turns with: https://huggingface.co/docs/transformers/chat_templating"""
BEFORE = 24
"""Characters before a stop string that decide how it is split."""
FOLLOWING = 60
"""Characters after an example's answer in which the next example begins."""
MOST_PLACES = 50
MOST_VARIANTS = 12


def stops_of(facts: Facts) -> list[str]:
    """The stop strings that are any, once each."""
    return [stop for stop in dict.fromkeys(facts.stops) if stop]


def boundaries(tokenizer: Tokenizer | None) -> Tokenizer | None:
    """The tokenizer, where it tells where tokens end."""
    return tokenizer if tokenizer is not None and tokenizer.boundaries else None


def token_ids(tokenizer: Tokenizer | None, text: str) -> tuple[int, ...] | None:
    """A text's tokens alone; None where they are not known."""
    known = boundaries(tokenizer)
    return None if known is None else tuple(known.encode(text).ids)


def split(facts: Facts) -> Iterator[Say]:
    """S4: how a stop string is cut into tokens, alone and after what is likely to stand before it."""
    tokenizer = boundaries(facts.target.tokenizer)
    if tokenizer is None:
        return
    for stop in stops_of(facts):
        alone = tokenizer.encode(stop)
        said = f"{shown(stop)} is {_tokens(len(alone))} alone ({', '.join(map(str, alone.ids))})"
        places = _before(facts, stop)
        inside = [text for text in places if not _begins_token(tokenizer, text, stop)]
        if inside:
            said += f"; in {len(inside)} of {len(places)} likely places, such as after {shown(inside[0][-8:])}, it "
            said += "begins inside another token. Matched as text it is found all the same; by token ids it is not"
        yield Say("note", stop, f"{said}.")


def _before(facts: Facts, stop: str) -> list[str]:
    """Ends of text that a stop string is likely to follow: what stood before it, else the ends of good answers."""
    ends: dict[str, None] = {}
    for sample in facts.samples:
        at = len(sample.text) if sample.stop == stop else sample.text.find(stop)
        if at > 0:
            ends.setdefault(sample.text[max(0, at - BEFORE) : at])
    for answer in facts.answers:
        if body := answer.removesuffix(stop):
            ends.setdefault(body[-BEFORE:])
    return list(ends)[:MOST_PLACES]


def _begins_token(tokenizer: Tokenizer, before: str, stop: str) -> bool:
    return len(plain_bytes(before)) in tokenizer.encode(before + stop).ends


def _tokens(n: int) -> str:
    return "1 token" if n == 1 else f"{n} tokens"


def swallowed(facts: Facts) -> Iterator[Say]:
    """S5: tokens that hold a stop string and text after it, which is generated, paid for and cut off."""
    tokenizer = boundaries(facts.target.tokenizer)
    if tokenizer is None:
        return
    for stop in stops_of(facts):
        n, shortest = _holding(tokenizer, stop)
        if n:
            logprobs = facts.target.params.logprobs is not None
            example = shown(shortest.decode("utf-8", "replace"))
            said = f"{_tokens(n)} of {tokenizer.name} can carry text past {shown(stop)}, such as {example}"
            more = "; the last logprobs may then cover more than the text" if logprobs else ""
            yield Say("warning" if logprobs else "note", stop, f"{said}{more}.")


_HELD: dict[tuple[str, int, str], tuple[int, bytes]] = {}
MOST_HELD = 512


def _holding(tokenizer: Tokenizer, stop: str) -> tuple[int, bytes]:
    """How many tokens hold a stop string and more after it, and the shortest; the search takes 30 ms, so it is kept."""
    vocabulary = tokenizer.vocabulary()
    key = (tokenizer.name, len(vocabulary), stop)
    found = _HELD.get(key)
    if found is None:
        needle = plain_bytes(stop)
        holding = [token for token in vocabulary if needle in token and not token.endswith(needle)]
        if len(_HELD) >= MOST_HELD:
            _HELD.clear()
        found = _HELD[key] = (len(holding), min(holding, key=len, default=b""))
    return found


def special(facts: Facts) -> Iterator[Say]:
    """S6: the text of a special token, which ends the turn as a token and never comes as text."""
    tokenizer = facts.target.tokenizer
    for stop in stops_of(facts):
        core = stop.strip()
        if tokenizer is not None and core in tokenizer.specials:
            said = f"{shown(core)} is a special token here: it ends or marks a turn and never comes as text to match."
            yield Say("warning", stop, said)
        elif SPECIAL.search(stop):
            said = f"{shown(stop)} looks like a special token: servers usually take those out of the text they match."
            yield Say("warning", stop, said)


def is_early(answer: str, stop: str) -> bool:
    """Whether a stop string cuts a good answer before its end: something other than blanks follows, or nothing stands
    before it."""
    cut = first_stop(answer, (stop,))
    return cut is not None and (bool(answer[cut.end :].strip()) or not answer[: cut.at].strip())


def early(facts: Facts) -> Iterator[Say]:
    """S8: it stands inside a good answer."""
    for stop in stops_of(facts):
        cut = [answer for answer in facts.answers if is_early(answer, stop)]
        if cut:
            at = cut[0].find(stop)
            where = f"after {shown(cut[0][max(0, at - BEFORE) : at])}" if at else "at its very beginning"
            n = len(facts.answers)
            yield Say("error", stop, f"{shown(stop)} cuts {len(cut)} of {n} good answers short, one {where}.")


def late(facts: Facts) -> Iterator[Say]:
    """S9: nothing stops the model from writing the next example by itself."""
    following = [text for shot in facts.shots.shots if (text := _following(facts.prompt, shot.answer_at, shot.answer))]
    stops = stops_of(facts)
    if not following or not stops:
        return
    cuts = [first_stop(text, stops) for text in following]
    loose_ends = [text for text, cut in zip(following, cuts, strict=True) if cut is None or text[: cut.at].strip()]
    if loose_ends:
        shared = _shared(following)
        word = re.match(r"\s*\S*", shared)
        advice = word[0] if word and word[0].strip() else shared
        more = f"; {shown(advice)} would" if advice else ""
        n = len(following)
        said = f"No stop string cuts where the next example begins, after {len(loose_ends)} of {n} examples{more}."
        yield Say("warning", None, said)


def _following(prompt: str, at: int, answer: str) -> str:
    end = at + len(answer)
    return prompt[end : end + FOLLOWING]


def _shared(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts), max(texts)
    size = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:size]


def leading(facts: Facts) -> Iterator[Say]:
    """S10: it is the first thing the model writes, so the answer is empty."""
    n = len(facts.samples)
    for stop in stops_of(facts):
        empty = sum(_empties(sample, stop) for sample in facts.samples)
        if empty:
            yield Say("warning", stop, f"{shown(stop)} leaves nothing of {empty} of {n} stored answers.")


def _empties(sample: Sample, stop: str) -> bool:
    cut = first_stop(sample.text, (stop,))
    if cut is not None:
        return not sample.text[: cut.at].strip()
    return sample.ended == "stop" and sample.stop == stop and not sample.text.strip()


def replay(facts: Facts) -> Iterator[Say]:
    """S11: what the list does to stored answers."""
    stops, n = stops_of(facts), len(facts.samples)
    cuts = [(sample, cut) for sample in facts.samples if (cut := first_stop(sample.text, stops))]
    if cuts:
        by_stop = Counter(cut.stop for _, cut in cuts)
        which = ", ".join(f"{shown(stop)} {k}" for stop, k in by_stop.most_common())
        saved = sum(len(sample.text) - cut.at for sample, cut in cuts)
        said = f"Of {n} stored answers of {facts.model} it would shorten {len(cuts)} ({which}), by {saved} characters."
        yield Say("note", None, said)


def written(stop: str, texts: Iterable[str]) -> Counter[str]:
    """How texts write a stop string: as it is or another way; the first place of each text counts."""
    pattern = loose(stop)
    if pattern is None:
        return Counter()
    return Counter(match[0] for text in texts if (match := pattern.search(text)))


def instead(facts: Facts) -> Iterator[Say]:
    """S15: the model writes it another way, which is not matched."""
    texts = [sample.text for sample in facts.samples]
    for stop in stops_of(facts):
        for form, n in written(stop, (text for text in texts if stop not in text)).most_common(3):
            said = f"{facts.model} writes {shown(form)} in {n} of {len(texts)} stored answers; {shown(stop)} misses it."
            yield Say("warning", stop, said)


def variants(stop: str, texts: Sequence[str], tokenizer: Tokenizer | None) -> tuple[Variant, ...]:
    """Other ways to write a stop string: the usual ones, and those that stored answers have, most seen first."""
    core = stop.strip()
    usual = ("\n", "\n\n", "\r\n", "\r\n\r\n") if not core else (core, f" {core}", f"\n{core}", f"\n\n{core}")
    seen = written(stop, texts)
    forms = sorted((form for form in dict.fromkeys((*seen, *usual)) if form != stop), key=lambda form: -seen[form])
    return tuple(Variant(form, token_ids(tokenizer, form) or (), seen[form]) for form in forms[:MOST_VARIANTS])
