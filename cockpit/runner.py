"""The use cases around a run that screens and commands share: prepare, launch, fly, resume, top up. Draws nothing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.core.catalog import resolve
from cockpit.core.errors import CockpitError, PlanError, StoreError
from cockpit.core.ladder import uses_examples
from cockpit.core.live import LiveRun
from cockpit.core.params import Params
from cockpit.core.pipes import Pipe, flow
from cockpit.core.prompts import EXAMPLES, Version, variables
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.sampling import Event, Finished, generate
from cockpit.core.settings import Unsupported
from cockpit.services import Services
from cockpit.store import projects, prompts, runs, samples
from cockpit.store.db import Database
from cockpit.store.sending import refuse_sent, sending

GATHER_S = 0.02
"""How long finished samples gather before one wait for the disk covers them all, unless sending waits for that."""
ROWS_NAMED = 3
"""Input rows named in a refusal; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person is about to send, as they put it."""

    version: Version
    models: tuple[str, ...]
    params: Params = field(default_factory=Params)
    n: int = 1
    inputs: tuple[Mapping[str, str], ...] = ({},)
    sweep: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Param → values: each combination is a column of its own."""
    cap_usd: float | None = None
    fresh: bool = False
    prompt_id: int | None = None
    project: str = "default"
    unsupported: Unsupported = "refuse"
    parent_sample: int | None = None
    """The sample that this continues as a conversation, or whose question it asks again in other words."""
    parent_version: int | None = None
    """The version that this one was made from."""
    idea_id: int | None = None
    deadline_s: float = 600.0
    """For one request with its retries."""
    max_retries: int = 6


def prepare(services: Services, draft: Draft) -> Plan:
    """The plan of a draft: models looked up, everything checked that can be checked without asking anyone.

    Raises:
        PlanError: every reason why it must not be sent.
    """
    refused = list(_refusals(draft))
    targets: list[Target] = []
    hints: list[str] = []
    for params, label in _columns(draft):
        for name in draft.models:
            try:
                targets.append(_target(services, draft, name, params, label))
            except CockpitError as error:
                refused.append(error.message)
                hints.append(error.hint)
    refused += _column_refusals(draft, targets)
    if refused:
        raise PlanError(_once(refused), hint=_once(hints))
    by_model = sorted(targets, key=lambda target: draft.models.index(target.name))
    return Plan(
        version=draft.version,
        targets=tuple(by_model),
        inputs=draft.inputs,
        n=draft.n,
        cap_usd=draft.cap_usd,
        deadline_s=draft.deadline_s,
        max_retries=draft.max_retries,
        fresh=draft.fresh,
    )


async def launch(
    services: Services, draft: Draft, extra: Callable[[Database, int], None] | None = None
) -> tuple[Plan, LiveRun]:
    """Prepare a draft and store its project, version and run; when this returns, the run survives anything.

    Args:
        extra: stores what belongs to the run, given its id, in the same transaction: both are there, or neither.

    Raises:
        PlanError: it must not be sent.
        StoreError: it cannot be stored; nothing was sent.
    """
    plan = prepare(services, draft)

    def write(db: Database) -> Plan:
        project_id = projects.ensure_project(db, draft.project)
        version_id = prompts.save_version(db, draft.prompt_id, draft.version, parent=draft.parent_version)
        stored = replace(plan, version_id=version_id)
        run_id = runs.create_run(
            db,
            stored,
            project_id=project_id,
            prompt_id=draft.prompt_id,
            idea_id=draft.idea_id,
            params=draft.params,
            parent_sample=draft.parent_sample,
        )
        if extra is not None:
            extra(db, run_id)
        return replace(stored, run_id=run_id)

    stored = await services.store.write(write)
    return stored, LiveRun(stored)


def fly(services: Services, plan: Plan, live: LiveRun, *, done: Collection[SampleKey] = ()) -> AsyncIterator[Event]:
    """Send what is missing and yield what happens. A `Finished` comes when its sample is durable and has its id.

    Closing the iterator cancels every stream; what came until then is still saved. Samples that another process has
    brought since `done` was read are put into `live` and not sent.

    Raises:
        StoreError: another process sends this run, and nothing was sent; or, after everything else, samples could not
            be saved: they are in `live`, and nothing more was sent.
    """

    async def work(pipe: Pipe[Event]) -> None:
        with sending(services.store.path, plan.run_id):
            found = await asyncio.to_thread(_found_since, services, plan, done)
            live.load(found)
            await Saving(services, live, pipe).run(plan, {*done, *(sample.key for sample in found)})

    return flow(work)


async def resume(services: Services, run_id: int, *, retry_failed: bool = True) -> tuple[Plan, LiveRun, set[SampleKey]]:
    """A stored run, ready to fly on: its plan, its samples so far, and the keys that need nothing sent.

    Args:
        retry_failed: count failed and cancelled samples as missing; for sending. False is for looking, too.

    Raises:
        StoreError: there is no such run, it cannot be read, or it is to be sent and another process sends it.
    """
    if retry_failed:
        refuse_sent(services.store.path, run_id)
    return await asyncio.to_thread(_load, services, run_id, retry_failed)


async def top_up(services: Services, run_id: int, more: int) -> tuple[Plan, LiveRun, set[SampleKey]]:
    """Ask a stored run for `more` samples of each kind; failed ones are left as they are.

    Raises:
        StoreError: there is no such run, it cannot be changed, or it is being sent.
    """
    with sending(services.store.path, run_id):
        n = runs.load_plan(services.store.read(), run_id).n + more
        await services.store.write(lambda db: runs.set_n(db, run_id, n))
    return await resume(services, run_id, retry_failed=False)


class Saving:
    """Stands between the engine and the reader of its events: a sample goes to the disk first."""

    def __init__(self, services: Services, live: LiveRun, pipe: Pipe[Event]) -> None:
        self._services = services
        self._store = services.store
        self._live = live
        self._pipe = pipe
        self._unsaved: list[Sample] = []
        self._late: list[Sample] = []
        """Finished samples that the disk has not taken yet."""
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._saved = asyncio.Event()
        self._ended = False

    async def run(self, plan: Plan, done: Collection[SampleKey]) -> None:
        """Send, save, hand on.

        Raises:
            StoreError: samples could not be saved.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._save_all())
            try:
                await self._send(plan, done)
            finally:
                self._ended = True
                self._news.set()
                self._hurry.set()
        if self._live.done == self._live.total and not self._live.cancelled:
            await self._store.write(lambda db: runs.finish_run(db, plan.run_id))

    async def _send(self, plan: Plan, done: Collection[SampleKey]) -> None:
        services = self._services
        events = generate(
            plan,
            services.providers.get,
            live=self._live,
            limits=services.limits,
            cached=lambda pairs: samples.find_cached(services.store.read(), pairs),
            done=done,
            keep=self._keep,
            room=self._room,
            now=services.clock,
        )
        async with aclosing(events) as open_events:  # type: ignore[type-var]
            async for event in open_events:
                if not isinstance(event, Finished):
                    self._pipe.put(event)
                await self._pipe.room()

    def _keep(self, sample: Sample) -> None:
        """Queue a sample for the disk at once; not even a closed iterator keeps it from being saved."""
        ids = self._live.ids
        ids.pop(sample.key, None)
        self._store.post(lambda db: ids.__setitem__(sample.key, samples.add_sample(db, sample)))
        self._unsaved.append(sample)
        self._live.unsaved += 1
        self._news.set()

    async def _room(self) -> None:
        """Have what is finished saved at once, and wait for it."""
        self._hurry.set()
        self._saved.clear()
        await self._saved.wait()

    async def _save_all(self) -> None:
        """Wait for the disk, for as many samples at once as have gathered, until none are left."""
        while not (self._ended and not self._unsaved):
            await self._news.wait()
            self._news.clear()
            if not self._ended:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        await self._hurry.wait()
            self._hurry.clear()
            batch, self._unsaved = self._unsaved, []
            if not batch:
                continue
            self._late += batch
            with suppress(StoreError):
                # Not the end: the writer keeps what it could not save, and `_last_try` asks it again.
                await self._store.flush()
                self._hand_on()
            if self._late:
                # What is in flight is paid for and may end.
                self._live.halt()
            self._live.unsaved -= len(batch)
            self._saved.set()
        await self._last_try()

    async def _last_try(self) -> None:
        await self._store.flush()
        self._hand_on()
        if lost := [key for key, one in self._live.samples.items() if one.sample and key not in self._live.ids]:
            raise StoreError(f"{len(lost)} samples could not be saved. {self._store.problem or ''}".strip())

    def _hand_on(self) -> None:
        """Everything posted is on the disk: an id that was given before that may have been taken back."""
        waiting, self._late = self._late, []
        for sample in waiting:
            sample_id = self._live.ids.get(sample.key)
            if sample_id is None:
                self._late.append(sample)
                continue
            stored = replace(sample, id=sample_id)
            self._live.samples[sample.key].sample = stored
            self._pipe.put(Finished(stored))


def _load(services: Services, run_id: int, retry_failed: bool) -> tuple[Plan, LiveRun, set[SampleKey]]:
    db = services.store.read()
    plan = runs.load_plan(db, run_id)
    plan = replace(plan, targets=tuple(_known(services, target) for target in plan.targets))
    done = samples.done_keys(db, run_id, retry_failed)
    live = LiveRun(plan)
    live.load(sample for sample in samples.run_samples(db, run_id) if sample.key in done)
    return plan, live, done


def _found_since(services: Services, plan: Plan, done: Collection[SampleKey]) -> list[Sample]:
    """Whole answers of a run that are not in `done`: somebody else has brought them."""
    db = services.store.read()
    new = samples.done_keys(db, plan.run_id, True).difference(done)
    return [sample for sample in samples.run_samples(db, plan.run_id) if sample.key in new] if new else []


def _known(services: Services, target: Target) -> Target:
    """A stored column with what the table says today about its model."""
    catalog = services.catalog
    return replace(
        target,
        capabilities=catalog.capabilities(target.provider, target.model),
        price=catalog.price(target.provider, target.model),
    )


def _target(services: Services, draft: Draft, name: str, params: Params, label: str) -> Target:
    return resolve(
        name,
        catalog=services.catalog,
        aliases=services.config.aliases,
        endpoints=services.providers.endpoint,
        params=params,
        version=draft.version,
        unsupported=draft.unsupported,
        label=label,
    )


def _columns(draft: Draft) -> Iterator[tuple[Params, str]]:
    """The params of each combination of the sweep, with what sets it apart in words."""
    names = list(draft.sweep)
    for values in itertools.product(*draft.sweep.values()):
        params = draft.params
        for name, value in zip(names, values, strict=True):
            params = params.with_value(name, value)
        yield params, ", ".join(f"{name} {_said(value)}" for name, value in zip(names, values, strict=True))


def _said(value: Any) -> str:
    """A param's value in a column's title."""
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(repr(text) for text in value) if isinstance(value, tuple) else str(value)


def _refusals(draft: Draft) -> Iterator[str]:
    """What is wrong with a draft whatever the model."""
    if not draft.models:
        yield "No model is chosen."
    if draft.n < 1:
        yield f"n must be at least 1, not {draft.n}."
    if not draft.inputs:
        yield "There are no inputs."
    if not any(message.content for message in draft.version.messages):
        yield "There is nothing to send: the prompt is empty."
    if draft.cap_usd is not None and not draft.cap_usd > 0:
        yield "The spend cap must be more than nothing."
    if uses_examples(draft.version) and any(EXAMPLES in row for row in draft.inputs):
        yield f"{{{{{EXAMPLES}}}}} stands for the prompt's own examples: an input cannot have that name."
    for name in variables(draft.version):
        rows = [number for number, row in enumerate(draft.inputs, 1) if name not in row]
        if rows:
            where = "" if len(draft.inputs) == 1 else f" in {_rows(rows)}"
            yield f"No value for {{{{{name}}}}}{where}."


def _column_refusals(draft: Draft, targets: Sequence[Target]) -> Iterator[str]:
    """What is wrong with columns beside each other: titles that would not be true, answers counted twice."""
    seen: dict[tuple[str, str, Params], str] = {}
    for target in targets:
        if untrue := [name for name in target.left_out if name in draft.sweep]:
            yield f"{target.name} does not take {untrue[0]}, which the sweep varies."
            continue
        column = (target.provider, target.model, target.params)
        if column in seen:
            twice = seen[column] == target.title
            yield f"{target.title} is {'there twice' if twice else f'the same as {seen[column]}'}."
        seen[column] = target.title


def _rows(rows: Sequence[int]) -> str:
    named = ", ".join(str(number) for number in rows[:ROWS_NAMED])
    more = len(rows) - ROWS_NAMED
    return f"row{'s' if len(rows) > 1 else ''} {named}" + (f" and {more} more" if more > 0 else "")


def _once(sentences: Sequence[str]) -> str:
    """Each sentence once, in order."""
    return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))
