"""A text of 200,000 tokens in a token view, edited by typing: what the tokens benchmark drives. Measures nothing."""

from __future__ import annotations

import gc
import sys
from typing import ClassVar

from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from cockpit.core.retokenise import LiveTokens
from cockpit.tokenizers import openai
from widgets.token_view import TokenView

TOKENS = 200_000
SENTENCE = "The quick brown fox jumps over the lazy dog, {n} times; then it rests.\n"


def long_text(tokenizer: LiveTokens) -> str:
    """Prose of at least TOKENS tokens."""
    text = "".join(SENTENCE.format(n=n) for n in range(TOKENS // 17))
    while len(tokenizer.update(text)) < TOKENS:
        text += text[: len(text) // 10]
    return text


def settle_memory() -> None:
    """Collections as rare as the program has them once it has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class TokensApp(App[None]):
    """Puts each letter typed into the text, tokenises on another thread, and shows the place."""

    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "Quit")]

    def __init__(self, place: float) -> None:
        super().__init__()
        self.live = LiveTokens(openai.load("o200k_base"))
        self.text = long_text(self.live)
        self.at = int(place * len(self.text))

    def compose(self) -> ComposeResult:
        yield TokenView()

    def on_mount(self) -> None:
        settle_memory()
        self.follow()

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable:
            put = f" {event.character}"
            self.text = self.text[: self.at] + put + self.text[self.at :]
            self.at += len(put)
            self.follow()

    @work(thread=True, exclusive=True)
    def follow(self) -> None:
        """Tokenise off the loop; what a newer key has overtaken is not shown."""
        text, at, worker = self.text, self.at, get_current_worker()
        tokens = self.live.update(text)
        if not worker.is_cancelled:
            self.call_from_thread(self.put, tokens.data, tokens.ids, tokens.ends, len(text[:at].encode()) - 1)

    def put(self, data: bytes, ids: list[int], ends: list[int], byte: int) -> None:
        """Show the tokens and the place of the last edit."""
        view = self.query_one(TokenView)
        view.show(data, ids, ends)
        view.move_to_byte(byte)


if __name__ == "__main__":
    TokensApp(float(sys.argv[1])).run()
