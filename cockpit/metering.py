"""How each model of a draft counts, and how much of its context there is to fill. Chooses and sends nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

from cockpit.core.catalog import parse_model
from cockpit.core.models import Price
from cockpit.core.prompts import Version
from cockpit.core.tokens import Choice, Tokenizer
from cockpit.core.wish import Wish
from cockpit.runner import Draft
from cockpit.services import Services
from cockpit.tokenizers.count import ANSWER_TOKENS, FRAME_TOKENS
from cockpit.tokenizers.gguf import OwnTokenizer
from cockpit.tokenizers.templates import SMOLLM2_TEMPLATE, smollm2, turns

ANSWER_ROOM = 1024
"""Tokens kept for the answer where neither the person nor the model's table says; at most a quarter of the window."""
MARGIN = 0.15
"""Share by which an estimated count may be low where its error is not known."""
UNKNOWN_FRAME, UNKNOWN_START = 16, 128
"""Tokens allowed for a chat template that is not known: for each message, and once (where no margin covers it)."""
PLAIN_CHAT = ("o200k_base", "cl100k_base")
"""Encodings whose chat models' template is published, in numbers."""
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


@dataclass(frozen=True, slots=True)
class Meter:
    """One model's context: how its requests are counted, and what they may take."""

    model: str
    window: int | None
    reserve: int
    tokenizer: Tokenizer
    exact: bool
    margin: float
    """Share of a count by which it may be low."""
    how: str
    known_frame: bool = True
    price: Price | None = None

    def count(self, version: Version) -> int:
        """Tokens of a rendered request with the margin on top; text as the model reads it where that is known."""
        if isinstance(self.tokenizer, OwnTokenizer) and self.known_frame:
            text = smollm2(version)
            if text is not None:
                return len(self.tokenizer.encode_special(text))
        texts = [text for _, text in turns(version)] + ([version.prefill] if version.prefill else [])
        frame, start = (
            (FRAME_TOKENS, ANSWER_TOKENS) if self.known_frame else (UNKNOWN_FRAME, 0 if self.margin else UNKNOWN_START)
        )
        plain = sum(map(self.tokenizer.count, texts)) + frame * len(texts) + start
        return ceil(plain / (1 - self.margin))


def meters_of(services: Services, draft: Draft, wish: Wish) -> tuple[Meter, ...]:
    """How each model of a draft counts, and what it may take.

    Raises:
        UnknownModel: a name leads nowhere.
    """
    return tuple(_meter(services, draft, wish, name) for name in draft.models)


def margin_of(choice: Choice) -> float:
    """The share by which a count may be low: the largest percentage that its error names, else `MARGIN`; 0 if exact."""
    if choice.exact:
        return 0.0
    named = [float(number) / 100 for number in _PERCENT.findall(choice.error)]
    return min(max(named, default=MARGIN), 0.5)


def _meter(services: Services, draft: Draft, wish: Wish, name: str) -> Meter:
    found = parse_model(name, services.config.aliases)
    can = services.catalog.capabilities(found.provider, found.model)
    choice = services.tokenizers.choose(str(found))
    tokenizer = services.tokenizers.get(choice.encoding)
    window = wish.window if wish.window is not None else can.context
    asked = [draft.params.max_tokens, *draft.sweep.get("max_tokens", ())]
    told = [size for size in asked if size is not None]
    default = can.default_max_tokens or min(ANSWER_ROOM, (window or 4 * ANSWER_ROOM) // 4)
    own = isinstance(tokenizer, OwnTokenizer) and tokenizer.chat_template == SMOLLM2_TEMPLATE
    return Meter(
        model=name,
        window=window,
        reserve=wish.reserve if wish.reserve is not None else max(told, default=default),
        tokenizer=tokenizer,
        exact=choice.exact and (own or choice.encoding in PLAIN_CHAT),
        margin=margin_of(choice),
        how=f"{tokenizer.name}, {choice.why}",
        known_frame=own or choice.encoding in PLAIN_CHAT,
        price=services.catalog.price(found.provider, found.model),
    )
