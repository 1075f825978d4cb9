"""The screen on how likely each token was: alternatives, perplexity, where two samples part."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from cockpit.core.ports import TokenLogprob
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import SampleKey
from cockpit.screens.logprobs import LogprobsScreen
from cockpit.screens.logprobs_read import as_table
from cockpit.screens.sample import SampleScreen
from cockpit.services import Services
from cockpit.store import projects, runs, samples
from cockpit.store.db import Database
from tests.screens.opened_host import HostApp, make_services, sample_of, until
from widgets.plain import Plain
from widgets.token_view import TokenView
from widgets.top_bar import TopBar


def token(text: str, p: float, **others: float) -> TokenLogprob:
    named = {text: p, **others}
    return TokenLogprob(text, log(p), tuple((one, log(value)) for one, value in named.items()))


FIRST = (token("The", 0.5), token(" [/]x", 0.02, **{" dog": 0.9}), token(".", 0.5), token("\x1b", 0.05))
SECOND = (token("The", 0.5), token(" dog", 0.9, **{" [/]x": 0.02}))


def fill(db: Database) -> tuple[int, ...]:
    """Three samples of one input, the last without logprobs, and one of another input."""
    project = projects.ensure_project(db, "default")
    target = Target("local:smollm2", "local", "smollm2", "http://x")
    run = runs.create_run(db, Plan(single("q"), (target,), ({}, {"a": "b"}), n=3), project_id=project)
    found = []
    for key, tokens in (
        (SampleKey(0, 0, 0), FIRST),
        (SampleKey(0, 0, 1), SECOND),
        (SampleKey(0, 0, 2), ()),
        (SampleKey(0, 1, 0), SECOND),
    ):
        text = "".join(one.token for one in tokens) or "No."
        found.append(samples.add_sample(db, sample_of(run, key, text, logprobs=tokens)))
    return tuple(found)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def shown(app: HostApp, name: str) -> str:
    return str(app.screen.query_one(name, Plain).content) if app.screen.query(name) else ""


def head(app: HostApp) -> str:
    return "".join(segment.text for segment in app.screen.query_one("#top-bar", TopBar).render_line(0))


async def test_the_token_under_the_cursor_and_what_else_might_have_stood_there(
    services: Services, tmp_path: Path
) -> None:
    ids = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: LogprobsScreen(s, ids[0]))
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await until(pilot, lambda: "token 1 of 4" in shown(app, "#token"))
        assert "perplexity 7.95" in head(app), "(0.5 · 0.02 · 0.5 · 0.05) to the power of −1/4"
        await pilot.press("l")
        await until(pilot, lambda: "token 2 of 4" in shown(app, "#token"))
        words = shown(app, "#token")
        assert "2.0 %" in words and "rank 2 of 2" in words
        assert words.index("‘ dog’") < words.index("‘ [/]x’", words.index("‘ dog’")), "the likeliest first"
        assert "8.0 %" in words, "what is left for all others"
        await pilot.press("n")
        await until(pilot, lambda: "token 4 of 4" in shown(app, "#token"))
        await pilot.press("N")
        await until(pilot, lambda: "token 2 of 4" in shown(app, "#token"))
        await pilot.press("y")
        assert app.yanked[0].splitlines()[1] == "The\t-0.693147\t0.500000"


async def test_two_samples_of_the_same_input_are_laid_against_each_other(services: Services, tmp_path: Path) -> None:
    ids = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: LogprobsScreen(s, ids[0]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "token 1 of 4" in shown(app, "#token"))
        assert "1 of 2 with this input" in head(app), "a sample without logprobs cannot be compared"
        await pilot.press("d")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")
        await until(pilot, lambda: "parts from sample" in shown(app, "#parting"))
        await until(pilot, lambda: app.screen.query_one(TokenView).cursor == 1)
        words = shown(app, "#parting")
        assert "at token 2" in words
        assert "finds the other's 90.0 % likely" in words
        assert "finds the other's 2.0 % likely" in words
        await pilot.press("g", "p")
        await until(pilot, lambda: app.screen.query_one(TokenView).cursor == 1)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "of 2" in shown(app, "#token") and "d chooses" in shown(app, "#parting"))


async def test_a_sample_without_logprobs_says_how_to_get_them(services: Services, tmp_path: Path) -> None:
    ids = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: LogprobsScreen(s, ids[2]))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "has no logprobs" in shown(app, "#missing"))
        await pilot.press("n", "p", "l", "y")
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])


async def test_p_on_a_sample_opens_it(services: Services, tmp_path: Path) -> None:
    ids = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, ids[1]))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and "dog" in app.screen.query_one("#text").text)  # type: ignore[attr-defined]
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, LogprobsScreen))
        await until(pilot, lambda: "token 1 of 2" in shown(app, "#token"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))


def test_line_ends_in_tokens_do_not_break_the_copied_table() -> None:
    table = as_table([token("a\n\tb\\", 0.5)])
    assert table.splitlines()[1].split("\t")[0] == "a\\n\\tb\\\\"
