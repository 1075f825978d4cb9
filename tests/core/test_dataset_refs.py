"""A part of a dataset as one line of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.dataset_refs import DatasetRef, parse_ref, values_of
from cockpit.core.errors import InputError
from cockpit.core.examples import Row

NAMES = st.text(min_size=1, max_size=12)


def test_a_line_is_read() -> None:
    assert parse_ref("dataset:qa/dev?n=300&seed=7") == DatasetRef("qa", "dev", 300, 7)
    assert parse_ref("dataset:qa") == DatasetRef("qa")
    assert parse_ref("dataset:qa?n=5&stratify=1") == DatasetRef("qa", None, 5, 0, stratify=True)


@given(NAMES, st.none() | NAMES, st.integers(1, 10**6), st.integers(-9, 9), st.booleans())
def test_any_name_comes_back(name: str, split: str | None, n: int, seed: int, stratify: bool) -> None:
    ref = DatasetRef(name, split, n, seed, stratify)
    assert parse_ref(ref.text) == ref
    assert parse_ref(DatasetRef(name, split).text) == DatasetRef(name, split)


@pytest.mark.parametrize(
    "text",
    ["qa/dev", "dataset:", "dataset:qa/", "dataset:qa?n=0", "dataset:qa?n=x", "dataset:qa?k=3", "dataset:q?n=1&n=2"],
)
def test_what_means_nothing_is_refused_with_the_shape(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_ref(text)
    assert "dataset:NAME/SPLIT" in caught.value.hint


def test_a_rows_values_have_its_own_columns_too_and_nothing_empty() -> None:
    row = Row("k1", "Is it?", "", "yes", extra={"context": "rain", "n": 3, "key": "not this"})
    assert values_of(row, "question") == {
        "key": "k1", "input": "Is it?", "label": "yes", "question": "Is it?", "context": "rain", "n": "3"
    }  # fmt: skip
