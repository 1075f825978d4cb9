"""A run as the wall shows it: live state in, plain cells, columns and words out. No widget, no store, no sending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from cockpit.core.live import LiveRun, LiveSample
from cockpit.core.samples import Sample, SampleKey
from cockpit.screens.words import GLYPHS, duration, money
from widgets.wall_cells import WallCell, WallColumn

ORDER = ("ended", "stop", "length", "refusal", "filter", "tool", "unknown", "cancelled", "error")


def cell(live: LiveSample, now: float, flags: str = "") -> WallCell:
    """One sample as it stands; `now` is on the clock of `retry_at`."""
    glyph, tone, note = _standing(live, now)
    text = live.text
    if not text and live.reasoning and live.state == "streaming":
        note = f"thinking, ≈ {live.tokens} tok"
    return WallCell(live.key, str(live.key.index + 1), glyph, tone, text, note, flags, live.version)


def _standing(live: LiveSample, now: float) -> tuple[str, str, str]:
    match live.state:
        case "waiting":
            return "·", "wait", ""
        case "sending":
            return "…", "wait", ""
        case "streaming":
            return "▌", "stream", ""
        case "retrying":
            return "⟳", "retry", f"again in {wait_words((live.retry_at or now) - now)}: {live.retry_reason}"
    sample = live.sample
    if sample is None:
        return "·", "wait", "not sent"
    glyph, tone, _ = GLYPHS[sample.ended]
    if sample.error is not None:
        return glyph, tone, failure_words(sample)
    return glyph, tone, _ending_note(sample)


def _ending_note(sample: Sample) -> str:
    if sample.text:
        return "cached" if sample.cached else ""
    words = {"cancelled": "cancelled before an answer", "refusal": "refused", "filter": "held back by a filter"}
    return words.get(sample.ended, "an empty answer")


def failure_words(sample: Sample) -> str:
    """What went wrong and what to do about it, on one line."""
    error = sample.error
    if error is None:
        return ""
    return f"{error.message} {error.hint}".strip() or error.kind.replace("_", " ")


def wait_words(seconds: float) -> str:
    """A wait as counted down: '12 s', '1.5 s', 'a moment'."""
    if seconds <= 0.05:
        return "a moment"
    return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"


def alike_failure(samples: Sequence[LiveSample]) -> str:
    """The one sentence that every sample of a column failed with; empty if they did not."""
    if len(samples) < 2:
        return ""
    words = set()
    for live in samples:
        if live.sample is None or live.sample.error is None or live.text:
            return ""
        words.add(failure_words(live.sample))
        if len(words) > 1:
            return ""
    return words.pop()


def column_status(samples: Sequence[LiveSample], now: float, *, flying: bool) -> str:
    """'5/8  ≈ 71 tok/s' under way; '7✓ 1✂  1.4 s  $0.0021' once nothing more comes."""
    finished = [live.sample for live in samples if live.sample is not None]
    if not flying or len(finished) == len(samples):
        return ended_status(finished, len(samples))
    starts = [live.started for live in samples if live.started is not None]
    tokens = sum(live.tokens for live in samples if live.started is not None)
    span = now - min(starts) if starts else 0.0
    speed = f"  ≈ {tokens / span:.0f} tok/s" if tokens and span > 0.2 else ""
    return f"{len(finished)}/{len(samples)}{speed}"


def ended_status(finished: Sequence[Sample], total: int) -> str:
    """How the samples of a column ended, their median time and what they cost."""
    if not finished:
        return f"0/{total}"
    counts = Counter((GLYPHS[s.ended][0]) for s in finished)
    glyphs = dict.fromkeys(GLYPHS[reading][0] for reading in ORDER)
    parts = [" ".join(f"{counts[g]}{g}" for g in glyphs if counts[g])]
    if len(finished) < total:
        parts[0] += f" of {total}"
    times = [s.latency_ms for s in finished if s.latency_ms is not None and s.ok and not s.cached]
    if times:
        parts.append(duration(median(times)))
    costs = [s.cost_usd for s in finished]
    known = [cost for cost in costs if cost is not None]
    if known and sum(known):
        parts.append(("≥ " if len(known) < len(costs) else "") + money(sum(known)))
    elif all(s.cached for s in finished):
        parts.append("cached")
    return "  ".join(parts)


class WallFold:
    """What the wall shows of one run: the samples of one input, a column per target; remembers what it showed.

    A column whose samples all failed alike is shown as one cell.
    """

    def __init__(self, live: LiveRun, flags: Mapping[SampleKey, str] | None = None) -> None:
        self.live = live
        self.input = 0
        self.flags: dict[SampleKey, str] = dict(flags or {})
        self._alike: dict[int, str] = {}

    @property
    def inputs(self) -> int:
        """How many inputs the run goes over."""
        return len(self.live.plan.inputs)

    def samples(self, target: int) -> list[LiveSample]:
        """The samples of a column, top to bottom."""
        live = self.live
        keys = (SampleKey(target, self.input, index) for index in range(live.plan.n))
        return [live.samples[key] for key in keys if key in live.samples]

    def columns(self, now: float) -> list[WallColumn]:
        """Everything, for showing afresh."""
        return [self._column(target, now) for target in range(len(self.live.plan.targets))]

    def _column(self, target: int, now: float) -> WallColumn:
        samples = self.samples(target)
        words = self._alike[target] = alike_failure(samples)
        column = self.live.plan.targets[target]
        # What sets a column apart comes first: a narrow wall cuts the end off.
        name = f"{column.label} · {column.name}" if column.label else column.name
        status = column_status(samples, now, flying=not self.live.finished)
        if words:
            label = f"1–{len(samples)}"
            return WallColumn(name, status, [WallCell(samples[0].key, label, "✗", "error", "", words)], "error")
        return WallColumn(name, status, [self.cell(live, now) for live in samples])

    def cell(self, live: LiveSample, now: float) -> WallCell:
        """One sample, with its marks."""
        return cell(live, now, self.flags.get(live.key, ""))

    def changes(self, dirty: Iterable[SampleKey], now: float) -> dict[int, dict[int, WallCell]] | None:
        """Column → row → cell for what changed and is shown; None where a column changes its shape: show afresh."""
        live = self.live.samples
        found: dict[int, dict[int, WallCell]] = {}
        for key in dirty:
            if key.input == self.input and key in live:
                found.setdefault(key.target, {})[key.index] = self.cell(live[key], now)
        for target, cells in found.items():
            failed = any(shown.tone == "error" for shown in cells.values())
            if self._alike.get(target) or (failed and alike_failure(self.samples(target))):
                return None
        return found

    def statuses(self, targets: Iterable[int], now: float) -> dict[int, str]:
        """The status of each of these columns."""
        flying = not self.live.finished
        return {target: column_status(self.samples(target), now, flying=flying) for target in targets}

    def waiting(self) -> list[SampleKey]:
        """Samples whose countdown is on the screen."""
        columns = range(len(self.live.plan.targets))
        return [live.key for target in columns for live in self.samples(target) if live.state == "retrying"]


def ending_words(live: LiveRun, cached: int, sent: int, keys: Mapping[str, str]) -> str:
    """One sentence about a run that came to its end, or nothing where the wall says it all.

    Args:
        keys: as mapped, of params, resume, retry, more and fresh.
    """
    if live.capped:
        cap, unsent = f"${live.plan.cap_usd or 0:g}", live.total - live.done
        way = f"raise the cap in params (esc {keys['params']}), then {keys['resume']} sends the rest."
        return f"Stopped at {cap}: {unsent} not sent; {way}"
    if sent and cached == sent:
        return f"All {sent} were cached; {keys['more']} asks for 8 more, {keys['fresh']} sends afresh."
    if live.cancelled:
        return f"Cancelled: {live.done} of {live.total} samples are kept. {keys['retry']} sends the rest."
    if live.failed:
        again = f"{keys['retry']} sends them again."
        return f"{live.failed} of {live.total} samples failed. {_first_failure(live)} {again}"
    return ""


def _first_failure(live: LiveRun) -> str:
    """Which model failed first, and why."""
    for one in live.samples.values():
        if one.sample is not None and one.sample.error is not None:
            return f"{one.sample.model}: {failure_words(one.sample)}"
    return ""
