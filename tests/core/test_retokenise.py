"""A text that is edited has the tokens that a full encoding gives, and only what changed is encoded."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.core.retokenise import CHUNK, LiveTokens
from cockpit.core.tokens import Tokenizer, Tokens, plain_bytes
from cockpit.tokenizers import gguf, openai

ATOMS = [
    *("a", "B", "9", "12345", " ", "   ", "\n", "\n\n", "\r\n", "  \n", "\t", "'", "'s", "'LL", "don't", "HTMLParser"),
    *("!", "/", "//", "\n/", "!\n/", "_", '{"key":', "://", "é", "e\u0301", "ß", "ÀÉ", "Привет", "мир", "你好", "世界"),
    *(
        "。",
        "，",
        "、",
        "ひらがな",
        "カー",
        "한국",
        "שלום",
        "العربية",
        "हिन्दी",
        "👍🏽",
        "🇨🇭",
        "\u200b",
        "\xa0",
        "\u3000",
    ),
    *("\x00", "\x1b[0m", "𝒳", "\ud800", "<|im_end|>", "the word", "x=1;\n    return"),
]
TEXT = st.lists(st.sampled_from(ATOMS) | st.characters(), max_size=30).map("".join)
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 6), TEXT)


class Counting:
    """A tokenizer that notes how much it was asked to encode."""

    def __init__(self, inner: Tokenizer, *, local: bool = True) -> None:
        self.inner = inner
        self.local = local
        self.asked: list[int] = []
        self.name, self.exact, self.boundaries, self.error = "counting", True, True, ""
        self.specials: Mapping[str, int] = {}

    def encode(self, text: str) -> Tokens:
        self.asked.append(len(plain_bytes(text)))
        return self.inner.encode(text)

    def count(self, text: str) -> int:
        return self.inner.count(text)

    def encode_special(self, text: str) -> Tokens:
        return self.inner.encode_special(text)

    def token_bytes(self, token: int) -> bytes:
        return self.inner.token_bytes(token)

    def vocabulary(self) -> Sequence[bytes]:
        return self.inner.vocabulary()


def _smollm() -> Tokenizer:
    path = gguf.find_gguf(os.environ)
    if path is None:
        pytest.skip("the local model is not installed")
    return gguf.load(path)


LOADERS: dict[str, Callable[[], Tokenizer]] = {
    **{name: partial(openai.load, name) for name in ("o200k_base", "cl100k_base", "p50k_base")},
    "smollm2": _smollm,
}


@pytest.fixture(scope="module", params=LOADERS)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return LOADERS[request.param]()


@pytest.fixture(scope="module")
def o200k() -> Tokenizer:
    return openai.load("o200k_base")


def same(got: Tokens, want: Tokens) -> bool:
    return got.data == want.data and list(got.ids) == list(want.ids) and list(got.ends) == list(want.ends)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=TEXT, edits=st.lists(EDIT, max_size=6))
def test_after_any_edits_the_tokens_are_those_of_a_full_encoding(
    tokenizer: Tokenizer, first: str, edits: list[tuple[float, int, str]]
) -> None:
    live = LiveTokens(tokenizer)
    text = first
    assert same(live.update(text), tokenizer.encode(text))
    for where, dropped, put in edits:
        at = int(where * len(text))
        text = text[:at] + put + text[at + dropped :]
        assert same(live.update(text), tokenizer.encode(text))


@pytest.mark.parametrize("gap", [" ", "  \n", "。", '":{"'])
def test_a_long_text_encoded_in_pieces_has_no_seams(tokenizer: Tokenizer, gap: str) -> None:
    text = gap.join(f"word{n % 71} 世界" for n in range(CHUNK // 4))
    assert len(plain_bytes(text)) > 3 * CHUNK
    assert same(LiveTokens(tokenizer).update(text), tokenizer.encode(text))


@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_an_edit_of_a_long_text_encodes_a_few_bytes(o200k: Tokenizer, place: float) -> None:
    counting = Counting(o200k)
    live = LiveTokens(counting)
    text = "The quick brown fox jumps over the lazy dog, twice.\n" * 4000
    live.update(text)
    at = int(place * len(text))
    counting.asked.clear()
    got = live.update(text[:at] + "é" + text[at:])
    assert sum(counting.asked) < 100
    assert same(got, o200k.encode(text[:at] + "é" + text[at:]))
    assert isinstance(got.ids, array)
    assert isinstance(got.ends, array)


def test_a_text_without_a_cut_is_encoded_whole_and_right(o200k: Tokenizer) -> None:
    live = LiveTokens(o200k)
    text = "👍" * 3000
    live.update(text)
    assert same(live.update("x" + text), o200k.encode("x" + text))


def test_the_same_text_is_not_encoded_again(o200k: Tokenizer) -> None:
    counting = Counting(o200k)
    live = LiveTokens(counting)
    first = live.update("as it is")
    assert live.update("as it is") is first
    assert len(counting.asked) == 1


def test_a_tokenizer_that_is_not_local_sees_the_whole_text_each_time(o200k: Tokenizer) -> None:
    counting = Counting(o200k, local=False)
    live = LiveTokens(counting)
    text = "one two three four"
    live.update(text)
    assert same(live.update(text + "!"), o200k.encode(text + "!"))
    assert counting.asked == [len(text), len(text) + 1]


def test_tokens_given_out_stay_as_they_were(o200k: Tokenizer) -> None:
    live = LiveTokens(o200k)
    first = live.update("one two three")
    kept = list(first.ids), list(first.ends)
    live.update("zero one two three four")
    assert (list(first.ids), list(first.ends)) == kept
