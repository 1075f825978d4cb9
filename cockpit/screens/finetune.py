"""A form for a finetune on an example set: checks, cost and the ladder beside it. The work is `cockpit.finetune`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from cockpit import finetune
from cockpit.core.errors import InputError
from cockpit.finetune import LADDER, Planned
from cockpit.job_form import Entry, Wrong
from cockpit.screens.base import PaneScreen
from cockpit.screens.job_new import ask_for, kept
from cockpit.screens.line_form import LineForm
from cockpit.screens.text_panel import Said
from cockpit.screens.words import count as grouped
from cockpit.store import jobs, projects, sets

if TYPE_CHECKING:
    from cockpit.services import Services

ENTRIES: tuple[Entry, ...] = (
    Entry("set", "set", "the example set to train on"),
    Entry("model", "model", "gpt-4.1-mini-2025-04-14"),
    Entry("reason", "reason", "why rungs below are skipped, in a line"),
    Entry("version", "version", "of the set; the newest, if empty"),
    Entry("system", "system", "a system prompt before every example"),
    Entry("epochs", "epochs", "3"),
    Entry("batch_size", "batch", "OpenAI's own choice, if empty"),
    Entry("learning_rate", "rate", "as a multiple of OpenAI's own"),
    Entry("validation", "test on", "a file of examples that are not trained on"),
    Entry("suffix", "suffix", "of the new model's name"),
    Entry("price", "price", "dollars for a million training tokens, for the estimate"),
    Entry("idea", "idea", "the claim it tests"),
)
PROBLEMS = 6


class FinetuneScreen(LineForm):
    """The lines of a finetune."""

    scope: ClassVar[str] = "job-new"
    pane_title: ClassVar[str] = "Finetune"
    entries: ClassVar[Sequence[Entry]] = ENTRIES

    def on_mount(self) -> None:
        """Say where. Textual calls this beside the base's own."""
        self.head(("at OpenAI, on an example set", "quiet"))

    def preview(self, values: Mapping[str, str]) -> list[Said]:
        """The file, what speaks against it, what it would cost, the rungs below."""
        if not values["set"].strip():
            names = ", ".join(row.name for row in self._sets())
            return [(f"Sets: {names}" if names else "There is no example set yet: Examples, S.", "quiet")]
        return plan_lines(self._plan(values), values)

    def _sets(self) -> Sequence[sets.SetRow]:
        db = self.services.store.read()
        project = projects.find_project(db, self.cockpit.project)
        return [] if project is None else sets.list_sets(db, project)

    def _plan(self, values: Mapping[str, str]) -> Planned:
        db = self.services.store.read()
        project = projects.find_project(db, self.cockpit.project)
        if project is None:
            raise InputError("There is no example set yet.")
        return finetune.plan(
            db, project, values["set"].strip(), counter(self.services), number=_whole("version", values["version"]),
            system=values["system"], epochs=_whole("epochs", values["epochs"]) or 3,
            usd_per_million=_number("price", values["price"]), idea=values["idea"].strip(),
        )  # fmt: skip

    async def send(self, values: Mapping[str, str]) -> list[int]:
        """Check again, write the file, submit; the reason is kept with the job."""
        if not values["model"].strip():
            raise Wrong("model", "Say which model to train.")
        planned = await asyncio.to_thread(self._plan, values)
        if planned.missing and not values["reason"].strip():
            raise Wrong("reason", f"Not tried yet: {', '.join(planned.missing)}. Say in a line why.")
        desk = self.cockpit.job_watch.desk
        options = {name: values[name].strip() for name in ("batch_size", "learning_rate", "validation", "suffix")}
        given = {name: value for name, value in options.items() if value}
        ask = await asyncio.to_thread(
            lambda: finetune.ask_of(
                planned, desk.folder / "files", model=values["model"].strip(), reason=values["reason"], options=given
            )
        )
        ids = await desk.submit(replace(ask, idea=values["idea"].strip()), self.cockpit.project)
        fact = finetune.reason_fact(planned, values["reason"])
        if planned.missing:
            await desk.store.write(lambda db: jobs.put_known(db, ids[0], LADDER, fact, "you"))
        return ids


def plan_lines(planned: Planned, values: Mapping[str, str]) -> list[Said]:
    """A plan in words."""
    n = len(planned.examples.examples)
    lines: list[Said] = [(f"{planned.examples.name} v{planned.examples.number}: {grouped(n)} examples", "strong")]
    lines.append((f"≈ {grouped(planned.tokens)} tokens × {planned.epochs} epochs", ""))
    cost = "cost ?   (no training price is known here: give one)" if planned.usd is None else f"≈ ${planned.usd:.2f}"
    lines.append((cost, "quiet" if planned.usd is None else ""))
    if planned.problems:
        lines += [("", ""), (f"OpenAI would refuse the file: {len(planned.problems)} problems", "error")]
        lines += [
            (f"line {one.line}: {one.reason}" if one.line else one.reason, "warn")
            for one in planned.problems[:PROBLEMS]
        ]
    else:
        lines.append(("✓ the file is as OpenAI wants it", "ok"))
    if planned.missing:
        lines += [("", ""), (f"Not tried yet: {', '.join(planned.missing)}", "warn")]
        said = values["reason"].strip()
        lines.append(
            (f"because {said}" if said else "Say in a line why they are skipped; it is kept with the job.", "quiet")
        )
    return lines


def counter(services: Services) -> Callable[[str], int]:
    """Counts tokens by an encoding that may not be the model's, which the estimate says."""
    from cockpit.tokenizers.registry import FALLBACK

    return services.tokenizers.get(FALLBACK).count


def _whole(entry: str, text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise Wrong(entry, f"{text!r} is no whole number from 1.")
    return int(text)


def _number(entry: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.strip().lstrip("$"))
    except ValueError:
        value = -1.0
    if value <= 0:
        raise Wrong(entry, f"{text!r} is no price.")
    return value


async def open_finetune(screen: PaneScreen, set_name: str | None = None) -> None:
    """Ask for a finetune; say what became of it."""
    key = f"draft.finetune.{screen.cockpit.project}"
    values = kept(screen, key) | ({"set": set_name} if set_name else {})
    await ask_for(screen, FinetuneScreen(values, key))
