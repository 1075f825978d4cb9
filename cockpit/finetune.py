"""A finetune on an example set: its file checked first, its cost estimated, and the rungs below it asked for.

Plans and prepares; the job itself is submitted as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.example_exports import Problem, check_sft, export
from cockpit.core.examples import ExampleSet
from cockpit.core.ladder import RUNGS, RungName, climb, work_of
from cockpit.job_runner import Ask
from cockpit.store import projects, prompts, sets, tally
from cockpit.store.db import Database

LADDER = "ladder"
"""The fact of a job under which the reason for skipped rungs is kept."""
FINETUNE: RungName = "finetune"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a finetune would be: its file's text, what speaks against it, its size, what it would cost.

    `tokens` are those of the file once, by an encoding that may not be the model's; `usd` is None where no price is
    given. `missing` are the rungs below on which nothing was tried.
    """

    examples: ExampleSet
    text: str
    problems: tuple[Problem, ...]
    tokens: int
    epochs: int
    usd: float | None
    missing: tuple[RungName, ...]


def plan(
    db: Database, project_id: int, name: str, count: Callable[[str], int], *, number: int | None = None,
    system: str = "", epochs: int = 3, usd_per_million: float | None = None, idea: str = "",
) -> Planned:  # fmt: skip
    """Look at everything before anything is sent.

    Args:
        count: tokens of a text.
        usd_per_million: the price of a million training tokens, which is in no table here.

    Raises:
        StoreError: there is no such set or version.
    """
    found = sets.get_set(db, project_id, name, number)
    text = export(found.examples, "openai-sft", system=system)
    lines = text.splitlines()
    tokens = sum(count(line) for line in lines)
    usd = None if usd_per_million is None else tokens * epochs * usd_per_million / 1e6
    problems = tuple(check_sft(lines, count))
    return Planned(found, text, problems, tokens, epochs, usd, missing_rungs(db, project_id, idea))


def missing_rungs(db: Database, project_id: int, idea: str = "") -> tuple[RungName, ...]:
    """The rungs below finetuning on which nothing came back, for an idea or for the whole project."""
    ideas = {one.title: one.id for one in projects.list_ideas(db, project_id)}
    wanted = ideas.get(idea)
    work = [
        work_of(prompts.get_version(db, row.version_id).version, row.samples, continued=row.continued, runs=row.runs)
        for row in tally.project_work(db, project_id)
        if not idea or (wanted is not None and row.idea_id == wanted)
    ]
    below = RUNGS[: RUNGS.index(FINETUNE)]
    return tuple(rung.name for rung in climb(work) if rung.name in below and not rung.done)


def ask_of(planned: Planned, folder: Path, *, model: str, reason: str, options: Mapping[str, str]) -> Ask:
    """The job to submit, with its file written into a folder.

    Raises:
        InputError: the file would be refused, or rungs below were skipped without a reason.
    """
    if planned.problems:
        first = planned.problems[0]
        more = f" (and {len(planned.problems) - 1} more)" if len(planned.problems) > 1 else ""
        raise InputError(f"OpenAI would refuse the file: line {first.line}: {first.reason}{more}.")
    if planned.missing and not reason.strip():
        raise InputError(
            f"Not tried yet: {', '.join(planned.missing)}.", hint="Say in a line why it is skipped: --reason '…'."
        )
    name = f"{planned.examples.name}-v{planned.examples.number}.jsonl"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    path.write_text(planned.text, "utf-8")
    given = {"kind": "finetune", "model": model, "file": str(path), "epochs": str(planned.epochs), **options}
    words = ("openai", "finetune", model, name)
    title = f"finetune {planned.examples.name} v{planned.examples.number}"
    return Ask(words, str(folder), name=title, backend="openai", options=given)


def reason_fact(planned: Planned, reason: str) -> dict[str, Any]:
    """What is kept of the ladder with the job."""
    return {"skipped": list(planned.missing), "reason": " ".join(reason.split())}
