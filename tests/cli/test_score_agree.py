"""`cockpit score RUN --agree FILE`: a metric, or a judge, beside a person's labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fake_provider import text_model


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> tuple[str, list[int]]:
    path = tmp_path / "in.csv"
    path.write_text("key,q,gold\n" + "".join(f"k{n},question {n},{'a' if n < 4 else 'b'}\n" for n in range(6)), "utf-8")
    samples = cli.send("-m", f"openai:{text_model('a')}", "--inputs", str(path), "{{q}}")
    return str(samples[0]["run"]), [sample["sample"] for sample in samples]


def test_agreement_with_a_file_has_an_interval_and_names_where_they_differ(
    cli: Cli, tmp_path: Path, run: tuple[str, list[int]]
) -> None:
    number, samples = run
    labels = tmp_path / "mine.csv"
    said = ["right", "right", "right", "wrong", "wrong", "wrong"]
    labels.write_text("sample,label\n" + "".join(f"{s},{w}\n" for s, w in zip(samples, said, strict=True)), "utf-8")
    row = cli("score", number, "--agree", str(labels), "--json").rows()[0]
    found = row["agreement_file"]
    assert (found["n"], found["agreed"], found["apart"]) == (6, 5, [samples[3]])
    assert found["kappa"] == pytest.approx(2 / 3)
    assert found["low"] < found["kappa"] < found["high"]
    shown = cli("score", number, "--agree", str(labels)).out
    assert "agrees with the labels of mine.csv on 5 of 6, kappa 0.667 (" in shown
    assert f"apart on samples {samples[3]}" in shown


def test_a_judge_is_compared_in_its_own_words_and_strangers_are_told(
    cli: Cli, tmp_path: Path, run: tuple[str, list[int]]
) -> None:
    number, _ = run
    labels = tmp_path / "mine.jsonl"
    labels.write_text('{"key": "k0", "label": "poor"}\n{"key": "k9", "label": "good"}\n', "utf-8")
    prompt = tmp_path / "judge.txt"
    prompt.write_text("Grade {{answer}}.", "utf-8")
    words = ("--judge-prompt", str(prompt), "--judge-answer", "good=1", "--judge-answer", "poor=0.25")
    judge = ("--metric", "judge", "--judge-model", f"openai:{text_model('poor')}", *words)
    done = cli("score", number, *judge, "--agree", str(labels))
    assert "on 1 of 1, kappa undefined" in done.out
    assert "Labels of mine.jsonl that are of no whole answer of the run: 1." in done.err


def test_a_malformed_file_is_refused_before_a_judge_is_asked(
    cli: Cli, tmp_path: Path, run: tuple[str, list[int]]
) -> None:
    number, samples = run
    labels = tmp_path / "mine.csv"
    labels.write_text(f"sample,label\n{samples[0]},dunno\n", "utf-8")
    before = len(cli("run", "list", "--json").rows())
    judge = ("--metric", "judge", "--judge-model", f"openai:{text_model('yes')}")
    done = cli("score", number, *judge, "--agree", str(labels))
    assert done.status == 2
    assert "Row 1" in done.err and "dunno" in done.err
    assert len(cli("run", "list", "--json").rows()) == before
