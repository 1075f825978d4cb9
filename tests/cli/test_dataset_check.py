"""`cockpit dataset check`: leaks shown and gated on by exit status, and taken out with the test side left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from cockpit.core.examples import Row
from cockpit.store.datasets import add_rows, create_dataset, finish_dataset, iter_rows
from cockpit.store.db import open_store
from cockpit.store.projects import ensure_project
from tests.cli.conftest import Cli
from tests.core.test_leaks import clean, edited, prose

PLANTED = [
    Row("twin", prose(1), split="test"),
    Row("shout", prose(0).upper(), split="test"),
    Row("near", edited(prose(2), 30), split="test"),
    Row("same group", prose(900), group="g4", split="dev"),
]


def stored(cli: Cli, rows: Sequence[Row], name: str = "reviews") -> int:
    store = open_store(cli.db)
    try:
        project = store.write_now(lambda db: ensure_project(db, "default"))
        made = store.write_now(lambda db: create_dataset(db, project, name, "a test", {}))
        store.write_now(lambda db: add_rows(db, made, rows))
        store.write_now(lambda db: finish_dataset(db, made))
    finally:
        asyncio.run(store.aclose())
    return made


def splits(cli: Cli, dataset: int) -> dict[str, str | None]:
    store = open_store(cli.db)
    try:
        return {row.key: row.split for row in iter_rows(store.read(), dataset)}
    finally:
        asyncio.run(store.aclose())


def test_leaks_are_listed_and_the_exit_status_says_so(cli: Cli) -> None:
    stored(cli, [*clean(60), *PLANTED])
    done = cli("dataset", "check", "reviews", "--json")
    assert done.status == 1, done.err
    found = {(row["kind"], row["a"], row["split_a"], row["b"], row["split_b"]) for row in done.rows()}
    assert found == {
        ("exact", "r1", "dev", "twin", "test"),
        ("normalised", "r0", "examples", "shout", "test"),
        ("near-duplicate", "r2", "dev", "near", "test"),
        ("group", "same group", "dev", "r4", "test"),
    }
    shown = cli("dataset", "check", "reviews")
    assert shown.status == 1
    assert "4 leaks in 'reviews'" in shown.out
    assert "1 exact, 1 normalised, 1 near-duplicate, 1 group." in shown.out


def test_fixing_takes_rows_out_and_leaves_test_as_it_is(cli: Cli) -> None:
    dataset = stored(cli, [*clean(60), *PLANTED])
    before = splits(cli, dataset)
    done = cli("dataset", "check", "reviews", "--fix")
    assert done.status == 0, done.err
    assert "Taken out: 3 of dev, 1 of examples. No leaks are left." in done.out
    after = splits(cli, dataset)
    assert {key for key in before if after[key] != before[key]} == {"r1", "r0", "r2", "same group"}
    assert [after[key] for key in ("r1", "r0", "r2", "same group")] == [None] * 4
    again = cli("dataset", "check", "reviews", "--json")
    assert (again.status, again.out) == (0, "")


def test_fixing_as_json_says_which_rows_went(cli: Cli) -> None:
    stored(cli, [*clean(20), *PLANTED[:1]])
    rows = cli("dataset", "check", "reviews", "--fix", "--json").rows()
    assert [row.get("kind") for row in rows] == ["exact", None]
    assert rows[1] == {"row": "r1", "from": "dev", "to": None}


def test_a_clean_dataset_is_exit_status_zero(cli: Cli) -> None:
    stored(cli, clean(40))
    done = cli("dataset", "check", "reviews")
    assert (done.status, done.out) == (0, "No leaks in 'reviews': dev 16, examples 8, test 16.\n")


def test_what_cannot_be_checked_is_refused_in_words(cli: Cli) -> None:
    assert "no dataset 'reviews'" in cli("dataset", "check", "reviews").err
    stored(cli, [Row("a", "x"), Row("b", "x")])
    done = cli("dataset", "check", "reviews")
    assert (done.status, done.out) == (2, "")
    assert "cockpit dataset split reviews" in done.err
    assert cli("dataset", "check", "reviews", "--near", "0.1").status == 2


def test_a_split_and_an_import_say_whether_equal_inputs_were_parted(cli: Cli, tmp_path: Path) -> None:
    stored(cli, [*clean(30), *PLANTED])
    done = cli("dataset", "split", "reviews")
    assert "2 leaks between splits (1 exact, 1 normalised)" in done.out
    assert cli("dataset", "split", "reviews", "--json").rows()[0]["copies"] == 2
    assert "No input stands in two splits" in cli("dataset", "split", "reviews", "--again").out
    more = tmp_path / "reviews.jsonl"
    more.write_text(json.dumps({"input": prose(3).upper(), "split": "elsewhere"}) + "\n")
    done = cli("dataset", "import", str(more), "--add", "--json")
    assert done.rows()[0]["copies"] == 1
    new = tmp_path / "plain.jsonl"
    new.write_text('{"input": "one"}\n')
    assert cli("dataset", "import", str(new), "--json").rows()[0]["copies"] is None, "nothing is split"


def test_a_dataset_that_examples_cite_is_removed_only_when_told(cli: Cli) -> None:
    stored(cli, clean(3))
    stored(cli, clean(3), "other")
    assert cli("example", "import", "--dataset", "reviews", "--limit", "2").status == 0
    refused = cli("dataset", "remove", "reviews")
    assert refused.status != 0
    assert "2 examples were made from rows of 'reviews'" in refused.err
    assert cli("dataset", "remove", "other", "--json").rows() == [
        {"dataset": "other", "removed": True, "rows": 3, "cited_by": 0}
    ]
    assert cli("dataset", "remove", "reviews", "--yes").status == 0
    assert cli("dataset", "list", "--json").out == ""
    assert len(cli("example", "list", "--json").rows()) == 2, "examples stay"
    assert cli("dataset", "remove", "reviews").status != 0
