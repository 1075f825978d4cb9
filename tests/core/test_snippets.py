"""Requests as code: they really send the same, and the key is never in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from cockpit.core.ports import Wire
from cockpit.core.snippets import as_curl, as_python
from tests.fake_provider import KEY, FakeProcess

NASTY = 'it\'s $HOME `id` $(id) "q" \\ \n\x00\u202e'


def wire_to(url: str, text: str = NASTY) -> Wire:
    headers = {
        "authorization": "Bearer $OPENAI_API_KEY",
        "content-type": "application/json",
        "x-note": "it's a $5 note",
    }
    body = {"model": "fake-echo", "stream": False, "messages": [{"role": "user", "content": text}], "seed": None}
    return Wire("POST", f"{url}/chat/completions", headers, body)


def echoed(reply: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(json.loads(reply)["choices"][0]["message"]["content"])
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_sends_exactly_the_body(fake_process: FakeProcess) -> None:
    wire = wire_to(fake_process.url)
    text = as_curl(wire)
    env = {**os.environ, "OPENAI_API_KEY": KEY}
    done = subprocess.run(
        ["sh", "-c", text.replace("curl ", "curl -s ", 1)], env=env, capture_output=True, timeout=30, check=False
    )
    assert echoed(done.stdout.decode()) == wire.body
    assert KEY not in text and '"$OPENAI_API_KEY"' in text


def test_python_sends_exactly_the_body(fake_process: FakeProcess) -> None:
    wire = wire_to(fake_process.url)
    text = as_python(wire)
    env = {**os.environ, "OPENAI_API_KEY": KEY}
    done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert echoed(done.stdout.decode()) == wire.body
    assert "os.environ['OPENAI_API_KEY']" in text


def test_half_a_surrogate_pair_can_be_sent(fake_process: FakeProcess) -> None:
    wire = wire_to(fake_process.url, "half \ud83d")
    env = {**os.environ, "OPENAI_API_KEY": KEY}
    for command in (["sh", "-c", as_curl(wire)], [sys.executable, "-c", as_python(wire)]):
        if shutil.which("curl") or command[0] != "sh":
            done = subprocess.run(command, env=env, capture_output=True, timeout=30, check=False)
            assert done.returncode == 0 and b"fake-echo" in done.stdout


def test_a_request_without_a_key_needs_no_environment() -> None:
    wire = Wire("GET", "http://h/v1/models", {"accept": "*/*"}, {})
    assert "os.environ" not in as_python(wire) and "import os" not in as_python(wire)
    assert "--data" not in as_curl(wire)
