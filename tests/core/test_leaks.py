"""Leak checks: each planted kind is found, a clean split is silent, and fixing ends every leak at the least cost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.errors import InputError
from cockpit.core.examples import Example, Row, Source
from cockpit.core.leak_search import near_pairs, resemblance, shingles, varied
from cockpit.core.leak_texts import words
from cockpit.core.leaks import KINDS, Leak, find_leaks, fix, leaks_of, normalise

SYLLABLES = [consonant + vowel for consonant in "bcdfglmnprstv" for vowel in ("a", "en", "i", "or", "u")]
SUBJECTS = ("my neighbour", "the old ferry", "our guide", "a retired chemist", "the committee", "her first novel", "it")
VERBS = (
    "never explained",
    "arrived long before",
    "could not do without",
    "replaced",
    "was ruined by",
    "reminded me of",
)
THINGS = (
    "the plumbing",
    "a field of sunflowers",
    "two passports",
    "the sound",
    "cold soup",
    "its own sequel",
    "tax law",
)
TAILS = ("although nobody asked", "while it rained", "and I would go again", "for some reason", "despite the price", "")


def name(random_: random.Random) -> str:
    return "".join(random_.choices(SYLLABLES, k=3))


def sentence(random_: random.Random) -> str:
    subject, verb, thing, tail = (random_.choice(kind) for kind in (SUBJECTS, VERBS, THINGS, TAILS))
    words_ = f"{subject} of {name(random_)} {verb} {thing} at the {name(random_)} {name(random_)} {tail}".strip()
    return words_.capitalize() + random_.choice(".!")


def prose(seed: int, sentences: int = 6) -> str:
    """Text that repeats phrases as people do, but no passage."""
    random_ = random.Random(seed)
    return " ".join(sentence(random_) for _ in range(sentences))


def clean(n: int = 600) -> list[Row]:
    splits = ("examples", "dev", "dev", "test", "test")
    return [Row(f"r{i}", prose(i), label="ab"[i % 2], group=f"g{i}", split=splits[i % 5]) for i in range(n)]


def pair(a: str, b: str, **more: str) -> list[Leak]:
    """The leaks of two rows planted in a clean dataset."""
    rows = clean(60)
    planted = [Row("A", a, split="examples", **more), Row("B", b, split="test", **more)]
    return find_leaks([*rows[:30], planted[0], *rows[30:], planted[1]])


def one(leaks: Sequence[Leak]) -> Leak:
    (leak,) = leaks
    assert (leak.a, leak.split_a, leak.b, leak.split_b) == ("A", "examples", "B", "test")
    return leak


def edited(text: str, every: int) -> str:
    tokens = text.split()
    return " ".join(f"changed{i}" if i % every == every // 2 else token for i, token in enumerate(tokens))


def test_each_planted_kind_is_found_and_named_once() -> None:
    text = prose(10_001)
    assert one(pair(text, text)).kind == "exact"
    normalised = one(pair("“The  CAFÉ was   shut—all day.”", '"the cafe\u0301 was shut-all day'))
    assert normalised.kind == "normalised"
    near = one(pair(text, edited(text, 25)))
    assert near.kind == "near-duplicate"
    assert "% alike" in near.evidence
    passage = " ".join(prose(10_002).split()[:13])
    gram = one(pair(f"{prose(10_003)} {passage}", f"{passage} {prose(10_004)}"))
    assert (gram.kind, gram.evidence.startswith("13 words: ")) == ("13-gram", True)
    assert one(pair(prose(10_005), prose(10_006), group="author 7")).evidence == 'group "author 7"'


def test_a_passage_of_twelve_words_is_no_leak() -> None:
    passage = " ".join(prose(10_002).split()[:12])
    assert pair(f"{prose(10_003)} {passage}", f"{passage} {prose(10_004)}") == []


def test_a_clean_split_is_silent() -> None:
    assert find_leaks(clean()) == []
    assert find_leaks(row for row in clean()[:3]) == []
    assert find_leaks([]) == []


@pytest.mark.parametrize(
    "texts",
    [
        ["What is the capital of France?", "What is the capital of Spain?", "What is the capital of Peru?"],
        ["3 * 4", "3 / 4", "3 + 4", "3 - 4", "-3", "3", "(3 + 4) * 2", "3 + (4 * 2)"],
        ["Write it in C", "Write it in C#", "Write it in C++", "?", "!", "", "a a a a a", "a a a"],
        ["".join(f"{int(c)} " for c in f"{i * 7919 % 65536:016b}") for i in range(1, 60)],
        ["我们明天去北京参加一个会议。", "我们明天去上海参加一个展览。", "他们昨天从广州回来了。"],
        [f"Is {a} larger than {b}? Answer with yes or no." for a in range(3, 9) for b in range(40, 45)],
    ],
    ids=["questions", "arithmetic", "signs", "bits", "chinese", "template"],
)
def test_short_and_formal_texts_that_differ_in_meaning_are_silent(texts: list[str]) -> None:
    rows = [Row(str(i), text, split=("examples", "test")[i % 2]) for i, text in enumerate(texts)]
    assert find_leaks(rows) == []


def test_wording_that_all_rows_have_is_the_template_and_no_leak() -> None:
    frame = "Read the review below with care and decide " + prose(20_000, 8) + " Review: "
    rows = [Row(str(i), frame + prose(i, 2), split=("examples", "test")[i % 2]) for i in range(80)]
    assert find_leaks(rows) == []
    leaking = [*rows, Row("A", frame + prose(30_000, 4), split="examples")]
    leaking.append(Row("B", frame + edited(prose(30_000, 4), 30), split="test"))
    assert [(leak.kind, leak.a, leak.b) for leak in find_leaks(leaking)] == [("near-duplicate", "A", "B")]


def test_only_rows_of_different_splits_leak() -> None:
    text = prose(1)
    rows = [Row(str(i), text, group="g", split="test") for i in range(3)]
    assert find_leaks([*rows, Row("out", text, group="g")]) == []


def test_every_row_of_a_crowd_is_named_without_naming_every_pair() -> None:
    text, n = prose(5), 400
    rows = [Row(str(i), text, group="g", split=("examples", "dev", "test")[i % 3]) for i in range(n)]
    leaks = find_leaks(rows)
    for kind in ("exact", "group"):
        own = [leak for leak in leaks if leak.kind == kind]
        assert {key for leak in own for key in (leak.a, leak.b)} == {str(i) for i in range(n)}
        assert len(own) < 3 * n


def test_the_less_protected_side_comes_first_and_kinds_in_their_order() -> None:
    rows = [
        Row("t", prose(1), split="test", group="g"),
        Row("d", prose(1), split="validation"),
        Row("o", prose(1), split="batch 2"),
        Row("e", prose(1).upper(), split="train", group="g"),
    ]
    leaks = find_leaks(rows)
    assert {(leak.a, leak.b) for leak in leaks} == {
        ("d", "t"), ("o", "t"), ("e", "t"), ("o", "d"), ("e", "d"), ("e", "o")
    }  # fmt: skip
    kinds = [KINDS.index(leak.kind) for leak in leaks]
    assert kinds == sorted(kinds)


def test_the_threshold_is_a_choice_within_bounds() -> None:
    text = prose(10_001)
    rows = [Row("A", text, split="examples"), Row("B", edited(text, 13), split="test")]
    assert [leak.kind for leak in find_leaks(rows, near=0.8)] != ["near-duplicate"]
    assert [leak.kind for leak in find_leaks(rows, near=0.6)] == ["near-duplicate"]
    for near in (0.2, 1.1):
        with pytest.raises(InputError):
            find_leaks(rows, near=near)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert normalise(f"  {text}\n") == once


def test_normalising_drops_looks_and_keeps_meaning() -> None:
    assert normalise("  “Ｄon’t\tSTOP\u00a0me\u200b!” ") == "don't stop me"
    assert normalise("Straße") == normalise("STRASSE")
    for a, b in (("-5", "5"), (".5", "5"), ("C#", "C"), ("a b", "ab"), ("?", "!")):
        assert normalise(a) != normalise(b)
    assert words("हिन्दी में 北京 x+1") == ["हिन्दी", "में", "北", "京", "x", "+", "1"]


def mutated(random_: random.Random, tokens: list[int]) -> list[int]:
    """The tokens with up to an eighth of them replaced, dropped or doubled."""
    made = list(tokens)
    for _ in range(random_.randint(0, max(1, len(tokens) // 8))):
        at = random_.randrange(len(made))
        made[at : at + 1] = random_.choice(([random_.randrange(60)], [], [made[at], made[at]]))
        if not made:
            return list(tokens)
    return made


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9, 1.0]), st.integers(2, 60))
def test_no_pair_at_or_above_the_threshold_is_missed(seed: int, near: float, vocabulary: int) -> None:
    """Recall 1, against all pairs compared; and nothing below the threshold."""
    random_ = random.Random(seed)
    texts = [[random_.randrange(vocabulary) for _ in range(random_.randint(1, 40))] for _ in range(4)]
    texts += [mutated(random_, random_.choice(texts)) for _ in range(7)]
    places = [random_.choice((1, 2, 4, 3)) for _ in texts]
    sets = [shingles(text) for text in texts]
    shared_by = {code: sum(code in one for one in sets) for one in sets for code in one}
    template = {code for code, n in shared_by.items() if n > 10}

    def likeness(i: int, j: int) -> float:
        own = resemblance(sets[i] - template, sets[j] - template)
        return resemblance(sets[i], sets[j]) if own >= near / 2 - 1e-9 else 0.0

    across = [(i, j) for i, j in combinations(range(len(texts)), 2) if (places[i] | places[j]).bit_count() > 1]
    across = [(i, j) for i, j in across if varied(texts[i]) and varied(texts[j])]
    wanted = {(i, j): likeness(i, j) for i, j in across if likeness(i, j) >= near - 1e-9}
    assert {(i, j): score for i, j, score in near_pairs(texts, places, near)} == wanted


def test_recall_and_precision_among_many_texts() -> None:
    rows = clean(1000)
    random_ = random.Random(3)
    planted = random_.sample(range(0, 1000, 5), 100)
    copies = [Row(f"c{i}", edited(rows[i].input, random_.choice((25, 30, 40))), split="test") for i in planted]
    found = find_leaks([*rows, *copies])
    assert {(leak.a, leak.b) for leak in found} == {(f"r{i}", f"c{i}") for i in planted}


def test_the_result_is_the_same_in_every_process() -> None:
    code = (
        "from tests.core.test_leaks import *\n"
        "rows = clean(150) + [Row(f'c{i}', edited(prose(i), 17), group='g3', split='test') for i in range(0, 150, 5)]\n"
        "print(find_leaks(rows))"
    )
    root = Path(__file__).parent.parent.parent
    outs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1
    assert b"Leak(" in outs.pop()


def leaking(seed: int) -> list[Row]:
    """A small dataset full of chains: texts derived from one another, groups, duplicates, over three splits."""
    random_ = random.Random(seed)
    texts = [prose(random_.randrange(10**6)) for _ in range(3)]
    while len(texts) < 24:
        source = random_.choice(texts)
        texts.append(random_.choice((source, source.upper(), edited(source, random_.choice((18, 25, 40))))))
    return [
        Row(
            str(i),
            text,
            group=random_.choice((None, None, "g", "h")),
            split=random_.choice(("examples", "dev", "test")),
        )
        for i, text in enumerate(texts)
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_fixing_ends_every_leak_touches_no_test_row_and_drops_only_for_rows_that_stay(seed: int) -> None:
    rows = leaking(seed)
    leaks = find_leaks(rows)
    gone = fix(rows, leaks)
    stay = [row for row in rows if row.key not in gone]
    assert set(gone.values()) <= {None}
    assert find_leaks(stay) == []
    for row in rows:
        if row.key in gone:
            assert row.split != "test"
            assert any(leak.a == row.key and leak.b not in gone for leak in leaks)


def test_fixing_spares_an_example_whose_only_twin_goes() -> None:
    leaks = [
        Leak("13-gram", "e", "examples", "d", "dev", ""),
        Leak("13-gram", "d", "dev", "t", "test", ""),
    ]
    rows = [Row("e", "", split="examples"), Row("d", "", split="dev"), Row("t", "", split="test")]
    assert fix(rows, leaks) == {"d": None}
    moved = [rows[0], Row("d", "", split="test"), rows[2]]
    assert fix(moved, leaks) == {}, "what was found before a row moved no longer counts"


def test_before_a_run_examples_are_compared_with_the_rows_asked() -> None:
    examples = [
        Example(prose(1), "yes", id=7),
        Example(prose(2), "no"),
        Example("shortened", "no", id=9, source=Source("row", {"dataset": "reviews", "row": "q3"})),
        Example(prose(4), "no", id=11, group="author"),
        Example(prose(1), "yes", id=12),
    ]
    queries = [
        Row("q1", prose(1).lower(), split="examples"),
        Row("q2", prose(50), split="dev", group="author"),
        Row("q3", prose(60), split="dev"),
        Row("q4", f"{prose(70)} {prose(2, 3)}"),
        Row("q5", prose(70)),
    ]
    found = leaks_of(examples, queries, dataset="reviews")
    assert {(leak.kind, leak.a, leak.b) for leak in found} == {
        ("exact", "9", "q3"), ("normalised", "7", "q1"), ("normalised", "12", "q1"), ("13-gram", "#2", "q4"),
        ("group", "11", "q2"),
    }  # fmt: skip
    assert {(leak.split_a, leak.split_b) for leak in found} == {("examples", "queries")}
    assert "9" not in {leak.a for leak in leaks_of(examples, queries, dataset="another")}


def test_a_hundred_thousand_rows_are_checked_in_under_a_minute() -> None:
    random_ = random.Random(1)
    vocabulary = ["".join(random_.choices(SYLLABLES, k=random_.randint(1, 4))) for _ in range(30_000)]
    weights = [1 / (i + 2) for i in range(30_000)]
    splits = ("examples", "dev", "dev", "test", "test")
    texts = random_.choices(vocabulary, weights, k=8_000_000)
    rows = [Row(str(i), " ".join(texts[i * 80 : i * 80 + 80]), split=splits[i % 5]) for i in range(100_000)]
    rows[500] = Row("A", rows[77_777].input.upper(), split="examples")
    del texts
    start = time.process_time()
    found = find_leaks(rows)
    assert time.process_time() - start < 60
    assert [(leak.kind, leak.a) for leak in found] == [("normalised", "A")]
