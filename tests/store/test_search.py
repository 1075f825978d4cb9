"""Search: the person's words are words, newest first, filters narrow, nothing typed is an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.core.prompts import single
from cockpit.core.samples import Sample
from cockpit.store import prompts, samples
from cockpit.store.db import Store
from cockpit.store.search import SNIPPET, search, search_prompts
from tests.store.conftest import make_run, plan_of, sample_of

TEXTS = ("I can't help with that.", "Sure: foo-bar AND baz", "the quick brown fox", "Grüße, the naïve café", "fox the")
Save = Callable[[Sample], int]


@pytest.fixture
def ids(store: Store, save: Save) -> list[int]:
    """Five samples, oldest first, from two models in turn."""
    run = make_run(store)
    endings = ("refusal", "stop", "ended", "length", "ended")
    return [save(sample_of(run, i, target=i % 2, text=TEXTS[i], ended=endings[i])) for i in range(5)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [4, 3, 2, 1, 0]),
        ("the", [4, 3, 2]),
        ("fox the", [4, 2]),
        ('"the quick"', [2]),
        ('"fox the"', [4]),
        ('"quick the"', []),
        ("qui", [2]),
        ('"qui"', []),
        ("qui fox", []),
        ("can't", [0]),
        ("foo-bar", [1]),
        ("AND", [1]),
        ("NOT the", []),
        ("the OR help", []),
        ("gruss", []),
        ("grüße", [3]),
        ("cafe", [3]),
        ("text:fox", []),
        ("sure:foo", [1]),
        ("fox*", [4, 2]),
        ("^fox", [4, 2]),
        ("[/]", [4, 3, 2, 1, 0]),
        ('"', [4, 3, 2, 1, 0]),
        ("model:claude", [4, 2, 0]),
        ("model:GPT the", [3]),
        ("model:nobody", []),
        ("ended:ended fox", [4, 2]),
        ("ended:length", [3]),
        ("ended:nonsense", []),
        ("run:1 the", [4, 3, 2]),
        ("run:2", []),
        ("run:one", []),
        ("run:99999999999999999999999", []),
        ("is:gold", [2]),
        ("is:gold the model:claude", [2]),
        ("is:rejected", []),
        ("tag:odd", [3, 1]),
        ('tag:"two words"', [4]),
        ("tag:odd the", [3]),
        ("tag:odd is:gold", []),
    ],
)
def test_query(store: Store, ids: list[int], query: str, found: list[int]) -> None:
    def mark(db: object) -> None:
        samples.set_gold(db, ids[2])  # type: ignore[arg-type]
        for i, name in ((1, "odd"), (3, "odd"), (4, "two words")):
            samples.tag(db, ids[i], name)  # type: ignore[arg-type]

    store.write_now(mark)
    assert [ids.index(hit.sample_id) for hit in search(store.read(), query)] == found


def test_filters_can_be_given_apart_and_pages_follow_on(store: Store, ids: list[int]) -> None:
    assert [hit.sample_id for hit in search(store.read(), "the", filters={"model": "gpt"})] == [ids[3]]
    first = search(store.read(), "the", 2)
    rest = search(store.read(), "the", 2, before=first[-1].sample_id)
    assert [hit.sample_id for hit in (*first, *rest)] == [ids[4], ids[3], ids[2]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(exclude_categories=()), max_size=30) | st.text('"*:^()+-{}fox ANDORNT', max_size=20))
def test_nothing_a_person_types_is_an_error(store: Store, ids: list[int], query: str) -> None:
    search(store.read(), query)
    search_prompts(store.read(), query)


WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, min_size=1, max_size=5), cut=st.integers(2, 12))
def test_any_text_is_found_by_its_own_words(store: Store, words: list[str], cut: int) -> None:
    run = make_run(store)
    text = " ".join(words)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample_of(run, text=text)))
    typed = text[: -len(words[-1])] + words[-1][:cut]
    for query in (text, typed, f'"{text}"'):
        assert search(store.read(), query, 1)[0].sample_id == sample_id


def test_a_replaced_text_is_no_longer_found(store: Store, save: Save) -> None:
    run = make_run(store)
    save(sample_of(run, text="partial oldword", ended="error"))
    sample_id = save(sample_of(run, text="whole newword"))
    assert not search(store.read(), "oldword") and not search(store.read(), "ended:error")
    assert search(store.read(), "newword")[0].sample_id == sample_id


def test_a_snippet_shows_the_match_within_bounds(store: Store, save: Save) -> None:
    run = make_run(store)
    save(sample_of(run, text="filler\n" * 900 + "Needle-In here " + "filler " * 900))
    save(sample_of(run, 1, text="short", reasoning="thinking about a needle in it"))
    hidden, shown = search(store.read(), "needle in")
    assert "needle in" in hidden.snippet
    assert "Needle-In" in shown.snippet and "\n" not in shown.snippet and len(shown.snippet) <= SNIPPET + 2


def test_prompts_are_found_by_text_and_note(store: Store) -> None:
    make_run(store, plan_of(single("Judge the {{word}}", system="You are a grader")), prompt="judge")
    make_run(store, plan_of(single("Other {{word}}")))
    (hit,) = search_prompts(store.read(), "grad")
    assert (hit.prompt, hit.number) == ("judge", 1)
    store.write_now(lambda db: prompts.set_note(db, hit.version_id, "stricter wording"))
    assert search_prompts(store.read(), "stricter")[0].version_id == hit.version_id
    assert len(search_prompts(store.read(), "")) == 2
