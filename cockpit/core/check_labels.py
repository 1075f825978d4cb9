"""The check of label words: what their tokens are, where logprobs or a short answer make that matter. No other text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cockpit.core.check_examples import CHOICE_ASKED, asks_for, choices_in
from cockpit.core.check_text import Scene, shown
from cockpit.core.check_values import Found
from cockpit.core.tokens import Tokenizer

MOST_LABELS, LONGEST = 12, 32


def label_words(scene: Scene) -> Iterator[Found]:
    """Labels that share their first token, differ in their number of tokens, or do not fit in max_tokens."""
    words = labels_of(scene)
    params = scene.checked.params
    if len(words) < 2:
        return
    seen: set[str] = set()
    for target in scene.checked.targets:
        tokenizer = target.tokenizer
        if tokenizer is None or not tokenizer.boundaries or tokenizer.name in seen:
            continue
        seen.add(tokenizer.name)
        tokens = {word: _tokens(word, scene, tokenizer) for word in words}
        if params.logprobs is not None:
            yield from _for_logprobs(tokens, tokenizer, target.model)
        cut = [word for word, ids in tokens.items() if params.max_tokens and len(ids) > params.max_tokens]
        if cut:
            sentence = f"{shown(cut[0])} is {len(tokens[cut[0]])} tokens, more than max_tokens ({params.max_tokens})."
            yield Found("warning", sentence, model=target.model)


def labels_of(scene: Scene) -> tuple[str, ...]:
    """The answers that a classification chooses from; none where the prompt is no classification.

    From the examples or the right answers, where few short ones repeat; else from an instruction 'answer A or B'.
    """
    written = scene.written
    shots = [shot.answer for shot in written.found.shots if shot.answer] if written is not None else []
    for answers in (shots, list(scene.checked.answers)):
        few = Counter(answer.strip() for answer in answers)
        short = all(0 < len(word) <= LONGEST and len(word.split()) <= 3 for word in few)
        if short and 2 <= len(few) <= MOST_LABELS and len(few) < len(answers):
            return tuple(few)
    for text in reversed(scene.instructions()):
        match = asks_for(CHOICE_ASKED, text.rendered)
        if match:
            return choices_in(match[1])
    return ()


def _tokens(word: str, scene: Scene, tokenizer: Tokenizer) -> tuple[int, ...]:
    """A label as it will be written: after a prefill that ends in no whitespace it takes the space with it."""
    prefill = scene.text("prefill")
    text = prefill.rendered if prefill is not None else ""
    return tuple(tokenizer.encode(" " + word if text[-1:].isalnum() or text.endswith((":", ">", "=")) else word).ids)


def _for_logprobs(tokens: dict[str, tuple[int, ...]], tokenizer: Tokenizer, model: str) -> Iterator[Found]:
    first = Counter(ids[0] for ids in tokens.values() if ids)
    shared = [word for word, ids in tokens.items() if ids and first[ids[0]] > 1]
    if shared:
        ids = tokens[shared[0]]
        same = [word for word in shared if tokens[word][0] == ids[0]]
        piece = shown(tokenizer.token_bytes(ids[0]).decode("utf-8", "replace"))
        sentence = f"{_list(same)} begin with the same token {piece}: the first logprob cannot tell them apart."
        yield Found("warning", sentence, model=model)
    counts = {word: len(ids) for word, ids in tokens.items()}
    if len(set(counts.values())) > 1:
        fewest, most = min(counts, key=lambda w: counts[w]), max(counts, key=lambda w: counts[w])
        sentence = (
            f"{shown(fewest)} is {_count(counts[fewest])}, {shown(most)} is {_count(counts[most])}: "
            "their summed logprobs do not compare as they are."
        )
        yield Found("note", sentence, model=model)


def _count(tokens: int) -> str:
    return "1 token" if tokens == 1 else f"{tokens} tokens"


def _list(words: Sequence[str]) -> str:
    quoted = [shown(word) for word in words[:4]]
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]
