"""The questions behind the settings of "Does it help?": one small dialog a setting. Changes values only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import CockpitError
from cockpit.core.fill import ORDERS, STRATEGIES
from cockpit.core.splits import suggest
from cockpit.screens.curve_setup import ALL_ROWS, KIND_TITLES, METRICS, Setup
from cockpit.screens.dialogs import Ask, Choice, Pick
from cockpit.screens.words import age, plural
from cockpit.store import datasets, projects, sets

if TYPE_CHECKING:
    from cockpit.screens.curve import CurveScreen
    from cockpit.store.experiments import Experiment


async def ask(screen: CurveScreen, name: str, setup: Setup) -> Setup | None:
    """The settings with one of them changed by the person; None if nothing was."""
    match name:
        case "kind":
            kind = await _pick(screen, "What is asked", [Choice(key, text) for key, text in KIND_TITLES.items()])
            return replace(setup, kind=kind) if kind else None
        case "set":
            return await _ask_set(screen, setup)
        case "choose":
            return await _ask_choice(screen, setup)
        case "dataset":
            return await _ask_dataset(screen, setup)
        case "rows":
            return await _ask_rows(screen, setup)
        case "metric":
            return await _ask_metric(screen, setup)
        case "models":
            return await _ask_models(screen, setup)
        case "cap":
            return await _ask_cap(screen, setup)
    return await _ask_number(screen, name, setup)


async def pick_earlier(screen: CurveScreen, project: str) -> Experiment | None:
    """An earlier experiment of the project, or None."""
    from cockpit.store.experiments import list_experiments

    db = screen.services.store.read()
    found = await asyncio.to_thread(
        lambda: list_experiments(screen.services.store.read(), projects.find_project(db, project) or 0)
    )
    if not found:
        screen.notify_plain("No experiment of this project is stored yet.")
        return None
    now = screen.services.clock()
    choices = [
        Choice(
            str(at),
            f"{one.kind}   {one.of.name} v{one.of.number}   {', '.join(one.models)}   "
            f"{plural(len(one.runs), 'run')}   {age(one.created_at, now)}",
        )
        for at, one in enumerate(found)
    ]
    chosen = await _pick(screen, "Earlier experiments", choices)
    return found[int(chosen)] if chosen else None


async def _pick(screen: CurveScreen, title: str, choices: list[Choice]) -> str | None:
    return await screen.cockpit.push_screen_wait(Pick(title, choices))


async def _ask_set(screen: CurveScreen, setup: Setup) -> Setup | None:
    db = screen.services.store.read()
    rows = sets.list_sets(db, projects.find_project(db, screen.cockpit.project) or 0)
    if not rows:
        screen.notify_plain("There is no example set yet. S in the Examples pane makes one.")
        return None
    choices = [Choice(row.name, f"{row.name}   v{row.number}   {plural(row.n, 'example')}") for row in rows]
    name = await _pick(screen, "Example set, its newest version", choices)
    return replace(setup, set_name=name, set_number=None) if name else None


async def _ask_choice(screen: CurveScreen, setup: Setup) -> Setup | None:
    strategy = await _pick(screen, "Which examples first", [Choice(name, name) for name in STRATEGIES])
    if strategy is None:
        return None
    order = await _pick(screen, "In which order", [Choice(name, name) for name in ORDERS])
    return replace(setup, strategy=strategy, order=order) if order else None


async def _ask_dataset(screen: CurveScreen, setup: Setup) -> Setup | None:
    db = screen.services.store.read()
    rows = datasets.list_datasets(db, projects.find_project(db, screen.cockpit.project) or 0)
    choices = [
        Choice(f"{at}/{split}", f"{row.name}   {split}   {plural(n, 'row')}")
        for at, row in enumerate(rows)
        for split, n in [*row.splits.items(), (ALL_ROWS, row.n)]
    ]
    if not choices:
        screen.notify_plain("There is no dataset yet. D in the Examples pane imports one.")
        return None
    chosen = await _pick(screen, "Rows to ask (- is the whole dataset)", choices)
    if chosen is None:
        return None
    at, _, split = chosen.partition("/")
    return replace(setup, dataset=rows[int(at)].name, split=split)


async def _ask_rows(screen: CurveScreen, setup: Setup) -> Setup | None:
    """So many rows, with the interval that each number gives."""
    n = await asyncio.to_thread(_rows_there, screen, setup)
    said = ", ".join(f"{size} give ± {100 * half:.1f}" for size, half in suggest(n)) if n else "unknown"
    text = await screen.cockpit.push_screen_wait(
        Ask(
            "How many rows",
            prompt=f"{plural(n, 'row')} there; at 50 %, {said} points. Empty: all. Fewer are inside more.",
            value="" if setup.rows is None else str(setup.rows),
            check=_whole(1, empty=True),
        )
    )
    return None if text is None else replace(setup, rows=int(text) if text.strip() else None)


def _rows_there(screen: CurveScreen, setup: Setup) -> int:
    db = screen.services.store.read()
    try:
        row = datasets.get_dataset(db, projects.find_project(db, screen.cockpit.project) or 0, setup.dataset)
    except CockpitError:
        return 0
    return row.n if setup.split == ALL_ROWS else row.splits.get(setup.split, 0)


async def _ask_metric(screen: CurveScreen, setup: Setup) -> Setup | None:
    metric = await _pick(
        screen, "How answers are scored", [Choice(key, f"{key}   {text}") for key, text in METRICS.items()]
    )
    if metric is None:
        return None
    if metric == "regex":
        prompt = "Its first group is compared with the right answer; without a group, a match is right."
        pattern = await screen.cockpit.push_screen_wait(Ask("Pattern", prompt=prompt, value=setup.pattern))
        return replace(setup, metric=metric, pattern=pattern) if pattern else None
    if metric == "judge":
        from cockpit.screens.models import ModelPicker

        known = (setup.judge_model,) if setup.judge_model else ()
        chosen = await screen.cockpit.push_screen_wait(ModelPicker(screen.services, known))
        if chosen and len(chosen) > 1:
            screen.notify_plain(f"One model judges: {chosen[0]}.")
        return replace(setup, metric=metric, judge_model=chosen[0]) if chosen else None
    return replace(setup, metric=metric)


async def _ask_models(screen: CurveScreen, setup: Setup) -> Setup | None:
    from cockpit.screens.models import ModelPicker

    chosen = await screen.cockpit.push_screen_wait(ModelPicker(screen.services, setup.models or screen.play.models))
    return replace(setup, models=chosen) if chosen else None


async def _ask_cap(screen: CurveScreen, setup: Setup) -> Setup | None:
    def check(text: str) -> str:
        try:
            return "" if not text.strip() or float(text.strip().lstrip("$")) > 0 else "More than nothing."
        except ValueError:
            return "Dollars, such as 0.50."

    value = "" if setup.cap_usd is None else f"{setup.cap_usd:g}"
    prompt = "Dollars for all runs together, after which nothing more is sent. Empty: none."
    text = await screen.cockpit.push_screen_wait(Ask("Spend cap", prompt=prompt, value=value, check=check))
    return None if text is None else replace(setup, cap_usd=float(text.strip().lstrip("$")) if text.strip() else None)


async def _ask_number(screen: CurveScreen, name: str, setup: Setup) -> Setup | None:
    title, prompt, value = {
        "most": ("Examples", "The largest number of examples. Empty: the whole set.", setup.most),
        "orders": ("Orders", "How many shuffles of the same examples to compare.", setup.orders),
        "n": ("Answers", "How many answers for each row.", setup.n),
        "seed": ("Seed", "Of which rows are asked, and of random, balanced and shuffled examples.", setup.seed),
    }[name]
    least = {"orders": 2, "seed": 0}.get(name, 1)
    dialog = Ask(
        title, prompt=prompt, value="" if value is None else str(value), check=_whole(least, empty=name == "most")
    )
    text = await screen.cockpit.push_screen_wait(dialog)
    if text is None:
        return None
    changed: dict[str, Any] = {name: int(text) if text.strip() else None}
    return replace(setup, **changed)


def _whole(least: int, *, empty: bool = False) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip():
            return "" if empty else "A number is needed."
        if not text.strip().isdecimal() or int(text) < least:
            return f"A whole number from {least}."
        return ""

    return check
