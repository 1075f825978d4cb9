"""What the stops screen reads: the draft's columns, stored samples one at a time. Blocking; draws nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cockpit.core.catalog import parse_model
from cockpit.core.errors import CockpitError, PlanError
from cockpit.core.models import Capabilities, Price
from cockpit.core.params import Params
from cockpit.core.prompts import Version, render
from cockpit.store import marks, projects, runs, samples

if TYPE_CHECKING:
    from cockpit.core.draft import PlayDraft
    from cockpit.core.runs import Plan
    from cockpit.core.samples import Sample
    from cockpit.services import Services

RECENT = 40
"""Runs looked through for those of the draft's prompt."""
OF_PROMPT = 3
"""Of those, the newest ones whose answers are looked at."""
STOP_FIELDS = ("stop", "stop_sequences")
HELD = 40_000
HELD_CHARS = 8_000_000
"""Samples, and characters of theirs, kept at hand, so that trying other stop strings reads nothing again."""


@dataclass(frozen=True, slots=True)
class StopsSubject:
    """What the screen is about. At least one of the three is needed.

    Attributes:
        draft: Play's draft: its stops, models, params and prompt are checked. None: those of the first run.
        run_ids: runs whose samples are audited, whole.
        sample_ids: a selection of samples to audit, beside the runs.
    """

    draft: PlayDraft | None = None
    run_ids: tuple[int, ...] = ()
    sample_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One model to check stop strings against; `trouble` says why nothing is known about it."""

    name: str
    params: Params
    can: Capabilities = field(default_factory=Capabilities)
    price: Price | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything on the screen stands on."""

    stops: tuple[str, ...]
    columns: tuple[Column, ...]
    prompt: str
    prefill: str
    answers: tuple[str, ...]
    """Gold answers of the project."""
    run_ids: tuple[int, ...]
    sample_ids: tuple[int, ...]
    plans: Mapping[int, Plan]
    total: int
    """Samples that are stored, as far as can be told without reading them."""

    def stops_of(self, sample: Sample) -> tuple[str, ...]:
        """The stop strings that were sent for a sample."""
        plan = self.plans.get(sample.run_id)
        at = sample.key.target
        return plan.targets[at].params.stop if plan is not None and at < len(plan.targets) else ()


class Stopped(Exception):
    """The screen does not want the rest of what is read."""


class Reading:
    """One pass over the samples: how far it is, a way to stop it, and what it has at hand for the next one."""

    def __init__(self, services: Services, ground: Ground) -> None:
        self._services = services
        self.ground = ground
        self._held: list[Sample] | None = None

    def samples(self, progress: Progress) -> Iterator[Sample]:
        """Every sample, from memory where they fit. For a thread of its own.

        Raises:
            Stopped: `progress.stop` was set.
        """
        if self._held is not None:
            for sample in self._held:
                progress.step()
                yield sample
            return
        held: list[Sample] | None = []
        chars = 0
        for sample in self._stored():
            progress.step()
            if held is not None:
                chars += len(sample.text)
                held.append(replace(sample, request_body=_stops_in(sample), logprobs=(), reasoning=""))
                held = held if chars <= HELD_CHARS and len(held) <= HELD else None
            yield sample
        self._held = held

    def _stored(self) -> Iterator[Sample]:
        db = self._services.store.read()
        whole = set(self.ground.run_ids)
        for run_id in self.ground.run_ids:
            yield from samples.iter_samples(db, run_id)
        for sample_id in self.ground.sample_ids:
            sample = samples.get_plain(db, sample_id)
            if sample.run_id not in whole:
                yield sample


def _stops_in(sample: Sample) -> dict[str, Any]:
    """The part of a request that says which stop strings were sent."""
    return {name: sample.request_body[name] for name in STOP_FIELDS if name in sample.request_body}


class Progress:
    """How many samples a thread has read; `stop` ends it at the next one."""

    def __init__(self) -> None:
        self.done = 0
        self.running = True
        self._stop = threading.Event()

    def stop(self) -> None:
        """Have the thread give up."""
        self._stop.set()

    def step(self) -> None:
        """One more sample.

        Raises:
            Stopped: it is not wanted any more.
        """
        if self._stop.is_set():
            raise Stopped
        self.done += 1


def read_ground(services: Services, subject: StopsSubject, project: str) -> Ground:
    """In a thread: the columns to check, the prompt, gold answers and where the samples are.

    Raises:
        StoreError: a run or a sample is not there.
    """
    db = services.store.read()
    run_ids = subject.run_ids or (() if subject.sample_ids else _runs_of(services, subject.draft, project))
    found = {run_id: runs.load_plan(db, run_id) for run_id in run_ids}
    for sample_id in subject.sample_ids:
        run_id = samples.get_plain(db, sample_id).run_id
        if run_id not in found:
            found[run_id] = runs.load_plan(db, run_id)
    total = sum((row := runs.get_run(db, run_id)).done + row.failed for run_id in run_ids) + len(subject.sample_ids)
    stops, columns, version, values = _asked(services, subject.draft, found)
    project_id = projects.find_project(db, project)
    gold = marks.list_examples(db, project_id, "gold") if project_id is not None else []
    return Ground(
        stops=stops,
        columns=columns,
        prompt=prompt_text(version, values),
        prefill=version.prefill,
        answers=tuple(example.output for example in gold),
        run_ids=run_ids,
        sample_ids=subject.sample_ids,
        plans=found,
        total=total,
    )


def _runs_of(services: Services, draft: PlayDraft | None, project: str) -> tuple[int, ...]:
    """The newest runs of the draft's prompt."""
    if draft is None or draft.prompt_id is None:
        return ()
    db = services.store.read()
    rows = runs.list_runs(db, projects.find_project(db, project), RECENT)
    return tuple(row.id for row in rows if row.prompt_id == draft.prompt_id and row.done)[:OF_PROMPT]


def _asked(
    services: Services, draft: PlayDraft | None, plans: Mapping[int, Plan]
) -> tuple[tuple[str, ...], tuple[Column, ...], Version, Mapping[str, str]]:
    """Stops, columns, prompt and one input's values: the draft's, else those of the runs."""
    if draft is not None:
        rows = draft.rows()
        columns = tuple(column(services, name, draft.params) for name in draft.models)
        return draft.params.stop, columns, draft.version(), rows[0] if rows else {}
    if not plans:
        return (), (), Version(), {}
    plan = next(iter(plans.values()))
    targets = [target for one in plans.values() for target in one.targets]
    stops = tuple(dict.fromkeys(stop for target in targets for stop in target.params.stop))
    named = {target.name: target.params for target in reversed(targets)}
    columns = tuple(column(services, name, named[name]) for name in dict.fromkeys(t.name for t in targets))
    return stops, columns, plan.version, plan.inputs[0] if plan.inputs else {}


def column(services: Services, name: str, params: Params) -> Column:
    """What is known of a model by the name a person gave it."""
    try:
        found = parse_model(name, services.config.aliases)
    except CockpitError as error:
        return Column(name, params, trouble=error.sentence())
    catalog = services.catalog
    can = catalog.capabilities(found.provider, found.model)
    return Column(name, params, can, catalog.price(found.provider, found.model))


def prompt_text(version: Version, values: Mapping[str, str]) -> str:
    """The prompt as far as its variables are known: what a stop string may already stand in."""
    try:
        version = render(version, values)
    except PlanError:
        version = replace(version, messages=version.messages)
    return "\n".join(text for text in version.texts()[:-1] if text)


def prices_of(services: Services, plan: Plan) -> dict[int, Price | None]:
    """By column, what it costs today."""
    return {at: services.catalog.price(t.provider, t.model) for at, t in enumerate(plan.targets)}
