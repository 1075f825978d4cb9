"""What an API takes as stop strings and what the list says by itself. Looks at no stored answer and no token."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.stop_values import Facts, Say
from cockpit.core.stops import shown

QUIET = (None, "none")
"""Reasoning efforts that mean: none asked for, or none."""


def count(facts: Facts) -> Iterator[Say]:
    """S1: more stop strings than the API takes."""
    most, n = facts.target.can.max_stops, len(facts.stops)
    if most is not None and n > most:
        extra = "one" if n - most == 1 else str(n - most)
        yield Say("error", None, f"{facts.model} takes {most} stop strings, not {n}: drop {extra}.")


def blank(facts: Facts) -> Iterator[Say]:
    """S2: nothing, or nothing but blanks."""
    for stop in facts.stops:
        if not stop:
            yield Say("error", stop, "An empty stop string would end every answer at once.")
        elif not stop.strip() and not facts.target.can.whitespace_stop:
            yield Say("error", stop, f"{facts.model} refuses stop strings that are only whitespace.")


def supported(facts: Facts) -> Iterator[Say]:
    """S3: the API knows no stop strings, or not while the model reasons."""
    can, effort = facts.target.can, facts.target.params.reasoning_effort
    if not can.stop:
        yield Say("error", None, f"{facts.model} does not take stop strings; cut its answers afterwards instead.")
    elif can.sampling_needs_effort_none and can.max_tokens_field == "max_completion_tokens" and effort != "none":
        sentence = f"{facts.model} may refuse stop strings unless reasoning_effort is none; reports disagree."
        yield Say("warning", None, sentence)


def overlap(facts: Facts) -> Iterator[Say]:
    """S7: stop strings that stand twice, hide one another or overlap."""
    stops = [stop for stop in facts.stops if stop]
    for stop in dict.fromkeys(stop for stop in stops if stops.count(stop) > 1):
        yield Say("warning", stop, f"{shown(stop)} is in the list {stops.count(stop)} times.")
    unique = list(dict.fromkeys(stops))
    for longer in unique:
        for shorter in unique:
            at = longer.find(shorter)
            if longer == shorter or at < 0:
                continue
            if at + len(shorter) < len(longer):
                yield Say("warning", longer, f"{shown(longer)} never cuts: {shown(shorter)} in it is complete first.")
            else:
                ends = (
                    f"{shown(longer)} ends with {shown(shorter)}: where it stands whole, the cut is before all of it."
                )
                yield Say("note", longer, ends)
    yield from _chained(unique)


def _chained(stops: list[str]) -> Iterator[Say]:
    for first in stops:
        for second in stops:
            if first == second or first in second or second in first:
                continue
            size = next((k for k in range(min(len(first), len(second)) - 1, 0, -1) if second.startswith(first[-k:])), 0)
            if size and first[-size:].strip():
                both = f"{shown(second)} may begin inside {shown(first)}, which then cuts before it."
                yield Say("note", second, both)


def verdict(facts: Facts) -> Iterator[Say]:
    """S12: whether the API says how an answer ended."""
    can = facts.target.can
    if facts.stops and can.stop and not can.reports_stop:
        said = f"{facts.model} may not tell a hit stop string from a natural end; until a probe tells, it is unknown."
        yield Say("note", None, said)


def prefill(facts: Facts) -> Iterator[Say]:
    """S13: an answer's given beginning that the API refuses, or that breaks the first word."""
    text, can = facts.target.prefill, facts.target.can
    if text and not can.prefill:
        yield Say("error", None, f"{facts.model} does not take a prefill.")
    elif text and text != text.rstrip():
        refuses = bool(can.api_version)
        why = f"{facts.model} refuses it" if refuses else "words that begin with a space no longer fit"
        yield Say("error" if refuses else "warning", None, f"The prefill ends with whitespace: {why}.")


def reasoning(facts: Facts) -> Iterator[Say]:
    """S14: stop strings that the server may look for in hidden reasoning."""
    effort = facts.target.params.reasoning_effort
    emptied = [s for s in facts.samples if s.reasoning and not s.text and s.ended == "stop"]
    if emptied:
        n = len(facts.samples)
        said = f"{len(emptied)} of {n} stored answers of {facts.model} hit a stop string while reasoning and are empty."
        yield Say("warning", None, said)
    elif facts.stops and facts.target.can.stop and facts.target.can.reasoning_effort and effort not in QUIET:
        said = f"{facts.model} reasons first: some servers stop at a stop string in the reasoning and answer nothing."
        yield Say("warning", None, said)
