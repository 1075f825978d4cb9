"""What goes in comes out: every text, number and absence, and the search index stays true to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.core.ports import TokenLogprob, Usage
from cockpit.core.prompts import Message, Version
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.store import prompts, samples
from cockpit.store import settings as kept
from cockpit.store.db import Store, check, open_store
from tests.store.conftest import make_run, plan_of, sample_of

REUSED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HOSTILE = {
    "markup": "[/] [bold [@click=app.quit]x[/]",
    "escapes": "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m",
    "bidi": "\u202eevil\u2066\u200f\u200b\ufeff",
    "wide": "漢字 👩‍👩‍👧‍👦 e\u0301 \U0010ffff",
    "nul": "before\x00after\x00",
    "lone surrogates": "\ud800 \udfff \ud83d\ude00",
    "line ends": "a\r\nb\rc\n\n\x0b\x0c\u2028\u2029\x85",
    "one long line": "x" * 1_000_000 + " end",
}
COUNT = st.none() | st.integers(0, 10**9)
SAMPLES = st.builds(
    Sample,
    run_id=st.just(1),
    key=st.just(SampleKey(0, 0, 0)),
    model=TEXTS,
    text=TEXTS,
    reasoning=TEXTS,
    stop_reason=st.none() | TEXTS,
    ended=st.sampled_from(["error", "cancelled"]),
    stop=st.none() | TEXTS,
    usage=st.builds(Usage, COUNT, COUNT, COUNT, COUNT),
    ttft_ms=st.none() | st.floats(0, 1e9),
    latency_ms=st.none() | st.floats(0, 1e9),
    cost_usd=st.none() | st.floats(0, 1e3),
    cached=st.booleans(),
    error=st.none() | st.builds(Failure, st.just("cut"), TEXTS, TEXTS, COUNT),
    request_hash=TEXTS,
    request_body=st.dictionaries(TEXTS | st.just("seed"), JSON, max_size=4),
    left_out=st.lists(TEXTS, max_size=2).map(tuple),
    request_id=st.none() | TEXTS,
    attempts=st.integers(1, 9),
    logprobs=st.lists(
        st.builds(TokenLogprob, TEXTS, st.floats(-90, 0), st.lists(st.tuples(TEXTS, st.floats(-90, 0))).map(tuple)),
        max_size=2,
    ).map(tuple),
    created_at=st.just("2026-01-01T00:00:00+00:00"),
)


@pytest.fixture
def run(store: Store) -> int:
    return make_run(store)


@REUSED
@given(sample=SAMPLES)
def test_a_sample_comes_back_as_it_was(store: Store, run: int, sample: Sample) -> None:
    # A failed sample is replaced by the next, so that one place sees all of them, and its history keeps each.
    before = samples.run_samples(store.read(), run)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample))
    row = samples.get_sample(store.read(), sample_id)
    assert row.sample == replace(sample, id=sample_id)
    assert list(row.sample.request_body) == list(sample.request_body)
    assert row.attempts[-1:] == tuple(before)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_kept_found_and_harmless(path: Path, text: str) -> None:
    store = open_store(path)
    version = Version(system=text, messages=(Message("user", text), Message("assistant", text)), prefill=text)
    run = make_run(store, plan_of(version, inputs=({text: text},)), prompt=text)
    sample = sample_of(run, text=f"needle {text} haystack", reasoning=text)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample))
    store.write_now(lambda db: (samples.tag(db, sample_id, text), samples.set_sample_note(db, sample_id, text)))
    store.write_now(lambda db: kept.put(db, "session", {text: [text]}))
    row = samples.get_sample(store.read(), sample_id)
    assert (row.sample.text, row.sample.reasoning, row.prompt) == (sample.text, text, text)
    assert (row.tags, row.note) == ((text,), text)
    assert prompts.get_version(store.read(), row.version_id).version == version
    assert kept.get(store.read(), "session") == {text: [text]}
    for query in ("needle", "hayst"):
        (hit,) = samples.search(store.read(), query)
        assert hit.sample_id == sample_id and len(hit.snippet) < 200
    samples.search(store.read(), text)
    store.close()
    assert {finding.level for finding in check(path)} == {"ok"}


@REUSED
@given(version=st.builds(Version, TEXTS, st.lists(st.builds(Message, st.just("user"), TEXTS)).map(tuple), TEXTS, TEXTS))
def test_a_version_is_stored_once(store: Store, version: Version) -> None:
    first, second = (store.write_now(lambda db: prompts.save_version(db, None, version)) for _ in range(2))
    assert first == second
    assert prompts.get_version(store.read(), first).version == version


@REUSED
@given(value=JSON)
def test_a_setting_comes_back(store: Store, value: object) -> None:
    store.write_now(lambda db: kept.put(db, "k", value))
    assert kept.get(store.read(), "k") == value


def test_n_samples_share_one_request_body_whatever_their_seeds(store: Store, run: int) -> None:
    body = {"model": "m", "seed": 7, "messages": [{"role": "user", "content": "long " * 100}]}
    for index in range(4):
        one = sample_of(run, index, request_hash="h", request_body={**body, "seed": 7 + index})
        store.write_now(lambda db, one=one: samples.add_sample(db, one))
    assert [s.request_body for s in samples.run_samples(store.read(), run)] == [
        {**body, "seed": 7 + i} for i in range(4)
    ]
    assert store.read().execute("SELECT count(*) FROM request").fetchone()[0] == 1
