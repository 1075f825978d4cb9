"""A job as a person fills it in, line by line, read into what is asked for. Submits nothing and draws nothing."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cockpit.core.calibration import split_claim
from cockpit.core.errors import InputError
from cockpit.core.job_deadline import Late, late
from cockpit.core.job_words import parse_span, span
from cockpit.core.jobs import LOCAL, After
from cockpit.job_runner import Ask, JobDesk
from cockpit.store.jobs import JobRow


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the form."""

    name: str
    label: str
    hint: str


ENTRIES: tuple[Entry, ...] = (
    Entry("command", "command", "python train.py --lr 1e-5      for a shell: sh -c '…'"),
    Entry("cwd", "in", "the directory it runs in"),
    Entry("name", "name", "the script's, if empty"),
    Entry("sweep", "sweep", "lr=1e-5,3e-5,1e-4 seed=0,1      one job a value, several make a grid"),
    Entry("idea", "idea", "the claim it tests"),
    Entry("expect", "expect", "how long it should take: 45m, 4h"),
    Entry("predict", "predict", "loss below 2 70%      what you expect and how likely, or nothing"),
    Entry("timeout", "timeout", "end it after: 16h"),
    Entry("after", "after", "jobs that must have finished: 12 13      12! is: ended in any way"),
    Entry("queue", "queue", "default"),
    Entry("gpus", "gpus", "how many of its own"),
    Entry("metrics", "metrics", "auto, or a file or folder"),
    Entry("env", "env", "NAME=VALUE … are stored, so never a secret"),
    Entry("backend", "where", "local, or a place from the configuration"),
    Entry("options", "options", "NAME=VALUE … that only this place understands: partition=gpu"),
)


class Wrong(InputError):
    """A line that cannot be meant so; `entry` is its name."""

    def __init__(self, entry: str, message: str) -> None:
        super().__init__(message)
        self.entry = entry


def ask_of(values: Mapping[str, str]) -> Ask:
    """What the lines ask for.

    Raises:
        Wrong: one of them cannot be read.
    """
    text = {name: values.get(name, "").strip() for name in (entry.name for entry in ENTRIES)}
    if not text["command"]:
        raise Wrong("command", "Type the command to run.")
    if text["predict"]:
        try:
            split_claim(text["predict"])
        except InputError as error:
            raise Wrong("predict", error.sentence()) from None
    gpus = text["gpus"] or "0"
    if not gpus.isdecimal():
        raise Wrong("gpus", "A whole number of GPUs.")
    return Ask(
        tuple(_words("command", text["command"])),
        str(Path(text["cwd"] or ".").expanduser().absolute()),
        name=text["name"],
        queue=text["queue"],
        backend=text["backend"] or LOCAL,
        gpus=int(gpus),
        timeout_s=_span("timeout", text["timeout"]),
        expect_s=_span("expect", text["expect"]),
        metrics=text["metrics"] or "auto",
        after=_after(text["after"]),
        env=tuple(_words("env", text["env"])),
        idea=text["idea"],
        sweep=tuple(_words("sweep", text["sweep"])),
        options=_pairs("options", text["options"]),
    )


def values_of(row: JobRow, idea: str = "") -> dict[str, str]:
    """The lines that ask for a job like another one; its sweep is not among them."""
    spec = row.spec
    return {
        "command": shlex.join(spec.argv), "cwd": spec.cwd, "name": row.name, "idea": idea,
        "expect": _short(spec.expect_s), "timeout": _short(spec.timeout_s), "queue": row.queue,
        "gpus": str(spec.gpus) if spec.gpus else "", "metrics": "" if spec.metrics == "auto" else spec.metrics,
        "env": shlex.join(f"{name}={value}" for name, value in spec.set_env.items()),
        "backend": "" if row.backend == LOCAL else row.backend,
        "options": shlex.join(f"{name}={value}" for name, value in spec.options.items()),
    }  # fmt: skip


def preview(desk: JobDesk, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """What would be run, a line a job, as (text, tone), with what speaks against it. Blocks a little.

    Raises:
        InputError: it cannot be meant so.
    """
    ask = ask_of(values)
    planned = desk.plan(ask)
    lines = [(f"{len(planned)} jobs, a sweep" if len(planned) > 1 else "one job", "strong")]
    lines += [(f"$ {shlex.join(spec.argv)}", "") for _, spec in planned[:20]]
    if len(planned) > 20:
        lines.append((f"… and {len(planned) - 20} more", "quiet"))
    found = lateness(desk, ask)
    if found is not None:
        lines += [("", ""), (f"⚠ {found.words}", "warn"), ("What shortens it:", "quiet")]
        lines += [(f"· {one}", "quiet") for one in found.shorter]
    if ask.expect_s is None and ask.timeout_s is None:
        lines += [("", ""), ("With `expect` or `timeout` you are told if it ends too late.", "quiet")]
    return lines


def lateness(desk: JobDesk, ask: Ask) -> Late | None:
    """Whether a job would end too late if it began now; None where it would not, or nobody says how long it takes."""
    seconds, source = (ask.expect_s, "as you expect") if ask.expect_s else (ask.timeout_s, "its time limit")
    if seconds is None:
        return None
    now = desk.clock()
    return late(now, now + timedelta(seconds=seconds), source, argv=ask.argv)


def _words(entry: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Wrong(entry, f"Quotes are not closed: {error}.") from None


def _span(entry: str, text: str) -> float | None:
    if not text:
        return None
    try:
        return parse_span(text)
    except ValueError:
        raise Wrong(entry, f"{text!r} is no length of time; write 45m, 4h or 1h30m.") from None


def _short(seconds: float | None) -> str:
    return "" if seconds is None else span(seconds).replace(" ", "").replace("min", "m")


def _after(text: str) -> tuple[After, ...]:
    found = []
    for word in text.replace(",", " ").split():
        bare = word.rstrip("!")
        if not bare.isdecimal():
            raise Wrong("after", f"{word!r} is no job's number.")
        found.append(After(int(bare), anyhow=word.endswith("!")))
    return tuple(found)


def _pairs(entry: str, text: str) -> dict[str, str]:
    found = {}
    for word in _words(entry, text):
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise Wrong(entry, f"{word!r} is not NAME=VALUE.")
        found[name] = value
    return found
