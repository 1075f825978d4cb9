"""The Play pane while it starts and when it is left: nothing that was typed is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import patch

from textual import events

from cockpit.app import CockpitApp
from cockpit.screens.play import PlayScreen
from cockpit.screens.play_write import Writing
from tests.fake_provider import FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, until

TYPED = " q, x"
"""Letters that quit and cancel where they are commands."""


async def test_what_is_typed_before_the_editor_is_there_goes_into_it_and_is_sent(
    tmp_path: Path, fake: FakeProvider
) -> None:
    mount = Writing.mount_editors

    async def typed_ahead(writing: Writing) -> None:
        app: CockpitApp = writing.screen.cockpit
        before = writing.draft
        seen = asyncio.Event()
        for letter in TYPED:
            app.post_message(events.Key({" ": "space", ",": "comma"}.get(letter, letter), letter))
        app.post_message(events.Paste("pasted"))
        app.post_message(events.Key("ctrl+j", None))
        app.call_later(seen.set)
        await seen.wait()
        assert writing.draft == before and not writing.screen.busy
        await mount(writing)

    with patch.object(Writing, "mount_editors", typed_ahead):
        async with open_play(tmp_path, fake, n=1) as (app, pilot):
            screen = screen_of(app)
            await until(pilot, lambda: screen.flights.fold is not None and not screen.busy)
            assert live_of(app).plan.version.messages[-1].content.endswith(f"{TYPED}pasted")
            await pilot.press("z")
            assert screen.writing.draft.turns[-1].content.endswith(f"{TYPED}pastedz")


async def test_the_first_frame_has_no_editor_to_wait_for(tmp_path: Path, fake: FakeProvider) -> None:
    seen: list[str] = []
    begin = PlayScreen._begin

    async def look(screen: PlayScreen) -> None:
        assert screen.app._batch_count == 0, "the app draws nothing yet"
        seen.extend(widget.id or "" for widget in screen.query("*"))
        await begin(screen)

    with patch.object(PlayScreen, "_begin", look):
        async with open_play(tmp_path, fake):
            assert {"top-bar", "ladder", "wall", "params", "key-bar"} <= set(seen)
            assert "prompt" not in seen


async def test_what_was_typed_just_before_leaving_is_there_at_the_next_start(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake) as (_, pilot):
        await pilot.press(*"abc", "ctrl+q")
    async with open_play(tmp_path, fake) as (app, _):
        assert screen_of(app).writing.draft.turns[-1].content.endswith("abc")
