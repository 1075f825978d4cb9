"""What there is to know of one sample, in words. Pure: a sample in, names and values out; no widget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cockpit.core.ports import Wire
from cockpit.core.samples import Sample
from cockpit.screens.words import GLYPHS, age, count, duration, money, rate

NONE = "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known: a name, a value, and a tone where the value is good or bad news."""

    name: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """What people said about a sample."""

    verdict: str | None = None
    """As an example; None where it is none."""
    tags: tuple[str, ...] = ()
    note: str = ""
    entries: tuple[tuple[int, str], ...] = ()
    """Entries of the log that cite it or its run, by number and title."""


def end_text(sample: Sample) -> tuple[str, str, str]:
    """Glyph, tone and our reading of the end, in words."""
    glyph, tone, words = GLYPHS[sample.ended]
    if sample.error is not None:
        words = f"{words}: {sample.error.kind.replace('_', ' ')}"
    return glyph, tone, words


def facts(sample: Sample, *, n: int, inputs: int, now: datetime) -> list[Fact]:
    """Everything measured, in the order a reader asks for it; what is unknown says so."""
    usage = sample.usage
    key = sample.key
    place = f"{key.index + 1} of {n}" + (f", input {key.input + 1} of {inputs}" if inputs > 1 else "")
    found = [
        Fact("stop reason", json.dumps(sample.stop_reason) if sample.stop_reason is not None else "none given"),
        Fact("stop string", json.dumps(sample.stop, ensure_ascii=False) if sample.stop is not None else NONE),
        Fact("model", sample.model),
        Fact("place", f"run {sample.run_id}, {place}"),
        Fact("tokens in", count(usage.input_tokens) + _part(usage.cached_tokens, "cached")),
        Fact("tokens out", count(usage.output_tokens) + _part(usage.reasoning_tokens, "reasoning")),
        Fact("first token", duration(sample.ttft_ms)),
        Fact("whole answer", duration(sample.latency_ms)),
        Fact("speed", rate(usage.output_tokens, sample.ttft_ms, sample.latency_ms)),
        Fact("cost", "$0, from the cache" if sample.cached else money(sample.cost_usd)),
        Fact("attempts", str(sample.attempts), "cut" if sample.attempts > 1 else ""),
        Fact("request id", sample.request_id or NONE),
        Fact("sent, UTC", _sent(sample.created_at, now)),
    ]
    if sample.left_out:
        found.append(Fact("left out", ", ".join(sample.left_out), "cut"))
    return found


def _part(tokens: int | None, name: str) -> str:
    return f", {count(tokens)} {name}" if tokens else ""


def _sent(created_at: str, now: datetime) -> str:
    """The hour, and how long ago that is."""
    if not created_at:
        return NONE
    ago = age(created_at, now)
    stamp = created_at[:16].replace("T", " ")
    return stamp if ago[:4].isdigit() else f"{stamp}, {ago}" + ("" if ago == "now" else " ago")


def strip_text(sample: Sample) -> str:
    """The few facts that fit on one or two narrow lines."""
    usage = sample.usage
    parts = [
        f"raw {json.dumps(sample.stop_reason)}" if sample.stop_reason is not None else "",
        f"stop {json.dumps(sample.stop, ensure_ascii=False)}" if sample.stop is not None else "",
        f"{count(usage.input_tokens, unknown='?')} in {count(usage.output_tokens, unknown='?')} out",
        f"first {duration(sample.ttft_ms, unknown='?')}",
        f"whole {duration(sample.latency_ms, unknown='?')}",
        "cached" if sample.cached else f"cost {money(sample.cost_usd)}",
        f"{sample.attempts} attempts" if sample.attempts > 1 else "",
        f"left out {', '.join(sample.left_out)}" if sample.left_out else "",
    ]
    return " · ".join(part for part in parts if part)


def failure_text(sample: Sample) -> str:
    """Why there is no whole answer and what to do; empty if there is one."""
    if sample.error is None:
        return ""
    status = f" (HTTP {sample.error.status})" if sample.error.status else ""
    return " ".join(part for part in (sample.error.message + status, sample.error.hint) if part)


def body_text(body: object) -> str:
    """JSON as a person reads it; no character is changed."""
    return json.dumps(body, ensure_ascii=False, indent=2)


def wire_text(wire: Wire) -> str:
    """A request as it goes over the wire, with `$NAME` for the key."""
    head = [f"{wire.method} {wire.url}", *(f"{name}: {value}" for name, value in wire.headers.items())]
    return "\n".join([*head, "", body_text(dict(wire.body))])


def sent_wire(wire: Wire, sample: Sample) -> Wire:
    """The wire of a stored sample: the body is the one that was really sent."""
    return replace(wire, body=sample.request_body) if sample.request_body else wire


def sibling_place(siblings: Sequence[int], sample_id: int | None) -> str:
    """'3/8' among the samples that can be stepped through; empty if it is alone."""
    if sample_id is None or sample_id not in siblings or len(siblings) < 2:
        return ""
    return f"{siblings.index(sample_id) + 1}/{len(siblings)}"


def step(siblings: Sequence[int], sample_id: int | None, by: int) -> int | None:
    """The sibling before or after, or None at the end."""
    if sample_id is None or sample_id not in siblings:
        return None
    at = siblings.index(sample_id) + by
    return siblings[at] if 0 <= at < len(siblings) else None
