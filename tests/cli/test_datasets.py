"""`cockpit dataset` from the file to the subset: whole or nothing, little memory, nothing lost on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

LIMIT_MB = 300


def jsonl(path: Path, n: int, start: int = 0, **of: Any) -> Path:
    with path.open("w") as file:
        for i in range(start, start + n):
            label = "yes" if i % 4 else "no"
            file.write(json.dumps({"question": f"Is {i} odd?", "answer": str(i), "label": label, **of}) + "\n")
    return path


def test_import_list_show_split_subset(cli: Cli, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "odd.jsonl", 400)
    (done,) = cli("dataset", "import", str(path), "--json").rows()
    assert (done["stored"], done["imported"], done["bad"]) == (True, 400, [])
    (row,) = cli("dataset", "list", "--json").rows()
    assert (row["dataset"], row["n"], row["labels"]) == ("odd", 400, {"yes": 300, "no": 100})
    head, first = cli("dataset", "show", "odd", "-n", "1", "--json").rows()
    assert head["facts"]["copies"] == 0 and head["facts"]["input_chars"]["most"] == 11
    assert [item["n"] for item in head["suggested"]] == [300, 400] and first["input"] == "Is 0 odd?"
    (split,) = cli("dataset", "split", "odd", "--stratify", "--json").rows()
    assert split["splits"] == {"examples": 80, "dev": 160, "test": 160}
    small = cli("dataset", "subset", "odd", "-n", "10", "--split", "dev", "--stratify", "--json").rows()
    large = cli("dataset", "subset", "odd", "-n", "40", "--split", "dev", "--stratify", "--json").rows()
    assert large[:10] == small and {row["split"] for row in large} == {"dev"}
    assert sum(row["label"] == "no" for row in large) == 10
    assert "± 5.6 points" in cli("dataset", "subset", "odd").out


def test_with_a_bad_row_nothing_is_stored_and_all_are_listed(cli: Cli, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "odd.jsonl", 1500)
    with path.open("a") as file:
        file.write('{"question": "x"}\nnonsense\n')
    done = cli("dataset", "import", str(path))
    assert done.status == 1 and "line 1501: no 'answer'" in done.err and "line 1502: not JSON" in done.err
    assert cli("dataset", "list", "--json").rows() == []
    (kept,) = cli("dataset", "import", str(path), "--skip-bad", "--json").rows()
    assert kept["imported"] == 1500 and [row["line"] for row in kept["bad"]] == [1501, 1502]


def test_rows_are_added_without_moving_the_others(cli: Cli, tmp_path: Path) -> None:
    cli("dataset", "import", str(jsonl(tmp_path / "a.jsonl", 100)), "--name", "d")
    cli("dataset", "split", "d", "--seed", "3")
    before = {row["id"]: row["split"] for row in cli("dataset", "subset", "d", "-n", "999").rows()}
    assert cli("dataset", "import", str(tmp_path / "a.jsonl"), "--name", "d").status == 2
    longer = jsonl(tmp_path / "b.jsonl", 150)
    (done,) = cli("dataset", "import", str(longer), "--name", "d", "--add", "--json").rows()
    assert (done["imported"], done["known"]) == (50, 100)
    (row,) = cli("dataset", "list", "--json").rows()
    assert row["n"] == 150 and row["facts"]["copies"] == 0 and sum(row["splits"].values()) == 100
    (split,) = cli("dataset", "split", "d", "--seed", "3", "--json").rows()
    assert split["moved"] == 50 and sum(split["splits"].values()) == 150
    after = {row["id"]: row["split"] for row in cli("dataset", "subset", "d", "-n", "999").rows()}
    assert before.items() < after.items()


def test_a_subset_is_a_file_that_send_and_import_read(cli: Cli, tmp_path: Path) -> None:
    cli("dataset", "import", str(jsonl(tmp_path / "a.jsonl", 30)))
    out = tmp_path / "sub.jsonl"
    assert cli("dataset", "subset", "a", "-n", "3", "-o", str(out)).status == 0
    sent = cli.send("-m", "openai:fake-tok3", "--inputs", str(out), "{{input}}")
    assert len({row["input"]["id"] for row in sent}) == 3
    cli("dataset", "import", str(out), "--map", "output=output")
    wanted = {json.loads(line)["id"] for line in out.read_text().splitlines()}
    assert {row["id"] for row in cli("dataset", "subset", "sub", "-n", "9").rows()} == wanted


def test_columns_can_be_mapped_and_looked_at_first(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,task,gold,who\n1,do,x,ann\n2,go,y,bob\n")
    refused = cli("dataset", "import", str(path))
    assert refused.status == 2 and "--map input=COLUMN" in refused.err
    mapped = ("--map", "input=task", "--map", "output=gold", "--map", "group=who")
    (looked,) = cli("dataset", "import", str(path), *mapped, "--dry-run", "--json").rows()
    assert looked["first"][0]["input"] == "do" and cli("dataset", "list", "--json").rows() == []
    assert cli("dataset", "import", str(path), *mapped).status == 0
    rows = cli("dataset", "show", "a", "--json").rows()[1:]
    assert [(row["key"], row["input"], row["output"], row["group"]) for row in rows] == [
        ("1", "do", "x", "ann"), ("2", "go", "y", "bob"),
    ]  # fmt: skip
    assert "no column 'tusk'" in cli("dataset", "import", str(path), "--map", "input=tusk").err


def test_hostile_text_is_shown_and_not_obeyed(cli: Cli, tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", 2, extra="x", question="\x1b[31m[/]", id="\x1b]0;x\x07")
    path = tmp_path / "a.jsonl"
    assert "\x1b" not in cli("dataset", "import", str(path)).err
    path.write_text(path.read_text().splitlines()[0] + "\n")
    cli("dataset", "import", str(path), "--name", "\x1b[2J")
    assert "\x1b" not in cli("dataset", "list").out + cli("dataset", "show", "\x1b[2J").out


def test_parquet_and_hugging_face_folders(cli: Cli, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    names = {"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": ["good", "bad", "new"], "label": [1, 0, -1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(names)})
    pq.write_table(table, tmp_path / "p.parquet")
    folder = tmp_path / "hf"
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
        (folder / split / "state.json").write_text(json.dumps(state))
        own = table.set_column(0, "text", [[f"{split} {text}" for text in ("good", "bad", "new")]])
        with pa.ipc.new_stream(str(folder / split / "data-00000-of-00001.arrow"), own.schema) as stream:
            stream.write_table(own)
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for name in ("p.parquet", "hf"):
        assert cli("dataset", "import", str(tmp_path / name)).status == 0
    hf, parquet = cli("dataset", "list", "--json").rows()
    assert parquet["labels"] == {"neg": 1, "pos": 1} and parquet["unlabelled"] == 1
    assert (hf["n"], hf["splits"]) == (6, {"examples": 3, "test": 3})
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    assert cli("dataset", "import", str(tmp_path / "broken.parquet")).err.count("\n") == 1


def test_without_pyarrow_parquet_says_what_to_install(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "p.parquet").write_bytes(b"PAR1")
    done = cli("dataset", "import", str(tmp_path / "p.parquet"))
    assert done.status == 2 and "research-cockpit[parquet]" in done.err


def test_an_interrupted_import_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "big.jsonl", 150_000)
    process = cli.start("dataset", "import", str(path), "--json")
    assert process.stderr is not None and process.stdout is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and json.loads(out)["cancelled"]
    assert cli("dataset", "list", "--json").rows() == []
    (tmp_path / "big.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    assert cli("dataset", "import", str(path)).status == 0


# Linux counts the process that forked it into a child's ru_maxrss; VmHWM is its own.
CHILD = """
import pathlib, resource, sys
from cockpit.cli.main import run
status = run(sys.argv[1:])
try:
    own = pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
except OSError:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(own, file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_a_hundred_thousand_rows_take_little_memory(cli: Cli, tmp_path: Path, suffix: str) -> None:
    path = jsonl(tmp_path / "big.jsonl", 100_000, context="word " * 60)
    if suffix == "json":
        path = tmp_path / "big.json"
        path.write_text("[" + (tmp_path / "big.jsonl").read_text().strip().replace("\n", ",\n") + "]")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    steps = (("split", "big", "--stratify"), ("subset", "big", "-n", "1000", "--stratify"), ("show", "big"))
    for words in (("import", str(path)), *steps):
        command = [sys.executable, "-c", CHILD, "dataset", *words]
        done = subprocess.run(command, env=cli.env, capture_output=True, text=True, timeout=100, check=True)
        assert int(done.stderr.splitlines()[-1]) / unit < LIMIT_MB, words
    assert cli("dataset", "list", "--json").rows()[0]["n"] == 100_000
