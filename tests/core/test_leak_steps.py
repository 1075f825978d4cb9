"""The quick check of equal inputs, and how far a search for leaks is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cockpit.core.examples import Row
from cockpit.core.leaks import find_leaks, plain_leaks
from tests.core.test_leaks import clean, prose


def test_equal_inputs_are_found_as_the_whole_check_finds_them() -> None:
    rows = [
        *clean(90),
        Row("twin", prose(1), split="test"),
        Row("loud", prose(0).upper(), split="test"),
        Row("no", prose(1)),
    ]
    whole = [leak for leak in find_leaks(rows) if leak.kind in ("exact", "normalised")]
    assert plain_leaks(lambda: rows) == whole
    assert {leak.kind for leak in whole} == {"exact", "normalised"}
    assert plain_leaks(lambda: clean(90)) == []


def test_the_share_only_grows_and_ends_near_one() -> None:
    told: list[float] = []
    rows = clean(3000)
    assert find_leaks(rows, total=len(rows), progress=told.append) == find_leaks(rows)
    assert all(a <= b for a, b in pairwise(told))
    assert told[0] == 0
    assert 0.9 < told[-1] <= 1


def test_what_the_progress_raises_ends_the_search() -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        find_leaks(clean(2000), total=2000, progress=stop)
