"""Exports are exact and whole; imports are all or nothing, and harmless when repeated."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_send import coded
from tests.fake_provider import HOSTILE

WILD = '=1+1 \x00 \r\n \ud83d ```` "quoted", [/] \u202e'


@pytest.fixture
def run_id(cli: Cli) -> str:
    rows = cli.send(
        "-m", f"openai:fake-text={coded(WILD)}", "-m", "openai:fake-hostile", "-n", "2", "--var", "q=7", "{{q}}?"
    )
    return str(rows[0]["run"])


def test_jsonl_is_exact(cli: Cli, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert cli("run", "export", run_id, "-o", str(path)).status == 0
    rows = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    assert sorted({row["text"] for row in rows}) == sorted({WILD, HOSTILE})
    assert rows[0]["request"]["messages"][0]["content"] == "7?" and rows[0]["input"] == {"q": "7"}
    assert cli("run", "export", run_id).out == path.read_text("ascii")


def test_csv_is_exact(cli: Cli, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    cli("run", "export", run_id, "-o", str(path))
    text = path.read_bytes().decode("utf-8", "surrogatepass")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["text"] for row in rows} == {WILD, HOSTILE}
    assert json.loads(rows[0]["request"])["messages"][0]["content"] == "7?"


def test_markdown_holds_each_text_in_a_fence_it_cannot_close(cli: Cli, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    cli("run", "export", run_id, "-o", str(path))
    text = path.read_bytes().decode("utf-8", "surrogatepass")
    assert f"`````text\n{WILD}\n`````" in text
    assert text.count(HOSTILE) == 2


def test_eval_is_a_readable_inspect_log(cli: Cli, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "out.eval"
    assert cli("run", "export", run_id, "--format", "eval", "-o", str(path)).status == 0
    with zipfile.ZipFile(path) as archive:
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        header = json.loads(archive.read("header.json"))
        members = [name for name in archive.namelist() if name.startswith("samples/")]
        samples = [json.loads(archive.read(name)) for name in members]
        summaries = json.loads(archive.read("summaries.json"))
    assert header["version"] == 2 and header["status"] == "success"
    assert header["results"]["completed_samples"] == len(samples) == len(summaries) == 4
    assert {sample["epoch"] for sample in samples} == {1, 2}
    first = next(sample for sample in samples if "hostile" in sample["output"]["model"])
    assert first["output"]["choices"][0]["message"]["content"] == HOSTILE
    assert first["metadata"]["ended"] == "ended" and first["input"][-1] == {"role": "user", "content": "7?"}


def test_a_project_and_a_search_can_be_exported(cli: Cli, run_id: str, tmp_path: Path) -> None:
    cli.send("-m", "openai:fake-tok3", "other")
    assert len(cli("export").rows()) == 5
    assert len(cli("export", "--search", "bold").rows()) == 2
    nothing = cli("--project", "none", "export")
    assert nothing.status == 2 and nothing.err.count("\n") == 1


def test_a_failing_export_leaves_the_old_file_and_no_other(
    cli: Cli, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "out.csv"
    path.write_text("old", "utf-8")

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cockpit.core.exports._csv_row", full)
    done = cli("run", "export", run_id, "-o", str(path))
    assert done.status == 1 and "No space left" in done.err
    assert [item.name for item in folder.iterdir()] == ["out.csv"] and path.read_text("utf-8") == "old"


NEW_TABLES = """
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
  resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER,
  token_details TEXT, duration_ms INTEGER, datetime_utc TEXT, response_json TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,
  payload TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
"""
OLD_TABLES = """
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
  response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT,
  input_tokens INTEGER, output_tokens INTEGER);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
"""


def log_of(path: Path, schema: str, rows: Sequence[tuple[str, tuple[object, ...]]]) -> Path:
    db = sqlite3.connect(path)
    db.executescript(schema)
    for table, values in rows:
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    db.commit()
    db.close()
    return path


@pytest.fixture
def new_log(tmp_path: Path) -> Path:
    """Two turns of one thread, the second with a fragment, as llm 0.36 writes them."""
    options, when, reply = '{"temperature": 0.5}', "2026-03-01T10:00:00", '{"finish_reason": "length"}'
    return log_of(
        tmp_path / "new.db", NEW_TABLES,
        [
            *[("messages", (name, parent, role, None)) for name, parent, role in [
                ("s", None, "system"), ("u1", "s", "user"), ("a1", "u1", "assistant"), ("u2", "a1", "user"),
                ("a2", "u2", "assistant")]],
            ("parts", (1, "s", 0, "text", None, "be nice", None)),
            ("parts", (2, "u1", 0, "text", None, "use {{x}} and {{examples}}", None)),
            ("parts", (3, "a1", 0, "reasoning", None, "hm", None)),
            ("parts", (4, "a1", 1, "text", None, "first answer", None)),
            ("parts", (5, "u2", 0, "text", None, None, '{"text_ref": [{"literal": "see "}, {"fragment": 9}]}')),
            ("parts", (6, "a2", 0, "text", None, "second answer", None)),
            ("fragments", (9, "h", "A LONG FRAGMENT", when, None)),
            ("turns", ("t1", "th", "u1", "a1", "gpt-x", None, options, None, 3, 4, None, 120, when, reply)),
            ("turns", ("t2", "th", "u2", "a2", "gpt-x", None, None, None, None, None, None, None, when, None)),
        ],
    )  # fmt: skip


def test_llm_history_comes_over_whole_and_only_once(cli: Cli, new_log: Path) -> None:
    assert cli("import", str(new_log), "--json").rows()[0]["imported"] == 2
    assert cli("import", str(new_log), "--json").rows()[0] == {
        "file": str(new_log), "imported": 0, "known": 2, "skipped": 0,
    }  # fmt: skip
    first, second = cli("export").rows()
    assert (first["prompt"], first["model"], first["text"], first["reasoning"]) == (
        "llm import", "gpt-x", "first answer", "hm",
    )  # fmt: skip
    assert (first["ended"], first["stop_reason"], first["output_tokens"], first["latency_ms"]) == (
        "length",
        "length",
        4,
        120,
    )
    assert first["created_at"] == "2026-03-01T10:00:00+00:00" and first["cost_usd"] is None
    assert first["request"]["id"] == "t1" and first["request"]["options"] == {"temperature": 0.5}
    assert second["text"] == "second answer"


def test_imported_prompts_are_what_was_sent(cli: Cli, new_log: Path, tmp_path: Path) -> None:
    cli("import", str(new_log))
    path = tmp_path / "out.eval"
    cli("export", "-o", str(path))
    with zipfile.ZipFile(path) as archive:
        inputs = [json.loads(archive.read(name))["input"] for name in archive.namelist() if name.startswith("samples/")]
    assert [message["content"] for message in max(inputs, key=len)] == [
        "be nice", "use {{x}} and {{examples}}", "first answer", "see A LONG FRAGMENT",
    ]  # fmt: skip


def test_the_older_generation_is_read_too(cli: Cli, tmp_path: Path) -> None:
    tail = ("c1", 50, "2024-01-01T00:00:00", 1, 2)
    path = log_of(
        tmp_path / "old.db", OLD_TABLES,
        [
            ("responses", ("01", "m", "one?", "sys", None, "{}", "one.", None, *tail)),
            ("responses", ("02", "m", "two?", None, None, "{}", "two.", None, *tail)),
            ("fragments", (1, "h", "FRAGMENT", None, None)),
            ("prompt_fragments", ("02", 1, 0)),
        ],
    )  # fmt: skip
    assert cli("import", str(path), "--json").rows()[0]["imported"] == 2
    done = cli("export", "--format", "md").out
    for text in ("one?", "one.", "FRAGMENT\ntwo?", "two."):
        assert text in done


def test_a_malformed_log_imports_nothing(cli: Cli, new_log: Path, tmp_path: Path) -> None:
    db = sqlite3.connect(new_log)
    db.execute("UPDATE turns SET tip_message_hash = 'gone' WHERE id = 't2'")
    db.commit()
    db.close()
    other = tmp_path / "notes.txt"
    other.write_text("not a database at all, but long enough to look at" * 20, "utf-8")
    empty = log_of(tmp_path / "empty.db", "CREATE TABLE x (y);", [])
    for path, reason in (
        (new_log, "turn t2"),
        (other, "not a database"),
        (empty, "not a log"),
        (tmp_path / "no", "no file"),
    ):
        done = cli("import", str(path))
        assert done.status == 2 and reason in done.err and done.err.count("\n") == 1
    assert cli("run", "list", "--all", "--json").rows() == []
