"""The stops screen: checks of a draft, the audit of what came, other stop strings tried on it, the probe."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cockpit import runner
from cockpit.config import Config
from cockpit.core.draft import PlayDraft
from cockpit.core.limits import Limits
from cockpit.core.params import Params
from cockpit.core.prompts import Message, single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import SampleKey
from cockpit.providers.registry import ProviderRegistry
from cockpit.screens.history import HistoryScreen
from cockpit.screens.sample import SampleScreen
from cockpit.screens.stops import StopsChoice, StopsScreen, StopsSubject
from cockpit.screens.stops_apply import ApplyView
from cockpit.screens.stops_audit import AuditView
from cockpit.screens.stops_checks import ChecksView, quoted
from cockpit.screens.stops_lines import Lines
from cockpit.screens.stops_read import Progress, Reading, Stopped, read_ground
from cockpit.screens.stops_work import audit_all, try_stops
from cockpit.services import Services
from cockpit.store import marks, projects, prompts, runs, samples
from cockpit.store.db import Database
from tests.fake_provider import FakeProvider
from tests.screens.opened_host import HOSTILE, NOW, HostApp, make_services, sample_of, until
from tests.screens.stores import opened
from widgets.field import Field
from widgets.row_list import RowList
from widgets.text_view import TextView

CLAUDE, GPT = "anthropic:claude-3-5-haiku-latest", "openai:gpt-4o-mini"
STOPS = ("\n\nQ:", "END")
ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("yes", {"ended": "stop", "stop": "END", "stop_reason": "stop_sequence"}),
    ("no", {}),
    ("maybe so", {"ended": "length", "stop_reason": "max_tokens"}),
    ("yes\n\nQ: and that?\nA: no", {}),
)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def fill(
    db: Database, *, answers: tuple[tuple[str, dict[str, Any]], ...] = ANSWERS, n: int = 4
) -> tuple[int, list[int]]:
    """A run over two models: one that tells stops from ends, one that does not."""
    project = projects.ensure_project(db, "default")
    prompt = prompts.ensure_prompt(db, project, "judge")
    version = single("Q: {{q}}\nA:")
    version_id = prompts.save_version(db, prompt, version)
    params = Params(stop=STOPS)
    targets = tuple(Target(m, m.split(":")[0], m.split(":")[1], "http://x", params) for m in (CLAUDE, GPT))
    plan = Plan(version, targets, ({"q": "wet?"},), n=n, version_id=version_id)
    run = runs.create_run(db, plan, project_id=project, prompt_id=prompt)
    ids = []
    for key in plan.missing(()):
        text, more = answers[key.index % len(answers)]
        more = more if key.target == 0 else {"ended": "unknown", "stop_reason": "stop"}
        body = {"stop": list(STOPS)}
        one = sample_of(run, key, text, model=(CLAUDE, GPT)[key.target], request_body=body, **more)
        ids.append(samples.add_sample(db, replace(one, model=(CLAUDE, GPT)[key.target])))
    runs.finish_run(db, run)
    return run, ids


def draft(*stops: str, models: tuple[str, ...] = (CLAUDE, GPT)) -> PlayDraft:
    return PlayDraft(
        turns=(Message("user", "Q: {{q}}\nA:"),), values={"q": "wet?"}, params=Params(stop=stops), models=models
    )


def lines(app: HostApp, name: str) -> str:
    found = app.screen.query(name)
    return found.first(Lines).text if found else ""


def shown(app: HostApp, name: str) -> list[tuple[str, ...]]:
    found = app.screen.query(name)
    if not found:
        return []
    rows = found.first(RowList)
    return [row.cells for at in range(1000) if (row := rows.row(at)) is not None]


def host(services: Services, folder: Path, subject: StopsSubject, **more: Any) -> HostApp:
    return HostApp(services, folder, lambda s: StopsScreen(s, subject, **more))


# Checks


async def test_each_stop_string_is_checked_against_each_model(services: Services, tmp_path: Path) -> None:
    run, ids = services.store.write_now(fill)
    services.store.write_now(lambda db: marks.set_gold(db, ids[6]))
    app = host(services, tmp_path, StopsSubject(draft("\n\nQ:", " "), (run,)))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: len(shown(app, "#checks")) == 4)
        pairs = {(row[0], row[1]) for row in shown(app, "#checks")}
        assert pairs == {(stop, model) for stop in ('"\\n\\nQ:"', '" "') for model in (CLAUDE, GPT)}
        view = app.screen.query_one(ChecksView)
        refused = [r for r in view.reports if not r.allowed]
        assert [(r.stop, r.model) for r in refused] == [(" ", CLAUDE)]
        assert all(r.early for r in view.reports if r.stop == "\n\nQ:"), "it stands in a gold answer"
        for at, report in enumerate(view.reports):
            app.screen.query_one("#checks", RowList).move_to(at)
            head = f"{quoted(report.stop)}  {report.model}\n"
            await until(pilot, partial(lambda head: lines(app, "#found").startswith(head), head))
            assert all(f.sentence in lines(app, "#found") for f in report.findings)
            assert all(f.source in lines(app, "#found") for f in report.findings)


async def test_typing_other_stop_strings_checks_them_as_they_are_typed(services: Services, tmp_path: Path) -> None:
    app = host(services, tmp_path, StopsSubject(draft("END", models=(GPT,))))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(shown(app, "#checks")) == 1)
        await pilot.press("i", "ctrl+u", *'"A", "B"')
        await until(pilot, lambda: [row[0] for row in shown(app, "#checks")] == ['"A"', '"B"'])
        await pilot.press(*', "')
        await until(pilot, lambda: app.screen.query_one(Field).problem)
        await pilot.press("escape", "p", "c")
        assert [row[0] for row in shown(app, "#checks")] == ['"A"', '"B"'], "what is wrong is not tried"
        await pilot.press("ctrl+j")
        assert app.results == [], "nor put into Play"
        await pilot.press("i", "ctrl+u", *'""')
        await until(pilot, lambda: "every answer" in app.screen.query_one(Field).problem)


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24)])
async def test_nothing_set_and_nothing_stored_says_what_to_do(
    services: Services, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = host(services, tmp_path, StopsSubject(draft()))
    async with app.run_test(size=size) as pilot:
        await until(
            pilot,
            lambda: app.screen.query("#checks") and "No stop" in str(app.screen.query_one("#checks", RowList)._empty),
        )
        await pilot.press("a", "P", "enter", "y")
        await until(pilot, lambda: "No stored sample" in lines(app, "#counts"))
        await pilot.press("p", "x", "enter")
        await until(pilot, lambda: "No stored sample" in lines(app, "#sums"))
        await pilot.press("q")
        await until(pilot, lambda: app.results == [None])


async def test_a_model_that_leads_nowhere_is_said_and_hides_no_other(services: Services, tmp_path: Path) -> None:
    app = host(services, tmp_path, StopsSubject(draft("END", models=("nowhere", GPT))))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: len(shown(app, "#checks")) == 2)
        assert "nowhere" in lines(app, "#found")
        assert "No model or alias" in lines(app, "#found")


# Audit


async def test_the_audit_counts_every_ending_and_says_what_the_api_does_not(services: Services, tmp_path: Path) -> None:
    run, _ = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(run_ids=(run,)))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "by itself" in lines(app, "#counts"))
        text = lines(app, "#counts")
        head, tail = text.split(GPT)[0], text.split(GPT)[1]
        assert [w for w in ("2/4", "1/4") if w in head] == ["2/4", "1/4"]
        assert "a stop string matched" in head
        assert "cut by length" in head
        assert "4/4" in tail.split("by stop string")[0]
        assert "the API does not say" in tail
        assert "P asks again" in text
        missed = app.screen.query_one(AuditView).audit
        assert missed is not None
        assert [(m.model, m.at) for m in missed.missed] == [(CLAUDE, 3), (GPT, 3)]
        assert "and that?" in lines(app, "#after")


async def test_a_missed_stop_opens_its_sample(services: Services, tmp_path: Path) -> None:
    run, ids = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(run_ids=(run,)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(shown(app, "#missed")) == 2)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
        await until(pilot, lambda: "and that?" in app.screen.query_one("#text", TextView).text)
        assert app.screen._sample_id == ids[7]  # type: ignore[attr-defined]


async def test_a_selection_is_audited_alone(services: Services, tmp_path: Path) -> None:
    _, ids = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(sample_ids=(ids[0], ids[2])), view="audit")
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "2 samples" in lines(app, "#counts"))
        audited = app.screen.query_one(AuditView).audit
        assert audited is not None
        assert audited.n == 2


async def test_the_list_of_runs_leads_to_the_audit(services: Services, tmp_path: Path) -> None:
    run, _ = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: HistoryScreen(s, "default"))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: len(shown(app, "#rows")) == 1)
        await pilot.press("s")
        await until(pilot, lambda: "by itself" in lines(app, "#counts"))
        assert app.screen.flow.ground.run_ids == (run,)  # type: ignore[attr-defined]


async def test_a_draft_without_a_run_looks_at_its_prompts_runs(services: Services, tmp_path: Path) -> None:
    run, _ = services.store.write_now(fill)
    prompt_id = services.store.read().execute("SELECT id FROM prompt").fetchone()[0]
    subject = StopsSubject(replace(draft("END"), prompt_id=prompt_id))
    assert read_ground(services, subject, "default").run_ids == (run,)


# Apply


async def test_other_stop_strings_cut_the_stored_samples_without_sampling(services: Services, tmp_path: Path) -> None:
    run, ids = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(run_ids=(run,)), view="apply")
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "2 of 8 samples" in lines(app, "#sums"))
        await pilot.press("slash", "ctrl+u", *'"a"', "enter")
        await until(pilot, lambda: "4 of 8 samples would be cut" in lines(app, "#sums"))
        await pilot.press("x")
        await until(pilot, lambda: len(shown(app, "#applied")) == 4)
        view = app.screen.query_one(ApplyView)
        assert {one.kept for one in view.shown} == {1, 8}
        await until(pilot, lambda: "m■aybe so" in lines(app, "#became"))
        stored = {s.id: s.text for s in samples.run_samples(services.store.read(), run)}
        assert stored[ids[4]] == "maybe so", "nothing stored is changed"


async def test_the_stop_strings_go_into_plays_draft(services: Services, tmp_path: Path) -> None:
    run, _ = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(run_ids=(run,)), view="apply")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "samples would be cut" in lines(app, "#sums"))
        await pilot.press("i", "ctrl+u", *'"###"', "ctrl+j")
        await pilot.pause()
        assert app.results == [], "no pane has a draft: it says so, and stays"
        app.put_setting("session.default.play", {"draft": draft("END").to_json(), "name": "judge"})
        await services.store.flush()
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
        assert app.results == [StopsChoice(("###",))]
        await services.store.flush()
        kept = app.get_setting("session.default.play")
        assert PlayDraft.from_json(kept["draft"]).params.stop == ("###",)
        assert kept["name"] == "judge"


async def test_hostile_text_is_shown_in_every_view(services: Services, tmp_path: Path) -> None:
    answers = tuple((HOSTILE + text, more) for text, more in ANSWERS)
    run, _ = services.store.write_now(lambda db: fill(db, answers=answers))
    subject = StopsSubject(draft("\x1b[31m[/]", "\u202e表", models=(GPT, "x[/]:\x1b]")), (run,))
    app = host(services, tmp_path, subject)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: len(shown(app, "#checks")) == 4)
        await pilot.press("a")
        await until(pilot, lambda: "by itself" in lines(app, "#counts"))
        await pilot.press("p", "y")
        await until(pilot, lambda: "evil" in lines(app, "#became"))
        drawn = "".join(seg.text for strip in app.screen._compositor.render_strips() for seg in strip)
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn


# Long work


def test_a_pass_gives_up_when_told_and_a_small_run_is_read_once(services: Services) -> None:
    run, _ = services.store.write_now(fill)
    ground = read_ground(services, StopsSubject(run_ids=(run,)), "default")
    reading = Reading(services, ground)
    stopped = Progress()
    stopped.stop()
    with pytest.raises(Stopped):
        audit_all(services, reading, stopped)
    assert stopped.done == 0
    progress = Progress()
    assert audit_all(services, reading, progress).audit.n == progress.done == 8
    services.store.write_now(lambda db: db.execute("DELETE FROM sample"))
    tried = try_stops(reading, ("y",), Progress())
    assert (tried.sums.n, tried.sums.cut, tried.sums.emptied) == (8, 6, 4)


async def test_leaving_has_the_threads_give_up(services: Services, tmp_path: Path) -> None:
    run, _ = services.store.write_now(lambda db: fill(db, n=2000))
    app = host(services, tmp_path, StopsSubject(run_ids=(run,)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StopsScreen) and app.screen.flow._passes)
        passes = app.screen.flow._passes  # type: ignore[attr-defined]
        await pilot.press("q")
        await until(pilot, lambda: app.results == [None])
        await until(pilot, lambda: all(not progress.running for progress in passes.values()))


# The probe


async def test_the_probe_asks_first_is_stored_as_a_run_and_becomes_evidence(fake: FakeProvider, tmp_path: Path) -> None:
    config = Config()
    store = opened(tmp_path / "cockpit.db")
    services = Services(config, store, ProviderRegistry(config.servers, fake.env()), Limits({}), clock=lambda: NOW)
    params = Params(seed=1, stop=(" seeds",), max_tokens=50)
    plan, live = await runner.launch(services, runner.Draft(single("q"), ("openai:fake-tok12",), params, n=12))
    async for _ in runner.fly(services, plan, live):
        pass
    before = fake.total
    app = host(services, tmp_path, StopsSubject(run_ids=(plan.run_id,)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "P asks again" in lines(app, "#counts"))
        await pilot.press("P")
        await until(pilot, lambda: type(app.screen).__name__ == "Confirm")
        assert fake.total == before, "nothing leaves before a yes"
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, StopsScreen))
        await asyncio.sleep(0)
        assert fake.total == before
        await pilot.press("P")
        await until(pilot, lambda: type(app.screen).__name__ == "Confirm")
        await pilot.press("y")
        await until(pilot, lambda: "came again word for word" in lines(app, "#counts"))
        assert "12 of 12 unclear samples came again" in lines(app, "#counts")
        assert fake.total == before + 12
        evidence = app.screen.query_one(AuditView).evidence[0]
        assert not app.screen.busy  # type: ignore[attr-defined]
        rows = runs.list_runs(store.read())
        assert evidence.run_ids == (rows[0].id,)
        assert samples.run_samples(store.read(), rows[0].id)[0].key == SampleKey(0, 0, 0)


async def test_a_run_that_tells_everything_is_not_probed(services: Services, tmp_path: Path) -> None:
    _, ids = services.store.write_now(fill)
    app = host(services, tmp_path, StopsSubject(sample_ids=tuple(ids[::2])), view="audit")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "4 samples" in lines(app, "#counts"))
        await pilot.press("P")
        await until(pilot, lambda: any("nothing to probe" in n.message for n in app._notifications))
