"""OpenAI's own jobs: fine-tuning and batches, through its package. What they say is kept in each job's folder here.

Events become the job's log, and their numbers and those of result files its metrics, as any job's. Statuses and fields
are those of the API reference (platform.openai.com/docs/api-reference: fine-tuning, batch).
"""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cockpit.backends import job_proof as proof
from cockpit.backends.base import FileLog
from cockpit.backends.remote import LOG, METRICS, Vendor, append_lines, append_new, has_file, iso, keep_file, memo, now
from cockpit.core.errors import JobError
from cockpit.core.jobs import ENDED, Handle, Observation, State

FINETUNE, BATCH = "finetune", "batch"
TUNING: Mapping[str, State] = {
    "validating_files": "queued", "queued": "queued", "running": "running", "paused": "paused",
    "succeeded": "finished", "failed": "failed", "cancelled": "killed",
}  # fmt: skip
BATCHES: Mapping[str, State] = {
    "validating": "queued", "in_progress": "running", "finalizing": "ending", "cancelling": "ending",
    "completed": "finished", "failed": "failed", "expired": "timed out", "cancelled": "killed",
}  # fmt: skip
PAGE = 100
UID = "cockpit"
"""The metadata's name under which a job's uid is found again."""


class OpenAIBackend:
    """Fine-tuning jobs and batches of one account.

    A job's options say what it is: `kind` (finetune, batch), `model`, `file`, `validation`, `epochs`, `batch_size`,
    `learning_rate`, `suffix`, `seed` of a finetune; `file` and `endpoint` of a batch; `adopt` an id that is there.
    """

    name = "openai"
    queues = True
    every_s = 20.0
    here = True

    def __init__(
        self, *, base_url: str = "", key_env: str = "OPENAI_API_KEY", env: Mapping[str, str] | None = None
    ) -> None:
        self._env = os.environ if env is None else env
        self._vendor = Vendor("openai", "AsyncOpenAI", key_env, base_url)

    async def submit(self, job: Handle) -> str:
        """Upload the file and start the job, unless that was done before; OpenAI's id.

        Raises:
            Unreachable: OpenAI does not answer.
            JobError: it refuses, there is no key, or the file cannot be read.
        """
        client = await self._vendor.client(self._env)
        options = dict(job.spec.options)
        if adopted := options.get("adopt"):
            return adopted
        found = await self._by_uid(client, job)
        if found:
            return found
        file = await self._upload(client, job, "file", "fine-tune" if options["kind"] == FINETUNE else "batch")
        if options["kind"] == BATCH:
            made = await self._vendor.ask(
                client.batches.create(
                    input_file_id=file, endpoint=options.get("endpoint", "/v1/chat/completions"),
                    completion_window="24h", metadata={UID: job.uid},
                )
            )  # fmt: skip
            return str(made.id)
        more: dict[str, Any] = {}
        if options.get("validation"):
            more["validation_file"] = await self._upload(client, job, "validation", "fine-tune")
        made = await self._vendor.ask(
            client.fine_tuning.jobs.create(
                model=options["model"], training_file=file, metadata={UID: job.uid}, **_tuning(options), **more
            )
        )
        return str(made.id)

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """One request a job, and one more for what it said since."""
        seen = []
        for job in jobs:
            try:
                client = await self._vendor.client(self._env)
                if not job.native:
                    found = await self._by_uid(client, job)
                    if not found:
                        seen.append(Observation(job.job, self.name, now(), "starting", evidence="not known there yet"))
                        continue
                    seen.append(await self._look(client, job, found))
                else:
                    seen.append(await self._look(client, job, job.native))
            except JobError as error:
                seen.append(Observation(job.job, self.name, now(), "unreachable", evidence=error.sentence()))
        return seen

    async def kill(self, job: Handle, grace_s: float) -> None:
        """Cancel it. A finetune's checkpoints and a batch's answers so far stay.

        Raises:
            JobError: it has ended, or OpenAI does not answer.
        """
        client = await self._vendor.client(self._env)
        number = job.native or await self._by_uid(client, job)
        if not number:
            raise JobError(f"OpenAI does not know job {job.job}.")
        await asyncio.to_thread(proof.put, job.folder, "kill.json", {"at": time.time(), "grace_s": grace_s})
        place = client.batches if number.startswith("batch") else client.fine_tuning.jobs
        await self._vendor.ask(place.cancel(number))

    async def pause(self, job: Handle) -> None:
        """Pause a finetune.

        Raises:
            JobError: a batch cannot be paused, or OpenAI refuses.
        """
        client = await self._vendor.client(self._env)
        if job.native.startswith("batch"):
            raise JobError("A batch cannot be paused.")
        await self._vendor.ask(client.fine_tuning.jobs.pause(job.native))

    async def resume(self, job: Handle) -> None:
        """Let a paused finetune go on.

        Raises:
            JobError: OpenAI refuses.
        """
        client = await self._vendor.client(self._env)
        await self._vendor.ask(client.fine_tuning.jobs.resume(job.native))

    async def theirs(self) -> list[tuple[str, str, str, str | None]]:
        """What the account has, newest first: id, what it is, its status, when it was made.

        Raises:
            JobError: OpenAI does not answer, or there is no key.
        """
        client = await self._vendor.client(self._env)
        tuning = (await self._vendor.ask(client.fine_tuning.jobs.list(limit=PAGE))).data
        batches = (await self._vendor.ask(client.batches.list(limit=PAGE))).data
        found = [(one.id, f"finetune of {one.model}", one.status, iso(one.created_at)) for one in tuning]
        found += [(one.id, f"batch for {one.endpoint}", one.status, iso(one.created_at)) for one in batches]
        return sorted(found, key=lambda one: one[3] or "", reverse=True)

    def logs(self, job: Handle) -> FileLog:
        """What it said, as it was read so far."""
        return FileLog(Path(job.folder, LOG))

    async def aclose(self) -> None:
        """Close the connection; jobs go on."""
        await self._vendor.aclose()

    async def _upload(self, client: Any, job: Handle, what: str, purpose: str) -> str:
        """OpenAI's id of a file, which is sent once."""
        known = memo(job, f"{what}.json").get("id")
        if known:
            return str(known)
        path = Path(job.spec.options.get(what, ""))
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise JobError(f"{path} cannot be read: {error.strerror}.") from error
        made = await self._vendor.ask(client.files.create(file=(path.name, data), purpose=purpose))
        await asyncio.to_thread(proof.put, job.folder, f"{what}.json", {"id": made.id})
        return str(made.id)

    async def _by_uid(self, client: Any, job: Handle) -> str:
        """The id of the job with our uid; empty where there is none."""
        place = client.batches if job.spec.options.get("kind") == BATCH else client.fine_tuning.jobs
        page = await self._vendor.ask(place.list(limit=PAGE))
        return next((str(one.id) for one in page.data if (one.metadata or {}).get(UID) == job.uid), "")

    async def _look(self, client: Any, job: Handle, number: str) -> Observation:
        if number.startswith("batch"):
            return await self._look_at_batch(client, job, number)
        one = (await self._vendor.ask(client.fine_tuning.jobs.retrieve(number))).model_dump()
        state = TUNING.get(one["status"])
        await self._events(client, job, number)
        if state in ("running", *ENDED):
            await self._checkpoints(client, job, number)
        over = state in ENDED
        if over:
            await self._results(client, job, one.get("result_files") or [])
        said = f"OpenAI says {one['status']}"
        error = (one.get("error") or {}).get("message")
        if error:
            said += f": {error}"
        if one.get("fine_tuned_model"):
            said += f"; model {one['fine_tuned_model']}"
        eta = iso(one.get("estimated_finish")) if not over else None
        estimate = {"eta": {"at": eta, "source": "OpenAI's estimate"}} if eta else {}
        return self._seen(job, {**one, **estimate, "id": number}, state, said)

    async def _events(self, client: Any, job: Handle, number: str) -> None:
        """Append what the job said since the last look: words to its log, numbers to its metrics."""
        kept = memo(job, "events.json")
        seen = set(kept.get("ids", ()))
        new: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            more = {"after": after} if after else {}
            page = await self._vendor.ask(client.fine_tuning.jobs.list_events(number, limit=PAGE, **more))
            items = [event.model_dump() for event in page.data]
            fresh = [event for event in items if event["id"] not in seen]
            new += fresh
            if len(fresh) < len(items) or not getattr(page, "has_more", False) or not items:
                break
            after = items[-1]["id"]
        if not new:
            return
        new.sort(key=lambda event: event.get("created_at") or 0)
        await asyncio.to_thread(_keep_events, job, new, seen)

    async def _checkpoints(self, client: Any, job: Handle, number: str) -> None:
        """What was measured at each checkpoint, once: a line of metrics, and of the log with the checkpoint's model."""
        page = await self._vendor.ask(client.fine_tuning.jobs.checkpoints.list(number, limit=PAGE))
        items = [one.model_dump() for one in page.data]
        await asyncio.to_thread(_keep_checkpoints, job, items)

    async def _results(self, client: Any, job: Handle, files: Sequence[str]) -> None:
        """Result files, once: the CSV as it is, and its numbers as metrics."""
        for number in files:
            name = f"result-{number}.csv"
            if has_file(job, name):
                continue
            answer = await self._vendor.ask(client.files.content(number))
            data = await answer.aread() if hasattr(answer, "aread") else answer.content
            text = _csv_text(data)
            await asyncio.to_thread(keep_file, job, name, text.encode())
            lines = [json.dumps(row) for row in _csv_rows(text)]
            await asyncio.to_thread(
                keep_file, job, f"metrics-{number}.jsonl", "".join(f"{x}\n" for x in lines).encode()
            )

    async def _look_at_batch(self, client: Any, job: Handle, number: str) -> Observation:
        one = (await self._vendor.ask(client.batches.retrieve(number))).model_dump()
        state = BATCHES.get(one["status"])
        counts = one.get("request_counts") or {}
        said = f"OpenAI says {one['status']}"
        if counts.get("total"):
            done, failed = counts.get("completed", 0), counts.get("failed", 0)
            said += f", {done} of {counts['total']} answered, {failed} failed"
            record = {"step": done + failed, "max_steps": counts["total"], "answered": done, "failed": failed}
            await asyncio.to_thread(append_new, job, METRICS, [record])
        errors = (one.get("errors") or {}).get("data") or []
        if errors:
            said += f": {errors[0].get('message')}"
        if state in ENDED:
            for field, name in (("output_file_id", "output.jsonl"), ("error_file_id", "errors.jsonl")):
                if one.get(field) and not has_file(job, name):
                    answer = await self._vendor.ask(client.files.content(one[field]))
                    await asyncio.to_thread(keep_file, job, name, answer.content)
                    said += f"; {name} is kept"
        started = {"created_at": one.get("in_progress_at") or one.get("created_at")}
        ended = next(
            (one[f"{name}_at"] for name in ("completed", "failed", "expired", "cancelled") if one.get(f"{name}_at")),
            None,
        )
        return self._seen(job, {**one, **started, "finished_at": ended, "id": number}, state, said)

    def _seen(self, job: Handle, one: Mapping[str, Any], state: State | None, said: str) -> Observation:
        if state == "killed" and proof.get(job.folder, "kill.json") is not None:
            state, said = "killed by you", f"{said}; you asked for its end"
        if state is None:
            state, said = "unreachable", f"{said}, a status that Cockpit does not know"
        started = None if state == "queued" else iso(one.get("created_at"))
        ended = (iso(one.get("finished_at")) or now()) if state in ENDED else None
        code = 0 if state == "finished" else None
        return Observation(
            job.job, self.name, now(), state, str(one["status"]), code, None, said, started, ended,
            detail={"native": one["id"], **({"eta": one["eta"]} if one.get("eta") else {})},
        )  # fmt: skip


def _tuning(options: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a finetune; those that are not given are OpenAI's own choice."""
    names = {"epochs": ("n_epochs", int), "batch_size": ("batch_size", int),
             "learning_rate": ("learning_rate_multiplier", float)}  # fmt: skip
    hyper: dict[str, Any] = {}
    for name, (theirs, kind) in names.items():
        if value := options.get(name):
            try:
                hyper[theirs] = value if value == "auto" else kind(value)
            except ValueError:
                raise JobError(f"{value!r} is no {name.replace('_', ' ')}.") from None
    found: dict[str, Any] = {}
    if hyper:
        found["method"] = {"type": "supervised", "supervised": {"hyperparameters": hyper}}
    if options.get("suffix"):
        found["suffix"] = options["suffix"]
    if options.get("seed"):
        found["seed"] = int(options["seed"])
    return found


def _keep_events(job: Handle, new: Sequence[Mapping[str, Any]], seen: set[str]) -> None:
    """Write them, then that they were seen; killed in between they are written twice and read as one step's value."""
    numbers, words = [], []
    for event in new:
        at = iso(event.get("created_at")) or now()
        words.append(f"{at[:19]} {event.get('level', '')} {event.get('message', '')}")
        data = event.get("data")
        if event.get("type") == "metrics" and isinstance(data, Mapping):
            numbers.append(json.dumps({**data, "time": event.get("created_at")}))
    append_lines(job, LOG, [" ".join(line.split()) for line in words])
    append_lines(job, METRICS, numbers)
    proof.put(job.folder, "events.json", {"ids": sorted(seen | {str(event["id"]) for event in new})})


def _keep_checkpoints(job: Handle, items: Sequence[Mapping[str, Any]]) -> None:
    known = set(memo(job, "checkpoints.json").get("ids", ()))
    new = sorted((one for one in items if one["id"] not in known), key=lambda one: one.get("step_number") or 0)
    if not new:
        return
    numbers, words = [], []
    for one in new:
        measured = {
            f"checkpoint/{k}": v for k, v in (one.get("metrics") or {}).items() if k != "step" and v is not None
        }
        if measured:
            numbers.append(json.dumps({"step": one.get("step_number"), "time": one.get("created_at"), **measured}))
        at = iso(one.get("created_at")) or now()
        words.append(f"{at[:19]} checkpoint at step {one.get('step_number')}: {one.get('fine_tuned_model_checkpoint')}")
    append_lines(job, LOG, words)
    append_lines(job, "metrics-checkpoints.jsonl", numbers)
    proof.put(job.folder, "checkpoints.json", {"ids": sorted(known | {str(one["id"]) for one in new})})


def _csv_text(data: bytes) -> str:
    """A result file's text; some are base64 of it."""
    text = data.decode("utf-8", "replace")
    if "," not in text.split("\n", 1)[0]:
        try:
            return base64.b64decode(data, validate=True).decode("utf-8", "replace")
        except ValueError:
            return text
    return text


def _csv_rows(text: str) -> list[dict[str, float]]:
    """Rows of a CSV file by the names in its first line; cells that are no numbers are left out."""
    rows = []
    for row in csv.DictReader(io.StringIO(text)):
        numbers = {}
        for name, value in row.items():
            try:
                numbers[name] = float(value)
            except (TypeError, ValueError):
                continue
        rows.append(numbers)
    return rows
