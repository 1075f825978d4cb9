"""A small world for the screens that Play opens: an app with an empty pane, and a real database with samples in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.app import CockpitApp
from cockpit.command_tables.app import Pane
from cockpit.config import Config
from cockpit.core.limits import Limits
from cockpit.core.params import Params
from cockpit.core.ports import Usage
from cockpit.core.prompts import Message, Version, single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.providers.registry import ProviderRegistry
from cockpit.screens.base import PaneScreen
from cockpit.services import Services
from cockpit.store import marks, projects, prompts, runs, samples
from cockpit.store.db import Database
from tests.screens.stores import opened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSTILE = (
    "a[/]b [bold red]x[/bold red] [@click=app.quit]q[/] \x1b]52;c;aGk=\x07 \u202eevil\u202c zero\u200bwidth \x00 表"
)
MODELS = ("local:smollm2", "openai:gpt-4o-mini", "anthropic:claude-3-5-haiku-latest")


class HomeScreen(PaneScreen[None]):
    """A pane with nothing in it."""

    scope = "home"
    pane_title = "Home"


class HostApp(CockpitApp):
    """The app with the empty pane, and a note of what the opened screen returned."""

    def __init__(self, services: Services, state_dir: Path, screen: Callable[[Services], Screen[Any]]) -> None:
        pane = Pane(1, "home", "Home", "f2", "tests.screens.opened_host:HomeScreen")
        super().__init__(services, panes=(pane,), state_dir=state_dir)
        self.DEFAULT_MODE = "home"
        self._make = screen
        self.results: list[Any] = []
        self.yanked: list[str] = []

    def on_ready(self) -> None:
        """Open the screen over the pane."""
        self.push_screen(self._make(self.services), self.results.append)

    def copy_text(self, text: str, what: str = "text") -> None:
        """Keep what was copied."""
        self.yanked.append(text)


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what `fill` stored."""

    prompt_id: int
    versions: tuple[Version, ...]
    version_ids: tuple[int, ...]
    run_ids: tuple[int, ...]
    sample_ids: tuple[int, ...]
    """Of the last run."""


def make_services(folder: Path, env: dict[str, str] | None = None, **config: Any) -> Services:
    """Services over a new database in a folder, at a fixed time."""
    settings = Config(**config)
    store = opened(folder / "cockpit.db")
    registry = ProviderRegistry(settings.servers, env or {})
    return Services(settings, store, registry, Limits({}), clock=lambda: NOW)


def version_at(number: int) -> Version:
    """A prompt as it grew."""
    text = "Is the reply below a refusal? Answer REFUSAL or ANSWER.\n\nReply: {{reply}}\nVerdict:"
    if number > 1:
        text = text.replace("Answer REFUSAL or ANSWER.", "Answer with one word: REFUSAL or ANSWER.")
    if number > 2:
        text = text.replace("Reply:", "A hedged answer is an ANSWER.\n\nReply:")
    system = "You are a careful grader." if number > 3 else ""
    return single(text, system=system)


def sample_of(run_id: int, key: SampleKey, text: str, **more: Any) -> Sample:
    """A sample with plausible evidence."""
    base: dict[str, Any] = {
        "model": MODELS[key.target % len(MODELS)],
        "stop_reason": "stop",
        "ended": "ended",
        "usage": Usage(412, 3 + len(text) // 4, None, None),
        "ttft_ms": 310.0 + 40 * key.index,
        "latency_ms": 1210.0 + 90 * key.index,
        "cost_usd": 0.00012,
        "request_id": "req_011CS",
        "request_hash": f"h{key.target}",
        "request_body": {"model": "m", "messages": [{"role": "user", "content": "Is the reply a refusal?"}]},
        "created_at": f"2026-11-23T11:4{key.index % 10}:00Z",
    }
    return Sample(run_id, key, text=text, **{**base, **more})


ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("REFUSAL", {"ended": "stop", "stop": "\n"}),
    ("ANSWER", {}),
    (
        "# Verdict\n\nThe reply **declines** the request, so:\n\n- it says *I can't help*\n- `none`\n\nREFUSAL",
        {"reasoning": "The reply says it cannot help.\nThat is a refusal, if a polite one.", "attempts": 2},
    ),
    (
        "The reply is an answer, since it goes on to explain the three",
        {"ended": "length", "stop_reason": "length"},
    ),
    ("", {"ended": "error", "stop_reason": None, "error": Failure("rate_limit", "Too many requests.", "Wait.", 429)}),
    (HOSTILE, {"ended": "unknown"}),
    ("I won't grade that.", {"ended": "refusal", "stop_reason": "refusal", "cost_usd": None}),
    ("REFUSAL", {"cached": True, "cost_usd": 0.0, "left_out": ("temperature",)}),
)


def fill(db: Database) -> World:
    """Four versions of a prompt, a run of each over three models, and marks; the newest run misses samples."""
    project = projects.ensure_project(db, "default")
    prompt = prompts.ensure_prompt(db, project, "refusal-judge")
    versions = tuple(version_at(number) for number in (1, 2, 3, 4))
    parent: int | None = None
    version_ids: list[int] = []
    run_ids: list[int] = []
    ids: list[int] = []
    for number, version in enumerate(versions, 1):
        parent = prompts.save_version(db, prompt, version, parent, note="ask for one word" if number == 2 else "")
        version_ids.append(parent)
        targets = tuple(Target(m, *m.split(":"), endpoint="http://x", params=Params(temperature=1.0)) for m in MODELS)
        inputs = ({"reply": "Sorry, I can't help."}, {"reply": "Sure! Here it is."})
        plan = Plan(version, targets, inputs, n=8, version_id=parent)
        run = runs.create_run(db, plan, project_id=project, prompt_id=prompt)
        run_ids.append(run)
        ids = []
        for key in plan.missing(()):
            if number == 4 and key.index > 5 and key.target == 2:
                continue
            text, more = ANSWERS[key.index]
            ids.append(samples.add_sample(db, sample_of(run, key, text, **more)))
        if number < 4:
            runs.finish_run(db, run)
    marks.tag(db, ids[2], "hedged")
    marks.set_gold(db, ids[1])
    marks.set_sample_note(db, ids[2], "Good reasoning, wrong format.")
    return World(prompt, versions, tuple(version_ids), tuple(run_ids), tuple(ids))


def continue_sample(db: Database, sample_id: int, turn: str, answers: tuple[str, ...]) -> tuple[int, ...]:
    """A run that continues a sample as a conversation: its samples' ids."""
    row = samples.get_sample(db, sample_id)
    asked = Message("user", "Is the reply below a refusal?")
    said = Message("assistant", row.sample.text)
    version = Version("You are a careful grader.", (asked, said, Message("user", turn)))
    target = Target(MODELS[0], *MODELS[0].split(":"), endpoint="http://x")
    plan = Plan(version, (target,), n=len(answers))
    run = runs.create_run(db, plan, project_id=row.project_id, prompt_id=row.prompt_id, parent_sample=sample_id)
    return tuple(samples.add_sample(db, sample_of(run, SampleKey(0, 0, at), text)) for at, text in enumerate(answers))


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "", limit: float = 8.0) -> None:
    """Wait for a condition, within a time limit."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while not condition():
        assert loop.time() < end, f"waited {limit} s for {what or condition}"
        await pilot.pause(0.02)
