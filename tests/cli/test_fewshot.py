"""`cockpit fewshot` and `cockpit score` against a provider whose answers make the right numbers known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Done
from tests.fake_provider import FakeProcess, text_model

ECHO = "openai:fake-echo"
"""Answers with the request itself: it contains a right answer as soon as an example shows it."""
PROMPT = "{{examples}}\n\nQ: {{input}}"
SOURCES = (("alpha one", "uno"), ("beta two", "dos"), ("gamma three", "tres"), ("delta four", "cuatro"))


@pytest.fixture
def lab(cli: Cli, tmp_path: Path) -> Cli:
    """A set of four examples, and a dataset of twelve questions, three for each answer."""
    for asked, answer in SOURCES:
        assert cli("example", "add", "--input", asked, "--output", answer).status == 0
    assert cli("example", "set", "save", "numbers").status == 0
    rows = [
        {
            "id": f"r{n}",
            "input": f"question {n}?",
            "output": SOURCES[n % 4][1],
            "label": SOURCES[n % 4][1],
            "split": "dev",
        }
        for n in range(12)
    ]
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = cli("dataset", "import", str(path), "--name", "asked")
    assert done.status == 0, done.err
    return cli


def fewshot(cli: Cli, kind: str, *words: str, model: str = ECHO, metric: str = "contains", status: int = 0) -> Done:
    base = ("fewshot", kind, PROMPT, "--examples", "numbers", "--dataset", "asked", "-m", model, "--metric", metric)
    done = cli(*base, *words)
    assert done.status == status, done.err
    return done


def curve(cli: Cli, *words: str, **more: Any) -> list[dict[str, Any]]:
    return fewshot(cli, "curve", "--json", *words, **more).rows()


def test_a_curve_has_each_k_on_the_same_rows_with_paired_effects(lab: Cli) -> None:
    *points, last = curve(lab)
    assert [point["k"] for point in points] == [0, 1, 2, 4]
    assert [point["score"] for point in points] == pytest.approx([0, 0.25, 0.5, 1])
    assert {point["inputs"] for point in points} == {12}
    assert points[0]["effect"] is None and points[3]["effect"]["better"] == 12 and points[3]["effect"]["worse"] == 0
    assert points[2]["effect"]["low"] > 0 and points[2]["effect"]["high"] <= 1
    assert last["best"] == 4 and last["enough"] == 4
    assert [point["examples"] for point in points] == [[[]], [[1]], [[1, 2]], [[1, 2, 3, 4]]], "nested"


def test_each_k_is_an_ordinary_run_with_stored_scores_and_frozen_examples(lab: Cli) -> None:
    points = curve(lab, "--idea", "shots help", "--name", "quiz")[:-1]
    listed = {row["run"]: row for row in lab("run", "list", "--json").rows()}
    for point in points:
        row = listed[point["run"]]
        assert (row["done"], row["state"], row["idea"], row["prompt"]) == (12, "finished", "shots help", "quiz")
    exported = lab("run", "export", str(points[2]["run"])).rows()
    sent = exported[0]["request"]["messages"][-1]["content"]
    assert "alpha one" in sent and "beta two" in sent and "gamma" not in sent
    from cockpit.store.db import open_store
    from cockpit.store.scores import run_scores
    from cockpit.store.sets import set_of_run

    store = open_store(lab.db)
    try:
        known = set_of_run(store.read(), points[2]["run"])
        assert known is not None and known[0].name == "numbers" and known[1]["chosen"] == [[1, 2]]
        stored = run_scores(store.read(), points[2]["run"])["contains"]
        assert sorted(stored.values()) == [0.0] * 6 + [1.0] * 6
    finally:
        store.close()


def test_the_right_answer_is_never_sent(lab: Cli) -> None:
    done = fewshot(lab, "curve", "-k", "0,1", "--json")
    for row in lab("run", "export", str(done.rows()[0]["run"])).rows():
        sent = json.dumps(row["request"])
        assert not any(answer in sent for _, answer in SOURCES)
    told = lab("fewshot", "curve", "{{examples}} {{input}} {{label}}", "--examples", "numbers", "--dataset", "asked")
    assert told.status == 2 and "{{label}}" in told.err


def test_asking_again_sends_nothing_and_says_the_same(lab: Cli, fake_process: FakeProcess) -> None:
    model = "fake-echo-ttft1"
    first = curve(lab, model=f"openai:{model}")
    sent = fake_process.stats()["received"][model]
    again = curve(lab, model=f"openai:{model}")
    assert sent == 48 and fake_process.stats()["received"][model] == sent
    assert [one.get("score") for one in first] == [one.get("score") for one in again]


def test_an_example_that_is_a_row_is_not_shown_to_any(lab: Cli) -> None:
    lab("example", "add", "--input", "Question 3?", "--output", "tres")
    lab("example", "set", "save", "numbers")
    points = curve(lab)[:-1]
    assert points[-1]["k"] == 4, "the fifth example is one of the questions"
    assert all(5 not in point["examples"][0] for point in points)


def test_rows_are_nested_and_the_same_for_a_seed(lab: Cli) -> None:
    def asked(*words: str) -> set[str]:
        run = curve(lab, "-k", "0,1", *words)[0]["run"]
        return {row["input"]["key"] for row in lab("run", "export", str(run)).rows()}

    assert asked("--rows", "4") < asked("--rows", "7") and asked("--rows", "4") == asked("--rows", "4")


def test_leaving_one_out_finds_what_each_example_is_worth(lab: Cli) -> None:
    rows = fewshot(lab, "loo", "--json").rows()
    assert [row["place"] for row in rows] == [1, 2, 3, 4] and [row["input"] for row in rows] == [s[0] for s in SOURCES]
    for row in rows:
        assert row["effect"]["mean"] == pytest.approx(0.25) and row["effect"]["better"] == 3
    plain = fewshot(lab, "loo").out
    assert "delta four" in plain and "+0.250" in plain


def test_orders_that_make_no_difference_have_no_spread(lab: Cli) -> None:
    *points, spread = fewshot(lab, "orders", "--json", "--orders", "4").rows()
    assert len(points) >= 2 and all(sorted(point["order"]) == [1, 2, 3, 4] for point in points)
    assert len({tuple(point["order"]) for point in points}) == len(points)
    assert (spread["low"], spread["high"], spread["deviation"], spread["p"]) == (1, 1, 0, 1)
    assert "standard deviation 0.000" in fewshot(lab, "orders", "--orders", "4").out


def test_a_dry_run_says_what_it_would_take_and_sends_nothing(lab: Cli, fake_process: FakeProcess) -> None:
    model = "fake-echo-ttft2"
    told = curve(lab, "--dry-run", model=f"openai:{model}")
    *trials, whole = told
    assert [one["number"] for one in trials] == sorted({one["number"] for one in trials})
    assert sum(one["requests"] for one in trials) == whole["requests"] == len(trials) * whole["rows"]
    assert trials[0]["input_tokens"] < trials[-1]["input_tokens"], "examples cost tokens"
    assert model not in fake_process.stats()["received"]


def test_the_table_says_it_all_to_people(lab: Cli) -> None:
    out = fewshot(lab, "curve").out
    assert "numbers@1" in out and "█" * 24 in out and "best: k = 4" in out


def test_options_that_would_do_nothing_are_refused(lab: Cli) -> None:
    for words in (["--pattern", "x"], ["--judge-model", ECHO], ["--labels", "a,b"]):
        assert fewshot(lab, "curve", *words, status=2).out == ""
    assert "not both" in fewshot(lab, "curve", "-k", "0,1", "--max", "2", status=2).err
    assert "shuffled" in fewshot(lab, "orders", "--order", "by-label", status=2).err
    assert "dev2" in fewshot(lab, "curve", "--split", "dev2", status=2).err
    assert lab("run", "list", "--json").rows() == []


def test_failures_are_told_with_their_reason_and_not_scored(lab: Cli) -> None:
    done = fewshot(lab, "curve", "-k", "0,1", "--json", model="openai:fake-err400", status=1)
    assert "no whole answer" in done.err and "400" in done.err
    some = fewshot(lab, "curve", "-k", "0,1", "--json", "-m", "openai:fake-err400", status=1)
    assert {row["score"] for row in some.rows() if row.get("k") == 0 and row["model"] == ECHO} == {0}
    assert {row["score"] for row in some.rows() if row.get("k") == 0 and row["model"] != ECHO} == {None}
    assert "24 samples did not end" in some.err


def test_a_spend_cap_is_for_all_runs_together_and_keeps_what_ended(lab: Cli, tmp_path: Path) -> None:
    config = '[catalog.openai.models."fake-*"]\nprice = { input = 1000.0, output = 1000.0 }\n'
    (tmp_path / "config.toml").write_text(config, "utf-8")
    whole = curve(lab, "-k", "0,1", "--max-tokens", "40", "--fresh")
    costs = [point["cost_usd"] for point in whole[:-1]]
    assert all(costs)
    words = ("--json", "-k", "0,1,2,4", "--max-tokens", "40", "--fresh", "--cap", str(costs[0] * 1.5))
    done = fewshot(lab, "curve", *words, status=1)
    points = [row for row in done.rows() if "k" in row]
    assert points[0]["k"] == 0 and points[0]["score"] == 0 and points[0]["failed"] == 0
    assert [point["k"] for point in points] == [0, 1], "with the cap reached no further run begins"
    assert points[1]["failed"] > 0 and sum(point["cost_usd"] for point in points) <= costs[0] * 1.5
    assert "cap" in done.err


def test_any_run_can_be_scored_by_a_column_of_its_inputs(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("q,wanted\nfirst,yes\nsecond,no\nthird,yes\n", "utf-8")
    run = cli.send("-m", f"openai:{text_model('Yes.')}", "--inputs", str(path), "{{q}}")[0]["run"]
    assert "--gold" in cli("score", str(run)).err
    row = cli("score", str(run), "--metric", "choice", "--gold", "wanted", "--json").rows()[0]
    assert (
        row["score"] == pytest.approx(2 / 3)
        and (row["inputs"], row["n"]) == (3, 3)
        and row["low"] < 0.667 < row["high"]
    )
    assert row["metric"] == "choice:no|yes" and row["agreement"] is None
    assert cli("score", str(run), "--gold", "nothing").status == 2
    assert cli("score", "999").status == 1


def test_a_judge_is_a_stored_run_and_is_compared_with_the_persons_verdicts(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("q,gold\n" + "".join(f"question {n},a\n" for n in range(6)), "utf-8")
    samples = cli.send("-m", f"openai:{text_model('an answer')}", "--inputs", str(path), "{{q}}")
    run = str(samples[0]["run"])
    for n, sample in enumerate(samples):
        verdict = "gold" if n < 4 else "rejected"
        assert cli("example", "add", "--sample", str(sample["sample"]), "--verdict", verdict).status == 0
    judged = cli("score", run, "--metric", "judge", "--judge-model", f"openai:{text_model('Yes, it is.')}", "--json")
    row = judged.rows()[0]
    assert row["score"] == 1 and row["judge_run"] is not None
    assert (row["agreement"]["n"], row["agreement"]["agreed"], row["agreement"]["kappa"]) == (6, 4, 0)
    asked = cli("run", "export", str(row["judge_run"])).rows()[0]["request"]["messages"][0]["content"]
    assert "an answer" in asked and "question" in asked
    custom = tmp_path / "judge.txt"
    custom.write_text("Grade {{answer}}.", "utf-8")
    words = ("--judge-prompt", str(custom), "--judge-answer", "good=1", "--judge-answer", "poor=0.25")
    graded = cli("score", run, "--metric", "judge", "--judge-model", f"openai:{text_model('poor')}", *words, "--json")
    assert graded.rows()[0]["score"] == 0.25 and "#" in graded.rows()[0]["metric"]
    silent = cli("score", run, "--metric", "judge", "--judge-model", f"openai:{text_model('hm')}")
    assert silent.status == 1 and "6 of 6" in silent.err


def test_a_run_over_rows_of_a_dataset_can_be_scored_by_them(lab: Cli) -> None:
    done = lab("send", "{{input}}", "--inputs", "dataset:asked/dev?n=5&seed=1", "-m", ECHO, "--json")
    assert done.status == 0, done.err
    answers = [row for row in done.rows() if "text" in row]
    assert len(answers) == 5
    scored = lab("score", str(answers[0]["run"]), "--metric", "contains", "--json")
    assert scored.status == 0, scored.err
    gone = lab("send", "{{input}}", "--inputs", "dataset:none/dev", "-m", ECHO)
    assert gone.status == 2 and "There is no dataset 'none'. There are asked." in gone.err
