"""Writing and editing examples in the Examples pane: nothing typed is lost, nothing is overwritten unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.examples import Example
from cockpit.store import examples
from tests.screens.examples_host import bar, open_examples, pane, press, rows, settled, shown, stored
from tests.screens.shell_host import until


async def test_examples_are_written_one_after_the_other(tmp_path: Path) -> None:
    async with open_examples(tmp_path) as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: app.screen.typing)  # type: ignore[attr-defined]
        await pilot.press(*"q1", "tab", *"a1", "tab", *"yes", "ctrl+j")
        await until(pilot, lambda: len(stored(app)) == 1)
        await pilot.press(*"q2", "tab", *"a2", "ctrl+j")
        await until(pilot, lambda: len(stored(app)) == 2)
        assert [(one.input, one.output, one.label, one.verdict) for one in stored(app)] == [
            ("q1", "a1", "yes", "gold"),
            ("q2", "a2", None, "gold"),
        ]
        await pilot.press("escape")
        await settled(app, pilot)
        assert pane(app).listing.current == 2
        await press(app, pilot, "u")
        assert [one.input for one in stored(app)] == ["q1"]


async def test_duplicates_are_said_while_typing_with_their_output(tmp_path: Path) -> None:
    async with open_examples(tmp_path, [Example("Two and two?", "4")]) as (app, pilot):
        await pilot.press("a", *"two", "space", *"and", "space", *"two")
        await until(pilot, lambda: "the same input as example 1 ★ 4" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: "the same input" not in shown(app))


async def test_tab_goes_round_the_three_fields(tmp_path: Path) -> None:
    async with open_examples(tmp_path) as (app, pilot):
        await pilot.press("a")
        await until(pilot, lambda: app.screen.typing)  # type: ignore[attr-defined]
        found = []
        for _ in range(4):
            assert app.focused is not None
            found.append(app.focused.id)
            await pilot.press("tab")
        assert found == ["form-input", "form-output", "form-label", "form-input"]
        await pilot.press("shift+tab")
        assert app.focused is not None
        assert app.focused.id == "form-input"


@pytest.mark.parametrize(
    ("keys", "said"), [(["ctrl+j"], "needs an input"), ([*"q", "ctrl+j"], "needs an output, or a label")]
)
async def test_what_misses_is_said_and_nothing_is_stored(tmp_path: Path, keys: list[str], said: str) -> None:
    async with open_examples(tmp_path) as (app, pilot):
        await pilot.press("a", *keys)
        await until(pilot, lambda: said in shown(app))
        assert stored(app) == []


async def test_an_unfinished_example_survives_leaving_and_quitting(tmp_path: Path) -> None:
    async with open_examples(tmp_path) as (app, pilot):
        await pilot.press("a", *"half", "escape")
        assert "not saved yet" in bar(app, "#said")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    async with open_examples(tmp_path) as (app, pilot):
        assert "a goes on" in bar(app, "#said")
        await pilot.press("a", *"way")
        await until(pilot, lambda: "halfway" in shown(app))


async def test_what_is_typed_is_stored_while_typing_rests(tmp_path: Path) -> None:
    async with open_examples(tmp_path) as (app, pilot):
        await pilot.press("a", *"unsaved")

        def kept() -> bool:
            data = app.get_setting(pane(app).session_key) or {}
            return [one["input"] for one in data.get("drafts", ())] == ["unsaved"]

        await until(pilot, kept)


async def test_an_edit_is_saved_with_what_was_there_before(tmp_path: Path) -> None:
    async with open_examples(tmp_path, [Example("q", "a", label="l")]) as (app, pilot):
        await press(app, pilot, "e", *"bc")
        await press(app, pilot, "ctrl+j")
        await until(pilot, lambda: stored(app)[0].output == "abc")
        await until(pilot, lambda: rows(app).has_focus)
        assert [edit.output for edit in examples.edits_of(app.services.store.read(), 1)] == ["a"]
        await press(app, pilot, "u")
        assert stored(app)[0].output == "a"
        assert examples.edits_of(app.services.store.read(), 1) == []


async def test_an_unfinished_edit_is_marked_goes_on_and_can_be_thrown_away(tmp_path: Path) -> None:
    async with open_examples(tmp_path, [Example("q", "a"), Example("other", "b")]) as (app, pilot):
        await press(app, pilot, "e", *"xyz", "escape")
        assert "★✎" in shown(app)
        assert stored(app)[1].output == "b"
        await press(app, pilot, "j", "e", "escape", "k", "e")
        await until(pilot, lambda: "bxyz" in shown(app))
        await press(app, pilot, "escape")
        await pilot.press("Z")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, "y")
        assert "✎" not in shown(app).replace("✎ typing", "")


async def test_an_edit_of_what_changed_elsewhere_asks_for_the_key_twice(tmp_path: Path) -> None:
    async with open_examples(tmp_path, [Example("q", "a")]) as (app, pilot):
        await press(app, pilot, "e", "x")
        await app.services.store.write(lambda db: examples.update_example(db, 1, output="script"))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: "changed elsewhere" in shown(app))
        assert stored(app)[0].output == "script"
        await pilot.press("ctrl+j")
        await until(pilot, lambda: stored(app)[0].output == "ax")


async def test_the_persons_editor_edits_the_output_from_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_examples(tmp_path, [Example("q", "short")]) as (app, pilot):

        async def edited(text: str, suffix: str = ".md") -> str:
            return text + "er"

        monkeypatch.setattr(app, "edit_text", edited)
        await until(pilot, lambda: pane(app).query_one_optional("#form") is not None)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: "shorter" in shown(app))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: stored(app)[0].output == "shorter")


async def test_letters_typed_in_the_form_judge_nothing(tmp_path: Path) -> None:
    async with open_examples(tmp_path, [Example("q", "a", verdict="candidate")]) as (app, pilot):
        await press(app, pilot, "i", *"gxcdu", "escape")
        assert stored(app)[0].verdict == "candidate"
        assert stored(app)[0].input == "q"
