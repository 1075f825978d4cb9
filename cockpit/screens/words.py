"""Numbers and states as short words for the screens. Pure: no widget, no store, no clock of its own."""

from __future__ import annotations

from datetime import UTC, datetime

GLYPHS: dict[str, tuple[str, str, str]] = {
    "ended": ("✓", "ok", "ended by itself"),
    "stop": ("■", "stop", "hit a stop string"),
    "length": ("✂", "cut", "cut off by max tokens"),
    "refusal": ("⊘", "refuse", "refused by the model"),
    "filter": ("⊘", "refuse", "held back by a filter"),
    "tool": ("⚒", "ok", "asked for a tool"),
    "cancelled": ("–", "cancel", "cancelled"),
    "error": ("✗", "error", "failed"),
    "unknown": ("?", "unknown", "ended, the API does not say whether at a stop string"),
}
"""Per reading of an end: the glyph, the tone and what it means."""

TONES: dict[str, str] = {
    "ok": "$text-success",
    "stop": "$text-success",
    "cut": "$text-warning",
    "refuse": "$text-warning",
    "error": "$text-error",
    "cancel": "$text-muted",
    "unknown": "$text-muted",
}
"""Theme variable for each tone; the glyph says the same without colour."""


def money(usd: float | None, *, unknown: str = "unknown") -> str:
    """Dollars with as many digits as tell small amounts apart; None is said, never shown as zero."""
    if usd is None:
        return unknown
    if usd == 0:
        return "$0"
    if usd < 0.01:
        return f"${usd:.2g}" if usd >= 0.0001 else "<$0.0001"
    return f"${usd:,.2f}"


def duration(ms: float | None, *, unknown: str = "unknown") -> str:
    """Milliseconds as '840 ms', '1.4 s', '3 min 05 s'."""
    if ms is None:
        return unknown
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(n: int | None, *, unknown: str = "unknown") -> str:
    """A whole number with thin groups; None is said."""
    return unknown if n is None else f"{n:,}".replace(",", " ")


def short_count(n: int) -> str:
    """A whole number in at most five characters: 950, 12k, 1.2M."""
    if n < 10_000:
        return str(n)
    if n < 1_000_000:
        return f"{n / 1000:.0f}k"
    return f"{n / 1_000_000:.1f}M"


def plural(n: int, noun: str, nouns: str = "") -> str:
    """'1 sample', '12 samples'."""
    return f"{count(n)} {noun if n == 1 else nouns or noun + 's'}"


SHORTEST_MS = 50.0
"""A shorter span after the first token is one network read, not a speed."""


def rate(tokens: int | None, ttft_ms: float | None, latency_ms: float | None) -> str:
    """Output tokens a second after the first token; 'unknown' where a part is missing or the span says nothing."""
    if tokens is None or latency_ms is None:
        return "unknown"
    counted = tokens - 1 if ttft_ms else tokens
    span = latency_ms - (ttft_ms or 0)
    return f"{counted / span * 1000:.0f} tok/s" if counted > 0 and span >= SHORTEST_MS else "unknown"


def age(created_at: str, now: datetime) -> str:
    """How long ago an ISO 8601 time was: 'now', '12 min', '3 h', '2 d', then the date."""
    then = parse_time(created_at)
    if then is None:
        return created_at
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 86_400:
        return f"{seconds / 3600:.0f} h"
    if seconds < 14 * 86_400:
        return f"{seconds / 86_400:.0f} d"
    return then.date().isoformat()


def parse_time(text: str) -> datetime | None:
    """An ISO 8601 time, read as UTC where it names no zone; None if it is none."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return then if then.tzinfo else then.replace(tzinfo=UTC)


def clip(text: str, width: int) -> str:
    """At most `width` characters, an ellipsis for the rest."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def one_line(text: str, limit: int = 400) -> str:
    """The head of a text on one line; runs of white space become one space."""
    return " ".join(text[: limit * 2].split())[:limit]
