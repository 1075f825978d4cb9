"""Anthropic's message batches, through its package. Results are kept in each job's folder here.

Fields are those of the API reference (docs.claude.com, Message Batches).
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cockpit.backends import job_proof as proof
from cockpit.backends.base import FileLog
from cockpit.backends.remote import LOG, METRICS, Vendor, append_lines, append_new, has_file, iso, keep_file, memo, now
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import ENDED, Handle, Observation, State

PAGE = 100


class AnthropicBackend:
    """Message batches of one account. Options of a job: `file`, of JSON lines with custom_id and params; or `adopt`."""

    name = "anthropic"
    queues = True
    every_s = 20.0
    here = True

    def __init__(
        self, *, base_url: str = "", key_env: str = "ANTHROPIC_API_KEY", env: Mapping[str, str] | None = None
    ) -> None:
        self._env = os.environ if env is None else env
        self._vendor = Vendor("anthropic", "AsyncAnthropic", key_env, base_url)

    async def submit(self, job: Handle) -> str:
        """Send a batch; its id. Batches carry no mark of ours, so that one whose answer was lost is looked for by when
        it was made and how many requests it has, and never sent twice on a guess.

        Raises:
            Unreachable: Anthropic does not answer, or it cannot be told whether the batch is there already.
            JobError: it refuses, there is no key, or the file cannot be read.
        """
        client = await self._vendor.client(self._env)
        if adopted := job.spec.options.get("adopt"):
            return adopted
        requests = await asyncio.to_thread(_requests, Path(job.spec.options.get("file", "")))
        before = memo(job, "asked.json")
        if before:
            return await self._lost(client, before, len(requests))
        await asyncio.to_thread(proof.put, job.folder, "asked.json", {"at": time.time()})
        try:
            made = await self._vendor.ask(client.messages.batches.create(requests=requests))
        except Unreachable:
            raise
        except JobError:
            await asyncio.to_thread(Path(job.folder, "asked.json").unlink)
            raise
        return str(made.id)

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """One request a job."""
        seen = []
        for job in jobs:
            try:
                client = await self._vendor.client(self._env)
                if not job.native:
                    seen.append(Observation(job.job, self.name, now(), "starting", evidence="not known there yet"))
                    continue
                seen.append(await self._look(client, job))
            except JobError as error:
                seen.append(Observation(job.job, self.name, now(), "unreachable", evidence=error.sentence()))
        return seen

    async def kill(self, job: Handle, grace_s: float) -> None:
        """Cancel it; answers so far are kept.

        Raises:
            JobError: it has ended, or Anthropic does not answer.
        """
        client = await self._vendor.client(self._env)
        await asyncio.to_thread(proof.put, job.folder, "kill.json", {"at": time.time(), "grace_s": grace_s})
        await self._vendor.ask(client.messages.batches.cancel(job.native))

    async def pause(self, job: Handle) -> None:
        """A batch cannot be paused.

        Raises:
            JobError: always.
        """
        raise JobError("A batch cannot be paused.")

    async def resume(self, job: Handle) -> None:
        """A batch cannot be paused.

        Raises:
            JobError: always.
        """
        raise JobError("A batch cannot be paused, so none goes on.")

    async def theirs(self) -> list[tuple[str, str, str, str | None]]:
        """What the account has, newest first: id, what it is, its status, when it was made.

        Raises:
            JobError: Anthropic does not answer, or there is no key.
        """
        client = await self._vendor.client(self._env)
        page = await self._vendor.ask(client.messages.batches.list(limit=PAGE))
        return [(one.id, "batch of messages", one.processing_status, iso(one.created_at)) for one in page.data]

    def logs(self, job: Handle) -> FileLog:
        """How its counts went, as they were read so far."""
        return FileLog(Path(job.folder, LOG))

    async def aclose(self) -> None:
        """Close the connection; batches go on."""
        await self._vendor.aclose()

    async def _lost(self, client: Any, before: Mapping[str, Any], n: int) -> str:
        page = await self._vendor.ask(client.messages.batches.list(limit=PAGE))
        since = float(before.get("at", 0)) - 60
        found = [
            one for one in page.data
            if one.created_at.timestamp() >= since and sum(one.request_counts.model_dump().values()) == n
        ]  # fmt: skip
        if len(found) == 1:
            return str(found[0].id)
        raise Unreachable(
            f"A batch of {n} requests was sent and its answer lost; {len(found)} batches could be it.",
            hint="Look at the console, then adopt it by its id.",
        )

    async def _look(self, client: Any, job: Handle) -> Observation:
        one = (await self._vendor.ask(client.messages.batches.retrieve(job.native))).model_dump()
        counts = one["request_counts"]
        total, left = sum(counts.values()), counts["processing"]
        said = f"Anthropic says {one['processing_status']}: " + ", ".join(
            f"{n} {name}" for name, n in counts.items() if n
        )
        # While a batch is in progress every request counts as processing: there is no progress to show.
        if total and left < total:
            record = {
                "step": total - left,
                "max_steps": total,
                **{k: v for k, v in counts.items() if k != "processing"},
            }
            await asyncio.to_thread(append_new, job, METRICS, [record])
        state: State = {"in_progress": "running", "canceling": "ending"}.get(one["processing_status"], "running")  # type: ignore[assignment]
        if one["processing_status"] == "ended":
            state = _ended(counts, asked=proof.get(job.folder, "kill.json") is not None)
            if one.get("results_url") and not has_file(job, "results.jsonl"):
                await self._results(client, job)
                said += "; results.jsonl is kept"
        over = state in ENDED
        await asyncio.to_thread(_say, job, said)
        return Observation(
            job.job, self.name, now(), state, one["processing_status"], 0 if state == "finished" else None, None, said,
            iso(one.get("created_at")), (iso(one.get("ended_at")) or now()) if over else None,
            detail={"native": job.native},
        )  # fmt: skip

    async def _results(self, client: Any, job: Handle) -> None:
        lines = []
        async for entry in await self._vendor.ask(client.messages.batches.results(job.native)):
            lines.append(json.dumps(entry.model_dump(mode="json")))
        await asyncio.to_thread(keep_file, job, "results.jsonl", "".join(f"{line}\n" for line in lines).encode())


def _requests(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise JobError(f"{path} cannot be read as JSON lines: {error}.") from error
    if not found or not all(isinstance(one, dict) and {"custom_id", "params"} <= one.keys() for one in found):
        raise JobError(f"{path} is no batch: each line needs custom_id and params.")
    return found


def _ended(counts: Mapping[str, int], *, asked: bool) -> State:
    if counts.get("canceled"):
        return "killed by you" if asked else "killed"
    if counts.get("expired"):
        return "timed out"
    return "failed" if counts.get("errored") and not counts.get("succeeded") else "finished"


def _say(job: Handle, said: str) -> None:
    """A line in the log for each change."""
    path = Path(job.folder, LOG)
    last = path.read_text("utf-8").splitlines()[-1:] if path.exists() else []
    if not last or last[0][20:] != said:
        append_lines(job, LOG, [f"{now()[:19]} {said}"])
