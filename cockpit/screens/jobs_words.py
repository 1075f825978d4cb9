"""Jobs as short words, glyphs and rows for the screen. Pure: no widget, no store, no clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.core.job_words import clock, shown, span
from cockpit.core.jobs import ENDED, LIVE, State
from widgets.row_list import ListColumn, ListRow
from widgets.top_bar import BarPart

if TYPE_CHECKING:
    from cockpit.job_views import JobView

GLYPHS: Mapping[State, tuple[str, str]] = {
    "queued": ("·", "wait"),
    "starting": ("◌", "wait"),
    "running": ("▶", "stream"),
    "quiet": ("◔", "retry"),
    "paused": ("‖", "wait"),
    "ending": ("◌", "wait"),
    "finished": ("✓", "ok"),
    "failed": ("✗", "error"),
    "killed by you": ("⊘", "cancel"),
    "killed": ("✗", "error"),
    "out of memory": ("✗", "error"),
    "timed out": ("✂", "cut"),
    "orphaned": ("?", "retry"),
    "lost": ("?", "retry"),
    "unreachable": ("?", "retry"),
    "skipped": ("–", "cancel"),
}
"""State → glyph and tone; the word stands beside them."""
MEANINGS: Mapping[State, str] = {
    "queued": "It waits for its turn.",
    "starting": "It was handed over; nothing proves yet that its command runs.",
    "running": "Its process is there, proved by its lock.",
    "quiet": "It runs and has written nothing for longer than is usual for it. That is not a crash.",
    "paused": "Its processes are stopped until you let it go on.",
    "ending": "Its process has ended; how is being written down.",
    "finished": "It ended with exit code 0.",
    "failed": "It ended with an exit code other than 0, or never started.",
    "killed by you": "You asked for its end.",
    "killed": "A signal ended it that was not yours.",
    "out of memory": "It was ended for want of memory; the proof is below.",
    "timed out": "It reached its own time limit.",
    "orphaned": "It runs, but whoever waited for it is gone: its exit code will never be known.",
    "lost": "It no longer runs, and nobody learned how it ended. That is not the same as failed.",
    "unreachable": "Nobody can be asked now. It may still run.",
    "skipped": "What it was to run after did not end well.",
}
NO_JOBS = ("No jobs yet: trainings, evals and sweeps that outlive this terminal.", "n starts the first one")
_TELLING: tuple[State, ...] = (
    "failed", "out of memory", "killed", "timed out", "lost", "unreachable", "orphaned", "quiet", "running", "starting",
    "paused", "queued",
)  # fmt: skip
"""States in the order in which one of them colours a whole sweep."""
BAR = 8
"""Cells of a progress bar."""
WIDE, MIDDLE = 128, 84


def columns(width: int) -> tuple[ListColumn, ...]:
    """What fits; the name takes what is left."""
    job, name, state = ListColumn("job", 5, right=True), ListColumn("name"), ListColumn("state", 18)
    progress, took = ListColumn("progress", BAR + 5), ListColumn("for", 9, right=True, quiet=True)
    eta, metric = ListColumn("ends", 12, quiet=True), ListColumn("latest", 22)
    if width >= WIDE:
        return (job, name, state, progress, eta, took, metric, ListColumn("queue", 10, quiet=True))
    if width >= MIDDLE:
        return (job, name, state, progress, eta, took)
    if width >= 58:
        return (job, name, state, progress)
    return (job, name, state)


def row_of(view: JobView, width: int, now: datetime, *, inside: bool = False) -> ListRow:
    """One job as a row; `inside` of a sweep it is called by what sets it apart."""
    glyph, tone = GLYPHS[view.state]
    name = "  " + (apart(view) or view.row.name) if inside else view.row.name
    standing = view.standing
    took = "" if standing.elapsed_s is None else span(standing.elapsed_s)
    cells = (
        str(view.row.id), name, state_words(view), progress_words(view), ends_words(view, now), took,
        metric_words(view), view.row.queue,
    )  # fmt: skip
    return ListRow(view.row.id, _fit(cells, width), glyph, tone, quiet=view.state in ("killed by you", "skipped"))


def group_row(group_id: int, name: str, members: Sequence[JobView], width: int, *, folded: bool) -> ListRow:
    """A sweep as one line: how its jobs stand, counted."""
    counts = Counter(view.state for view in members)
    said = ", ".join(f"{n} {state}" for state, n in counts.most_common())
    tone = GLYPHS[next((state for state in _TELLING if counts[state]), "finished")][1]
    done = sum(view.state in ENDED for view in members)
    bar = _bar(done / len(members)) if done < len(members) else ""
    cells = ("", f"{name}  ({len(members)})", said, bar, "", "", "", members[0].row.queue)
    return ListRow(("group", group_id), _fit(cells, width), "▸" if folded else "▾", tone)


def _fit(cells: Sequence[str], width: int) -> tuple[str, ...]:
    if width >= WIDE:
        return tuple(cells)
    return tuple(cells[:6] if width >= MIDDLE else cells[:4] if width >= 58 else cells[:3])


def apart(view: JobView) -> str:
    """What sets a job apart in its sweep: 'lr=1e-5'."""
    return " ".join(f"{name}={value}" for name, value in view.row.values.items())


def state_words(view: JobView) -> str:
    """The state, and for one that waits its reason where that is short."""
    words = shown(view.standing)
    return f"{words} *" if view.standing.remains else words


def progress_words(view: JobView) -> str:
    """A bar with a share, or a plain count where no total is known; nothing where nothing is known."""
    progress = view.known.progress
    if progress is None or view.state == "finished":
        return ""
    if progress.share is None:
        return f"{progress.done:g} {progress.unit}"
    return f"{_bar(progress.share)} {progress.share:>4.0%}"


def _bar(share: float) -> str:
    eighths = round(min(max(share, 0.0), 1.0) * BAR * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + ("▏▎▍▌▋▊▉"[part - 1] if part else "")).ljust(BAR, "·")


def ends_words(view: JobView, now: datetime) -> str:
    """When it will end by somebody's estimate, or when it ended."""
    if view.standing.ended is not None:
        return _moment(view.standing.ended, now)
    eta = view.known.eta
    return "" if eta is None else f"≈ {_moment(eta.at, now)}"


def _moment(text: str, now: datetime) -> str:
    """A time of day; with its date where it is another day."""
    at = datetime.fromisoformat(text).astimezone()
    return at.strftime("%H:%M") if at.date() == now.astimezone().date() else at.strftime("%d %b %H:%M")


def metric_words(view: JobView) -> str:
    """The latest value of one or two metrics, losses and accuracies first."""
    return "  ".join(f"{name} {number(value)}" for name, value in ranked(view.known.metrics)[:2])


def ranked(metrics: Mapping[str, float | None]) -> list[tuple[str, float | None]]:
    """Metrics in the order in which a person asks for them."""

    def rank(name: str) -> int:
        low = name.lower()
        held = any(word in low for word in ("eval", "val", "test"))
        asked = 0 if "loss" in low else 1 if "acc" in low else 2 if "reward" in low else 4
        return asked * 2 - held

    return sorted(metrics.items(), key=lambda item: rank(item[0]))


def number(value: float | None) -> str:
    """A metric's value with four digits; what is not finite is said."""
    return "not finite" if value is None else f"{value:.4g}"


def counts(views: Sequence[JobView]) -> list[BarPart]:
    """The line over the list: how many run, wait, ended badly."""
    found = Counter(view.state for view in views)
    live = sum(n for state, n in found.items() if state in LIVE)
    bad = sum(found[s] for s in ("failed", "killed", "out of memory", "timed out", "lost"))
    parts: list[BarPart] = [(f"{live} running", "accent" if live else "quiet")]
    parts.append((f"   {found['queued']} waiting", "plain" if found["queued"] else "quiet"))
    parts.append((f"   {found['finished']} finished", "ok" if found["finished"] else "quiet"))
    if bad:
        parts.append((f"   {bad} failed", "error"))
    return parts


def facts(view: JobView, now: datetime) -> list[tuple[str, str]]:
    """Everything the list has no room for, as (text, tone) lines."""
    row, standing, known = view.row, view.standing, view.known
    lines: list[tuple[str, str]] = [
        (f"{GLYPHS[view.state][0]} {shown(standing)}", "strong"),
        (MEANINGS[view.state], "quiet"),
    ]
    if standing.evidence:
        lines.append((standing.evidence, "warn" if view.state not in ("finished", "running", "queued") else ""))
    if standing.remains:
        lines.append(("Something that it started still runs.", "warn"))
    lines.append(("", ""))
    lines.append((f"$ {command_words(view)}", ""))
    lines.append((f"in {row.spec.cwd}", "quiet"))
    for name, value in _times(view, now):
        lines.append((f"{name:<9}{value}", ""))
    lines += late_lines(view, now)
    if known.progress is not None:
        lines.append((f"progress {_progress_line(view)}", ""))
    lines += [(f"{name:<20} {number(value):>10}", "") for name, value in ranked(known.metrics)[:8]]
    if known.metrics_from:
        lines.append((f"from {known.metrics_from}", "quiet"))
    return lines


def late_lines(view: JobView, now: datetime) -> list[tuple[str, str]]:
    """The 16-hour rule for a job that runs, with what would shorten it."""
    from cockpit.core.job_deadline import late

    eta, started = view.known.eta, view.standing.started
    if eta is None or started is None or view.state not in LIVE:
        return []
    begun = datetime.fromisoformat(started)
    found = late(now, datetime.fromisoformat(eta.at), eta.source, started=begun, argv=view.row.spec.argv)
    if found is None:
        return []
    return [(f"⚠ {found.words}", "warn"), (f"shorter: {'; '.join(found.shorter[:3])}", "quiet")]


def _times(view: JobView, now: datetime) -> list[tuple[str, str]]:
    row, standing, eta = view.row, view.standing, view.known.eta
    found = [("asked", clock(row.created_at))]
    if standing.started:
        found.append(("started", clock(standing.started)))
    if standing.ended:
        found.append(("ended", clock(standing.ended)))
    if standing.elapsed_s is not None:
        found.append(("took" if standing.ended else "for", span(standing.elapsed_s)))
    if eta is not None and not standing.ended:
        found.append(("ends", f"≈ {_moment(eta.at, now)} ({eta.source})"))
    where = row.backend if row.backend != "local" else "this machine"
    found.append(("where", f"{where}, queue {row.queue}" + (f", GPU {', '.join(row.gpu_ids)}" if row.gpu_ids else "")))
    if row.parent_id is not None:
        found.append(("from", f"job {row.parent_id} ({row.parent_how})"))
    return found


def _progress_line(view: JobView) -> str:
    progress = view.known.progress
    assert progress is not None
    total = "" if progress.total is None else f" of {progress.total:g}"
    share = "" if progress.share is None else f" ({progress.share:.0%})"
    return f"{progress.done:g}{total} {progress.unit}s{share}, {progress.source}"


def command_words(view: JobView) -> str:
    """The command as it would be typed."""
    import shlex

    return shlex.join(view.row.spec.argv)
