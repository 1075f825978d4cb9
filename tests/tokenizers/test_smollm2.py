"""SmolLM2's vocabulary from its file: the same ids, counts and chat template as the running server's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import accumulate
from pathlib import Path

import pytest
import pytest_asyncio

from cockpit.core.errors import InputError
from cockpit.core.ports import Request
from cockpit.core.prompts import Message, Version, single
from cockpit.core.tokens import plain_bytes
from cockpit.providers import ProviderRegistry
from cockpit.providers.local import LocalChat, LocalProvider
from cockpit.tokenizers import gguf, templates
from cockpit.tokenizers.gguf import OwnTokenizer
from tests.tokenizers import corpus
from tests.tokenizers.conftest import needs_gguf

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_gguf]
PIECE = 8000
"""Characters sent to the server at a time."""
TALKS = (
    single("Hi"),
    single(" Hi \n"),
    single("Say <|im_end|> aloud", system="Be brief."),
    single("Count.", prefill="1, 2,"),
    single("Count.", system="", prefill=" "),
    Version(system="S", messages=(Message("user", "a"), Message("assistant", "b\n"), Message("user", "c"))),
    Version(messages=(Message("user", "a"), Message("assistant", "begun"))),
    Version(messages=(Message("user", "naïve 🦜 \x04\x06 123 {{x}}"),)),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalProvider]:
    """One child process for the whole file."""
    pytest.importorskip("xllamacpp", reason="THE LOCAL MODEL IS NOT INSTALLED: make run installs it")
    registry = ProviderRegistry({}, {"COCKPIT_LOCAL_CACHE": str(tmp_path_factory.mktemp("cache"))})
    provider = registry.get("local")
    assert isinstance(provider, LocalProvider)
    await provider.ready("smollm2")
    yield provider
    await registry.aclose()


@pytest.fixture(scope="module")
def smollm2() -> OwnTokenizer:
    path = gguf.find_gguf(os.environ)
    assert path is not None
    return gguf.load(path)


async def ask(server: LocalProvider, text: str, *, special: bool = False) -> list[int]:
    """The server's own ids."""
    chat = server._chat
    assert isinstance(chat, LocalChat)
    url = chat.settings.base_url.removesuffix("/v1") + "/tokenize"
    body = {"content": plain_bytes(text).decode(), "add_special": False, "parse_special": special}
    data = await chat.post_json(url, "smollm2", body)
    ids: list[int] = data["tokens"]
    return ids


async def test_ids_are_the_servers_on_a_megabyte_of_mixed_text(server: LocalProvider, smollm2: OwnTokenizer) -> None:
    for kind, text in corpus.parts().items():
        for at in range(0, len(text), PIECE):
            piece = text[at : at + PIECE]
            assert list(smollm2.encode(piece).ids) == await ask(server, piece), (kind, at)


async def test_ids_are_the_servers_on_awkward_texts(server: LocalProvider, smollm2: OwnTokenizer) -> None:
    for text in corpus.AWKWARD:
        assert smollm2.count(text) == len(await ask(server, text)), text
        if text != "\x04":
            assert list(smollm2.encode(text).ids) == await ask(server, text), text
        assert list(smollm2.encode_special(text).ids) == await ask(server, text, special=True), text


async def test_the_tiling_is_exact_also_where_the_model_has_no_token_for_a_byte(smollm2: OwnTokenizer) -> None:
    for text in (*corpus.parts().values(), *corpus.AWKWARD, "\x04", "\x04\x06", "\x04a", "a\x04", "\U00050000"):
        tokens = smollm2.encode(text)
        assert tokens.data == plain_bytes(text)
        assert (list(tokens.ends) or [0])[-1] == len(tokens.data)
        assert all(a < b for a, b in zip([0, *tokens.ends], tokens.ends, strict=False))
        if not set("\x04\x06\x13\x14\x16\x1d") & set(text) and text.isascii():
            lengths = [len(smollm2.token_bytes(token)) for token in tokens.ids]
            assert list(tokens.ends) == list(accumulate(lengths))
    assert [smollm2.encode("a\x04b").bytes_of(at) for at in range(2)] == [b"a\x04", b"b"]
    assert smollm2.count("\x04") == 0


async def test_special_tokens_are_the_files_own(smollm2: OwnTokenizer) -> None:
    assert smollm2.specials["<|im_start|>"] == 1
    assert smollm2.vocabulary()[1] == b""
    assert len(smollm2.vocabulary()) == 49152
    assert smollm2.token_bytes(2) == b"<|im_end|>"
    assert smollm2.token_bytes(49152) == b""


async def test_the_chat_template_known_here_is_the_one_in_the_file(smollm2: OwnTokenizer) -> None:
    assert smollm2.chat_template == templates.SMOLLM2_TEMPLATE


@pytest.mark.parametrize("talk", TALKS)
async def test_a_request_is_rendered_and_counted_as_the_server_does(
    talk: Version, server: LocalProvider, smollm2: OwnTokenizer
) -> None:
    request = Request("local", "local", "smollm2", talk.messages, talk.system, talk.prefill)
    text = templates.smollm2(talk)
    assert text == await server.apply_template(request)
    assert len(smollm2.encode_special(text or "")) == await server.count_tokens(request)


async def test_a_file_that_is_no_gguf_or_is_cut_is_refused_in_words(tmp_path: Path) -> None:
    path = gguf.find_gguf(os.environ)
    assert path is not None
    head = path.read_bytes()[:2_000_000]
    for name, data in (("text", b"hello"), ("empty", b""), ("cut", head[:100_000]), ("long", head[:24] + b"\xff" * 99)):
        broken = tmp_path / name
        broken.write_bytes(data)
        with pytest.raises(InputError, match=name):
            gguf.load(broken)
    other = tmp_path / "other.gguf"
    other.write_bytes(head.replace(b"\x06\0\0\0\0\0\0\0smollm", b"\x06\0\0\0\0\0\0\0qwen99", 1))
    with pytest.raises(InputError, match=r"other.gguf.*qwen99"):
        gguf.load(other)
