"""The morning's digest: what ended since somebody last looked, and what to look at first. Facts in, lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.core.job_words import span
from cockpit.core.jobs import ENDED, LIVE, State

BAD: tuple[State, ...] = ("failed", "out of memory", "killed", "timed out", "lost")
_GLYPHS = {
    "finished": "✓", "killed by you": "⊘", "skipped": "–", "lost": "?", "timed out": "✂", "failed": "✗", "killed": "✗",
    "out of memory": "✗",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One job as the digest tells it: how it stands in words, its first error line, its best metrics by name."""

    job: int
    name: str
    state: State
    shown: str
    ended: str | None = None
    took_s: float | None = None
    evidence: str = ""
    error: str = ""
    best: Mapping[str, float] = field(default_factory=dict)
    ends: str = ""
    """When one that still runs will end, and by whose estimate."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened since `since`: ended well, ended badly, still on the way; `first` is what to look at first."""

    since: str
    well: tuple[Told, ...]
    badly: tuple[Told, ...]
    going: tuple[Told, ...]
    waiting: int
    first: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether something ended."""
        return bool(self.well or self.badly)


def digest(jobs: Sequence[Told], since: str) -> Digest:
    """Sort what happened, and say what to look at first.

    First come jobs that failed alike (one cause, one look), then single failures, then what runs silently or cannot be
    asked, then the finished ones with the best metric.
    """
    ended = [one for one in jobs if one.state in ENDED and (one.ended or "") >= since]
    badly = tuple(one for one in ended if one.state in BAD)
    well = tuple(one for one in ended if one.state not in BAD)
    going = tuple(one for one in jobs if one.state in LIVE)
    waiting = sum(one.state == "queued" for one in jobs)
    return Digest(since, well, badly, going, waiting, tuple(_first(badly, well, going)))


def _first(badly: Sequence[Told], well: Sequence[Told], going: Sequence[Told]) -> list[str]:
    found: list[str] = []
    causes: dict[str, list[Told]] = {}
    for one in badly:
        causes.setdefault(one.error or one.evidence or one.shown, []).append(one)
    for cause, jobs in sorted(causes.items(), key=lambda item: -len(item[1])):
        names = ", ".join(str(one.job) for one in jobs[:6]) + (" …" if len(jobs) > 6 else "")
        alike = f"{len(jobs)} jobs ({names}) ended alike" if len(jobs) > 1 else f"job {names} {jobs[0].shown}"
        found.append(f"{alike}: {cause}")
    doubtful = [one for one in going if one.state in ("quiet", "orphaned", "unreachable")]
    found += [f"job {one.job} is {one.shown}: {one.evidence}" for one in doubtful]
    found += _tops(well)
    return found


def _tops(well: Sequence[Told]) -> list[str]:
    """For a metric that several jobs have: which is best of them."""
    from cockpit.core.job_compare import best_of

    names = list(dict.fromkeys(name for one in well for name in one.best))
    found = []
    for name in names[:2]:
        having = [one for one in well if name in one.best]
        top = best_of(name, [one.best[name] for one in having])
        if top is not None:
            job = next(one for one in having if one.best[name] == top)
            of = f", the best of {len(having)}" if len(having) > 1 else ""
            found.append(f"job {job.job} {job.name}: {name} {top:.4g}{of}")
    return found


def digest_lines(found: Digest) -> list[tuple[str, str]]:
    """The digest as lines, each with a tone: strong, ok, warn, error, quiet or none."""
    lines: list[tuple[str, str]] = []
    if found.first:
        lines.append(("look at this first", "strong"))
        lines += [(f"{at}. {text}", "") for at, text in enumerate(found.first[:6], 1)]
        lines.append(("", ""))
    for title, jobs, tone in (("ended badly", found.badly, "error"), ("ended", found.well, "ok")):
        if jobs:
            lines.append((f"{title}: {len(jobs)}", tone))
            lines += [line for one in jobs for line in _told(one)]
            lines.append(("", ""))
    if found.going:
        lines.append((f"still running: {len(found.going)}", "strong"))
        lines += [(f"{_name(one)}  {one.shown}" + (f", ends ≈ {one.ends}" * bool(one.ends)), "") for one in found.going]
    if found.waiting:
        lines.append((f"{found.waiting} wait for their turn", "quiet"))
    return lines or [("Nothing ended and nothing runs.", "quiet")]


def _told(one: Told) -> list[tuple[str, str]]:
    took = "" if one.took_s is None else f" after {span(one.took_s)}"
    at = "" if one.ended is None else f", {datetime.fromisoformat(one.ended).astimezone():%d %b %H:%M}"
    lines: list[tuple[str, str]] = [(f"{_name(one)}  {one.shown}{took}{at}", "")]
    if one.error or (one.evidence and one.state != "finished"):
        lines.append((f"      {one.error or one.evidence}", "warn"))
    if one.best:
        lines.append(("      best " + ", ".join(f"{name} {value:.4g}" for name, value in one.best.items()), "quiet"))
    return lines


def _name(one: Told) -> str:
    return f"{_GLYPHS.get(one.state, '▶')} {one.job:>4} {one.name}"
