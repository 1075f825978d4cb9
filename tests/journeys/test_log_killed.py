"""Killed with SIGKILL in the middle of an entry, the app has every word of it on the next start."""

from __future__ import annotations

import signal

from cockpit.store.db import open_store
from cockpit.store.entry_drafts import list_drafts
from cockpit.store.log import list_entries
from tests.cli.conftest import Cli
from tests.journeys.conftest import OpenApp

WORDS = "half a thought about refusals"


def test_what_was_typed_before_kill_9_is_there_on_the_next_start(cli: Cli, open_app: OpenApp) -> None:
    with open_app() as app:
        app.until_ready()
        app.press("\x1b[18~")  # F7
        app.until_text("The log keeps what experiments taught.")
        app.press("n")
        app.until_text("a new entry")
        app.press(WORDS)
        store = open_store(cli.db)
        try:
            app.until(lambda: any(one.draft.body == WORDS for one in list_drafts(store.read(), 1)), "kept at every key")
            app.kill()
            assert app.wait() == -signal.SIGKILL
        finally:
            store.close()
    with open_app() as app:
        app.until_text("not saved")
        app.press("e")
        app.until_text("a new entry")
        app.press("\x0a")
        store = open_store(cli.db)
        try:
            app.until(lambda: [one.draft.body for one in list_entries(store.read(), 1)] == [WORDS], "it is saved")
            assert list_drafts(store.read(), 1) == []
        finally:
            store.close()
