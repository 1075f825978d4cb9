"""A language model provider on loopback with scripted behaviour; it holds no model and reaches no network.

Speaks POST /v1/chat/completions, /v1/responses and /v1/messages, streamed or whole; GET /v1/models, /stats, /health.
What it does is said by the model's name, `fake` followed by parts joined with `-`:

    tokN        N tokens (100)                       ttftN     first token after N ms
    tpsN        N tokens a second (as fast as can be)
    errS        always HTTP status S                 errS-K    K times for each body, then an answer
    raN rasN radN   with an error: Retry-After in N ms, N seconds, or as a date N seconds from now
    html plain bare string   the shape of an error's body, other than the protocol's own
    hang        never answers                        stallN    N tokens, then silence
    cut         half the tokens, then the connection drops
    eof         half the tokens, then an orderly end without any end mark
    midfail     half the tokens, then an error event
    badutf8     invalid bytes inside the text        slowdrip  three bytes at a time
    huge        8 MiB of text in one event           crlf      CRLF lines, comments, data over two lines
    json        ignores streaming                    text=B64  exactly this text (urlsafe base64; last part)
    echo        the text is the JSON that came       hostile   text made to break a terminal or a markup parser
    refusal length filter   ends so                  stopseq   ends as if the first stop string was hit
    reasoning   thinks first                         logprobs  sends them unasked
    nousage     no token counts                      nostreamoptions   refuses `stream_options`
    vllm sglang llamacpp    tell which stop string was hit, as these servers do
    choices     sends a second choice nobody asked for    ignoren   one choice whatever `n` says
    lag         an end mark, then silence            lastdata  no empty line after the last event
    strict      refuses temperature by name (400)    redirect  answers 307
    count       has /apply-template and /tokenize, as llama.cpp does: words are tokens
    countvllm   has /tokenize for messages, as vLLM does
    embed       has /v1/embeddings: 64 numbers, a count for each word's place; the rows come last first

The model `fake-auto` takes its name from the last `fake…` word in the last message. Without `seed`, request k starts at
token k of a fixed text, with it at token `seed`, so that samples differ and tests can tell them apart.
Stop strings and token limits in the body are honoured.

    python -m tests.fake_provider --port N      prints its URL, and serves until its input closes
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from time import time
from typing import Any
from zlib import crc32

KEY = "sk-fake-0123456789abcdefKEY"
PHRASE = (
    "the of a model sample answers when asked twice and again because its prompt said so while seeds differ in "
    "every run we count refusals by hand then check each stop string with care before any number is believed"
)
WORDS = PHRASE.split()
TOKENS = [f" {word}" if n % 12 else f"\n{word.capitalize()}" for n, word in enumerate(WORDS * 400)]
HOSTILE = (
    "[/] [bold [@click=app.quit]x[/] \x1b[31mred\x1b]52;c;aGk=\x07 \u202eRTL\u202c z\u200bw"
    " 漢字 👩‍🔬 \x00nul \x9b2J\r\n"
    "</script><b>&amp; $(id) `id` {{variable}} \ufeff\u2028end"
)
HUGE = "0123456789abcde\n" * (8 << 16)
BAD = b"\xff\xfe\xc3("
PART = re.compile(r"([a-z]+)(\d+)?")
NAME = re.compile(r"fake[\w=-]*")
SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: %b\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(slots=True)
class Spec:
    """What a model name asks for: numbers and flags by name."""

    name: str
    numbers: dict[str, int] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    text: str | None = None
    error: int = 0
    error_times: int = -1

    def has(self, flag: str) -> bool:
        return flag in self.flags


@lru_cache(maxsize=2000)
def parse(name: str) -> Spec:
    """Read a model name."""
    spec = Spec(name)
    head, _, coded = name.partition("text=")
    if coded:
        padded = coded + "=" * (-len(coded) % 4)
        spec.text = base64.urlsafe_b64decode(padded).decode("utf-8", "surrogatepass")
    flags = set()
    for part in head.split("-")[1:]:
        if part.isdigit() and spec.error and spec.error_times < 0:
            spec.error_times = int(part)
        elif match := PART.fullmatch(part):
            flags.add(match[1])
            if match[2]:
                spec.numbers[match[1]] = int(match[2])
    if "badutf" in flags:
        flags.add("badutf8")
    spec.error = 307 if "redirect" in flags else spec.numbers.get("err", 0)
    if "err" in flags:
        times = re.search(r"err\d+-(\d+)", head)
        spec.error_times = int(times[1]) if times else -1
    spec.flags = frozenset(flags)
    return spec


def text_model(text: str, *parts: str) -> str:
    """The name of a model that answers with exactly this text."""
    coded = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return "-".join(["fake", *parts, f"text={coded}"])


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    number: int
    path: str
    model: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Answer:
    """One answer, decided before its first byte is sent."""

    spec: Spec
    tokens: list[str]
    reason: str
    """ended, stop, length, refusal or filter."""
    stop: str | None
    input_tokens: int
    number: int
    body: dict[str, Any]
    reasoning: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.tokens)


def decide(spec: Spec, body: dict[str, Any], number: int) -> Answer:
    """Which tokens, and how it ends."""
    tokens = _tokens(spec, body, number)
    reason, stop = "ended", None
    limit = next((body[n] for n in ("max_tokens", "max_completion_tokens", "max_output_tokens") if body.get(n)), None)
    if limit and limit < len(tokens):
        tokens, reason = tokens[:limit], "length"
    stops = body.get("stop") or body.get("stop_sequences") or []
    stops = [stops] if isinstance(stops, str) else stops
    if stops:
        text = "".join(tokens)
        hits = [(text.find(s), s) for s in stops if s and s in text]
        if hits:
            at, stop = min(hits)
            tokens, reason = _cut(tokens, at), "stop"
        elif spec.has("stopseq"):
            reason, stop = "stop", stops[0]
    for flag in ("refusal", "length", "filter"):
        if spec.has(flag):
            reason = flag
    asked = json.dumps(body.get("messages") or body.get("input") or "")
    answer = Answer(spec, tokens, reason, stop, len(asked) // 4 + 1, number, body)
    if spec.has("reasoning"):
        answer.reasoning = ["Let me", " think", " first."]
    return answer


def _tokens(spec: Spec, body: dict[str, Any], number: int) -> list[str]:
    if spec.text is not None:
        return re.findall(r".{1,6}", spec.text, re.S)
    if spec.has("echo"):
        return re.findall(r".{1,64}", json.dumps(body, ensure_ascii=False), re.S)
    if spec.has("hostile"):
        return re.findall(r".{1,5}", HOSTILE, re.S)
    if spec.has("huge"):
        return ["huge ", HUGE]
    start = int(body.get("seed") or number) % 400
    count = spec.numbers.get("tok", 20 if spec.has("slowdrip") else 100)
    while start + count > len(TOKENS):
        TOKENS.extend(TOKENS[:12000])
    return TOKENS[start : start + count]


def _cut(tokens: list[str], at: int) -> list[str]:
    out: list[str] = []
    for token in tokens:
        if at <= len(token):
            return [*out, token[:at]] if at else out
        out.append(token)
        at -= len(token)
    return out


def _dump(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _logprob(token: str, top: int) -> dict[str, Any]:
    others = [{"token": f"{token}{n or ''}", "logprob": -0.25 - n, "bytes": None} for n in range(top)]
    return {"token": token, "logprob": -0.25, "bytes": None, "top_logprobs": others}


class Chat:
    """Chat completions."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.wants_logprobs = bool(answer.body.get("logprobs")) or answer.spec.has("logprobs")
        self.top = int(answer.body.get("top_logprobs") or 0)
        model = json.dumps(answer.spec.name)
        self.head = f'{{"id":"chatcmpl-{answer.number}","object":"chat.completion.chunk","model":{model},'.encode()

    def choice(self, delta: dict[str, Any], index: int = 0, **more: Any) -> bytes:
        rest = _dump({"choices": [{"index": index, "delta": delta, "finish_reason": None, **more}]})
        return b"data: " + self.head + rest[1:] + b"\n\n"

    def start(self) -> bytes:
        role = self.choice({"role": "assistant", "content": ""})
        return role + b"".join(self.choice({"reasoning_content": t}) for t in self.answer.reasoning)

    def token(self, token: str) -> bytes:
        if self.wants_logprobs:
            out = self.choice({"content": token}, logprobs={"content": [_logprob(token, self.top)]})
        elif self.answer.spec.has("refusal"):
            out = self.choice({"refusal": token})
        else:
            delta = b'"choices":[{"index":0,"delta":{"content":%b},"finish_reason":null}]}\n\n' % _dump(token)
            out = b"data: " + self.head + delta
        return out + self.choice({"content": "NOT OURS"}, 1) if self.answer.spec.has("choices") else out

    def reason(self) -> str:
        names = {"length": "length", "filter": "content_filter"}
        return names.get(self.answer.reason, "stop")

    def ending(self) -> dict[str, Any]:
        end: dict[str, Any] = {"finish_reason": self.reason()}
        if self.answer.spec.has("vllm"):
            end["stop_reason"] = self.answer.stop
        if self.answer.spec.has("sglang"):
            end["matched_stop"] = self.answer.stop or 2
        return end

    def finish(self) -> bytes:
        end = _dump({"choices": [{"index": 0, "delta": {}, **self.ending()}], **self.verbose()})
        out = b"data: " + self.head + end[1:] + b"\n\n"
        wants = (self.answer.body.get("stream_options") or {}).get("include_usage")
        if wants and not self.answer.spec.has("nousage"):
            out += b"data: " + self.head + _dump({"choices": [], "usage": self.usage()})[1:] + b"\n\n"
        return out + b"data: [DONE]\n\n"

    def verbose(self) -> dict[str, Any]:
        if not self.answer.spec.has("llamacpp"):
            return {}
        stop = self.answer.stop
        return {"__verbose": {"stop_type": "word" if stop else "eos", "stopping_word": stop or ""}}

    def usage(self) -> dict[str, Any]:
        answer = self.answer
        spent = len(answer.tokens) + len(answer.reasoning)
        return {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": spent,
            "total_tokens": answer.input_tokens + spent,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": len(answer.reasoning)},
        }

    def whole(self) -> bytes:
        answer = self.answer
        count = 1 if answer.spec.has("ignoren") else int(answer.body.get("n") or 1)
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        logprobs = {"content": [_logprob(t, self.top) for t in answer.tokens]} if self.wants_logprobs else None
        data: dict[str, Any] = {
            "id": f"chatcmpl-{answer.number}",
            "object": "chat.completion",
            "model": answer.spec.name,
            "choices": [{"index": i, "message": message, "logprobs": logprobs, **self.ending()} for i in range(count)],
            **self.verbose(),
        }
        if not answer.spec.has("nousage"):
            data["usage"] = self.usage()
        return _dump(data)

    def failure(self) -> bytes:
        return b'data: {"error":{"message":"fake overloaded","type":"server_error","code":503}}\n\n'


class Messages:
    """Anthropic messages."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def event(self, kind: str, **rest: Any) -> bytes:
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _dump({"type": kind, **rest}))

    def message(self, content: list[Any], reason: str | None, usage: dict[str, Any]) -> dict[str, Any]:
        answer = self.answer
        return {
            "id": f"msg_{answer.number}",
            "type": "message",
            "role": "assistant",
            "model": answer.spec.name,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": answer.stop if reason else None,
            **({} if answer.spec.has("nousage") else {"usage": usage}),
        }

    def start(self) -> bytes:
        answer = self.answer
        usage = {"input_tokens": answer.input_tokens, "cache_read_input_tokens": 0, "output_tokens": 1}
        out = self.event("message_start", message=self.message([], None, usage))
        index = 0
        if answer.reasoning:
            out += self.event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
            for text in answer.reasoning:
                out += self.event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": text})
            out += self.event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2ln"})
            out += self.event("content_block_stop", index=0)
            index = 1
        out += self.event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        return out + self.event("ping")

    def token(self, token: str) -> bytes:
        return (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
            b'"delta":{"type":"text_delta","text":%b}}\n\n' % _dump(token)
        )

    def reason(self) -> str:
        names = {"length": "max_tokens", "refusal": "refusal", "filter": "refusal", "stop": "stop_sequence"}
        return names.get(self.answer.reason, "end_turn")

    def usage(self) -> dict[str, Any]:
        return {"output_tokens": len(self.answer.tokens) + len(self.answer.reasoning)}

    def finish(self) -> bytes:
        delta = {"stop_reason": self.reason(), "stop_sequence": self.answer.stop}
        usage = {} if self.answer.spec.has("nousage") else {"usage": self.usage()}
        out = self.event("content_block_stop", index=0) + self.event("message_delta", delta=delta, **usage)
        return out + self.event("message_stop")

    def whole(self) -> bytes:
        content: list[Any] = []
        if self.answer.reasoning:
            content.append({"type": "thinking", "thinking": "".join(self.answer.reasoning), "signature": "c2ln"})
        content.append({"type": "text", "text": self.answer.text})
        usage = {"input_tokens": self.answer.input_tokens, **self.usage()}
        return _dump(self.message(content, self.reason(), usage))

    def failure(self) -> bytes:
        return self.event("error", error={"type": "overloaded_error", "message": "fake overloaded"})


class Responses:
    """OpenAI responses."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.wants_logprobs = bool(answer.body.get("include")) or answer.spec.has("logprobs")
        self.top = int(answer.body.get("top_logprobs") or 0)

    def event(self, kind: str, **rest: Any) -> bytes:
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _dump({"type": kind, **rest}))

    def response(self, status: str) -> dict[str, Any]:
        answer = self.answer
        incomplete = {"length": "max_output_tokens", "filter": "content_filter"}.get(answer.reason)
        done = status != "in_progress"
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": self.logprobs(answer.tokens)}
        if answer.reason == "refusal":
            part = {"type": "refusal", "refusal": answer.text}
        output: list[Any] = [{"type": "message", "role": "assistant", "content": [part]}]
        if answer.reasoning:
            summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
            output.insert(0, {"type": "reasoning", "summary": summary})
        return {
            "id": f"resp_{answer.number}",
            "object": "response",
            "model": answer.spec.name,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": incomplete} if done and incomplete else None,
            "output": output if done else [],
            "usage": self.usage() if done and not answer.spec.has("nousage") else None,
        }

    def logprobs(self, tokens: list[str]) -> list[Any]:
        return [_logprob(t, self.top) for t in tokens] if self.wants_logprobs else []

    def start(self) -> bytes:
        out = self.event("response.created", response=self.response("in_progress"))
        for text in self.answer.reasoning:
            out += self.event("response.reasoning_summary_text.delta", output_index=0, summary_index=0, delta=text)
        return out

    def token(self, token: str) -> bytes:
        if self.answer.reason == "refusal":
            return self.event("response.refusal.delta", output_index=0, content_index=0, delta=token)
        rows = self.logprobs([token])
        return self.event("response.output_text.delta", output_index=0, content_index=0, delta=token, logprobs=rows)

    def status(self) -> str:
        return "incomplete" if self.answer.reason in ("length", "filter") else "completed"

    def usage(self) -> dict[str, Any]:
        answer = self.answer
        spent = len(answer.tokens) + len(answer.reasoning)
        return {
            "input_tokens": answer.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": spent,
            "output_tokens_details": {"reasoning_tokens": len(answer.reasoning)},
            "total_tokens": answer.input_tokens + spent,
        }

    def finish(self) -> bytes:
        status = self.status()
        out = self.event("response.output_text.done", output_index=0, content_index=0, text=self.answer.text)
        return out + self.event(f"response.{status}", response=self.response(status))

    def whole(self) -> bytes:
        return _dump(self.response(self.status()))

    def failure(self) -> bytes:
        failed = {**self.response("failed"), "error": {"code": "server_error", "message": "fake overloaded"}}
        return self.event("response.failed", response=failed)


def _words(text: str) -> list[float]:
    """A text as counts of its words, each in a place of its own (nearly)."""
    counts = [0.0] * 64
    for word in text.casefold().split():
        counts[crc32(word.encode("utf-8", "surrogatepass")) % 64] += 1
    return counts


COUNTING = (
    *("/v1/messages/count_tokens", "/v1/responses/input_tokens", "/apply-template", "/tokenize", "/v1/embeddings"),
)
Wire = Chat | Messages | Responses
ROUTES: dict[str, type[Chat] | type[Messages] | type[Responses]] = {
    "/chat/completions": Chat,
    "/messages": Messages,
    "/responses": Responses,
}


class FakeProvider:
    """The server; use it as an async context manager. `url` ends in /v1. Keeps the newest 20,000 requests."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.requests: deque[Received] = deque(maxlen=20_000)
        self.counted: deque[Received] = deque(maxlen=20_000)
        self.received: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.failing: Counter[str] = Counter()
        self.total = self.active = self.max_active = self.gone = self.connections = 0
        self._server: asyncio.Server | None = None
        self._live: set[Connection] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def env(self, key: str = KEY) -> dict[str, str]:
        """Environment variables that lead every built-in provider here."""
        return {
            "OPENAI_API_KEY": key,
            "OPENAI_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": key,
            "ANTHROPIC_BASE_URL": self.url.removesuffix("/v1"),
        }

    def count(self, model: str) -> int:
        """Requests received for a model."""
        return self.received[model]

    def stats(self) -> dict[str, Any]:
        """What GET /stats says."""
        return {
            "total": self.total,
            "received": dict(self.received),
            "answered": dict(self.answered),
            "active": self.active,
            "max_active": self.max_active,
            "gone": self.gone,
            "connections": self.connections,
        }

    def reset(self) -> None:
        """Forget what came."""
        for kept in (self.requests, self.counted, self.received, self.answered, self.failing):
            kept.clear()
        self.total = self.max_active = self.gone = 0

    async def __aenter__(self) -> FakeProvider:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self.port, backlog=2048)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._live):
            await connection.stop()
        await self._server.wait_closed()


class Connection(asyncio.Protocol):
    """One client's connection; one request at a time."""

    def __init__(self, fake: FakeProvider) -> None:
        self.fake = fake
        self.data = bytearray()
        self.task: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None
        self.clear = asyncio.Event()
        self.clear.set()
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.fake.connections += 1
        self.fake._live.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fake._live.discard(self)
        self.clear.set()
        if self.task is not None and not self.task.done():
            self.task.cancel()
        if self.busy:
            self.fake.gone += 1
            self.done()

    def pause_writing(self) -> None:
        self.clear.clear()

    def resume_writing(self) -> None:
        self.clear.set()

    async def stop(self) -> None:
        task = self.task
        if self.transport is not None:
            self.transport.abort()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def data_received(self, data: bytes) -> None:
        self.data += data
        if not self.busy:
            self.take()

    def take(self) -> None:
        """Answer the next whole request, if there is one."""
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = self.data[:end].decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        if len(self.data) < end + 4 + size:
            return
        raw = bytes(self.data[end + 4 : end + 4 + size])
        del self.data[: end + 4 + size]
        method, target, _ = lines[0].split(" ", 2)
        if not target.startswith("/"):
            target = "/" + target.split("/", 3)[3]
        self.answer(method, target.partition("?")[0], headers, raw)

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        if method == "POST" and path in COUNTING:
            return self.count(path, headers, raw)
        route = ROUTES.get(path.removeprefix("/v1")) if method == "POST" else None
        if route is None:
            return self.other(path)
        try:
            body = json.loads(raw)
        except ValueError:
            return self.send(400, _dump({"error": {"message": "not JSON", "type": "invalid_request_error"}}))
        fake = self.fake
        model = str(body.get("model", "fake"))
        if model.endswith("fake-auto"):
            turns = body.get("messages") or body.get("input") or [{}]
            names = NAME.findall(str(turns[-1].get("content", "")))
            model = names[-1] if names else "fake"
        fake.total += 1
        fake.active += 1
        fake.max_active = max(fake.max_active, fake.active)
        fake.received[model] += 1
        fake.requests.append(Received(fake.total, path, model, headers, body))
        self.busy = True
        spec = parse(model)
        status = self.status(spec, raw, body)
        if status:
            self.send(status, *self.error_body(spec, status, route, headers))
            return self.done()
        answer = decide(spec, body, fake.total)
        return self.begin(route(answer))

    def count(self, path: str, headers: dict[str, str], raw: bytes) -> None:
        """Routes that count and answer nothing. They are no requests for a sample and not counted as such."""
        body = json.loads(raw)
        model = str(body.get("model", ""))
        self.fake.counted.append(Received(len(self.fake.counted) + 1, path, model, headers, body))
        spec = parse(model)
        if spec.error:
            return self.send(spec.error, *self.error_body(spec, spec.error, Messages, headers))
        if path == "/v1/messages/count_tokens":
            texts = [body.get("system", ""), *(turn["content"] for turn in body["messages"])]
            return self.send(200, _dump({"input_tokens": sum(len(text.split()) for text in texts)}))
        if path == "/v1/responses/input_tokens":
            texts = [body.get("instructions", ""), *(turn["content"] for turn in body["input"])]
            words = sum(len(text.split()) for text in texts)
            return self.send(200, _dump({"object": "response.input_tokens", "input_tokens": words}))
        if path == "/apply-template" and spec.has("count"):
            text = " ".join(f"[{turn['role']}] {turn['content']}" for turn in body["messages"])
            return self.send(200, _dump({"prompt": text}))
        if path == "/tokenize" and spec.has("count") and "content" in body:
            return self.send(200, _dump({"tokens": list(range(len(body["content"].split())))}))
        if path == "/v1/embeddings" and spec.has("embed"):
            rows = [{"object": "embedding", "index": at, "embedding": _words(t)} for at, t in enumerate(body["input"])]
            return self.send(200, _dump({"object": "list", "model": model, "data": rows[::-1]}))
        if path == "/tokenize" and spec.has("countvllm") and "messages" in body:
            words = sum(len(turn["content"].split()) + 1 for turn in body["messages"])
            return self.send(200, _dump({"count": words, "max_model_len": 4096, "tokens": list(range(words))}))
        return self.other(path)

    def status(self, spec: Spec, raw: bytes, body: dict[str, Any]) -> int:
        if spec.has("nostreamoptions") and "stream_options" in body:
            return 400
        if spec.has("strict") and "temperature" in body:
            return 400
        if not spec.error:
            return 0
        if spec.error_times >= 0:
            known = f"{spec.name} {hash(raw)}"
            if self.fake.failing[known] >= spec.error_times:
                return 0
            self.fake.failing[known] += 1
        return spec.error

    def error_body(
        self, spec: Spec, status: int, route: type, headers: dict[str, str]
    ) -> tuple[bytes, str, dict[str, str]]:
        """A body that quotes the key, as careless servers do."""
        key = headers.get("authorization") or headers.get("x-api-key", "")
        said = f"fake error {status} for key {key}"
        if spec.has("strict"):
            said = "Unsupported parameter: 'temperature' is not supported with this model."
        if spec.has("nostreamoptions"):
            said = "Unrecognized request argument supplied: stream_options"
        more = {"location": "/elsewhere"} if status == 307 else {}
        numbers = spec.numbers
        if "ra" in numbers:
            more["retry-after-ms"] = str(numbers["ra"])
        if "ras" in numbers:
            more["retry-after"] = str(numbers["ras"])
        if "rad" in numbers:
            more["retry-after"] = formatdate(time() + numbers["rad"], usegmt=True)
        if spec.has("html"):
            page = f"<html><head><title>{status} Bad Gateway</title></head><body>{said}</body></html>"
            return page.encode(), "text/html", more
        if spec.has("plain"):
            return said.encode(), "text/plain", more
        if spec.has("bare"):
            return b"", "text/plain", more
        if spec.has("string"):
            return _dump({"error": said}), "application/json", more
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        kind = kinds.get(status, "invalid_request_error" if status < 500 else "api_error")
        error = {"type": kind, "message": said}
        shape = {"type": "error", "error": error} if route is Messages else {"error": {**error, "code": None}}
        return _dump(shape), "application/json", more

    def begin(self, wire: Wire) -> None:
        spec = wire.answer.spec
        if spec.has("hang"):
            return
        if spec.has("json") or not wire.answer.body.get("stream"):
            self.send(200, wire.whole(), "application/json", {"x-request-id": f"req_{wire.answer.number}"})
            self.fake.answered[spec.name] += 1
            self.done()
            return
        self.task = asyncio.get_running_loop().create_task(self.stream(wire))

    async def stream(self, wire: Wire) -> None:
        spec, tokens = wire.answer.spec, wire.answer.tokens
        self.write(SSE % f"req_{wire.answer.number}".encode(), plain=True)
        if ttft := spec.numbers.get("ttft"):
            await asyncio.sleep(ttft / 1000)
        half = spec.has("cut") or spec.has("eof") or spec.has("midfail")
        count = spec.numbers.get("stall", len(tokens) // 2 if half else len(tokens))
        if spec.has("slowdrip") or spec.has("crlf") or spec.has("badutf8") or spec.has("lastdata"):
            await self.odd(wire)
        else:
            self.write(wire.start())
            await self.paced(wire, tokens[:count], spec.numbers.get("tps", 0))
            if spec.has("stall"):
                await asyncio.Event().wait()
            if spec.has("cut"):
                await self.let_go()
                return
            if half:
                self.write(wire.failure() if spec.has("midfail") else b": no end mark\n\n")
            else:
                self.write(wire.finish())
                self.fake.answered[spec.name] += 1
            if spec.has("lag"):
                await asyncio.Event().wait()
        self.write(b"0\r\n\r\n", plain=True)
        self.task = None
        self.done()

    async def let_go(self) -> None:
        """Close the socket with the answer half sent, once what was written is out."""
        assert self.transport is not None
        self.busy = False
        self.fake.active -= 1
        self.transport.close()

    async def paced(self, wire: Wire, tokens: list[str], tps: int) -> None:
        if not tps:
            for at in range(0, len(tokens), 64):
                self.write(b"".join(map(wire.token, tokens[at : at + 64])))
                if not self.clear.is_set():
                    await self.clear.wait()
                else:
                    await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while sent < len(tokens):
            due = min(len(tokens), int((loop.time() - began) * tps) + 1)
            if due > sent:
                self.write(b"".join(map(wire.token, tokens[sent:due])))
                sent = due
            await asyncio.sleep(max(0.0, began + sent / tps - loop.time()))

    async def odd(self, wire: Wire) -> None:
        """Answers whose bytes are unusual though their content is not."""
        spec, tokens = wire.answer.spec, wire.answer.tokens
        data = wire.start() + b"".join(map(wire.token, tokens)) + wire.finish()
        if spec.has("badutf8"):
            at = data.index(_dump(tokens[len(tokens) // 2])[1:-1])
            data = data[:at] + BAD + data[at:]
        if spec.has("lastdata"):
            data = data.rstrip(b"\n")
        if spec.has("crlf"):
            data = b": hello\n\n" + data.replace(b'"index":0,', b'"index":0,\ndata: ').replace(b"data: ", b"data:")
            data = data.replace(b"\n", b"\r\n")
        step = 3 if spec.has("slowdrip") else len(data)
        for at in range(0, len(data), step):
            self.write(data[at : at + step])
            await asyncio.sleep(0.0002)
        self.fake.answered[spec.name] += 1

    def write(self, data: bytes, *, plain: bool = False) -> None:
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data if plain else b"%x\r\n%b\r\n" % (len(data), data))

    def send(self, status: int, body: bytes, kind: str = "application/json", more: Mapping[str, str] = {}) -> None:
        head = f"HTTP/1.1 {status} Fake\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in more.items())
        self.write(head.encode() + b"\r\n" + body, plain=True)

    def done(self) -> None:
        if self.busy:
            self.busy = False
            self.fake.active -= 1
        if self.data:
            asyncio.get_running_loop().call_soon(self.take)

    def other(self, path: str) -> None:
        if path == "/stats":
            return self.send(200, _dump(self.fake.stats()))
        if path == "/health":
            return self.send(200, b'{"ok":true}')
        if path in ("/v1/models", "/models"):
            names = ["fake-tok20", "fake-tps100-tok50", "fake-auto"]
            rows = [{"id": n, "object": "model", "created": 1_700_000_000 + i} for i, n in enumerate(names)]
            return self.send(200, _dump({"object": "list", "data": rows, "has_more": False}))
        return self.send(404, _dump({"error": {"message": f"no route {path}", "type": "not_found_error"}}))


class FakeProcess:
    """The same server in a process of its own, so that its work is not counted as the client's."""

    def __init__(self) -> None:
        root = Path(__file__).parent.parent
        command = [sys.executable, "-m", "tests.fake_provider", "--port", "0"]
        self._process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self.pid = self._process.pid

    def env(self, key: str = KEY) -> dict[str, str]:
        """Environment variables that lead every built-in provider here."""
        fake = FakeProvider(int(self.url.split(":")[2].split("/")[0]))
        return fake.env(key)

    def stats(self) -> dict[str, Any]:
        """What GET /stats says."""
        root = self.url.removesuffix("/v1")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{root}/stats", timeout=10) as reply:
            data: dict[str, Any] = json.load(reply)
        return data

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self) -> FakeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _serve(port: int) -> None:
    async with FakeProvider(port) as fake:
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted provider on loopback.")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))


def process() -> Iterator[FakeProcess]:
    """For fixtures."""
    with FakeProcess() as running:
        yield running


if __name__ == "__main__":
    main()
