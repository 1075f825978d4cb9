"""The shell: keys, states, palette, help, jump, themes, leaving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from cockpit.command_tables.command import Command
from cockpit.core.errors import CockpitError
from cockpit.screens import base
from cockpit.screens.dialogs import Confirm, ShowError
from cockpit.screens.help import HelpScreen
from cockpit.screens.palette import Palette
from cockpit.screens.theme_picker import ThemePicker
from tests.screens.shell_host import OpenedScreen, PlaceholderPane, make_app, text_of, toasts, until
from widgets.jump import JumpOverlay
from widgets.key_bar import KeyBar
from widgets.key_sheet import KeySheet

SEND = Command("placeholder.send", "enter", "Send", "Send it.", "placeholder", "send('it')", typing=True)


@pytest.fixture
def app(tmp_path: Path) -> Any:
    return make_app(tmp_path)


def pane(app: Any) -> PlaceholderPane:
    assert isinstance(app.screen, PlaceholderPane)
    return app.screen


async def test_letters_are_text_while_typing_and_commands_after_escape(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: pane(app).typing)
        await pilot.press("q", "?")
        assert app.screen.query_one(TextArea).text.startswith("q?")
        await pilot.press("escape")
        assert not pane(app).typing
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_the_key_bar_tells_the_state_and_only_keys_that_work_in_it(app: Any) -> None:
    async with app.run_test() as pilot:
        bar = app.screen.query_one(KeyBar)
        await until(pilot, lambda: "typing" in text_of(bar))
        assert "F1 keys" in text_of(bar)
        assert "ctrl+p commands" in text_of(bar)
        await pilot.press("escape")
        await until(pilot, lambda: "moving" in text_of(bar))


async def test_the_palette_finds_a_command_by_a_few_letters_and_runs_it(app: Any) -> None:
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"keys")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_the_palette_closes_without_doing_anything(app: Any) -> None:
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        assert app.screen.query_one(TextArea).text == "a prompt"


async def test_help_lists_keys_and_narrows_by_typing(app: Any) -> None:
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        sheet = app.screen.query_one(KeySheet)
        await until(pilot, lambda: "ctrl+q" in text_of(sheet))
        assert "Half a page down." in text_of(sheet)
        await pilot.press("slash", *"jump")
        await until(pilot, lambda: "ctrl+q" not in text_of(sheet))
        assert "ctrl+o" in text_of(sheet)
        await pilot.press("escape")
        await until(pilot, lambda: "ctrl+q" in text_of(sheet))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))


async def test_jump_mode_goes_to_the_part_with_that_letter(app: Any) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: pane(app).typing)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JumpOverlay))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        await until(pilot, lambda: app.focused is not None and app.focused.id == "wall")


async def test_cancel_stops_what_runs_and_never_quits(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        screen = pane(app)
        screen.running = True
        await pilot.press("ctrl+c")
        assert screen.cancelled == 1
        await pilot.press("ctrl+c")
        assert app.is_running
        assert any("ctrl+q" in toast for toast in toasts(app))


async def test_quit_asks_only_while_something_runs(app: Any) -> None:
    async with app.run_test() as pilot:
        pane(app).running = True
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        pane(app).running = False
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_value == 0)


async def test_q_leaves_an_opened_screen_before_it_quits(app: Any) -> None:
    async with app.run_test() as pilot:
        await app.push_screen(OpenedScreen())
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        await app.push_screen(OpenedScreen())
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        await pilot.press("escape", "q")
        await until(pilot, lambda: app.return_value == 0)


async def test_theme_is_previewed_restored_on_escape_and_remembered_on_enter(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        before = app.theme
        await until(pilot, lambda: app.theme_choices)
        for end, expected in (("escape", before), ("enter", None)):
            await app.action_do("theme")
            await until(pilot, lambda: isinstance(app.screen, ThemePicker))
            await pilot.press("down")
            preview = app.theme
            assert preview != before
            await pilot.press(end)
            assert app.theme == (expected or preview)
        await app.services.store.flush()
    again = make_app(tmp_path)
    assert again.theme == preview


async def test_a_theme_named_in_the_configuration_later_wins_over_a_picked_one(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        from cockpit.screens.themes import choose_theme

        await until(pilot, lambda: app.theme_choices)
        choose_theme(app, "cockpit-light")
        await app.services.store.flush()
    assert make_app(tmp_path).theme == "cockpit-light"
    assert make_app(tmp_path, theme="cockpit-contrast").theme == "cockpit-contrast"


async def test_problems_of_configuration_keys_and_themes_are_told_once_at_start(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "mine.toml").write_text("name = 'mine'\nprimary = 'no colour'\ndark = true\n")
    app = make_app(tmp_path, keys={"app.hlep": "f3"}, theme="nowhere", problems=("config.toml, line 3: [/] is wrong.",))
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: toasts(app))
        (toast,) = toasts(app)
        assert "[/] is wrong" in toast
        assert "app.help" in toast
        assert "mine.toml" in toast
        assert app.theme == "cockpit-dark"
        await until(pilot, lambda: app.screen.query("Toast"))


async def test_remapped_keys_work_and_the_old_ones_do_not(tmp_path: Path) -> None:
    app = make_app(tmp_path, keys={"app.help": "f9", "app.palette": "f1"})
    async with app.run_test() as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Palette))


async def test_a_failing_worker_is_shown_and_logged_without_keys(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SOMEONE_API_KEY", "sk-very-secret")
    from cockpit import log

    log.open_log(tmp_path / "state")
    app = make_app(tmp_path)

    async def broken() -> None:
        raise RuntimeError("[/] sk-very-secret leaked")

    try:
        async with app.run_test(notifications=True) as pilot:
            app.screen.run_worker(broken(), exit_on_error=False)
            await until(pilot, lambda: isinstance(app.screen, ShowError))
            shown = app.screen._details + app.screen._message
            assert "[/] $SOMEONE_API_KEY leaked" in shown
            assert "sk-very-secret" not in shown
    finally:
        log.close_log()
    text = log.log_path(tmp_path / "state").read_text()
    assert "$SOMEONE_API_KEY leaked" in text
    assert "Traceback" in text
    assert "sk-very-secret" not in text


async def test_an_error_a_person_can_act_on_is_a_toast_with_the_way_out(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        app.report(CockpitError("No [/such] file.", hint="Name another."))
        await until(pilot, lambda: toasts(app))
        assert list(toasts(app)) == ["No [/such] file. Name another."]
        await until(pilot, lambda: app.screen.query("Toast"))


async def test_hostile_toasts_are_shown_not_obeyed(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        app.notify("[/]\x1b]52;c;AAAA\a[bold", title="[/x]", markup=True)
        await until(pilot, lambda: app.screen.query("Toast"))
        assert "\x1b" not in next(iter(toasts(app)))


async def test_yank_keeps_the_exact_text_in_a_private_file_and_says_where(app: Any) -> None:
    text = "a\x00b\ud800[/] \x1b]52;"
    async with app.run_test(notifications=True) as pilot:
        app.copy_text(text, "Sample")
        path = app.state_dir / "yank.txt"
        assert path.read_bytes() == text.encode("utf-8", "surrogatepass")
        assert path.stat().st_mode & 0o777 == 0o600
        await until(pilot, lambda: any(str(path) in toast for toast in toasts(app)))


async def test_a_text_too_long_for_the_terminal_goes_to_the_file_alone_and_that_is_said(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        app.copy_text("x" * 200_000, "Sample")
        await until(pilot, lambda: any("too long" in toast for toast in toasts(app)))
        assert (app.state_dir / "yank.txt").stat().st_size == 200_000


async def test_an_unhandled_error_ends_the_app_without_printing_it(tmp_path: Path) -> None:
    app = make_app(tmp_path)

    def broken() -> None:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        async with app.run_test() as pilot:
            app.call_later(broken)
            await until(pilot, lambda: app.failure)
    assert app._exit_renderables == []


async def test_a_pane_opens_as_it_was_left(tmp_path: Path) -> None:
    for start, left in (({}, {"seen": 1}), ({"seen": 1}, {"seen": 2})):
        app = make_app(tmp_path)
        async with app.run_test() as pilot:
            assert pane(app).remembered == start
            pane(app).remembered = left
            await pilot.press("ctrl+q")
            await until(pilot, lambda app=app: app.return_value == 0)
        await app.services.store.flush()


async def test_the_app_opens_in_the_pane_it_was_left_in(tmp_path: Path) -> None:
    for first, second in (("play", "other"), ("other", "play")):
        app = make_app(tmp_path)
        async with app.run_test() as pilot:
            await until(pilot, lambda app=app, first=first: app.current_mode == first)
            app.action_pane(second)
            await until(pilot, lambda app=app, second=second: app.current_mode == second)
        await app.services.store.flush()


async def test_in_the_chat_preset_enter_sends_from_the_editor_alone(tmp_path: Path) -> None:
    app = make_app(tmp_path, key_preset="chat")
    async with app.run_test() as pilot:
        screen = pane(app)
        screen._bindings._add_binding(base._binding(SEND, "enter"))
        await pilot.press("enter")
        assert screen.sent == 1
        assert screen.query_one(TextArea).text == "a prompt"
        await pilot.press("escape", "enter")
        assert screen.sent == 1
