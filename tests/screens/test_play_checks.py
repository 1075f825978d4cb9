"""Findings and counts beside the prompt: they follow the typing, and every one can be gone to, fixed, dismissed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.core import checks
from cockpit.core.check_values import Found
from cockpit.core.checks import Checked, Finding, Fix, Place
from cockpit.core.params import Params
from cockpit.core.prompts import Message, Version
from cockpit.screens.play_checks import FindingLine
from cockpit.screens.play_findings import FindingsScreen
from cockpit.screens.play_look import Looker
from cockpit.store import marks
from tests.fake_provider import FakeProvider
from tests.screens.play_host import open_play, screen_of, toasts, until, wall_text
from widgets.row_list import RowList
from widgets.text_view import TextView
from widgets.top_bar import TopBar

MODEL = ("openai:gpt-4o-mini",)


def _end(checked: Checked) -> Iterator[Found]:
    text = checked.version.messages[-1].content
    if text.endswith(" "):
        at = len(checked.version.messages) - 1

        def trim(version: Version, params: Params) -> tuple[Version, Params]:
            *before, last = version.messages
            return replace(version, messages=(*before, replace(last, content=last.content.rstrip(" ")))), params

        place = Place(f"turn:{at}", len(text.rstrip(" ")), len(text))
        yield Found("error", "The prompt ends with a space.", place, Fix("Took the space away", trim))


def _system(checked: Checked) -> Iterator[Found]:
    at = checked.version.system.find("always")
    if at >= 0:
        yield Found("warning", "Nothing is always so.", Place("system", at, at + 6))


def _stops(checked: Checked) -> Iterator[Found]:
    if "\n" in checked.params.stop:

        def drop(version: Version, params: Params) -> tuple[Version, Params]:
            return version, replace(params, stop=())

        yield Found("note", "A line break stops it.", None, Fix("Took the stop away", drop))


def _gold(checked: Checked) -> Iterator[Found]:
    for answer in checked.answers:
        if answer in checked.version.system:
            yield Found("note", f"The gold answer {answer} is in the system prompt.")


SEVERITY = {"error": 0, "warning": 1, "note": 2}
RULES = {"gold": _gold, "stops": _stops, "system": _system, "end": _end}


def found_in(checked: Checked) -> list[Finding]:
    """A few rules of known behaviour in the place of the real ones, which have tests of their own."""
    found = [
        Finding(name, one.severity, one.sentence, f"https://example.org/{name}", one.place, one.fix)
        for name, rule in RULES.items()
        for one in rule(checked)
    ]
    return sorted(found, key=lambda finding: SEVERITY[finding.severity])


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "check_prompt", found_in)


def line_text(app: CockpitApp) -> str:
    """The line under the prompt; empty while it is not there."""
    line = screen_of(app).query_one("#finding", FindingLine)
    return line.render_line(0).text.strip() if line.display else ""


def status_text(app: CockpitApp) -> str:
    return screen_of(app).query_one("#status", TopBar).render_line(0).text


def prompt_of(app: CockpitApp) -> str:
    return screen_of(app).writing.draft.turns[-1].content


async def test_a_finding_comes_after_a_pause_and_goes_when_it_is_mended(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        assert line_text(app) == ""
        await pilot.press(*" ")
        await until(pilot, lambda: "✗ The prompt ends with a space." in line_text(app))
        assert "F8 fix" in line_text(app)
        await pilot.press(*"x")
        await until(pilot, lambda: line_text(app) == "✓ the checks find nothing")


async def test_the_worst_is_shown_with_how_many_more_and_the_sentence_gives_way_to_the_keys(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, MODEL, size=(80, 24)) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(
            replace(screen.writing.draft, system="You always win. " * 3, turns=(Message("user", "a "),))
        )
        screen.writing.set("stop", r'"\n"')
        await until(pilot, lambda: "+2 more" in line_text(app))
        shown = line_text(app)
        assert shown.startswith("✗ The prompt ends")
        assert shown.endswith("F9 all")
        await pilot.press("escape")
        await until(pilot, lambda: line_text(app).endswith("F all"))


async def test_the_fix_key_is_one_edit_and_one_key_or_the_editors_undo_takes_it_back(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"so   ", "f8")
        await until(pilot, lambda: prompt_of(app).endswith("so"))
        editor = screen.writing.editor("prompt")
        assert editor is not None and editor.text.endswith("so")
        assert any("Took the space away" in said for said in toasts(app))
        await pilot.press("ctrl+z")
        await until(pilot, lambda: prompt_of(app).endswith("so   "))
        await pilot.press("f8")
        await until(pilot, lambda: prompt_of(app).endswith("so"))
        await pilot.press("escape", "Z")
        await until(pilot, lambda: prompt_of(app).endswith("so   ") and editor.text.endswith("so   "))


async def test_a_fix_may_change_the_settings_and_be_undone(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        screen.writing.set("stop", r'"\n"')
        await until(pilot, lambda: "• A line break stops it." in line_text(app))
        await pilot.press("escape", "f")
        await until(pilot, lambda: screen.writing.draft.params.stop == ())
        await pilot.press("Z")
        await until(pilot, lambda: screen.writing.draft.params.stop == ("\n",))


async def test_enter_on_a_finding_goes_to_its_place(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, system="One.\nIt is always so."))
        await until(pilot, lambda: "Nothing is always so" in line_text(app))
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        await until(pilot, lambda: "https://example.org/system" in app.screen.query_one("#text", TextView).text)
        assert "system, line 2" in app.screen.query_one("#text", TextView).text
        await pilot.press("enter")
        await until(pilot, lambda: screen.focused is not None and screen.focused.id == "system")
        editor = screen.writing.editor("system")
        assert editor is not None
        await until(pilot, lambda: editor.selected_text == "always")
        assert screen.typing


async def test_a_place_in_another_turn_is_shown_and_selected(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        turns = (Message("user", "first"), Message("assistant", "second"), Message("user", "third  "))
        await screen.writing.load(replace(screen.writing.draft, turns=turns), turn=0)
        await until(pilot, lambda: "ends with a space" in line_text(app))
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        await pilot.press("enter")
        editor = screen.writing.editor("prompt")
        assert editor is not None
        await until(pilot, lambda: screen.writing.turn == 2 and editor.selected_text == "  ")


async def test_a_dismissed_finding_is_not_said_again_of_this_prompt_and_is_of_another(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        await pilot.press(*" ", "f9")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        rows = app.screen.query_one("#rows", RowList)
        await until(pilot, lambda: rows.line_count() == 2)
        await pilot.press("x")
        await until(pilot, lambda: "dismissed" in rows.render_line(1).text)
        await pilot.press("escape")
        await until(pilot, lambda: line_text(app) == "✓ the checks find nothing")
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"and ")
        await until(pilot, lambda: screen.checks.findings)
        assert line_text(app) == ""
        screen.writing.name = "another"
        await pilot.press(*"so ")
        await until(pilot, lambda: "ends with a space" in line_text(app))


async def test_the_list_fixes_and_follows(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, system="always", turns=(Message("user", "a "),)))
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        rows = app.screen.query_one("#rows", RowList)
        await until(pilot, lambda: rows.line_count() == 3)
        await pilot.press("f")
        await until(pilot, lambda: prompt_of(app) == "a")
        await until(pilot, lambda: rows.line_count() == 2)
        await pilot.press("f")
        await until(pilot, lambda: any("no fix of its own" in said for said in toasts(app)))
        await pilot.press("Z")
        await until(pilot, lambda: prompt_of(app) == "a " and rows.line_count() == 3)


async def test_gold_answers_reach_the_checks(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tok3",), n=1) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold is not None and not screen.busy)
        await pilot.press("escape", "*")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("g")
        await until(pilot, lambda: "★" in wall_text(app))
        gold = marks.list_examples(app.services.store.read(), 1, "gold")[0].output
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, system=f"Say {gold}."))
        await until(pilot, lambda: f"The gold answer {gold}" in line_text(app))


async def test_typing_goes_on_while_the_checks_run_and_only_the_newest_text_counts(
    tmp_path: Path, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, begun, seen = threading.Event(), threading.Event(), []
    check = Looker.check

    def slow(looker: Looker, draft: object) -> object:
        seen.append(draft)
        begun.set()
        assert held.wait(10)
        return check(looker, draft)  # type: ignore[arg-type]

    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await until(pilot, lambda: not screen.checks._looking)
        monkeypatch.setattr(Looker, "check", slow)
        try:
            await pilot.press(*"a ")
            await until(pilot, begun.is_set)
            for letter in "bcdef":
                await pilot.press(letter)
            await until(pilot, lambda: prompt_of(app).endswith("a bcdef"))
            assert line_text(app) == ""
        finally:
            held.set()
        await until(pilot, lambda: not screen.checks._looking and screen.checks._checked is screen.writing.draft)
        assert line_text(app) == ""
        assert len(seen) <= 4


async def test_nothing_runs_while_nothing_changes(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"a ")
        await until(pilot, lambda: line_text(app) and not screen.checks._looking)
        assert not [worker for worker in screen.workers if worker.group == "checks" and worker.is_running]
        screen.writing.settle()
        assert not screen.checks._looking


async def test_a_fault_in_a_check_is_said_in_the_line_and_stops_nothing(
    tmp_path: Path, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Checked) -> list[Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr(checks, "check_prompt", broken)
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        await pilot.press(*"abc")
        await until(pilot, lambda: "could not run" in line_text(app))
        await pilot.press(*"d")
        await until(pilot, lambda: prompt_of(app).endswith("abcd"))


async def test_the_count_is_exact_once_the_prompt_is_typed_in(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await until(pilot, lambda: "≈ " in status_text(app))
        assert "exact" not in status_text(app)
        await screen.writing.load(replace(screen.writing.draft, turns=(Message("user", "hello world"),)))
        await until(pilot, lambda: "exact 2 tok in + ≈ 4 template" in status_text(app))
        await pilot.press(*" hello")
        await until(pilot, lambda: "exact 3 tok in" in status_text(app))


async def test_a_count_that_cannot_be_exact_says_so(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, (*MODEL, "anthropic:claude-haiku-4-5")) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, turns=(Message("user", "hello world"),)))
        await until(pilot, lambda: screen.checks.counted)
        await until(pilot, lambda: len(screen.checks.counted or {}) == 2)
        assert "exact" not in status_text(app)
        assert "≈ " in status_text(app)


async def test_a_long_prompt_is_counted_as_it_is_typed_in(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, turns=(Message("user", "hello world\n" * 20_000),)))
        await until(pilot, lambda: "exact 60 000 tok in" in status_text(app))
        await pilot.press(*"hello")
        await until(pilot, lambda: "exact 60 001 tok in" in status_text(app))


async def test_the_stops_screen_opens_with_the_draft(tmp_path: Path, fake: FakeProvider) -> None:
    from cockpit.screens.stops import StopsScreen

    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        await pilot.press("escape", ".")
        await until(pilot, lambda: isinstance(app.screen, StopsScreen))


async def test_the_tokens_pane_opens_on_the_draft_whatever_it_showed_last(tmp_path: Path, fake: FakeProvider) -> None:
    from cockpit.screens.tokens import TokensScreen

    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        app.put_setting(f"session.{app.project}.tokens", {"kind": "scratch", "scratch": "elsewhere"})
        await app.services.store.write(lambda _: None)
        await pilot.press(*"quagga", "escape", "T")
        await until(pilot, lambda: isinstance(app.screen, TokensScreen))
        tokens = app.screen
        assert isinstance(tokens, TokensScreen)
        await until(pilot, lambda: any("quagga" in part.text for part in tokens.look.subject.parts))


async def test_the_list_of_findings_keeps_its_sentences_in_a_smaller_terminal(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, MODEL) as (app, pilot):
        screen = screen_of(app)
        await screen.writing.load(replace(screen.writing.draft, system="One.\nIt is always so."))
        await until(pilot, lambda: "Nothing is always so" in line_text(app))
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen))
        await pilot.resize_terminal(80, 24)
        rows = app.screen.query_one("#rows", RowList)
        await until(pilot, lambda: [column.title for column in rows.columns] == ["what", "where"])
        assert rows.current is not None and "Nothing is always so" in rows.current.cells[0]
