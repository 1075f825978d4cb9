"""Where a sample stands in its run's plan. Apart from `samples`, since screens need it before there is any sample."""

from __future__ import annotations

from typing import NamedTuple


class SampleKey(NamedTuple):
    """A sample's place in its run's plan."""

    target: int
    input: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, which a key has no use for
