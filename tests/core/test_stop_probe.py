"""The probe: asked the same but for the stop strings, it tells a stop from an end as far as that can be known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit import runner
from cockpit.config import Config
from cockpit.core.errors import PlanError
from cockpit.core.limits import Limits
from cockpit.core.models import Price
from cockpit.core.params import Params
from cockpit.core.ports import Usage
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.stop_probe import (
    MARGIN,
    MOST,
    Weighing,
    is_evidence,
    is_merged,
    look,
    plan_probe,
    proves,
    read_answer,
    sends,
)
from cockpit.core.stops import first_stop
from cockpit.providers.registry import ProviderRegistry
from cockpit.screens.stops_probe import drafts, plan_for, send
from cockpit.screens.stops_read import Progress, Reading, StopsSubject, read_ground
from cockpit.screens.stops_work import audit_all
from cockpit.services import Services
from cockpit.store import runs
from cockpit.store.db import open_store
from cockpit.store.samples import run_samples
from tests.fake_provider import FakeProvider


def target(**params: object) -> Target:
    return Target("m", "openai", "m", "http://x", params=Params(**{"stop": ("\n",), **params}))  # type: ignore[arg-type]


def sample(index: int, text: str = "yes", *, row: int = 0, tokens: int | None = 7, **more: object) -> Sample:
    base: dict[str, object] = {"ended": "unknown", "stop_reason": "stop", "usage": Usage(100, tokens)}
    return Sample(1, SampleKey(0, row, index), "m", text, **{**base, **more})  # type: ignore[arg-type]


def plan_of(one: Target, rows: int = 1, n: int = 8) -> Plan:
    return Plan(single("{{q}}"), (one,), tuple({"q": str(row)} for row in range(rows)), n=n, run_id=1)


def test_only_what_could_be_either_is_merged() -> None:
    assert is_merged(sample(0), ("\n",))
    assert not is_merged(sample(0), ()), "no stop string was sent: it ended by itself"
    assert not is_merged(sample(0, ended="length", stop_reason="length"), ("\n",))
    assert not is_merged(sample(0, ended="stop", stop="\n"), ("\n",))


def test_a_run_with_nothing_unclear_is_not_probed() -> None:
    plan = plan_of(target())
    with pytest.raises(PlanError, match="nothing to probe"):
        plan_probe(plan, look(plan, [sample(0, ended="ended")]))


def test_it_asks_the_same_but_for_the_stop_strings_and_bounds_the_length() -> None:
    one = target(temperature=0.7, top_p=0.9)
    plan = plan_of(one, rows=3)
    probe = plan_probe(plan, look(plan, [sample(i, row=i) for i in range(3)]), {0: Price(1.0, 2.0)})
    asked = probe.askings[0].params
    assert asked.max_tokens == 7 + MARGIN + 1
    assert replace(asked, stop=("\n",), max_tokens=None) == one.params
    assert (probe.rows, probe.n, probe.requests) == ((0, 1, 2), MOST // 3, MOST)
    assert probe.usd_most == pytest.approx(MOST * (100 * 1.0 + asked.max_tokens * 2.0) / 1e6)
    assert "24 requests" in sends(probe)


def test_it_never_asks_for_more_tokens_than_the_run_did() -> None:
    plan = plan_of(target(max_tokens=16))
    assert plan_probe(plan, look(plan, [sample(0)])).askings[0].params.max_tokens == 16


def test_many_inputs_are_spread_evenly_and_the_price_may_be_unknown() -> None:
    plan = plan_of(target(), rows=1000)
    probe = plan_probe(plan, look(plan, [sample(0, row=row) for row in range(1000)]))
    assert (len(probe.rows), probe.rows[0], probe.rows[-1]) == (MOST, 0, 999)
    assert probe.usd_most is None


def test_what_can_be_repeated_is_asked_once_each_and_said_to_settle_samples() -> None:
    plan = plan_of(target(temperature=0.0), n=4)
    probe = plan_probe(plan, look(plan, [sample(i) for i in range(4)]))
    assert probe.repeatable
    assert probe.n == 4
    assert any("settled" in sentence for sentence in proves(probe))
    drawn = plan_of(target(temperature=1.0))
    assert any("no single sample" in s for s in proves(plan_probe(drawn, look(drawn, [sample(0)]))))


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"stop": ()}, True),
        ({"stop": (), "seed": 9, "logprobs": 2}, True),
        ({"stop": (), "temperature": 0.5}, False),
        ({"stop": ("\n",)}, False),
        ({"stop": (), "max_tokens": 9}, False),
        ({"stop": (), "max_tokens": 8}, True),
        ({"stop": (), "max_tokens": None}, False),
    ],
)
def test_what_counts_as_evidence(asked: dict[str, object], holds: bool) -> None:
    about = target(max_tokens=8)
    assert is_evidence(target(**{"max_tokens": 8, **asked}), about) is holds


def test_another_model_is_no_evidence() -> None:
    assert not is_evidence(replace(target(), model="n", params=Params()), target())


def answered(index: int, text: str, ended: str = "ended") -> Sample:
    return sample(index, text, ended=ended)


def weigh(stored: list[Sample], probed: list[Sample], *, repeatable: bool) -> Weighing:
    answers = [a for s in probed if (a := read_answer(s, s.key.input, ("\n", "END"))) is not None]
    weighing = Weighing("m", ("\n", "END"), answers, repeatable=repeatable)
    for one in stored:
        weighing.add(one)
    return weighing


def test_the_share_is_of_those_that_came_to_an_end() -> None:
    probed = [answered(0, "yes\nmore"), answered(1, "no END"), answered(2, "no"), answered(3, "and on", "length")]
    found = weigh([sample(0)], [*probed, answered(4, "", "error")], repeatable=False).evidence((7,))
    assert (found.n, found.undecided) == (4, 1)
    assert (found.stopped.k, found.stopped.n) == (2, 3)
    assert [(stop, rate.k) for stop, rate in found.by_stop] == [("\n", 1), ("END", 1)]


def test_a_sample_is_settled_by_its_own_draw_alone_where_draws_can_be_repeated() -> None:
    stored = [sample(0, "yes"), sample(1, "yes"), sample(2, "other")]
    probed = [answered(0, "yes\nQ"), answered(1, "yes"), answered(2, "different")]
    found = weigh(stored, probed, repeatable=True).evidence()
    assert [(s.way, s.stop, s.sure) for s in found.settled] == [("stop", "\n", True), ("ended", None, True)]


def test_other_draws_with_the_same_text_settle_nothing_for_sure_and_nothing_at_all_where_they_disagree() -> None:
    agreed = weigh([sample(0, "yes")], [answered(3, "yes\n"), answered(4, "yes\nQ")], repeatable=False).evidence()
    assert [(s.way, s.sure) for s in agreed.settled] == [("stop", False)]
    split = weigh([sample(0, "yes")], [answered(3, "yes\n"), answered(4, "yes")], repeatable=False).evidence()
    assert split.settled == ()


# Against a server that says "stop" for both


async def sent(services: Services, draft: runner.Draft) -> Plan:
    plan, live = await runner.launch(services, draft)
    async for _ in runner.fly(services, plan, live):
        pass
    return plan


def services_for(fake: FakeProvider, folder: Path) -> Services:
    config = Config()
    return Services(config, open_store(folder / "p.db"), ProviderRegistry(config.servers, fake.env()), Limits({}))


async def test_with_a_seed_every_sample_of_a_merging_api_is_told_apart(fake: FakeProvider, tmp_path: Path) -> None:
    services = services_for(fake, tmp_path)
    try:
        stops = (" seeds", " hand")
        params = Params(seed=1, temperature=1.0, stop=stops, max_tokens=200)
        draft = runner.Draft(single("q"), ("openai:fake-tok12",), params, n=20)
        plan = await sent(services, draft)
        audited_before = await asyncio.to_thread(read_all, services, plan.run_id)
        assert audited_before.evidence == ()
        probe = plan_for(services, plan, audited_before.seen[plan.run_id])
        assert probe.requests == 20
        todo = drafts(services, plan, probe, "default")
        assert [done async for done in send(services, todo)] == list(range(1, 21))
        assert "stop" not in fake.requests[-1].body
        audited = await asyncio.to_thread(read_all, services, plan.run_id)
        found = audited.evidence[0]
        rows = runs.list_runs(services.store.read())
        assert len(rows) == 2, "the probe is a run like any other"
        assert found.run_ids == (rows[0].id,)
        whole = {s.key.index: s.text for s in run_samples(services.store.read(), rows[0].id)}
        truth = {i: first_stop(text, stops) for i, text in whole.items()}
        assert 0 < sum(cut is not None for cut in truth.values()) < 20, "the fake must do both"
        assert len(found.settled) == 20
        stored = {s.id: s.key.index for s in run_samples(services.store.read(), plan.run_id)}
        for one in found.settled:
            cut = truth[stored[one.sample_id]]
            assert (one.way, one.stop) == (("stop", cut.stop) if cut else ("ended", None))
            assert one.sure
        assert found.stopped.k == sum(cut is not None for cut in truth.values())
    finally:
        await services.aclose()


def read_all(services: Services, run_id: int):  # type: ignore[no-untyped-def]
    ground = read_ground(services, StopsSubject(run_ids=(run_id,)), "default")
    return audit_all(services, Reading(services, ground), Progress())


async def test_without_a_seed_only_the_share_is_claimed(fake: FakeProvider, tmp_path: Path) -> None:
    services = services_for(fake, tmp_path)
    try:
        draft = runner.Draft(single("q"), ("openai:fake-tok12",), Params(stop=(" seeds",)), n=16)
        plan = await sent(services, draft)
        audited = await asyncio.to_thread(read_all, services, plan.run_id)
        probe = plan_for(services, plan, audited.seen[plan.run_id])
        assert not probe.repeatable
        assert probe.requests == MOST
        async for _ in send(services, drafts(services, plan, probe, "default")):
            pass
        found = (await asyncio.to_thread(read_all, services, plan.run_id)).evidence[0]
        assert found.n == MOST
        assert 0 < found.stopped.k < MOST
        assert not any(one.sure for one in found.settled)
    finally:
        await services.aclose()
