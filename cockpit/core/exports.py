"""Samples as JSON, JSONL, CSV and Markdown text. Formatting only: no files, no database, and no character altered."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.core.ports import TokenLogprob
from cockpit.core.prompts import Version
from cockpit.core.runs import Plan
from cockpit.core.samples import Failure, Sample

ENCODING = "utf-8"
ENCODING_ERRORS = "surrogatepass"
"""Half of a surrogate pair, which a model can produce, stays what it is in CSV and Markdown; JSON escapes it."""

CSV_FIELDS = (
    "project", "prompt", "version", "run", "sample", "model", "column", "row", "index", "input", "text", "reasoning",
    "stop_reason", "ended", "stop", "input_tokens", "output_tokens", "ttft_ms", "latency_ms", "cost_usd", "cached",
    "error_kind", "error_message", "left_out", "request_id", "attempts", "created_at", "request",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Where an exported sample comes from."""

    plan: Plan
    project: str = ""
    prompt: str = ""
    version_number: int | None = None
    created_at: str = ""

    @property
    def version(self) -> Version:
        """The version that was sent."""
        return self.plan.version

    def input_of(self, sample: Sample) -> Mapping[str, str]:
        """The input row of a sample; empty if the plan no longer has it."""
        inputs = self.plan.inputs
        return inputs[sample.key.input] if sample.key.input < len(inputs) else {}

    def label_of(self, sample: Sample) -> str:
        """What sets the sample's column apart in a sweep; else empty."""
        targets = self.plan.targets
        return targets[sample.key.target].label if sample.key.target < len(targets) else ""


@dataclass(frozen=True, slots=True)
class Exported:
    """One sample with its origin."""

    run: RunInfo
    sample: Sample
    tags: tuple[str, ...] = field(default=())
    note: str = ""


def one_line(value: Any) -> str:
    """Compact JSON in ASCII: any text survives exactly, and no escape sequence of it reaches a terminal."""
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("\x7f", "\\u007f")


def sample_json(sample: Sample, values: Mapping[str, str], label: str = "") -> dict[str, Any]:
    """A sample as `cockpit send --json` prints it; `values` is its input row."""
    found: dict[str, Any] = {
        "run": sample.run_id,
        "sample": sample.id,
        "model": sample.model,
        "index": sample.key.index,
        "input": dict(values),
        "text": sample.text,
        "reasoning": sample.reasoning,
        "stop_reason": sample.stop_reason,
        "ended": sample.ended,
        "stop": sample.stop,
        "input_tokens": sample.usage.input_tokens,
        "output_tokens": sample.usage.output_tokens,
        "ttft_ms": _finite(sample.ttft_ms),
        "latency_ms": _finite(sample.latency_ms),
        "cost_usd": _finite(sample.cost_usd),
        "cached": sample.cached,
        "error": failure_json(sample.error),
        "row": sample.key.input,
        "column": sample.key.target,
        "label": label,
        "reasoning_tokens": sample.usage.reasoning_tokens,
        "cached_tokens": sample.usage.cached_tokens,
        "left_out": list(sample.left_out),
        "request_id": sample.request_id,
        "attempts": sample.attempts,
        "created_at": sample.created_at,
    }
    if sample.logprobs:
        found["logprobs"] = [_logprob_json(token) for token in sample.logprobs]
    return found


def failure_json(failure: Failure | None) -> dict[str, Any] | None:
    """An error as `{kind, message}` with the way out; None for none."""
    if failure is None:
        return None
    return {"kind": failure.kind, "message": failure.message, "hint": failure.hint, "status": failure.status}


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity; it means unknown here."""
    return value if value is not None and math.isfinite(value) else None


def _logprob_json(token: TokenLogprob) -> dict[str, Any]:
    top = [{"token": text, "logprob": _finite(value)} for text, value in token.top]
    return {"token": token.token, "logprob": _finite(token.logprob), "top": top}


def exported_json(item: Exported) -> dict[str, Any]:
    """A sample with everything needed to make sense of it elsewhere, the exact request included."""
    info, sample = item.run, item.sample
    found = {"project": info.project, "prompt": info.prompt, "version": info.version_number}
    found |= sample_json(sample, info.input_of(sample), info.label_of(sample))
    return found | {"tags": list(item.tags), "note": item.note, "request": sample.request_body}


def jsonl(items: Iterable[Exported]) -> Iterator[str]:
    """One object a line, each line with its newline."""
    return (one_line(exported_json(item)) + "\n" for item in items)


def csv_text(items: Iterable[Exported]) -> Iterator[str]:
    """RFC 4180 rows with a header; input and request are JSON.

    Text is exact. A cell may begin with '=' and look like a formula to a spreadsheet: import it as text.
    """
    buffer = io.StringIO(newline="")
    # Both newline characters are in the terminator, which is what makes the csv module quote fields holding either.
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_FIELDS)
    for item in items:
        writer.writerow(_csv_row(item))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _csv_row(item: Exported) -> list[Any]:
    row = exported_json(item)
    error = row["error"] or {"kind": "", "message": ""}
    title = row["model"] + (f" · {row['label']}" if row["label"] else "")
    special = {
        "column": title,
        "input": one_line(row["input"]),
        "request": one_line(row["request"]),
        "left_out": " ".join(row["left_out"]),
        "cached": "true" if row["cached"] else "false",
        "error_kind": error["kind"],
        "error_message": error["message"],
    }
    return [special.get(name, row.get(name)) for name in CSV_FIELDS]


def markdown(items: Iterable[Exported]) -> Iterator[str]:
    """A page to read: a section a run with its prompt, then each sample in a fence that its text cannot close."""
    last: int | None = None
    for item in items:
        plan = item.run.plan
        if plan.run_id != last:
            last = plan.run_id
            yield "".join(_run_head(item.run))
        yield "".join(_sample_body(item))


def _run_head(info: RunInfo) -> Iterator[str]:
    plan = info.plan
    name = inline(info.prompt or "prompt")
    version = f" v{info.version_number}" if info.version_number is not None else ""
    yield f"# Run {plan.run_id} · {name}{version}\n\n"
    models = ", ".join(inline(target.title) for target in plan.targets)
    yield f"{models} · n {plan.n} · inputs {len(plan.inputs)}"
    yield f" · {inline(info.created_at)}\n\n" if info.created_at else "\n\n"
    version_now = info.version
    if version_now.system:
        yield f"**system**\n\n{fenced(version_now.system)}\n"
    for message in version_now.messages:
        yield f"**{message.role}**\n\n{fenced(message.content)}\n"
    if version_now.prefill:
        yield f"**prefill**\n\n{fenced(version_now.prefill)}\n"


def _sample_body(item: Exported) -> Iterator[str]:
    info, sample = item.run, item.sample
    label = info.label_of(sample)
    row = f" · row {sample.key.input + 1}" if len(info.plan.inputs) > 1 else ""
    where = f" · {inline(label)}" if label else ""
    yield f"## {inline(sample.model)}{where}{row} · {sample.key.index + 1}\n\n"
    yield _facts(sample) + "\n\n"
    values = info.input_of(sample)
    for name, value in values.items():
        yield f"{inline(name)}:\n\n{fenced(value)}\n"
    if sample.reasoning:
        yield f"reasoning:\n\n{fenced(sample.reasoning)}\n"
    if sample.error is not None:
        yield f"error ({sample.error.kind}): {inline(sample.error.message)}\n\n"
    if sample.text or sample.error is None:
        yield fenced(sample.text) + "\n"


def _facts(sample: Sample) -> str:
    facts = [f"sample {sample.id}", f"{sample.ended} ({inline(str(sample.stop_reason))})"]
    if sample.stop is not None:
        facts.append(f"stop {inline(json.dumps(sample.stop))}")
    if sample.usage.output_tokens is not None:
        facts.append(f"{sample.usage.output_tokens} tokens")
    if sample.latency_ms is not None:
        facts.append(f"{sample.latency_ms / 1000:.1f} s")
    facts.append("cost unknown" if sample.cost_usd is None else f"${sample.cost_usd:.6f}")
    return " · ".join(facts)


def fenced(text: str) -> str:
    """A code block whose fence is longer than any run of backticks within."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def inline(text: str) -> str:
    """A short text that is not ours within a Markdown line: on one line, and nothing of it is markup."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&])", r"\\\1", flat)
