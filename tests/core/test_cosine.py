"""Nearness by vectors that are given."""

from __future__ import annotations

import pytest

from cockpit.core.cosine import Cosine
from cockpit.core.examples import Example, Row
from cockpit.core.fill import rank

VECTORS = {"cat": [3.0, 4.0], "dog": [4.0, 3.0], "tax": [-4.0, 3.0], "nil": [0.0, 0.0], "kitten": [6.0, 8.0]}


def test_cosine_by_hand() -> None:
    found = Cosine(["cat", "dog", "tax", "nil"], VECTORS, "m")
    assert found.scores("kitten") == pytest.approx([1.0, 0.96, 0.0, 0.0], abs=1e-6)
    assert found.why("kitten", "dog") == "cosine 0.960 by m"
    with pytest.raises(KeyError):
        found.scores("unknown")


def test_nearest_takes_them_by_it_where_no_word_is_shared() -> None:
    examples = [Example(text, "x") for text in ("tax", "dog", "cat")]
    index = Cosine([one.input for one in examples], VECTORS, "m")
    ranked = rank(examples, Row("k", "kitten", ""), "nearest", 0, index=index)
    assert [one.example.input for one in ranked] == ["cat", "dog", "tax"]
    assert ranked[0].why == "cosine 1.000 by m"
