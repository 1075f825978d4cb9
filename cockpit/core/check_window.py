"""The check that prompt and answer fit in the model's window. Counts with the tokenizer it is given; asks no server."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.check_text import Scene
from cockpit.core.check_values import Found, Target, grouped
from cockpit.core.tokens import plain_bytes

CHARS_A_TOKEN = 4
TOKENS_A_MESSAGE = 4
OUTPUT_LIMIT = "https://docs.claude.com/en/docs/about-claude/models/overview"


def window(scene: Scene) -> Iterator[Found]:
    """Prompt + max_tokens is over the window, or max_tokens over what the model writes at most."""
    counts: dict[str, tuple[int, bool]] = {}
    for target in scene.checked.targets:
        asked = scene.checked.params.max_tokens
        most = target.can.max_output
        if asked is not None and most is not None and asked > most:
            sentence = f"max_tokens is {grouped(asked)}; {target.model} writes at most {grouped(most)} tokens."
            yield Found("error", sentence, model=target.model, source=OUTPUT_LIMIT)
        if target.can.context is None:
            continue
        room = target.can.context - (asked or target.can.default_max_tokens or 1)
        if _surely_less(scene, room):
            continue
        name = target.tokenizer.name if target.tokenizer is not None else ""
        if name not in counts:
            counts[name] = _count(scene, target)
        tokens, exact = counts[name]
        if tokens > room:
            yield Found("error" if exact else "warning", _sentence(target, tokens, exact, asked), model=target.model)


def _surely_less(scene: Scene, room: int) -> bool:
    """No tokenizer makes more tokens than bytes: most prompts need no counting."""
    pieces = 8 * (len(scene.texts) + 1)
    return sum(len(plain_bytes(text.rendered)) for text in scene.texts) + pieces <= room


def _count(scene: Scene, target: Target) -> tuple[int, bool]:
    tokenizer = target.tokenizer
    template = TOKENS_A_MESSAGE * len(scene.texts)
    if tokenizer is None:
        return sum(len(text.rendered) for text in scene.texts) // CHARS_A_TOKEN + template, False
    return sum(tokenizer.count(text.rendered) for text in scene.texts) + template, tokenizer.exact


def _sentence(target: Target, tokens: int, exact: bool, asked: int | None) -> str:
    about = "" if exact else "about "
    given = asked or target.can.default_max_tokens
    answer = f" + {grouped(given)} for the answer" if given else ""
    window = grouped(target.can.context or 0)
    return f"The prompt is {about}{grouped(tokens)} tokens{answer}; {target.model} has a window of {window}."
