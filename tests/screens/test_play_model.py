"""A run as words and cells: what each state of a sample looks like on the wall."""

from __future__ import annotations

from dataclasses import replace

from cockpit.core.draft import PlayDraft
from cockpit.core.estimate import Estimate
from cockpit.core.ladder import Work, climb
from cockpit.core.live import LiveRun
from cockpit.core.models import Capabilities, Price
from cockpit.core.params import Params
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.screens.play_model import WallFold, cell, column_status, ended_status, ending_words
from cockpit.screens.play_status import (
    Column,
    Totals,
    empty_words,
    examples_words,
    input_words,
    ladder_parts,
    prompt_title,
    totals_parts,
    warnings_by_setting,
)

KEYS = {"params": "p", "resume": "U", "retry": "r", "more": "+", "fresh": "R"}
PLAN = Plan(single("hi"), (Target("a:m", "a", "m", "e"), Target("b:m", "b", "m", "e")), ({},), n=3, run_id=1)


def sample(target: int, index: int, **more: object) -> Sample:
    base = Sample(1, SampleKey(target, 0, index), "a:m", "text", ended="ended", latency_ms=1400.0, cost_usd=0.001)
    return replace(base, **more)  # type: ignore[arg-type]


def failed(target: int, index: int, message: str = "no such model") -> Sample:
    return sample(target, index, text="", ended="error", error=Failure("not_found", message, "See m."))


def test_a_wait_is_counted_down_before_its_reason() -> None:
    live = LiveRun(PLAN)
    key = SampleKey(0, 0, 0)
    live.begin(key, 10.0)
    live.retry(key, 13.0, "429")
    assert cell(live.samples[key], 11.5).note == "again in 1.5 s: 429"
    assert cell(live.samples[key], 20.0).note == "again in a moment: 429"


def test_a_column_that_failed_alike_is_one_cell_with_the_way_out() -> None:
    live = LiveRun(PLAN)
    for index in range(3):
        live.finish(failed(0, index))
    live.finished = True
    first, second = WallFold(live).columns(0.0)
    assert [c.note for c in first.cells] == ["no such model See m."]
    assert len(second.cells) == 3


def test_a_column_that_failed_in_two_ways_shows_each() -> None:
    live = LiveRun(PLAN)
    for index, message in enumerate(("x", "y", "y")):
        live.finish(failed(0, index, message))
    assert len(WallFold(live).columns(0.0)[0].cells) == 3


def test_only_what_changed_on_the_shown_input_is_drawn() -> None:
    live = LiveRun(replace(PLAN, inputs=({}, {})))
    fold = WallFold(live)
    fold.columns(0.0)
    assert fold.changes({SampleKey(1, 1, 0)}, 0.0) == {}
    changes = fold.changes({SampleKey(1, 0, 2)}, 0.0)
    assert changes is not None
    assert list(changes) == [1]
    assert list(changes[1]) == [2]


def test_the_status_says_how_samples_ended_how_long_they_took_and_what_they_cost() -> None:
    done = [sample(0, 0), sample(0, 1, ended="length"), sample(0, 2)]
    assert ended_status(done, 3) == "2✓ 1✂  1.4 s  $0.003"
    assert ended_status([sample(0, 0, cost_usd=None), sample(0, 1)], 3) == "2✓ of 3  1.4 s  ≥ $0.001"
    assert ended_status([sample(0, 0, cached=True, cost_usd=0.0)], 1) == "1✓  cached"


def test_a_flying_column_counts_and_tells_its_speed() -> None:
    live = LiveRun(PLAN)
    started = live.begin(SampleKey(0, 0, 0), 0.0)
    started.counted = 100
    assert column_status([started], 2.0, flying=True) == "0/1  ≈ 50 tok/s"


def test_a_run_of_cached_answers_says_how_to_get_others() -> None:
    live = LiveRun(PLAN)
    assert ending_words(live, 6, 6, KEYS) == "All 6 were cached; + asks for 8 more, R sends afresh."
    assert ending_words(live, 5, 6, KEYS) == ""


def test_a_capped_run_says_what_was_not_sent_and_how_to_send_it() -> None:
    live = LiveRun(replace(PLAN, cap_usd=0.5))
    live.finish(sample(0, 0))
    live.capped = True
    said = ending_words(live, 0, 1, KEYS)
    assert said == "Stopped at $0.5: 5 not sent; raise the cap in params (esc p), then U sends the rest."


def test_a_cap_names_the_models_it_cannot_hold() -> None:
    draft = PlayDraft(cap_usd=1.0)
    priced = Column("x:gpt", Capabilities(), Price(1.0, 2.0))
    found = warnings_by_setting(draft, [priced, Column("x:own", Capabilities())])
    assert found == {"cap_usd": "cannot hold own: price unknown"}


def test_the_examples_block_tells_its_size_and_when_it_is_not_sent() -> None:
    draft = PlayDraft().with_turn(0, "{{examples}}\nQ:")
    assert "none yet" in examples_words(draft)
    assert examples_words(PlayDraft()) == ""
    assert examples_words(replace(draft, examples="a b\nc d")) == "2 lines, ≈ 2 tok"
    assert "not sent" in examples_words(replace(PlayDraft(), examples="a"))


def test_totals_say_where_a_cost_is_not_known() -> None:
    def said(totals: Totals) -> str:
        return "".join(text for text, _ in totals_parts(totals))

    assert said(Totals(samples=84, usd=0.31)) == "84 msgs   $0.31"
    assert said(Totals(samples=84, usd=0.31, unpriced=3)) == "84 msgs   $0.31 + ?"
    assert said(Totals(samples=84, unpriced=84)) == "84 msgs   $?"


def test_a_warning_names_the_model_and_its_limit() -> None:
    draft = PlayDraft(params=Params(stop=("a", "b", "c", "d", "e"), seed=1))
    found = warnings_by_setting(draft, [Column("x:gpt-mini", Capabilities(max_stops=4, seed=False))])
    assert found == {"seed": "gpt-mini: does not take seed", "stop": "gpt-mini: 4 max"}


def test_how_sure_a_count_is_stands_before_it() -> None:
    assert input_words(Estimate(626, 1, None)) == "≈ 626 tok in"
    assert input_words(Estimate(626, 1, None, measured=True)) == "626 tok in"
    assert input_words(Estimate(626, 1, None, texts=(618, 618), template=8)) == "exact 618 tok in + ≈ 8 template"
    assert input_words(Estimate(626, 1, None, texts=(1590, 1618), template=8)).startswith("exact 1 590–1 618 tok in")


def test_the_title_tells_the_version_and_whether_it_was_changed() -> None:
    draft = PlayDraft()
    assert prompt_title("judge", draft, 0) == "judge new"
    saved = draft.with_version(draft.version(), number=7, saved=True)
    assert prompt_title("judge", saved, 0) == "judge v7"
    assert prompt_title("judge", saved.with_turn(0, "x"), 0) == "judge v7*"
    assert prompt_title("judge", saved.with_turn_after(0), 1) == "judge v7* · turn 2/2 assistant"


def test_rungs_that_were_used_are_filled() -> None:
    rungs = climb([Work("zero-shot", 1230), Work("few-shot", 4)])
    words = "".join(text for text, _ in ladder_parts(Totals(samples=1234, rungs=rungs)))
    assert "● zero-shot 1 230" in words
    assert "● few-shot 4" in words
    assert "○ best-of-N" in words


def test_the_empty_wall_names_the_key_the_models_and_the_way_to_more() -> None:
    title, lines = empty_words(PlayDraft(models=("a:x", "b:y"), n=1), send="enter", keys=["A", "B", "C"])
    assert title == "enter sends this prompt once to x and y."
    assert any("OPENAI_API_KEY" in line for line in lines)
