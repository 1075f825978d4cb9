"""Inputs files: every row or none, and a malformed one by its number and reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.errors import InputError
from cockpit.core.inputs import parse_inputs, read_inputs


def test_jsonl_rows_and_what_is_no_text() -> None:
    data = '\ufeff{"q": "one", "n": 3}\r\n\n{"q": "\\u0000 é", "n": null, "x": {"a": [1.5, true]}}\n'.encode()
    assert parse_inputs(data, ".jsonl") == (
        {"q": "one", "n": "3"},
        {"q": "\0 é", "n": "null", "x": '{"a": [1.5, true]}'},
    )


def test_csv_and_tsv_keep_every_character() -> None:
    assert parse_inputs(b'\xef\xbb\xbfq,a\r\n"x, ""y""\n z", 1 \r\n', ".csv") == ({"q": 'x, "y"\n z', "a": " 1 "},)
    assert parse_inputs(b"q\ta\nx,y\t2\n", ".tsv") == ({"q": "x,y", "a": "2"},)


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b'{"a": "1"}\n\n[1]\n', ".jsonl", "row 3: not a JSON object"),
        (b'{"a": "1"}\n{"a": }\n', ".jsonl", "row 2: not JSON"),
        (b'{"a": 1, "a": 2}\n', ".jsonl", "row 1: 'a' stands twice"),
        (b"[" * 100_000, ".jsonl", "row 1: not JSON"),
        (b"a,b\n1,2\n3\n", ".csv", "row 3: 1 fields where the header has 2"),
        (b"a,a\n1,2\n", ".csv", "row 1: the column name 'a' stands twice"),
        (b"a,,c\n1,2,3\n", ".csv", "row 1: column 2 has no name"),
        (b'a\n"open\n', ".csv", "row 2"),
        (b"a\n\n\xff\n", ".csv", "line 3: not UTF-8"),
        (b"a,b\n", ".csv", "no rows"),
        (b"", ".jsonl", "no rows"),
        (b"x", ".xlsx", "cannot tell the format"),
    ],
)
def test_malformed_files_say_where_and_why(data: bytes, suffix: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_inputs(data, suffix)
    assert reason in caught.value.message


def test_a_long_field_is_no_reason_to_refuse() -> None:
    assert len(parse_inputs(b"a\n" + b"x" * 300_000 + b"\n", ".csv")[0]["a"]) == 300_000


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_inputs(tmp_path / "none.csv")


CELLS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.lists(CELLS.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True), st.data())
def test_what_python_writes_as_csv_is_read_back(names: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=4))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    assert [list(row.values()) for row in parse_inputs(buffer.getvalue().encode(), ".csv")] == rows
