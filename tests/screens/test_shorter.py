"""The screen on what a prompt's parts cost: counts, order, measured effect, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.params import Params
from cockpit.core.ports import Usage
from cockpit.core.prompts import Version, single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import SampleKey
from cockpit.runner import Draft
from cockpit.screens.shorter import ShorterScreen
from cockpit.screens.shorter_read import read_view
from cockpit.screens.text_panel import TextPanel
from cockpit.services import Services
from cockpit.store import marks, projects, prompts, runs, samples
from cockpit.store.db import Database
from cockpit.store.settings import get, put
from tests.screens.opened_host import HostApp, make_services, sample_of, until
from widgets.plain import Plain
from widgets.row_list import RowList

GPT, LOCAL = "openai:gpt-4o-mini", "local:smollm2"
SHOTS = (
    "Q: The first [/] of them?\nA: one",
    "Q: The first and the second of them? Or one of them?\nA: two",
    "Q: Third?\nA: three",
)
INPUTS = tuple({"q": f"Number {at}"} for at in range(12))


def prompt(*shots: int) -> Version:
    return single("\n\n".join(["Answer in a word.", *(SHOTS[at] for at in shots), "Q: {{q}}?\nA:"]))


def fill(db: Database) -> tuple[int, int]:
    """v1 with three examples, v2 without the third, which ends worse: the prompt's and v1's run's ids."""
    project = projects.ensure_project(db, "default")
    prompt_id = prompts.ensure_prompt(db, project, "words")
    run_ids = []
    for number, version in enumerate((prompt(0, 1, 2), prompt(0, 1))):
        version_id = prompts.save_version(db, prompt_id, version)
        target = Target(GPT, "openai", "gpt-4o-mini", "http://x", Params(max_tokens=90))
        plan = Plan(version, (target,), INPUTS, n=2, version_id=version_id)
        run = runs.create_run(db, plan, project_id=project, prompt_id=prompt_id)
        run_ids.append(run)
        for key in plan.missing(()):
            is_cut = number == 1 and (key.index == 0 or key.input % 3 == 0)
            tokens = 90 if is_cut else 10 + key.input
            more = {"usage": Usage(50, tokens), "ended": "length" if is_cut else "ended"}
            sample = samples.add_sample(db, sample_of(run, key, "one", model=GPT, **more))
            marks.set_score(db, sample, "right", 0.5)
    return prompt_id, run_ids[0]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def draft(prompt_id: int | None, *models: str, version: Version | None = None) -> Draft:
    return Draft(version or prompt(0, 1, 2), models or (GPT,), Params(max_tokens=90), 5, INPUTS, prompt_id=prompt_id)


def said(app: HostApp) -> str:
    return str(app.screen.query_one("#about", Plain).content)


def lengths(app: HostApp) -> str:
    return str(app.screen.query_one(TextPanel).query_one(Plain).content)


def rows(app: HostApp) -> list[tuple[str, ...]]:
    shown = app.screen.query_one("#rows", RowList)
    return [row.cells for at in range(9) if (row := shown.row(at)) is not None]


def ready(app: HostApp) -> bool:
    return bool(app.screen.query("#rows")) and len(rows(app)) > 0


async def test_examples_stand_in_the_order_to_drop_with_what_was_measured(services: Services, tmp_path: Path) -> None:
    prompt_id, _ = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: ShorterScreen(s, draft(prompt_id)))
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await until(pilot, lambda: ready(app))
        found = rows(app)
        assert [row[0] for row in found[:3]] == ["example 2", "example 1", "example 3"], "what is needed goes last"
        assert found[0][-1] == "not measured"
        assert found[2][-1].startswith("ended −")
        assert found[0][3].startswith("$"), "what it costs over the run"
        await pilot.press("j", "j")
        await until(pilot, lambda: said(app).startswith("example 3"))
        assert "v2 without it against v1 with it, over 12 inputs asked in both" in said(app)
        await pilot.press("o")
        await until(pilot, lambda: [row[0] for row in rows(app)][:2] == ["user", "example 1"])


async def test_lengths_say_what_a_limit_would_cut(services: Services, tmp_path: Path) -> None:
    _, run_id = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: ShorterScreen(s, None, run_id=run_id))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: ready(app) and "answers" in lengths(app))
        assert "24 answers to run" in lengths(app)
        assert "max_tokens 21 cuts at most 1 %" in lengths(app)
        assert "21 or more, unbounded above" in lengths(app) or "unbounded above" in lengths(app)
        await pilot.press("t")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"15x", "enter")
        assert app.screen.is_modal, "a limit is a whole number"
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: not app.screen.is_modal and "max_tokens 15" in lengths(app))
        assert "cuts 12 of 24" in lengths(app), "the six inputs whose answers have 16 to 21 tokens"
        services.store.write_now(lambda db: put(db, "session.default.play", {"draft": {"params": {"seed": 1}}}))
        await pilot.press("u")
        await services.store.flush()
        assert get(services.store.read(), "session.default.play")["draft"]["params"] == {"seed": 1, "max_tokens": 15}


async def test_each_model_has_its_own_count_and_price(services: Services, tmp_path: Path) -> None:
    prompt_id, _ = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: ShorterScreen(s, draft(prompt_id, GPT, "nobody:knows")))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: ready(app))
        assert "o200k_base, exact" in str(app.screen.query_one("#rows").border_subtitle)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "estimate" in str(app.screen.query_one("#rows").border_subtitle))
        assert rows(app)[0][3] == "–", "an unknown price is no price"
        assert "No answer of this model" in lengths(app)
        await pilot.press("y")
        assert app.yanked[0].startswith("nobody:knows: ≈")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (110, 32)])
async def test_it_fits_a_small_terminal(services: Services, tmp_path: Path, size: tuple[int, int]) -> None:
    prompt_id, _ = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: ShorterScreen(s, draft(prompt_id)))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: ready(app) and len(rows(app)[0]) == 4)
        assert app.screen.query_one("#rows").size.height >= 5
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])


async def test_an_unsent_prompt_without_examples_or_models_is_no_trouble(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ShorterScreen(s, Draft(single("Hello {{name}}"), ())))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: ready(app))
        assert [row[0] for row in rows(app)] == ["user"]


def test_answers_from_the_cache_count_once(services: Services) -> None:
    prompt_id, run_id = services.store.write_now(fill)

    def again(db: Database) -> None:
        plan = runs.load_plan(db, run_id)
        run = runs.create_run(db, plan, project_id=1, prompt_id=prompt_id)
        old = samples.run_samples(db, run_id)[0]
        samples.add_sample(db, samples.as_cached(old, run, SampleKey(0, 0, 0), old.created_at))

    services.store.write_now(again)
    view = read_view(services, draft(prompt_id), None)
    assert view.source == "this text"
    assert len(view.lengths[GPT]) == 24


def test_an_answer_without_a_count_is_counted_here(services: Services) -> None:
    prompt_id, run_id = services.store.write_now(fill)

    def untold(db: Database) -> None:
        db.execute("UPDATE sample SET output_tokens = NULL WHERE run_id = ? AND input = 0", (run_id,))

    services.store.write_now(untold)
    view = read_view(services, draft(prompt_id), None)
    assert view.counted == 2
    assert sorted(one.tokens for one in view.lengths[GPT])[:2] == [1, 1]


def test_a_changed_prompt_shows_the_answers_to_the_version_before(services: Services) -> None:
    prompt_id, _ = services.store.write_now(fill)
    view = read_view(services, draft(prompt_id, version=prompt(2)), None)
    assert view.source == "v2"
    assert view.measured, "the third example was measured in other company"
