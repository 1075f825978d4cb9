"""`cockpit log`, `predict` and `step`: from a run to a log that others can read, and back from edited files."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_an_entry_cites_a_run_and_its_figures_come_along(cli: Cli) -> None:
    cli.send("Say yes", "-m", "openai:fake-tok5", "-n", "4")
    done = cli("log", "add", "It says yes", "--idea", "yes", "--cite", "run:1", "--tag", "first", "--json")
    (entry,) = done.rows()
    assert entry["cites"][:2] == ["version:1", "run:1"]
    assert "[4](run:1?n)" in entry["body"]
    assert "It says yes" in entry["body"]
    (listed,) = cli("log", "list", "--idea", "yes", "--search", "says", "--cites", "run:1", "--json").rows()
    assert listed["entry"] == entry["entry"]
    shown = cli("log", "show", "1", "--check")
    assert shown.out.startswith("---\n")
    assert "“What I conclude” is empty." in shown.err


def test_what_is_written_out_and_edited_elsewhere_comes_back_as_an_edit(cli: Cli, tmp_path: Path) -> None:
    cli("log", "add", "First thought", "--title", "One", "--tag", "a")
    cli("log", "add", "Second\n\nthought: `x` <b>", "--day", "2026-01-02")
    folder = tmp_path / "notes"
    assert cli("log", "export", "--out", str(folder)).status == 0
    (old, new) = sorted(folder.iterdir())
    assert old.name == "2026-01-02-2-second.md"
    same = cli("log", "import", str(folder), "--json").rows()[0]
    assert (same["same"], same["added"], same["changed"]) == ([2, 1], [], [])
    new.write_text(new.read_text().replace("First", "Better").replace("[a]", "[a, b]"))
    (folder / "2025-05-06 reading.md").write_text("# From elsewhere\n\nSome notes", "utf-8")
    found = cli("log", "import", str(folder), "--json").rows()[0]
    assert (found["changed"], len(found["added"])) == ([1], 1)
    (first,) = cli("log", "list", "--tag", "b", "--json").rows()
    assert first["body"] == "Better thought"
    assert first["revision"] == 2
    (reading,) = cli("log", "list", "--search", "elsewhere", "--json").rows()
    assert (reading["title"], reading["day"], reading["body"]) == ("From elsewhere", "2025-05-06", "Some notes")


def test_a_file_older_than_the_entry_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    cli("log", "add", "one")
    folder = tmp_path / "notes"
    cli("log", "export", "1", "--out", str(folder))
    (path,) = folder.iterdir()
    assert cli("log", "edit", "1", "two").out == "Entry 1: edit 2.\n"
    path.write_text(path.read_text().replace("one", "three"), "utf-8")
    done = cli("log", "import", str(path))
    assert done.status == 1
    assert "was edited elsewhere" in done.err
    assert json.loads(cli("log", "show", "1", "--json").out)["body"] == "two"


def test_nothing_wrong_is_stored(cli: Cli, tmp_path: Path) -> None:
    for words in (("log", "add"), ("log", "add", "x", "--cite", "run"), ("log", "add", "x", "--cite", "run:5")):
        assert cli(*words).status != 0
    binary = tmp_path / "x.md"
    binary.write_bytes(b"\xff\xfe")
    assert cli("log", "import", str(binary)).status == 1
    assert cli("log", "list", "--json").rows() == []


def test_predictions_are_scored_once_they_are_resolved(cli: Cli) -> None:
    cli("predict", "add", "few-shot helps", "90%", "--idea", "examples")
    cli("predict", "add", "the judge agrees", "0.2")
    assert cli("predict", "score").err.startswith("Nothing to score: 2 predictions")
    cli("predict", "resolve", "1", "yes")
    (second,) = cli("predict", "resolve", "2", "yes", "--json").rows()
    assert round(second["bits"], 3) == 2.322
    (score,) = cli("predict", "score", "--json").rows()
    assert round(score["brier"], 4) == round((0.01 + 0.64) / 2, 4)
    assert [b["happened"] for b in score["bins"]] == [1, 1]
    assert cli("predict", "add", "x", "101%").status == 2


def test_steps_are_ranked_and_closed_by_their_result(cli: Cli) -> None:
    cli(
        "step", "add", "try 8 examples", "--why", "zero-shot confuses two labels", "--bits", "0.8", "--rung", "few-shot"
    )
    cli("step", "add", "first of all", "--first")
    assert [row["title"] for row in cli("step", "list", "--json").rows()] == ["first of all", "try 8 examples"]
    cli("step", "move", "1", "up")
    (done,) = cli("step", "done", "2", "run:1", "--json").rows()
    assert (done["state"], done["result"]) == ("done", "run:1")
    (left,) = cli("step", "list", "--json").rows()
    assert (left["title"], left["bits"]) == ("try 8 examples", 0.8)
