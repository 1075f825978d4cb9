"""The 16-hour rule: whether a job ends in time to be read tomorrow morning, and what would shorten it. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from cockpit.core.job_words import span

LONGEST_S = 16 * 3600.0
"""A job that takes longer leaves no day for what was learned."""
MORNING = time(9, 0)


@dataclass(frozen=True, slots=True)
class Late:
    """Why a job is too long: its end by an estimate, whose estimate, and what would shorten it."""

    words: str
    shorter: tuple[str, ...]


def late(
    now: datetime, end: datetime, source: str, *, started: datetime | None = None, argv: Sequence[str] = (),
    morning: time = MORNING, longest_s: float = LONGEST_S,
) -> Late | None:  # fmt: skip
    """Whether an end lies more than 16 h after the start, or past nine tomorrow morning; None where it does not.

    Args:
        now: with a time zone; tomorrow is tomorrow there.
        end: when it will end by the estimate of `source`.
        started: when it began, or will: now where not given.
        argv: the job's command, for what in it could be shortened.
    """
    here = now.astimezone()
    tomorrow = datetime.combine(here.date() + timedelta(days=1), morning, here.tzinfo)
    took = (end - (started or now)).total_seconds()
    too_long, too_late = took > longest_s, end > tomorrow
    if not too_long and not too_late:
        return None
    at = end.astimezone(here.tzinfo).strftime("%a %d %b %H:%M")
    why = [f"takes {span(took)}, more than {span(longest_s)}"] * too_long
    why += [f"is not there tomorrow at {morning:%H:%M}"] * too_late
    return Late(f"It ends ≈ {at} ({source}): it {' and '.join(why)}.", tuple(shorter(argv)))


_EPOCHS = re.compile(r"epoch|max[-_]?steps|num[-_]?steps|iterations?$", re.IGNORECASE)
_DATA = re.compile(r"train[-_]?(?:file|data|size|samples)|dataset|examples|n[-_]?train|limit|subset", re.IGNORECASE)
_MODEL = re.compile(r"model|checkpoint|pretrained", re.IGNORECASE)
_TOKENS = re.compile(r"max[-_]?(?:new[-_]?)?(?:tokens|length|seq)|seq[-_]?len|block[-_]?size", re.IGNORECASE)
_PROMPT = re.compile(r"prompt|template|shots?|context", re.IGNORECASE)
_RL = re.compile(r"\b(?:ppo|grpo|rlhf|rloo|dpo|reinforce|rl)\b", re.IGNORECASE)


def shorter(argv: Sequence[str]) -> list[str]:
    """What makes a job shorter, what its own command has a place for first."""
    flags = [word.lstrip("-").partition("=")[0] for word in argv if word.startswith("-") or "=" in word]
    whole = " ".join(argv).replace("_", " ").replace("-", " ").replace("/", " ").replace(".", " ")
    wanted = [
        (_DATA, "300 or 1,000 examples before the full set"),
        (_EPOCHS, "fewer epochs or steps"),
        (_MODEL, "a smaller model"),
        (_TOKENS, "fewer tokens an example"),
        (_PROMPT, "a shorter prompt"),
    ]
    found = [f"{words} ({_flag(flags, pattern)})" for pattern, words in wanted if _flag(flags, pattern)]
    if _RL.search(whole):
        found.insert(0, "best-of-N before RL")
    rest = [words for pattern, words in wanted if not _flag(flags, pattern)]
    return [*found, *rest]


def _flag(flags: Sequence[str], pattern: re.Pattern[str]) -> str:
    return next((f"--{flag}" for flag in flags if pattern.search(flag)), "")
