"""The time as every table writes it. Nothing else."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """This moment in UTC, ISO 8601 to the microsecond: text that sorts by time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
