"""What time it is, for those who are not given a clock of their own. Nothing else."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)
