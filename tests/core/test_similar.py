"""BM25 and MMR against their published formulas, computed another way."""

from __future__ import annotations

from math import log

import pytest

from cockpit.core.similar import Bm25, Likeness, mmr, words

TEXTS = ["a b b c", "b c d", "e"]


def test_words_of_any_script() -> None:
    assert words("Don't STOP: Straße 42") == ["don", "t", "stop", "strasse", "42"]
    assert words("我爱你 ok") == ["我", "爱", "你", "ok"]


def test_bm25_is_the_formula() -> None:
    mean = 8 / 3
    idf = log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    first = idf * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 4 / mean))
    second = idf * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / mean))
    assert Bm25(TEXTS).scores("b b zzz") == pytest.approx([first, second, 0.0])
    assert Bm25([]).scores("b") == []
    assert Bm25(["", "!"]).scores("b") == [0.0, 0.0]


def test_likeness_is_a_cosine() -> None:
    like = Likeness(["x y", "y x", "z"]).to(0)
    assert like[0] == pytest.approx(1.0)
    assert like[1] == pytest.approx(1.0)
    assert 2 not in like


def test_mmr_weighs_relevance_against_what_was_picked() -> None:
    texts = ["x y", "x y", "z"]
    assert [at for at, _ in mmr(texts, [1.0, 0.9, 0.5])] == [0, 2, 1]
    assert [at for at, _ in mmr(texts, [1.0, 0.9, 0.5], balance=1.0)] == [0, 1, 2]
    assert [at for at, _ in mmr(texts, [1.0, 0.9, 0.5], most=1)] == [0]
