"""Samples as an Inspect `.eval` log, which is a zip of JSON members. What Inspect cannot say stands in `metadata`."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

from cockpit.core.exports import Exported, RunInfo, sample_json
from cockpit.core.prompts import render, variables
from cockpit.core.samples import Sample

SURROGATE = re.compile("[\ud800-\udfff]")
STOP_REASONS = {
    "ended": "stop",
    "stop": "stop",
    "length": "max_tokens",
    "refusal": "content_filter",
    "filter": "content_filter",
    "tool": "tool_calls",
}
"""Our reading in Inspect's words, which cannot tell a stop string from a natural end."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: equal samples make equal bytes."""


def write_eval(target: IO[bytes], items: Iterable[Exported], runs: Sequence[RunInfo], *, created: str) -> int:
    """Write a log of samples from one or more runs and return their number; `created` is ISO 8601.

    A sample's epoch is its index + 1. Half of a surrogate pair, which Inspect's reader refuses, becomes U+FFFD, and
    the sample's metadata says so.
    """
    head = _Head(runs, created)
    summaries: list[dict[str, Any]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "_journal/start.json", head.start())
        for item in items:
            sample = _sample(item, head.sample_id(item))
            _put(archive, f"samples/{sample['id']}_epoch_{sample['epoch']}.json", sample)
            summaries.append(_summary(sample))
        _put(archive, "_journal/summaries/1.json", summaries)
        _put(archive, "summaries.json", summaries)
        _put(archive, "header.json", head.header(summaries))
    return len(summaries)


def _put(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1)
    archive.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)


class _Head:
    """What a log says once, and how its samples are named."""

    def __init__(self, runs: Sequence[RunInfo], created: str) -> None:
        self.runs = runs
        self.created = created
        self.several_columns = any(len(info.plan.targets) > 1 for info in runs)

    def sample_id(self, item: Exported) -> str:
        """Unique within the log together with the epoch; safe as a file name."""
        key = item.sample.key
        parts = [f"run{item.run.plan.run_id}"] if len(self.runs) > 1 else []
        parts.append(f"row{key.input + 1}")
        if self.several_columns:
            parts.append(f"{key.target + 1}-" + re.sub(r"[^A-Za-z0-9.-]+", "-", item.sample.model).strip("-"))
        return "_".join(parts)

    def start(self) -> dict[str, Any]:
        """The log's first member."""
        return {"version": 2, "eval": self.spec(), "plan": self.plan()}

    def spec(self) -> dict[str, Any]:
        """What was evaluated. A log has one model; several columns are named in the metadata and in each sample."""
        names = list(dict.fromkeys(target.name for info in self.runs for target in info.plan.targets))
        rows = sum(len(info.plan.inputs) for info in self.runs)
        titles = list(dict.fromkeys(info.prompt for info in self.runs if info.prompt))
        identity = "-".join(str(info.plan.run_id) for info in self.runs[:8]) or "0"
        return {
            "eval_id": f"cockpit-{identity}",
            "run_id": f"cockpit-{identity}",
            "task_id": f"cockpit-{identity}",
            "created": self.created,
            "task": _clean(titles[0]) if len(titles) == 1 else "cockpit",
            "task_version": 0,
            "dataset": {"name": "inputs", "samples": rows},
            "model": _clean(names[0]) if len(names) == 1 else "several",
            "config": {"epochs": max((info.plan.n for info in self.runs), default=1)},
            "metadata": {"tool": "cockpit", "models": [_clean(name) for name in names]},
        }

    def plan(self) -> dict[str, Any]:
        """Sampling settings, where every column shares them."""
        settings = [target.params for info in self.runs for target in info.plan.targets]
        config: dict[str, Any] = {}
        if settings and all(params == settings[0] for params in settings):
            shared = settings[0]
            known = {"temperature": shared.temperature, "top_p": shared.top_p, "max_tokens": shared.max_tokens,
                     "stop_seqs": [_clean(stop) for stop in shared.stop] or None, "seed": shared.seed}  # fmt: skip
            config = {name: value for name, value in known.items() if value is not None}
        return {"name": "plan", "steps": [], "config": config}

    def header(self, summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The log's last member: it says that the log is whole."""
        done = sum(1 for summary in summaries if "error" not in summary)
        return {
            "version": 2,
            "status": "success",
            "eval": self.spec(),
            "plan": self.plan(),
            "results": {"total_samples": len(summaries), "completed_samples": done, "scores": []},
            "stats": {"started_at": self.created, "completed_at": self.created, "model_usage": {}},
        }


def _sample(item: Exported, sample_id: str) -> dict[str, Any]:
    sample, info = item.sample, item.run
    values = info.input_of(sample)
    text, altered = _replaced(sample.text)
    metadata = sample_json(sample, values, info.label_of(sample))
    for name in ("text", "reasoning", "logprobs"):
        metadata.pop(name, None)
    metadata |= {"prompt": info.prompt, "version": info.version_number, "text_altered": altered}
    messages = _messages(info, values)
    answer = _answer(sample, text)
    found: dict[str, Any] = {
        "id": sample_id,
        "epoch": sample.key.index + 1,
        "input": messages,
        "target": "",
        "messages": [*messages, answer],
        "output": _output(sample, answer),
        "scores": {},
        "metadata": _clean_all(metadata),
        "store": {},
        "events": [],
        "model_usage": {_clean(sample.model): usage} if (usage := _usage(sample)) else {},
        "attachments": {},
    }
    if sample.created_at:
        found["started_at"] = sample.created_at
    if sample.latency_ms is not None:
        found["total_time"] = sample.latency_ms / 1000
    if sample.error is not None:
        message = _clean(f"{sample.error.kind}: {sample.error.message}")
        found["error"] = {"message": message, "traceback": "", "traceback_ansi": ""}
    return found


def _messages(info: RunInfo, values: Any) -> list[dict[str, Any]]:
    version = info.version
    if all(name in values for name in variables(version)):
        version = render(version, values)
    system = [{"role": "system", "content": _clean(version.system)}] if version.system else []
    turns = [{"role": message.role, "content": _clean(message.content)} for message in version.messages]
    prefill = [{"role": "assistant", "content": _clean(version.prefill)}] if version.prefill else []
    return [*system, *turns, *prefill]


def _answer(sample: Sample, text: str) -> dict[str, Any]:
    content: Any = text
    if sample.reasoning:
        content = [{"type": "reasoning", "reasoning": _clean(sample.reasoning)}, {"type": "text", "text": text}]
    return {"role": "assistant", "content": content, "source": "generate", "model": _clean(sample.model)}


def _output(sample: Sample, answer: dict[str, Any]) -> dict[str, Any]:
    output: dict[str, Any] = {
        "model": _clean(sample.model),
        "choices": [{"message": answer, "stop_reason": STOP_REASONS.get(sample.ended, "unknown")}],
    }
    if usage := _usage(sample):
        output["usage"] = usage
    if sample.error is not None:
        output["error"] = _clean(sample.error.message)
    return output


def _usage(sample: Sample) -> dict[str, int] | None:
    usage = sample.usage
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    found = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    found["total_tokens"] = usage.input_tokens + usage.output_tokens
    if usage.reasoning_tokens is not None:
        found["reasoning_tokens"] = usage.reasoning_tokens
    return found


def _summary(sample: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "epoch", "input", "target", "metadata", "scores", "model_usage", "started_at", "total_time")
    found = {name: sample[name] for name in names if name in sample}
    found["completed"] = True
    if "error" in sample:
        found["error"] = sample["error"]["message"]
    return found


def _replaced(text: str) -> tuple[str, bool]:
    clean = _clean(text)
    return clean, clean != text


def _clean(text: str) -> str:
    return SURROGATE.sub("\ufffd", text)


def _clean_all(value: Any) -> Any:
    """The same in every text of plain data."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean_all(key): _clean_all(item) for key, item in value.items()}
    return [_clean_all(item) for item in value] if isinstance(value, list | tuple) else value
