"""Each dataset format is read as its tool writes it; what cannot be read is named by line and reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.datasets import BadRow, read_rows, sniff
from cockpit.core.errors import InputError
from cockpit.core.examples import Row


def written(tmp_path: Path, name: str, text: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def good(path: Path, **of: Any) -> list[Row]:
    rows = list(read_rows(path, **of))
    assert all(isinstance(row, Row) for row in rows), rows
    return [row for row in rows if isinstance(row, Row)]


def bad(path: Path, **of: Any) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read_rows(path, **of) if isinstance(row, BadRow)]


CHAT = {
    "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "2+2?"}]},
        {"role": "assistant", "content": "4"},
    ]
}
LM = {"doc_id": 3, "doc": {"q": "x", "choices": ["no", "yes"]}, "target": 1, "filter": "none"}
LM |= {"arguments": {"gen_args_0": {"arg_0": "Q: x\nA:", "arg_1": " no"}}, "doc_hash": "h"}
PICK = {"input": "Pick.", "choices": ["x", "y"], "target": "B"}
CLASSES = "prompt,classes,answer_index\nQ:,\"[' yes', ' no']\",1\n"
MATCHING = {"question": "q", "answer_matching_behavior": " (A)"}
ASKED = "Pick.\n\nA) x\nB) y"


@pytest.mark.parametrize(
    ("name", "text", "format", "expected"),
    [
        ("a.jsonl", lines({"question": "q", "answer": "a", "class": 1, "group": "g"}), "jsonl", ("q", "a", "1", "g")),
        ("a.json", '\ufeff[ {"text": "q", "label": "l"} ]', "json", ("q", "", "l", None)),
        ("a.json", lines({"text": "q", "label": "l"}), "json", ("q", "", "l", None)),
        ("a.csv", '\ufeffprompt,completion\r\n"a ""b"",\nc",d\r\n', "csv", ('a "b",\nc', "d", None, None)),
        ("a.tsv", "Input\tOutput\nq, r\ta\n", "tsv", ("q, r", "a", None, None)),
        ("a.jsonl", lines(CHAT), "openai-chat", ("2+2?", "4", None, None)),
        ("a.jsonl", lines({"input": "q", "target": ["a", "b"]}), "inspect", ("q", "a", None, None)),
        ("a.json", json.dumps([PICK]), "inspect", (ASKED, "B", "B", None)),
        ("a.jsonl", lines(LM, LM | {"filter": "strict"}), "lm-eval", ("Q: x\nA:", "yes", "B", None)),
        ("a.csv", CLASSES, "inverse-scaling", ("Q:", " no", "no", None)),
        ("a.jsonl", lines(MATCHING), "matching-behavior", ("q", " (A)", "(A)", None)),
        ("r.md", "---\nmodel: m\n---\ndo it\n### INPUT:\nq\n### OUTPUT:\na\nb\n", "aichat", ("q", "a\nb", None, None)),
    ],
)  # fmt: skip
def test_formats(tmp_path: Path, name: str, text: str, format: str, expected: tuple[object, ...]) -> None:
    path = written(tmp_path, name, text)
    sniffed = sniff(path)
    assert sniffed.format == format
    (row,) = good(path)
    assert (row.input, row.output, row.label, row.group) == expected
    assert sniffed.rows == (row,) and row.number == 1
    assert good(path, format=format, mapping=sniffed.mapping) == [row]


def test_what_is_beside_the_answer_is_kept(tmp_path: Path) -> None:
    assert good(written(tmp_path, "a.jsonl", lines(CHAT)))[0].extra == {"system": "be brief"}
    own = good(written(tmp_path, "b.jsonl", lines({"question": "q", "answer": "a", "id": 7, "level": [1]})))[0]
    assert own.key == "7" and own.extra == {"level": [1]}
    role = written(tmp_path, "r.md", "do it\n### INPUT:\nq\n### OUTPUT:\na\n")
    assert good(role)[0].extra == {"system": "do it"}


def test_a_longer_conversation_is_the_input_up_to_the_answer(tmp_path: Path) -> None:
    turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    path = written(tmp_path, "a.jsonl", lines({"messages": [{"role": r, "content": c} for r, c in turns]}))
    (row,) = good(path)
    assert (row.input, row.output) == ("user: a\n\nassistant: b\n\nuser: c", "d")


def test_columns_are_mapped_into_nested_values(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", lines({"doc": {"q": ["x", "y"]}, "a.b": 2, "split": "validation"}))
    mapping = {"input": "doc.q.1", "output": "a.b", "split": "split"}
    (row,) = good(path, format="jsonl", mapping=mapping)
    assert (row.input, row.output, row.split) == ("y", "2", "dev")


def test_every_bad_row_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    head = lines({"id": "a", "input": "ok"}) + "\n" + '{"input": \n[1]\n{"input": 1, "input": 2}\n{"id": 5}\n'
    tail = b'{"input": "\xff"}\n{"id": "a", "input": "again"}\n{"input": " "}\n{"id": "z", "input": "last"}'
    path = written(tmp_path, "a.jsonl", head.encode() + tail)
    found = bad(path)
    assert [line for line, _ in found] == [3, 4, 5, 6, 7, 8, 9]
    for (_, reason), words in zip(
        found,
        ("not JSON", "not a JSON object", "'input' stands twice", "no 'input'", "not UTF-8", "line 1, too", "empty"),
        strict=True,
    ):
        assert words in reason
    rows = [row for row in read_rows(path) if isinstance(row, Row)]
    assert [(row.key, row.number) for row in rows] == [("a", 1), ("z", 2)]


def test_bad_rows_of_tables(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b'input,output\n1,2\n1\n"a\nb",c\n\xff,1\n"x"y,2\n3,4\n')
    found = bad(path)
    assert [line for line, _ in found] == [3, 6, 7]
    assert "1 fields where the head has 2" in found[0][1] and found[1][1] == "not UTF-8"
    assert [row.input for row in read_rows(path) if isinstance(row, Row)] == ["1", "a\nb", "3"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "prompt,classes,answer_index\na,\"['x']\",0\nb,\"['x']\",1\n", "none of the 1 classes"),
        ("a.csv", "prompt,classes,answer_index\na,\"['x']\",0\nb,open('x'),0\n", "not a list of texts"),
        ("a.jsonl", lines(CHAT, {"messages": CHAT["messages"][:2]}), "the assistant's answer"),
        ("a.jsonl", lines({"input": "q", "target": "A"}, {"input": "q", "target": "C", "choices": ["x"]}), "no letter"),
        ("a.jsonl", lines({"input": "q", "target": "A"}, {"input": "q"}), "no 'target'"),
        ("a.json", '[{"input": "q"}, {"input": }]', "what follows was not read"),
        ("a.json", '[{"input": "q"} {"input": "r"}]', "what follows was not read"),
        ("a.json", '[{"input": "q"}', "what follows was not read"),
        ("r.md", "### INPUT:\na\n### OUTPUT:\nb\n### INPUT:\nc\n", "without its OUTPUT"),
    ],
)
def test_reasons(tmp_path: Path, name: str, text: str, reason: str) -> None:
    found = bad(written(tmp_path, name, text))
    assert len(found) == 1 and reason in found[0][1]


def test_a_long_list_is_read_across_its_blocks(tmp_path: Path) -> None:
    values = [{"input": f"{n}é" * (n * 40), "output": str(n)} for n in range(1, 120)]
    rows = good(written(tmp_path, "a.json", json.dumps(values, ensure_ascii=False, indent=1)))
    assert [(row.input, row.output) for row in rows] == [(value["input"], value["output"]) for value in values]


def test_keys_follow_from_the_content_and_copies_count_up(tmp_path: Path) -> None:
    a, b = {"question": "q", "answer": "a"}, {"question": "q2", "answer": "a"}
    first = good(written(tmp_path, "a.jsonl", lines(a, b, a)))
    second = good(written(tmp_path, "b.jsonl", lines({"new": 1} | b, a)))
    assert {row.key for row in second} < {row.key for row in first}
    assert len({row.key for row in first}) == 3 and first[2].key == first[0].key + "#2"


def test_files_that_are_none_are_refused_in_words(tmp_path: Path) -> None:
    for name, text in (
        ("a.txt", "x"), ("a.jsonl", ""), ("a.jsonl", b"\xff\xfea"), ("a.csv", "a,a\n1,2\n"), ("a.md", "no role"),
        ("a.jsonl", lines({"x": 1})), ("a.parquet", "x"),
    ):  # fmt: skip
        with pytest.raises(InputError):
            list(read_rows(written(tmp_path, name, text)))
    with pytest.raises(InputError, match="no dataset format"):
        list(read_rows(written(tmp_path, "a.jsonl", "{}"), "xml"))
    with pytest.raises(InputError, match="nothing to map to"):
        list(read_rows(written(tmp_path, "a.jsonl", lines({"x": 1})), "jsonl", {"input": "x", "inptu": "x"}))
