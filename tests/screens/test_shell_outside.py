"""What the shell does outside its own screen: log, clipboard, notification, editor, start and end of the process."""

from __future__ import annotations

import base64
import logging
import os
import re
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from cockpit import log, terminal
from cockpit.config import Config
from cockpit.screens.editor import edit_text
from tests.screens.shell_host import make_app, toasts, until


def test_the_log_is_private_made_at_the_first_record_and_holds_no_secret(tmp_path: Path) -> None:
    scrub = log.open_log(tmp_path / "state", {"OPENAI_API_KEY": "sk-abcdef", "SHORT_API_KEY": "ab", "HOME": "/home/sk"})
    path = log.log_path(tmp_path / "state")
    try:
        assert not path.exists()
        try:
            raise ValueError("bad key sk-abcdef")
        except ValueError:
            log.LOGGER.exception("call with %s failed", "sk-abcdef")
    finally:
        log.close_log()
    text = path.read_text()
    assert "sk-abcdef" not in text
    assert text.count("$OPENAI_API_KEY") >= 2
    assert "Traceback" in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert scrub.text("ab") == "ab"
    assert logging.getLogger("cockpit").handlers == []


def test_the_log_starts_anew_past_a_megabyte_and_keeps_one_old_file(tmp_path: Path) -> None:
    log.open_log(tmp_path, {})
    try:
        for _ in range(12):
            log.LOGGER.info("x" * 200_000)
    finally:
        log.close_log()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cockpit.log", "cockpit.log.1"]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log.open_log(tmp_path / "file" / "below", {})
    try:
        log.LOGGER.error("still here")
    finally:
        log.close_log()


def test_the_clipboard_sequence_carries_the_text_and_goes_both_ways_in_tmux() -> None:
    plain = terminal.clipboard_sequence("añb\ud800", {})
    assert plain is not None
    match = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", plain)
    assert match is not None
    assert base64.b64decode(match[1]).decode() == "añb?"
    both = terminal.clipboard_sequence("a", {"TMUX": "/tmp/x"})
    assert both is not None
    assert both.startswith("\x1b]52;c;")
    assert "\x1bPtmux;\x1b\x1b]52;c;" in both
    assert both.endswith("\x1b\\")
    assert terminal.clipboard_sequence("x" * 100_001, {}) is None


def test_a_notification_cannot_be_ended_early_by_what_it_says() -> None:
    sequence = terminal.notification_sequence("run 7 of \x1b]52;c;AAAA\a done\x9c\n", {})
    assert sequence.startswith("\a\x1b]9;run 7 of ")
    assert sequence.count("\x1b") == 1
    assert sequence.count("\a") == 2
    assert terminal.notification_sequence("x", {"TMUX": "1"}).startswith("\a\x1bPtmux;\x1b\x1b]9;x")


async def test_only_long_runs_notify_and_only_if_wanted(tmp_path: Path, monkeypatch: Any) -> None:
    app = make_app(tmp_path)
    sent: list[str] = []
    async with app.run_test() as pilot:
        monkeypatch.setattr(app, "write_terminal", sent.append)
        app.run_ended("run 1: 32 samples", 5)
        assert sent == []
        app.run_ended("run 2: 32 samples", 50)
        assert "run 2" in sent[0]
        await app.action_do("notifications")
        await app.services.store.flush()
        await until(pilot, lambda: app.get_setting("notify") is False)
        app.run_ended("run 3", 50)
        assert len(sent) == 1


def an_editor(tmp_path: Path, monkeypatch: Any, script: str) -> None:
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def left_files(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("cockpit-*.md"))


@contextmanager
def lent() -> Any:
    """A headless app cannot suspend; for these tests its terminal counts as lent."""
    yield


async def test_the_editors_text_comes_back_and_the_file_is_private_and_removed(
    tmp_path: Path, monkeypatch: Any
) -> None:
    an_editor(tmp_path, monkeypatch, f'stat -c %a "$1" > {tmp_path}/mode; printf "new [/] text\\n" > "$1"')
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        monkeypatch.setattr(app, "suspend", lent)
        await until(pilot, lambda: app.screen.typing)
        await pilot.press("ctrl+e")
        area = app.screen.query_one(TextArea)
        await until(pilot, lambda: area.text == "new [/] text")
        assert (tmp_path / "mode").read_text().strip() == "600"
        await until(pilot, lambda: not left_files(tmp_path))
        area.undo()
        assert area.text == "a prompt"


async def test_an_editor_that_fails_changes_nothing_and_what_it_saved_is_kept(tmp_path: Path, monkeypatch: Any) -> None:
    an_editor(tmp_path, monkeypatch, 'printf "half done" > "$1"; exit 3')
    app = make_app(tmp_path)
    async with app.run_test(notifications=True) as pilot:
        monkeypatch.setattr(app, "suspend", lent)
        handler = signal.getsignal(signal.SIGINT)
        assert await edit_text(app, "before") is None
        assert signal.getsignal(signal.SIGINT) == handler
        (kept,) = left_files(tmp_path)
        assert kept.read_text() == "half done"
        await until(pilot, lambda: any(str(kept) in toast for toast in toasts(app)))


@pytest.mark.parametrize("editor", ["/nowhere/editor", "'unbalanced"])
async def test_an_editor_that_is_not_there_is_said_and_leaves_no_file(
    tmp_path: Path, monkeypatch: Any, editor: str
) -> None:
    an_editor(tmp_path, monkeypatch, "true")
    monkeypatch.setenv("EDITOR", editor)
    app = make_app(tmp_path)
    async with app.run_test(notifications=True) as pilot:
        monkeypatch.setattr(app, "suspend", lent)
        assert await edit_text(app, "before") is None
        await until(pilot, lambda: any("EDITOR" in toast for toast in toasts(app)))
        assert left_files(tmp_path) == []


async def test_without_a_terminal_to_lend_the_editor_is_refused_in_words(tmp_path: Path, monkeypatch: Any) -> None:
    an_editor(tmp_path, monkeypatch, "true")
    app = make_app(tmp_path)
    async with app.run_test(notifications=True) as pilot:
        assert await edit_text(app, "before") is None
        await until(pilot, lambda: any("handed over" in toast for toast in toasts(app)))


def test_a_newline_that_the_editor_added_is_taken_away_again_and_a_wanted_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("a\n")
    assert terminal.edited("a", path, ended_with_newline=False) == "a"
    assert terminal.edited("b\n", path, ended_with_newline=True) == "a\n"


def test_visual_comes_before_editor_and_may_have_arguments() -> None:
    assert terminal.editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert terminal.editor_command({}) == ["vi"]


def test_a_database_that_cannot_be_opened_is_one_sentence_and_status_1(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    from cockpit.app import run_app

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    broken = tmp_path / "cockpit.db"
    broken.write_text("this is no database, however long it may be " * 100)
    try:
        assert run_app(Config(path=tmp_path / "config.toml"), broken, project="default") == 1
    finally:
        log.close_log()
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_opening_the_app_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = "httpx aiohttp openai anthropic tiktoken numpy plotext sqlite_utils click textual.widgets._markdown"
    code = f"import sys, cockpit.app, cockpit.services; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"
