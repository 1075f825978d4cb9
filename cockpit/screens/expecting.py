"""Asking what a person expects before a run, and telling what a result brought. What it settles is decided below."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.core.calibration import split_claim
from cockpit.core.errors import CockpitError
from cockpit.expecting import Began, begun, ended, expect, expected, is_awaited

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

HINT = "exact above 60 % 70%"


async def ask(app: CockpitApp, what: str = "the next run", *, skips: str = "enter alone skips") -> bool:
    """Ask for one line, a claim and its probability; an empty line forgets what was said before. Whether it was
    answered at all."""
    from cockpit.screens.dialogs import Ask

    store, project = app.services.store, app.project
    before = await asyncio.to_thread(lambda: expected(store.read(), project))
    value = "" if before is None else f"{before[0]} {100 * before[1]:g}%"
    prompt = f"A claim about {what} that can turn out true or false, and how likely it is; {skips}."
    said = await app.push_screen_wait(Ask("I expect", prompt=prompt, value=value, placeholder=HINT, check=problem))
    if said is None:
        return False
    claim, p = split_claim(said) if said.strip() else ("", None)
    await store.write(lambda db: expect(db, project, claim, p))
    if p is not None:
        app.notify(f"{100 * p:g} %: {claim}. It belongs to what begins next.", markup=False)
    return True


def problem(text: str) -> str:
    """What is wrong with such a line; nothing where it is empty."""
    if not text.strip():
        return ""
    try:
        split_claim(text)
    except CockpitError as error:
        return error.sentence()
    return ""


async def tie(app: CockpitApp, kind: Began, number: int) -> None:
    """A run or job began: say which prediction and which step are its."""
    store, project = app.services.store, app.project
    if not await asyncio.to_thread(lambda: is_awaited(store.read(), project)):
        return
    try:
        said = await store.write(lambda db: begun(db, project, kind, number))
    except CockpitError as error:
        app.report(error)
        return
    for words in said:
        app.notify(f"{kind} {number}: {words}", markup=False)


async def tell(app: CockpitApp, places: Sequence[tuple[Began, int]]) -> None:
    """Runs or jobs ended: say which steps they closed, what is proposed next, what was predicted."""
    from cockpit.commands import by_id
    from cockpit.log_steps import proposals

    store, project, now = app.services.store, app.project, app.services.clock()
    runs = [number for kind, number in places if kind == "run"]
    new = await asyncio.to_thread(lambda: proposals(store.read(), project, runs))
    news = await store.write(lambda db: ended(db, project, new, places, now))
    if said := news.words():
        keys = app.keymap
        where = f"{keys.shown(by_id('app.log'))} then {keys.shown(by_id('log.steps'))} lists steps"
        if news.waiting:
            where += f", {keys.shown(by_id('log.predictions'))} settles predictions"
        app.notify(f"{said[0].upper()}{said[1:]}. {where}.", markup=False, timeout=8)
