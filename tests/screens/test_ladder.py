"""The ladder above Play, and the ideas: what stored curves say of examples."""

from __future__ import annotations

from pathlib import Path

from cockpit.screens.dialogs import Pick
from tests.fake_provider import FakeProvider
from tests.screens.play_host import open_play, screen_of, until
from tests.screens.stores import opened
from tests.store.curves import add_trial, save_set
from tests.widgets.host import screen_lines


async def test_rungs_show_the_best_number_of_examples_and_its_effect(tmp_path: Path, fake: FakeProvider) -> None:
    store = opened(tmp_path / "cockpit.db")
    few = save_set(store)
    for k, right in ((0, 0), (4, 6), (16, 9)):
        add_trial(store, few, k, right, idea="shots help")
    async with open_play(tmp_path, fake, size=(160, 45)) as (app, pilot):
        await until(pilot, lambda: "few-shot k=4 +0.60 (" in "\n".join(screen_lines(app)))
        line = next(line for line in screen_lines(app) if "few-shot" in line)
        assert "many-shot k=16 +0.90 (" in line
        await pilot.press("escape")
        app.run_worker(screen_of(app).ideas.choose())
        await until(pilot, lambda: isinstance(app.screen, Pick))
        shown = "\n".join(screen_lines(app))
        assert "shots help" in shown
        assert "k=4 +0.60" in shown
        await pilot.press("escape")
