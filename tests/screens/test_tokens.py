"""The Tokens pane: Play's prompt, a file, a sample or typed text, in tokens, counted, checked, mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.core.prompts import Message
from cockpit.screens.tokens import TokensScreen
from cockpit.screens.tokens_lane import LaneView
from cockpit.screens.tokens_source import play_of
from cockpit.services import close_services, open_services
from tests.fake_provider import FakeProvider
from tests.screens.opened_host import HOSTILE, fill
from tests.screens.play_host import open_play, toasts, until
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.top_bar import TopBar

SHOTS = "Q: two and two?\nA: 4\n\nQ: three and three?\nA: 6\n\n"
GPT = ("openai:gpt-5",)


def pane(app: CockpitApp) -> TokensScreen:
    screen = app._screen_stacks["tokens"][0]
    assert isinstance(screen, TokensScreen)
    return screen


def first(app: CockpitApp) -> LaneView:
    return pane(app).query_one("#first", LaneView)


def shown(app: CockpitApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def bar(app: CockpitApp, which: str) -> str:
    return pane(app).query_one(which, TopBar).render_line(0).text


async def settled(app: CockpitApp, pilot: Pilot[Any]) -> None:
    """The newest text is read, and what follows from it is worked out."""
    look = pane(app).look

    def rests() -> bool:
        reading = look.follow.reading
        same = reading is not None and (reading.ask.subject == look.subject or look.template_on)
        return same and look.follow.rests and look.follow.facts is not None

    await until(pilot, rests)


@asynccontextmanager
async def open_tokens(
    tmp_path: Path,
    fake: FakeProvider,
    models: tuple[str, ...] = GPT,
    *,
    size: tuple[int, int] = (160, 45),
    **draft: Any,
) -> AsyncIterator[tuple[CockpitApp, Pilot[Any]]]:
    """Play with a draft in it, and the Tokens pane in front."""
    async with open_play(tmp_path, fake, models, size=size) as (app, pilot):
        play = play_of(app)
        assert play is not None
        turns = draft.pop("turns", (Message("user", "Hello world"),))
        await play.writing.load(replace(play.writing.draft, turns=turns, **draft))
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, TokensScreen))
        await settled(app, pilot)
        yield app, pilot


def lane(app: CockpitApp) -> Any:
    found = first(app).lane
    assert found is not None
    return found


async def test_plays_prompt_is_shown_in_the_tokens_of_its_model(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, _):
        assert list(lane(app).ids) == [13225, 2375]
        assert "gpt-5 · o200k_base · 2 tokens, exact" in shown(app)
        assert "Hello·world" in shown(app)


async def test_each_field_stands_under_a_heading_that_is_no_token(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake, system="Be brief.", prefill="Well") as (app, _):
        assert [placed.part.label for placed in lane(app).parts] == ["system", "user", "prefill"]
        assert lane(app).total == 3 + 2 + 1
        assert "system" in shown(app)
        assert "token 1 of 6" in bar(app, "#token")


async def test_a_field_is_cut_as_if_it_stood_alone(tmp_path: Path, fake: FakeProvider) -> None:
    """Headings between fields change no token: a space before the second field is its own, not the first's."""
    async with open_tokens(tmp_path, fake, system="a\n", turns=(Message("user", "\n b"),)) as (app, _):
        parts = lane(app).parts
        assert [placed.tokens.data for placed in parts] == [b"a\n", b"\n b"]
        assert lane(app).data[parts[1].byte :] == b"\n b"


async def test_sections_are_counted_and_sum_to_the_total(tmp_path: Path, fake: FakeProvider) -> None:
    text = f"Add.\n\n{SHOTS}Q: one and one?\nA:"
    async with open_tokens(tmp_path, fake, system="Be brief.", turns=(Message("user", text),)) as (app, _):
        facts = pane(app).look.follow.facts
        assert facts is not None
        assert [section.kind for section in facts.sections] == ["system", "message", "example", "example", "question"]
        assert sum(section.tokens for section in facts.sections) == lane(app).total


async def test_enter_on_a_section_goes_to_its_first_token(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake, system="Be brief.") as (app, pilot):
        rows = pane(app).query_one("#sections", RowList)
        rows.focus()
        await pilot.press("j", "enter")
        await until(pilot, lambda: first(app).has_focus)
        assert first(app).byte == lane(app).parts[1].byte


async def test_the_line_below_says_what_is_under_the_cursor(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("l")
        await until(pilot, lambda: "2375" in bar(app, "#token"))
        said = bar(app, "#token")
        assert "·world" in said
        assert "bytes 20 77 6F 72 6C 64" in said
        assert "token 2 of 2" in said


async def test_a_second_tokenizer_stands_beside_and_follows_the_byte(tmp_path: Path, fake: FakeProvider) -> None:
    text = "The tokenization of समान texts"
    async with open_tokens(tmp_path, fake, turns=(Message("user", text),)) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"cl100k", "enter")
        second = pane(app).query_one("#second", LaneView)
        await until(pilot, lambda: second.lane is not None and not app.screen.is_modal)
        assert second.lane is not None
        assert second.lane.tokenizer.name == "cl100k_base"
        await pilot.press("G")
        await until(pilot, lambda: first(app).byte == len("The tokenization of समान".encode()))
        await until(pilot, lambda: second.byte == first(app).byte)
        await pilot.press("v")
        await until(pilot, lambda: second.lane is None)


async def test_an_estimate_says_so_everywhere_and_draws_no_boundaries(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake, ("anthropic:claude-sonnet-4-5",), system="Be brief.") as (app, _):
        text = shown(app)
        assert "estimate" in text
        assert text.count("≈") >= 4  # title, section, total, window, cost
        assert "counts only" in text
        assert "No token boundaries are public" in bar(app, "#token")


async def test_the_model_picker_offers_plays_models_and_encodings(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("m")
        await until(pilot, lambda: app.screen.is_modal)
        assert "openai:gpt-5" in shown(app)
        await pilot.press(*"cl100k", "enter")
        await until(pilot, lambda: lane(app).tokenizer.name == "cl100k_base")
        await until(pilot, lambda: "m chooses a model" in str(pane(app).query_one("#totals", Plain).visual))


async def test_typed_text_is_followed_and_never_touches_play(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("i")
        await until(pilot, lambda: pane(app).typing)
        await pilot.press(*"abc", "space", *"def")
        await until(pilot, lambda: lane(app).data == b"abc def")
        await pilot.press("escape")
        await until(pilot, lambda: first(app).has_focus)
        play = play_of(app)
        assert play is not None
        assert play.writing.draft.turns[0].content == "Hello world"
        await pilot.press("p")
        await until(pilot, lambda: lane(app).data == b"Hello world")


async def test_a_file_is_shown_and_a_missing_one_said(tmp_path: Path, fake: FakeProvider) -> None:
    (tmp_path / "some-prompt.txt").write_bytes(b"caf\xc3\xa9 \xff")
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*f"{tmp_path}/some-p".replace("/", "/"), "tab", "enter")
        await until(pilot, lambda: "café \ufffd".encode() == lane(app).data)
        assert "not UTF-8" in bar(app, "#about")
        pane(app).look.path = str(tmp_path / "none.txt")
        pane(app).look.show("file")
        await until(pilot, lambda: any("Cannot read" in text for text in toasts(app)))
        await until(pilot, lambda: lane(app).data == b"Hello world")


async def test_a_fix_changes_plays_draft_and_can_be_undone(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake, turns=(Message("user", "Q: one?\nA: "),)) as (app, pilot):
        play, rows = play_of(app), pane(app).query_one("#findings", RowList)
        assert play is not None
        findings = pane(app).look.follow.facts.findings  # type: ignore[union-attr]
        at = next(at for at, finding in enumerate(findings or ()) if finding.fix and "trim" in finding.fix.title)
        rows.move_to(at)
        await pilot.press("x")
        await until(pilot, lambda: play.writing.draft.turns[0].content == "Q: one?\nA:")
        await until(pilot, lambda: lane(app).data == b"Q: one?\nA:")
        await pilot.press("u")
        await until(pilot, lambda: play.writing.draft.turns[0].content == "Q: one?\nA: ")


async def test_enter_on_a_finding_goes_to_its_place(tmp_path: Path, fake: FakeProvider) -> None:
    text = "Grade {{reply}} now. "
    async with open_tokens(tmp_path, fake, turns=(Message("user", text),), values={"reply": "yes, of course"}) as (
        app,
        pilot,
    ):
        rows = pane(app).query_one("#findings", RowList)
        findings = pane(app).look.follow.facts.findings  # type: ignore[union-attr]
        at = next(
            at for at, finding in enumerate(findings or ()) if finding.place and finding.place.start == len(text) - 1
        )
        rows.move_to(at)
        rows.focus()
        await pilot.press("enter")
        await until(pilot, lambda: first(app).has_focus)
        assert lane(app).data[first(app).byte :] == b" "


async def test_enter_in_the_tokens_opens_play_at_that_place(tmp_path: Path, fake: FakeProvider) -> None:
    turns = (Message("user", "Say {{what}} to\nthem"),)
    async with open_tokens(tmp_path, fake, turns=turns, values={"what": "good morning"}) as (app, pilot):
        await pilot.press("G", "enter")
        play = play_of(app)
        assert play is not None
        editor = play.writing.editor("prompt")
        assert editor is not None
        await until(pilot, lambda: app.screen is play and editor.has_focus)
        await until(pilot, lambda: editor.cursor_location == (1, 0))


async def test_the_template_shows_special_tokens(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: b"<|im_start|>" in lane(app).data)
        assert "template" in bar(app, "#about")
        assert "estimate" in str(first(app).border_title)
        assert "special token" in bar(app, "#token")
        await pilot.press("t")
        await until(pilot, lambda: lane(app).data == b"Hello world")


async def test_the_draft_as_it_is_when_the_pane_comes_to_the_front(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("f2")
        play = play_of(app)
        await until(pilot, lambda: app.screen is play)
        await pilot.press("i", *"!!")
        await pilot.press("f6")
        await until(pilot, lambda: b"!!" in lane(app).data)


async def test_an_empty_prompt_says_what_the_pane_is_for(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake, turns=(Message("user", ""),)) as (app, _):
        assert "What a model sees" in shown(app)
        assert "Press i to type here" in shown(app)


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24), (40, 12)])
async def test_hostile_text_at_every_size(tmp_path: Path, fake: FakeProvider, size: tuple[int, int]) -> None:
    turns = (Message("user", HOSTILE * 3), Message("assistant", HOSTILE), Message("user", HOSTILE))
    async with open_tokens(tmp_path, fake, size=size, system=HOSTILE, turns=turns) as (app, pilot):
        text = shown(app)
        assert "\x1b" not in text
        assert "\u202e" not in text
        await pilot.press("d", "G")
        await until(pilot, lambda: first(app).byte > 0)


async def test_what_was_looked_at_is_there_again(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press("i")
        await until(pilot, lambda: pane(app).typing)
        await pilot.press(*"kept")
        await until(pilot, lambda: lane(app).data == b"kept")
        await pilot.press("ctrl+q")
    services = open_services(Config(path=tmp_path / "config.toml"), tmp_path / "cockpit.db")
    app = CockpitApp(services, state_dir=tmp_path / "state")
    try:
        async with app.run_test(size=(160, 45), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, TokensScreen))
            await until(pilot, lambda: first(app).lane is not None and lane(app).data == b"kept")
            await pilot.press("p")
            await until(pilot, lambda: lane(app).data == b"Hello world")
    finally:
        await close_services(services)


async def test_a_first_use_says_that_it_loads(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, _):
        pane(app).draw.loading(["r50k_base"])
        assert "loading r50k_base…" in bar(app, "#about")


async def test_a_sample_is_shown_by_its_own_model(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        world = await app.services.store.write(fill)
        look = pane(app).look
        look.sample_id = world.sample_ids[0]
        look.show("sample")
        await until(pilot, lambda: lane(app).data == b"REFUSAL")
        assert lane(app).chosen.model == "local:smollm2"
        await pilot.press("L")
        await until(pilot, lambda: app.screen is not pane(app))
        assert getattr(app.screen, "scope", "") == "logprobs"


@pytest.mark.parametrize(("key", "scope"), [("S", "stops"), ("c", "shorter")])
async def test_other_screens_open_and_come_back(tmp_path: Path, fake: FakeProvider, key: str, scope: str) -> None:
    async with open_tokens(tmp_path, fake) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: getattr(app.screen, "scope", "") == scope)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is pane(app))


async def test_the_next_input_fills_the_prompt(tmp_path: Path, fake: FakeProvider) -> None:
    turns = (Message("user", "Say {{a}}"),)
    async with open_tokens(tmp_path, fake, turns=turns, inputs=({"a": "one"}, {"a": "two"})) as (app, pilot):
        assert lane(app).data == b"Say one"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: lane(app).data == b"Say two")
        assert "input 2 of 2" in bar(app, "#about")


async def test_ids_can_be_copied(tmp_path: Path, fake: FakeProvider) -> None:
    kept = tmp_path / "state" / "yank.txt"
    async with open_tokens(tmp_path, fake) as (_, pilot):
        await pilot.press("Y")
        await until(pilot, kept.exists)
        assert kept.read_text() == "[13225, 2375]"


@pytest.mark.parametrize("keys", [("r",), ()], ids=["asked", "by itself"])
async def test_the_provider_counts_what_is_an_estimate_here(
    tmp_path: Path, fake: FakeProvider, keys: tuple[str, ...]
) -> None:
    async with open_tokens(tmp_path, fake, ("anthropic:claude-sonnet-4-5",)) as (app, pilot):
        await pilot.press(*keys)
        await until(pilot, lambda: pane(app).look.asked is not None)
        asked = pane(app).look.asked
        assert asked is not None
        assert asked.exact
        assert "count_tokens" in str(pane(app).query_one("#totals", Plain).visual)
