"""Tokenizers in a child process: the same answers, a free screen, and no process left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from cockpit.config import Config
from cockpit.core.catalog import Catalog
from cockpit.core.errors import InputError
from cockpit.core.retokenise import LiveTokens
from cockpit.core.tokens import plain_bytes
from cockpit.services import open_services
from cockpit.tokenizers import child as child_module
from cockpit.tokenizers import frames
from cockpit.tokenizers.child import ChildTokenizer
from cockpit.tokenizers.registry import Tokenizers
from tests.tokenizers import corpus
from tests.tokenizers.conftest import needs_gguf
from tests.tokenizers.test_registry import gpt2_like

FRAME_S = 1 / 24
ROOT = Path(__file__).parent.parent.parent


def in_child(home: Path) -> Tokenizers:
    return Tokenizers(Catalog.load(), {}, home, os.environ, in_child=True)


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokenizers]:
    """Tokenizers in one child for most of the file."""
    made = in_child(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


def pid_of(tokenizers: Tokenizers) -> int:
    assert tokenizers._child is not None
    assert tokenizers._child.pid is not None
    return tokenizers._child.pid


def wait_gone(pid: int) -> None:
    """Wait for the end of a process that may be nobody's child any more."""
    try:
        process = psutil.Process(pid)
        process.wait(10)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        if process.status() != psutil.STATUS_ZOMBIE:
            raise


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_ids_are_those_of_this_process_on_a_megabyte_of_mixed_text(
    name: str, away: Tokenizers, tokenizers: Tokenizers
) -> None:
    there, here = away.get(name), tokenizers.get(name)
    assert isinstance(there, ChildTokenizer)
    for text in (*corpus.parts().values(), *corpus.AWKWARD):
        assert there.encode(text) == here.encode(text)
        assert there.encode_special(text) == here.encode_special(text)
        assert there.count(text) == here.count(text)


@pytest.mark.parametrize("name", ["o200k_base", "o200k_harmony", "p50k_base", "claude-4.7"])
def test_a_tokenizer_says_the_same_of_itself(name: str, away: Tokenizers, tokenizers: Tokenizers) -> None:
    there, here = away.get(name), tokenizers.get(name)
    for fact in ("name", "exact", "boundaries", "error", "local", "specials"):
        assert getattr(there, fact) == getattr(here, fact), fact
    assert list(there.vocabulary()) == list(here.vocabulary())
    assert there.vocabulary() is there.vocabulary()
    for token in (-1, 0, 5, 50256, 199_999, 200_006, 9_999_999):
        assert there.token_bytes(token) == here.token_bytes(token)
    assert there.count("naïve 🦜 \ud800") == here.count("naïve 🦜 \ud800")


@needs_gguf
def test_the_local_models_vocabulary_comes_with_its_template(away: Tokenizers) -> None:
    there, here = away.get("smollm2"), Tokenizers(Catalog.load(), {}, ROOT, os.environ).get("smollm2")
    for text in corpus.AWKWARD:
        assert there.encode_special(text) == here.encode_special(text)
    assert getattr(there, "chat_template", "") == getattr(here, "chat_template", None)


def test_a_tokenizer_json_is_read_there(away: Tokenizers, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    made = away.get(str(gpt2_like(tmp_path / "t.json")))
    tokens = made.encode("hello hel é🦜<|end|>")
    assert [tokens.bytes_of(at) for at in range(4)] == [b"hel", b"l", b"o", b" hel"]
    assert (made.token_bytes(259), made.token_bytes(9999)) == (b"<|end|>", b"")


def test_what_the_child_refuses_is_refused_here_with_its_hint(away: Tokenizers, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.json"):
        away.get(str(tmp_path / "gone.json"))
    with pytest.raises(InputError, match="only be counted") as refused:
        away.get("claude-4.7").encode("x")
    assert "o200k_base" in refused.value.hint


def test_many_threads_get_their_own_answers(away: Tokenizers, tokenizers: Tokenizers) -> None:
    texts = [f"text {n} " * (n % 40) for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda text: away.get("o200k_base").encode(text), texts))
    assert got == [tokenizers.get("o200k_base").encode(text) for text in texts]


def test_this_process_never_loads_the_encoder() -> None:
    code = (
        "import sys; from pathlib import Path; from cockpit.core.catalog import Catalog; "
        "from cockpit.tokenizers.registry import Tokenizers; "
        "t = Tokenizers(Catalog.load(), {}, Path('none'), {}, in_child=True); t.get('o200k_base').count('x'); "
        "print('tiktoken' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_the_child_loads_no_screen_and_no_client_and_gets_no_keys(
    away: Tokenizers, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys; import cockpit.tokenizers.child_process as c; from cockpit.tokenizers.sources import *; "
        "c.Answerer()._get(BASE); print(sorted({'textual', 'httpx', 'aiohttp', 'sqlite3', 'cockpit.app', "
        "'cockpit.services', 'cockpit.core.catalog', 'cockpit.providers', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    process = child_module._spawn()
    try:
        assert frames.receive(child_module._pipes(process)[1])[0] == frames.READY
        assert "OPENAI_API_KEY" not in psutil.Process(process.pid).environ()
    finally:
        child_module._end(process)


def first_use(home: Path, text: str) -> int:
    """What a person's first look at a text asks for, in a worker thread; the number of tokens."""
    made = in_child(home)
    try:
        tokenizer = made.get("o200k_base")
        assert len(tokenizer.vocabulary()) == 199_998
        return len(tokenizer.encode(text))
    finally:
        made.close()


async def longest_gap(home: Path, text: str) -> float:
    """The longest time, in seconds, that the loop was held up while a tokenizer was used for the first time."""
    working = asyncio.get_running_loop().run_in_executor(None, first_use, home, text)
    gap, last = 0.0, time.perf_counter()
    while not working.done():
        await asyncio.sleep(0.002)
        now = time.perf_counter()
        gap, last = max(gap, now - last), now
    assert await working > 150_000
    return gap


async def test_first_use_never_holds_the_screen_for_a_frame(tmp_path: Path) -> None:
    """Best of three: a busy machine may be late by itself, while the encoder's own hold was over 95 ms every time."""
    text = (corpus.parts()["prose"] + corpus.parts()["code"]) * 2
    gaps: list[float] = []
    while len(gaps) < 3 and min(gaps, default=1.0) >= FRAME_S:
        gaps.append(await longest_gap(tmp_path, text[:800_000]))
    assert min(gaps) < FRAME_S, gaps


async def test_typing_in_a_long_prompt_never_holds_the_screen_for_a_frame(away: Tokenizers) -> None:
    text = ("The quick brown fox, jumps! over 12 lazy dogs.\n" * 20_000)[:800_000]
    live = LiveTokens(away.get("o200k_base"))
    await asyncio.to_thread(live.update, text)

    def type_on() -> None:
        for n in range(40):
            live.update(f"{text[:400_000]}{'typed '[: n % 6 + 1]}{n}{text[400_000:]}")

    gaps: list[float] = []
    while len(gaps) < 3 and min(gaps, default=1.0) >= FRAME_S:
        working = asyncio.get_running_loop().run_in_executor(None, type_on)
        gap, last = 0.0, time.perf_counter()
        while not working.done():
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            gap, last = max(gap, now - last), now
        await working
        gaps.append(gap)
    assert min(gaps) < FRAME_S, gaps


def test_a_child_that_was_killed_is_replaced(tmp_path: Path) -> None:
    made = in_child(tmp_path)
    try:
        tokenizer = made.get("p50k_base")
        for _ in range(2):
            before = pid_of(made)
            os.kill(before, signal.SIGKILL)
            assert list(tokenizer.encode("hello world").ids) == [31373, 995]
            assert pid_of(made) != before
    finally:
        made.close()


def test_closing_ends_the_child_and_what_is_still_asked_is_refused(tmp_path: Path) -> None:
    made = in_child(tmp_path)
    tokenizer = made.get("p50k_base")
    pid = pid_of(made)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(tokenizer.count, "ab " * 3_000_000)
        made.close()
        try:
            assert asked.result(20) > 0
        except InputError as refused:
            assert "closed" in refused.message
    assert not psutil.pid_exists(pid)
    with pytest.raises(InputError, match="closed"):
        tokenizer.count("x")


async def test_closing_the_services_ends_the_child(tmp_path: Path) -> None:
    services = open_services(Config(path=tmp_path / "config.toml"), tmp_path / "cockpit.db", in_child=True)
    await asyncio.to_thread(services.tokenizers.get, "p50k_base")
    pid = pid_of(services.tokenizers)
    await services.aclose()
    assert not psutil.pid_exists(pid)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_the_child_ends_when_its_parent_is_killed_even_while_it_encodes(tmp_path: Path) -> None:
    code = (
        "import sys, threading; from pathlib import Path; from cockpit.core.catalog import Catalog; "
        "from cockpit.tokenizers.registry import Tokenizers; "
        "t = Tokenizers(Catalog.load(), {}, Path('none'), {}, in_child=True); k = t.get('p50k_base'); "
        "print(t._child.pid, flush=True); "
        "[k.count('ab ' * 3_000_000) for _ in range(1000)]"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    wait_gone(pid)


def test_where_no_child_can_be_started_it_is_done_here_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    made = in_child(tmp_path)
    with caplog.at_level(logging.WARNING):
        tokenizer = made.get("p50k_base")
        assert made.get("claude-3").count("hello") > 0
    assert not isinstance(tokenizer, ChildTokenizer)
    assert list(tokenizer.encode("hello world").ids) == [31373, 995]
    assert len([record for record in caplog.records if "no child could be started" in record.message]) == 1
    made.close()


def test_a_child_that_cannot_be_started_again_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = in_child(tmp_path)
    tokenizer = made.get("p50k_base")
    monkeypatch.setattr(child_module, "BOOT", "raise SystemExit(3)")
    os.kill(pid_of(made), signal.SIGKILL)
    for _ in range(2):
        assert list(tokenizer.encode("hello world").ids) == [31373, 995]
        assert tokenizer.encode("a\ud800").data == plain_bytes("a\ud800")
        assert tokenizer.count("hello world") == 2
    made.close()
