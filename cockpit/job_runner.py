"""Use cases of jobs for screen and command line: submit, look, the queue's step. Draws and prints nothing.

Whoever is awake advances the queue: the app, a command, or a supervisor whose job has ended. One lock file makes each
step the only one, and a job's own lock makes its start the only one, whoever dies in between.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import cockpit
from cockpit.backends.registry import BackendRegistry
from cockpit.core import job_env
from cockpit.core.clock import utc_now
from cockpit.core.errors import InputError, JobError, StoreError
from cockpit.core.job_evidence import NEVER_STARTED
from cockpit.core.job_sweep import grid, label, substitute
from cockpit.core.jobs import GRACE_S, LIVE, LOCAL, QUEUE, After, Handle, JobSpec, Observation
from cockpit.job_views import JobView, next_step, views, with_reasons
from cockpit.store import job_queues, jobs, projects
from cockpit.store.db import Database, Store
from cockpit.store.jobs import JobRow, NewJob

STEP_S = 60.0
"""How long another's step is waited for; one takes a fraction of a second a job it starts."""
TRIES = 3
"""Supervisors that end before they start their command: after so many the job counts as failed."""
SHORT_NAME = 40


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person wants run."""

    argv: tuple[str, ...]
    cwd: str
    name: str = ""
    queue: str = ""
    backend: str = LOCAL
    gpus: int = 0
    timeout_s: float | None = None
    grace_s: float = GRACE_S
    expect_s: float | None = None
    metrics: str = "auto"
    after: tuple[After, ...] = ()
    env: tuple[str, ...] = ()
    """'NAME=VALUE' each."""
    idea: str = ""
    sweep: tuple[str, ...] = ()
    """'lr=1e-5,3e-5' each."""
    options: Mapping[str, str] = field(default_factory=dict)


class JobDesk:
    """Everything that is done with jobs of one database.

    Args:
        env: the environment that jobs are submitted from and secrets are taken from.
        config_file: handed on to the commands that advance the queue later.
        webhook_env: the environment variable with the URL that is told of a job's end; empty for nobody.
    """

    def __init__(
        self,
        store: Store,
        backends: BackendRegistry | None = None,
        *,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        config_file: Path | None = None,
        webhook_env: str = "",
    ) -> None:
        self.store = store
        self._webhook_env = webhook_env
        self.backends = backends or BackendRegistry()
        self.env = os.environ if env is None else env
        self.clock = clock
        self.config_file = config_file
        self._gpus: tuple[str, ...] | None = None
        self.paced = False
        """Somebody goes on watching: no place is asked more often than it should be."""
        self.asked: dict[str, float] = {}

    @cached_property
    def folder(self) -> Path:
        """Where the jobs' own directories are: beside the database."""
        whole = self.store.path.resolve()
        return whole.with_name(f"{whole.name}.jobs")

    def folder_of(self, row: JobRow) -> Path:
        """A job's own directory."""
        return self.folder / row.uid

    def now(self) -> str:
        """The time as it is stored."""
        return self.clock().isoformat(timespec="microseconds")

    # --- submit ---

    async def submit(self, ask: Ask, project: str) -> list[int]:
        """Store a job, or one for each value of a sweep, and start what may start; their numbers.

        Raises:
            InputError: it cannot be meant so: a secret in the command, no such directory, more GPUs than there are.
            JobError: there is no such backend.
            StoreError: it could not be stored.
        """
        self.backends.get(ask.backend)
        planned = await asyncio.to_thread(self.plan, ask)
        facts, diff = await self.code(ask.cwd)
        ids = await self.store.write(lambda db: _add(self, db, (ask, project), planned, (facts, diff)))
        await self.step()
        return ids

    def plan(self, ask: Ask) -> list[tuple[dict[str, str], JobSpec]]:
        """What would be stored: each job's values in the sweep, and its spec.

        Raises:
            InputError: see `submit`.
        """
        if not ask.argv or not ask.argv[0]:
            raise InputError("There is no command to run.", hint="Put it after --: cockpit job run -- python train.py")
        job_env.refuse_secrets([*ask.argv, *ask.sweep, ask.name], self.env)
        if len(ask.argv) == 1 and any(c.isspace() for c in ask.argv[0]) and not Path(ask.cwd, ask.argv[0]).exists():
            hint = "Leave out the quotes; for a shell's command: -- sh -c '…'"
            raise InputError("The command is one word with blanks in it, which names no program.", hint=hint)
        if ask.backend == LOCAL and not Path(ask.cwd).is_dir():
            raise InputError(f"There is no directory {ask.cwd}.")
        if ask.gpus and ask.backend == LOCAL and ask.gpus > len(have := self.gpu_ids()):
            hint = "Name them yourself: cockpit job queue --gpus 0,1"
            raise InputError(f"{ask.gpus} GPUs are asked for, and jobs here have {len(have)}.", hint=hint)
        settings = job_env.given(ask.env, self.env)
        return [(values, _spec(ask, settings, values)) for values in grid(ask.sweep)]

    async def code(self, cwd: str) -> tuple[dict[str, object], str]:
        """The repository that a directory is in and its diff without secrets, as they are now."""
        from cockpit.backends.capture import code

        facts, diff = await asyncio.to_thread(code, cwd, self.env)
        return ({"git": facts} if facts else {}), job_env.scrub(diff, self.env)

    def doubt(self) -> str:
        """What makes the states of local jobs less certain than they look, in a sentence; empty if nothing does."""
        from cockpit.backends.capture import network_disk

        kind = network_disk(self.folder)
        return kind and (
            f"{self.folder} is on a network disk ({kind}), whose locks may not tell what runs. Use a local one: --db."
        )

    def gpu_ids(self) -> tuple[str, ...]:
        """The GPUs that jobs here may take: as set, else those this shell may use, else all the machine has."""
        chosen = job_queues.gpus(self.store.read())
        if chosen is not None:
            return chosen
        if self._gpus is None:
            from cockpit.backends.capture import gpu_names

            visible = self.env.get("CUDA_VISIBLE_DEVICES")
            names = [str(i) for i in range(len(gpu_names()))] if visible is None else visible.split(",")
            self._gpus = tuple(name.strip() for name in names if name.strip() and name.strip() != "-1")
        return self._gpus

    # --- look ---

    async def look(self, rows: Sequence[JobRow], *, keep: bool = True) -> list[JobView]:
        """How jobs stand now: whatever may have changed is asked for, and kept where the database can be written."""
        found = await self._views(rows)
        live = [view.row for view in found if view.handed_over or (view.row.open and view.standing.remains)]
        fresh = await self.observe(live) if live else {}
        keep = keep and not self.store.read_only
        if keep and fresh:
            # What was seen is true even where the disk is full; it is seen again, and kept, another time.
            with suppress(StoreError):
                await self.keep(fresh.values())
        if fresh:
            found = await self._renewed(found, fresh, set(fresh))
        if keep:
            wrote = await self._follow(found)
            found = await self._renewed(found, fresh, wrote) if wrote else found
        return found

    async def _views(self, rows: Sequence[JobRow], fresh: Mapping[int, Observation] | None = None) -> list[JobView]:
        """In a thread: folding hundreds of jobs would hold the screen up."""
        return await asyncio.to_thread(lambda: views(self.store.read(), rows, self.clock(), fresh))

    async def _renewed(
        self, found: Sequence[JobView], fresh: Mapping[int, Observation], changed: Collection[int]
    ) -> list[JobView]:
        """The same jobs; those of which there is news are folded again."""
        new = await self._views([view.row for view in found if view.row.id in changed], fresh)
        by_id = {view.row.id: view for view in new}
        return [by_id.get(view.row.id, view) for view in found]

    async def _follow(self, found: Sequence[JobView]) -> set[int]:
        """Take in what jobs on this machine wrote of their way since the last look; the jobs that wrote something."""
        from cockpit.job_follow import behind, follow, put_found

        here = [view for view in found if behind(view) and _writes_here(self, view.row.backend)]
        wrote = await follow(here, {view.row.id: self.folder_of(view.row) for view in here}) if here else {}

        def write(db: Database) -> None:
            for job_id, new in wrote.items():
                put_found(db, job_id, new)

        if wrote:
            # Where it cannot be kept, it is read again another time.
            with suppress(StoreError):
                await self.store.write(write)
        return set(wrote)

    async def listed(self, project_id: int | None, *, limit: int, open_only: bool = False) -> list[JobView]:
        """Jobs, newest first, as they stand now; those that wait say why."""
        rows = jobs.list_jobs(self.store.read(), project_id, limit=limit, open_only=open_only)
        found = await self.look(rows)
        found = await self._reasoned(found)
        return [view for view in found if not open_only or view.row.open or view.state in (*LIVE, "queued")]

    async def shown(self, job_ids: Sequence[int]) -> list[JobView]:
        """Certain jobs as they stand now; those that wait say why.

        Raises:
            StoreError: there is no job of one of these numbers.
        """
        return await self._reasoned(await self.look([jobs.get_job(self.store.read(), job) for job in job_ids]))

    async def looked(self, rows: Sequence[JobRow]) -> list[JobView]:
        """Certain jobs as they stand now; those that wait say why."""
        return await self._reasoned(await self.look(rows))

    async def _reasoned(self, found: list[JobView]) -> list[JobView]:
        if not any(view.waits for view in found):
            return found
        known = {view.row.id: view for view in found}
        rows = jobs.open_jobs(self.store.read())
        known |= {view.row.id: view for view in await self.look([row for row in rows if row.id not in known])}
        everything = [known[row.id] for row in rows]
        return with_reasons(found, next_step(self.store.read(), everything, self.gpu_ids(), self.clock()))

    async def one(self, job_id: int) -> JobView:
        """One job as it stands now.

        Raises:
            StoreError: there is none of that number.
        """
        row = jobs.get_job(self.store.read(), job_id)
        return (await self.look([row]))[0]

    async def observe(self, rows: Iterable[JobRow]) -> dict[int, Observation]:
        by_backend: dict[str, list[Handle]] = {}
        for row in rows:
            by_backend.setdefault(row.backend, []).append(self.handle(row))
        seen = [await self._ask(name, handles) for name, handles in by_backend.items() if _is_due(self, name)]
        return {item.job: item for items in seen for item in items}

    async def _ask(self, name: str, handles: Sequence[Handle]) -> list[Observation]:
        try:
            return await self.backends.get(name).observe(handles)
        except JobError as error:
            at, reason = self.now(), error.sentence()
            return [Observation(handle.job, name, at, "unreachable", evidence=reason) for handle in handles]

    async def keep(self, seen: Iterable[Observation]) -> None:
        """Store what is new. That a command never ran is for the step to judge: it knows that no start is under way."""
        items = list(seen)
        old = jobs.observations(self.store.read(), [item.job for item in items])
        new = [
            item for item in items
            if item.raw != NEVER_STARTED and not (old[item.job] and old[item.job][-1].claims() == item.claims())
        ]  # fmt: skip
        told = {item.job: item.detail["eta"] for item in items if item.detail.get("eta")}
        told = {job: eta for job, eta in told.items() if jobs.fact(self.store.read(), job, "eta") != eta}
        if not new and not told:
            return

        def write(db: Database) -> None:
            for item in new:
                jobs.observe(db, item, ended=False if item.detail.get("remains") else None)
            for job_id, eta in told.items():
                jobs.put_known(db, job_id, "eta", eta, eta["source"])

        await self.store.write(write)

    def handle(self, row: JobRow) -> Handle:
        """The job as its backend sees it."""
        return Handle(row.id, row.uid, row.name, row.spec, str(self.folder_of(row)), row.native, gpu_ids=row.gpu_ids)

    # --- the queue ---

    async def step(self) -> list[int]:
        """Start what may start, set aside what never can; the numbers of the jobs started.

        Raises:
            StoreError: the database cannot be written; nothing was started that is not recorded.
        """
        from cockpit.job_steps import step

        return await step(self)

    def afterwards(self, job_id: int) -> tuple[tuple[str, ...], ...]:
        """What a supervisor runs when its job has ended: the queue's next step, and telling whoever wants to know."""
        step = _command(self, "step")
        return (step, _command(self, "hook", str(job_id), self._webhook_env)) if self._webhook_env else (step,)

    async def note(self, job_id: int, source: str, state: str | None, evidence: str, *, raw: str = "") -> None:
        """Keep an observation made here: by a person, or by the queue."""
        self.asked.clear()
        seen = Observation(job_id, source, self.now(), state, raw, evidence=evidence)  # type: ignore[arg-type]
        await self.store.write(lambda db: jobs.observe(db, seen))


def _is_due(desk: JobDesk, name: str) -> bool:
    """Whether a place is to be asked now; then it counts as asked."""
    now = time.monotonic()
    try:
        pause = desk.backends.get(name).every_s if desk.paced else 0.0
    except JobError:
        pause = 0.0
    if now - desk.asked.get(name, -pause) < pause:
        return False
    desk.asked[name] = now
    return True


def _spec(ask: Ask, settings: Mapping[str, str], values: Mapping[str, str]) -> JobSpec:
    return JobSpec(
        substitute(ask.argv, values), str(Path(ask.cwd).resolve()), settings, ask.gpus, ask.timeout_s,
        ask.grace_s, ask.expect_s, ask.metrics, dict(ask.options),
    )  # fmt: skip


def _add(
    desk: JobDesk, db: Database, asked: tuple[Ask, str], planned: Sequence[tuple[dict[str, str], JobSpec]],
    code: tuple[Mapping[str, object], str],
) -> list[int]:  # fmt: skip
    ask, project = asked
    project_id = projects.ensure_project(db, project)
    idea_id = projects.ensure_idea(db, project_id, ask.idea) if ask.idea else None
    name = ask.name or short_name(ask.argv)
    group = jobs.add_group(db, project_id, name, ask.sweep) if ask.sweep else None
    env, secret = job_env.split(desk.env)
    queue = ask.queue or (QUEUE if ask.backend == LOCAL else ask.backend)
    ids = []
    for values, spec in planned:
        whole = f"{name} {label(values)}" if values else name
        job = NewJob(
            uuid.uuid4().hex[:16], whole, spec, ask.backend, queue, env, secret, ask.after, values, group, idea_id
        )
        ids.append(jobs.add_job(db, project_id, job))
        jobs.put_capture(db, ids[-1], "submit", code[0], diff=code[1])
    return ids


def _writes_here(desk: JobDesk, backend: str) -> bool:
    try:
        return desk.backends.get(backend).here
    except JobError:
        return False


def _command(desk: JobDesk, *words: str) -> tuple[str, ...]:
    """A job command of ours that works from whatever directory."""
    root = str(Path(cockpit.__file__).resolve().parent.parent)
    code = f"import sys; sys.path.insert(0, {root!r}); from cockpit.__main__ import main; sys.exit(main())"
    config = ("--config", str(desk.config_file.resolve())) if desk.config_file else ()
    return (sys.executable, "-P", "-c", code, "--db", str(desk.store.path.resolve()), *config, "job", *words)


def short_name(argv: Sequence[str]) -> str:
    """A name for a command that was given none: its program, or the script that an interpreter runs."""
    words = [Path(word).name or word for word in argv]
    script = next((word for word in words[1:] if word.endswith((".py", ".sh"))), "")
    module = argv[argv.index("-m") + 1] if "-m" in argv[:-1] else ""
    return (script or module or words[0])[:SHORT_NAME]
