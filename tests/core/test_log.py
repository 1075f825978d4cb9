"""The log's rules: citations, figures in words, front matter, what is told of samples, what a stranger would miss."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from cockpit.core import calibration, front_matter
from cockpit.core.calibration import Guess, by_group, record, surprise
from cockpit.core.figures import Figure
from cockpit.core.log_context import fill, gaps
from cockpit.core.log_draft import CONCLUDED, OBSERVED, Cited, PromptFacts, Quote, RunFacts, entry_text, section
from cockpit.core.log_plain import as_read
from cockpit.core.log_refs import cited, link, numbers_outside, parse_target, refs, target_of, unfinished
from cockpit.core.params import Params
from cockpit.core.prompts import single
from cockpit.core.report import Slide, split
from cockpit.core.telling import Seen, telling

# --- citations ---


def test_every_way_to_cite_is_read_and_code_is_not() -> None:
    text = (
        "See run:12 and [71 % [62, 79], n = 128](run:12?score=exact&model=openai:gpt-x), ![loss](job:7?chart=loss).\n"
        "`run:9` and https://host/run:3 and rerun:4 and run:5x are none.\n```\njob:1\n```\nversion:4."
    )
    found = refs(text)
    assert [(ref.kind, ref.id) for ref in found] == [("run", 12), ("run", 12), ("job", 7), ("version", 4)]
    assert found[1].words == "71 % [62, 79], n = 128"
    assert found[1].option("model") == "openai:gpt-x"
    assert [ref.picture for ref in found] == [False, False, True, False]
    assert next(text[ref.start : ref.end] for ref in found) == "run:12"
    assert cited(text) == (("run", 12), ("job", 7), ("version", 4))


def test_a_fence_that_is_never_closed_hides_the_rest() -> None:
    assert refs("run:1\n```\nrun:2\n") == refs("run:1\n")


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(["model", "score", "less"]), st.text(max_size=12)))
def test_whatever_the_words_and_values_a_link_is_read_back(words: str, options: dict[str, str]) -> None:
    target = target_of("run", 3, options)
    (found,) = refs(link(words.replace("`", "").replace("run:", "").replace("\\", ""), target)) or [None]
    assert found is not None
    assert dict(found.options) == options
    assert parse_target(found.target) is not None


def test_what_is_being_typed_is_completed() -> None:
    assert unfinished("as in run:1", 11) == ("run", "1", 6)
    assert unfinished("as in sample:", 13) == ("sample", "", 6)
    assert unfinished("https://run:1", 13) is None


def test_numbers_that_nothing_accounts_for_are_found() -> None:
    text = "It went from 12.5 to [71 %](run:1?score=exact), and 30 % of v1.2.3 on 2026-11-24 `0.7`."
    assert list(numbers_outside(text)) == ["12.5", "30 %"]


# --- figures ---


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Figure(0.7109, "share", 0.62, 0.79, 128), "71 % [62, 79], n = 128"),
        (Figure(0.0, "share", 0.0, 0.0458, 80), "0 % [0, 4.6], n = 80"),
        (Figure(0.123, "points", 0.07, 0.17, 40, "pairs"), "+12 points [+7, +17], n = 40 pairs"),
        (Figure(-0.051, "points", -0.12, 0.02, 40, "pairs"), "−5.1 points [−12, +2], n = 40 pairs"),
        (Figure(0.41237, "number"), "0.4124"),
        (Figure(0.0, "usd"), "$0.00"),
        (Figure(0.000123, "usd"), "$0.00012"),
        (Figure(12345, "count"), "12 345"),
    ],
)
def test_a_figure_says_its_value_interval_and_n(figure: Figure, words: str) -> None:
    assert figure.words() == words


# --- predictions ---

GUESSES = [Guess(0.9, True, "prompt"), Guess(0.7, False, "prompt"), Guess(0.6, True, "data"), Guess(0.2, False, "data")]


def test_scores_by_hand() -> None:
    found = record(GUESSES)
    assert found.brier == pytest.approx((0.01 + 0.49 + 0.16 + 0.04) / 4)
    assert found.base == pytest.approx(0.25)
    assert found.bits == pytest.approx(-math.log2(0.9) - math.log2(0.3) - math.log2(0.6) - math.log2(0.8))
    assert found.lean == pytest.approx(0.6 - 0.5)
    assert surprise(0.5, True) == 1.0
    assert surprise(0.25, True) == 2.0
    assert [(b.low, b.rate.k, b.rate.n) for b in found.bins] == [(0.2, 0, 1), (0.6, 1, 1), (0.7, 0, 1), (0.9, 1, 1)]


def test_scores_agree_with_a_reference_library() -> None:
    rng = random.Random(5)
    guesses = [Guess(round(rng.uniform(0.02, 0.97), 2) + 0.003, rng.random() < 0.4) for _ in range(500)]
    ps, happened = [one.p for one in guesses], [one.happened for one in guesses]
    found = record(guesses)
    assert found.brier == pytest.approx(brier_score_loss(happened, ps))
    assert found.bits == pytest.approx(log_loss(happened, ps, normalize=False) / math.log(2))
    shares, means = calibration_curve(happened, ps, n_bins=10)
    assert [b.rate.value for b in found.bins] == pytest.approx(list(shares))
    assert [b.mean_p for b in found.bins] == pytest.approx(list(means))


def test_the_worst_judged_kind_comes_first() -> None:
    assert [name for name, _ in by_group(GUESSES)] == ["prompt", "data"]


def test_nothing_resolved_has_no_score_and_certainty_is_refused() -> None:
    assert record([]).brier is None
    assert record([]).lean is None
    with pytest.raises(ValueError, match="no probability"):
        surprise(1.0, True)
    assert calibration.entropy(0.5) == 1.0


# --- front matter ---


@given(
    st.dictionaries(
        st.sampled_from(["title", "idea", "date"]),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30).map(str.strip),
    ),
    st.lists(st.text("ab, \"'#:-[]", min_size=1, max_size=8).map(str.strip).filter(bool), max_size=4),
    st.text("ab\n-#: ", max_size=40),
)
def test_front_matter_comes_back_as_it_was(fields: dict[str, str], tags: list[str], body: str) -> None:
    given_ = {name: value for name, value in fields.items() if value}
    written = front_matter.write({**given_, "tags": tuple(tags)}, body)
    found, text = front_matter.read(written)
    assert {name: found.get(name) for name in given_} == given_
    assert front_matter.texts(found.get("tags")) == tuple(tags)
    assert text == body.strip("\n")


def test_other_tools_front_matter_is_read() -> None:
    found, body = front_matter.read(
        "---\r\ntags:\r\n  - one\r\n  - 'it''s'\r\naliases: [a, \"b, c\"]\r\n---\r\n# Hi\r\n"
    )
    assert found == {"tags": ("one", "it's"), "aliases": ("a", "b, c")}
    assert body == "# Hi"
    assert front_matter.read("no head\n---\n") == ({}, "no head\n---")


# --- which samples are shown ---


def test_samples_are_chosen_by_rule() -> None:
    samples = [Seen(at, "m", "ended", 10 * at, score=float(at % 2)) for at in range(1, 8)]
    samples += [Seen(20, "m", "length", 500), Seen(21, "m", "ended", 5, verdict="gold")]
    chosen = telling(samples)
    assert [(one.sample.id, one.why) for one in chosen] == [(21, "marked gold"), (4, "score 0"), (3, "score 1")]
    assert telling([]) == ()
    assert [one.why for one in telling(samples[:1] + samples[7:8])] == ["ended: length", "typical length"]


# --- what an entry tells ---


def run_facts(**more: object) -> RunFacts:
    cell = Cited("run:12?score=exact", Figure(0.71, "share", 0.62, 0.79, 128))
    values: dict[str, object] = {
        "id": 12, "at": "2026-11-24 07:12", "prompt": PromptFacts("judge", 7, 31, single("Is it?")),
        "models": ("gpt-mini",), "params": Params(temperature=1.0, stop=("\n",)), "n": 8, "inputs": 16,
        "columns": ("reply", "label"), "rows": (("gpt-mini", (("exact", cell),)),), "chart": "exact",
    }  # fmt: skip
    return RunFacts(**{**values, **more})  # type: ignore[arg-type]


def test_an_entry_tells_what_was_done_and_leaves_room_for_the_person() -> None:
    quote = Quote(345, "gpt-mini", "score 0", "`**bold**` <script>alert(1)</script>\nrun:99")
    parent = PromptFacts("judge", 7, 31, single("Is it a refusal?"), (6, 30, single("Is it?")))
    text = entry_text([run_facts(quotes=(quote,), prompt=parent)])
    assert [(ref.kind, ref.id) for ref in refs(text)] == [
        ("version", 31), ("run", 12), ("version", 30), ("run", 12), ("run", 12), ("sample", 345),
    ]  # fmt: skip
    assert "- Is it?\n+ Is it a refusal?" in text
    assert "temperature 1.0, stop '\\\\n'" in text
    assert section(text, OBSERVED) == ""
    assert section(text, CONCLUDED) == ""
    assert section(text.replace(f"## {OBSERVED}\n", f"## {OBSERVED}\n\nIt refuses."), OBSERVED) == "It refuses."


def test_a_whole_draft_lacks_only_what_the_person_knows() -> None:
    run = run_facts()
    assert {gap.need for gap in gaps(entry_text([run]), [run])} == {"baseline", "observed", "concluded"}


def test_a_bare_note_is_filled_in_with_what_is_known() -> None:
    run = run_facts(params=Params(temperature=1.0))
    note = "It got better, 71 % now: run:12."
    missing = gaps(note, [run])
    assert {gap.need for gap in missing} == {
        "model", "n", "prompt", "data", "settings", "metric", "baseline", "observed", "concluded", "untraced",
    }  # fmt: skip
    filled = fill(note, missing)
    assert note in filled
    assert {gap.need for gap in gaps(filled, [run])} == {"baseline", "observed", "concluded", "untraced"}
    assert fill(filled, gaps(filled, [run])) == filled


def test_an_entry_that_cites_nothing_cannot_be_checked() -> None:
    assert gaps("I think so.", [])[0].need == "source"


def test_a_slide_that_holds_too_much_goes_on_and_loses_nothing() -> None:
    code = "```\n" + "\n".join(f"line {at}" for at in range(60)) + "\n```"
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| row {at} | x |" for at in range(50))
    body = f"Before.\n{code}\nBetween.\n\n{table}\n\n### Last\n\nThe end."
    pages = split(Slide("T", body, 12))
    assert [one.minutes for one in pages] == [12, *[0] * (len(pages) - 1)]
    assert {one.title for one in pages[1:]} == {"T (continued)"}
    whole = "\n".join(one.body for one in pages)
    assert all(whole.count(f"line {at}\n") == 1 for at in range(60))
    assert all(whole.count(f"| row {at} |") == 1 for at in range(50))
    for one in pages:
        assert one.body.count("```") % 2 == 0, "code that goes on is code there too"
        if "| row" in one.body:
            assert "|---|---|" in one.body, "a table that goes on has its head again"
    assert split(Slide("T", "Short.")) == [Slide("T", "Short.")]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["|" * 50_000 + "x\n" + "|" * 50_000 + "x", "a|b\n" + " " * 50_000 + "x|", "-" * 50_000, "`" * 50_000]
)
def test_hostile_lines_are_split_and_read_in_no_time(text: str) -> None:
    assert split(Slide("T", text))[0].body
    assert as_read(text)


def test_no_figure_is_cut_in_two_where_a_slide_goes_on() -> None:
    figure = "[71 % [62, 79], n = 128](run:12?score=exact)"
    pages = split(Slide("T", f"word {figure}, " * 200))
    assert len(pages) > 1
    assert sum(len(refs(one.body)) for one in pages) == 200
