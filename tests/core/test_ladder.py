"""How far an idea has climbed."""

from __future__ import annotations

from dataclasses import replace

from cockpit.core.ladder import RUNGS, Work, climb, gains_of, rung_of, shots_of
from cockpit.core.prompts import Message, Version, single

STRONG = {0: 5, 1: 8, 4: 12, 8: 12, 16: 15}
"""Number of examples → inputs answered right, of 20."""


def test_a_prompt_is_few_shot_only_if_examples_are_really_sent() -> None:
    bare = single("Question: {{q}}")
    with_place = single("{{examples}}\nQuestion: {{q}}")
    assert rung_of(bare) == rung_of(with_place) == "zero-shot"
    assert rung_of(replace(with_place, examples="Q: 1 A: 2")) == "few-shot"
    assert rung_of(replace(bare, examples="Q: 1 A: 2")) == "zero-shot"


def test_answered_turns_are_examples_unless_they_are_a_conversation() -> None:
    asked = single("2+2?").messages[0]
    turns = Version(messages=(asked, Message("assistant", "4"), asked))
    assert rung_of(turns) == "few-shot" and shots_of(turns) == 1
    assert rung_of(turns, continued=True) == "zero-shot"


def test_more_examples_than_a_hand_writes_are_many_shot() -> None:
    place = single("{{examples}}\nQuestion: {{q}}")
    ten = replace(place, examples="\n\n".join(f"Q: {n} A: {n}" for n in range(10)))
    assert (rung_of(ten), shots_of(ten)) == ("few-shot", 10)
    eleven = replace(place, examples=ten.examples + "\n \nQ: x A: y")
    assert (rung_of(eleven), shots_of(eleven)) == ("many-shot", 11)
    unparted = replace(place, examples="\n".join("abcdefghijklmnop"))
    assert (rung_of(unparted), shots_of(unparted)) == ("few-shot", None)


def test_rungs_fill_from_what_came_back() -> None:
    rungs = climb([Work("zero-shot", 80), Work("zero-shot", 4), Work("few-shot", 0, 4), Work("best-of-N", 16)])
    assert tuple(rung.name for rung in rungs) == RUNGS
    by_name = {rung.name: rung for rung in rungs}
    assert (by_name["zero-shot"].runs, by_name["zero-shot"].samples, by_name["zero-shot"].done) == (2, 84, True)
    assert by_name["few-shot"].shots == 4 and not by_name["few-shot"].done
    assert [rung.name for rung in rungs if rung.skipped] == ["few-shot", "many-shot"]


def test_an_idea_without_work_stands_at_the_bottom() -> None:
    assert not any(rung.done or rung.skipped for rung in climb([]))


def test_examples_of_each_inputs_own_are_few_shot_of_unknown_number() -> None:
    version = single("{{row_examples}}\n\n{{question}}")
    assert shots_of(version) is None
    assert rung_of(version) == "few-shot"


def test_a_rung_says_what_its_best_number_of_examples_did_over_none() -> None:
    inputs = [f"q{n}" for n in range(20)]

    def right(n: int) -> dict[str, list[float]]:
        return {key: [float(at < n)] for at, key in enumerate(inputs)}

    found = gains_of("exact", {"weak": {0: right(2), 4: right(3)}, "strong": {k: right(n) for k, n in STRONG.items()}})
    few, many = found["few-shot"], found["many-shot"]
    assert (few.k, few.model, few.models, few.tried) == (4, "strong", 2, 3), "of equals the fewest examples"
    assert few.effect.mean == 0.35 and few.effect.low is not None and few.effect.low > 0
    assert (many.k, many.effect.mean, many.tried) == (16, 0.5, 1)
    rungs = {rung.name: rung for rung in climb([Work("few-shot", 60, 8)], found)}
    assert rungs["few-shot"].gain == few and rungs["zero-shot"].gain is None


def test_without_a_zero_shot_score_there_is_no_gain() -> None:
    assert gains_of("exact", {"m": {1: {"q": [1.0]}, 2: {"q": [1.0]}}}) == {}
    assert gains_of("exact", {"m": {0: {"q": [1.0]}, 2: {"other": [1.0]}}}) == {}, "no input has both"
