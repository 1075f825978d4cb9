"""Jobs on a Ray cluster, over the HTTP interface of its dashboard; the Ray package is not needed here."""

from __future__ import annotations

import asyncio
import os
import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.backends import job_proof as proof
from cockpit.backends.base import FileLog
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import ENDED, Handle, Observation, State

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 20.0
LOG_EVERY_S = 1.0
"""Between two readings of a log that is looked at: Ray hands it out whole."""
STATES: dict[str, State] = {
    "PENDING": "queued", "RUNNING": "running", "SUCCEEDED": "finished", "FAILED": "failed", "STOPPED": "killed",
}  # fmt: skip
"""docs.ray.io, Ray Jobs REST API, JobStatus → our word."""
RESOURCES = {"cpus": "entrypoint_num_cpus", "gpus": "entrypoint_num_gpus", "memory": "entrypoint_memory"}
"""Options of a job that Ray takes as numbers."""


class RayBackend:
    """One cluster, by the address of its dashboard.

    Args:
        url: such as http://127.0.0.1:8265.
        token_env: the environment variable with a bearer token, where the cluster wants one.
        shared: jobs see this machine's disk, so that metrics in a job's folder are found here.
    """

    name = "ray"
    queues = True
    every_s = 3.0

    def __init__(
        self, *, url: str = "http://127.0.0.1:8265", token_env: str = "", shared: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> None:  # fmt: skip
        self._url, self._token_env, self.here = url.rstrip("/"), token_env, shared
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def submit(self, job: Handle) -> str:
        """Hand a job over under its own uid, so that the same one again is the same job.

        Raises:
            Unreachable: the cluster does not answer.
            JobError: it refuses; its own words.
        """
        if await self._one(job) is not None:
            return job.uid
        given = {"COCKPIT_JOB": str(job.job), "PYTHONUNBUFFERED": "1", **job.spec.set_env}
        if self.here:
            given["COCKPIT_JOB_DIR"] = job.folder
        body: dict[str, Any] = {
            "submission_id": job.uid,
            "entrypoint": f"cd {shlex.quote(job.spec.cwd)} && {shlex.join(job.spec.argv)}",
            "runtime_env": {"env_vars": given},
            "metadata": {"name": job.name, "cockpit_job": str(job.job)},
        }
        if job.spec.gpus:
            body["entrypoint_num_gpus"] = job.spec.gpus
        for name, value in job.spec.options.items():
            if name not in RESOURCES:
                known = ", ".join(RESOURCES)
                raise JobError(f"Ray takes no option {name!r} here.", hint=f"Known: {known}.")
            body[RESOURCES[name]] = _number(name, value)
        if job.spec.timeout_s is not None:
            body["entrypoint"] = f"timeout {job.spec.timeout_s:g} sh -c {shlex.quote(body['entrypoint'])}"
        answer = await self._call("POST", "/api/jobs/", body)
        return str(answer.get("submission_id") or answer.get("job_id") or job.uid)

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """One call for all."""
        try:
            listed = await self._call("GET", "/api/jobs/")
        except JobError as error:
            return [Observation(job.job, self.name, _now(), "unreachable", evidence=error.sentence()) for job in jobs]
        known = {str(one.get("submission_id")): one for one in listed if isinstance(one, dict)}
        return [self._seen(job, known.get(job.uid)) for job in jobs]

    async def kill(self, job: Handle, grace_s: float) -> None:
        """Ask Ray to stop it: SIGTERM, and SIGKILL after Ray's own three seconds.

        Raises:
            JobError: it has ended, or Ray does not answer.
        """
        if await self._one(job) is None:
            raise JobError(f"Ray does not know job {job.job}.")
        await asyncio.to_thread(proof.put, job.folder, "kill.json", {"at": time.time(), "grace_s": grace_s})
        await self._call("POST", f"/api/jobs/{job.uid}/stop")

    async def pause(self, job: Handle) -> None:
        """Ray cannot.

        Raises:
            JobError: always.
        """
        raise JobError("Ray cannot pause a job.", hint="End it, and start it again later.")

    async def resume(self, job: Handle) -> None:
        """Ray cannot.

        Raises:
            JobError: always.
        """
        raise JobError("Ray cannot pause a job, so none goes on.")

    def logs(self, job: Handle) -> RayLog:
        """Its output, as Ray hands it out, kept in its folder here."""
        return RayLog(self, job)

    async def aclose(self) -> None:
        """Close the connection; jobs go on."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def check(self) -> str:
        """The version of the Ray that answers.

        Raises:
            JobError: none does.
        """
        return f"Ray {(await self._call('GET', '/api/version')).get('ray_version', '?')}"

    async def log_text(self, job: Handle) -> str | None:
        """A job's whole output so far; None where Ray no longer has it.

        Raises:
            JobError: the cluster does not answer.
        """
        answer = await self._call("GET", f"/api/jobs/{job.uid}/logs", missing_is_none=True)
        return None if answer is None else str(answer.get("logs", ""))

    async def _one(self, job: Handle) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self._call("GET", f"/api/jobs/{job.uid}", missing_is_none=True)
        return found

    async def _call(self, method: str, path: str, body: Any = None, *, missing_is_none: bool = False) -> Any:
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(base_url=self._url, timeout=self._timeout_s)
        token = os.environ.get(self._token_env, "") if self._token_env else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self._client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise Unreachable(f"Ray at {self._url} does not answer: {said}") from error
        if answer.status_code == 404 and missing_is_none:
            return None
        if answer.status_code in (502, 503, 504):
            raise Unreachable(f"Ray at {self._url} does not answer: {answer.status_code}")
        if not answer.is_success:
            raise JobError(f"Ray says {answer.status_code}: {' '.join(answer.text.split())[-300:]}")
        try:
            return answer.json()
        except ValueError as error:
            raise Unreachable(f"What answers at {self._url} is not Ray.") from error

    def _seen(self, job: Handle, one: dict[str, Any] | None) -> Observation:
        at = _now()
        if one is None:
            if not job.native:
                return Observation(job.job, self.name, at, "starting", evidence="Ray does not know of it yet")
            said = "Ray no longer knows it, as after a restart of its head; its process may still run"
            return Observation(job.job, self.name, at, "unreachable", evidence=said)
        raw = str(one.get("status", ""))
        state = STATES.get(raw)
        code = one.get("driver_exit_code")
        exit_code, signal = (None, -code) if isinstance(code, int) and code < 0 else (code, None)
        message = " ".join(str(one.get("message") or "").split())[:300]
        said = f"Ray says {raw}" + (f": {message}" if message else "")
        if state == "killed" and proof.get(job.folder, "kill.json") is not None:
            state, said = "killed by you", f"{said}; you asked for its end"
        elif state == "failed":
            state, exit_code = _failed(exit_code, signal, timed=job.spec.timeout_s is not None)
        elif state == "finished":
            exit_code = 0 if exit_code is None else exit_code
        elif state is None:
            state, said = "unreachable", f"{said}, a state that Cockpit does not know"
        over = state in ENDED
        return Observation(
            job.job, self.name, at, state, raw, exit_code if over else None, signal if over else None, said,
            _iso(one.get("start_time")), (_iso(one.get("end_time")) or at) if over else None,
            detail={"native": job.uid},
        )  # fmt: skip


class RayLog:
    """A job's output by offset: fetched whole, at most once a second, and kept in its folder."""

    def __init__(self, place: RayBackend, job: Handle) -> None:
        self._place, self._job = place, job
        self.path: Path | None = Path(job.folder, "log")
        self._file = FileLog(self.path)
        self._read_at = -LOG_EVERY_S

    async def size(self) -> int:
        """Bytes there now."""
        await self._fetch()
        return await self._file.size()

    async def read(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes from an offset; empty at the end."""
        await self._fetch()
        return await self._file.read(offset, n)

    async def _fetch(self) -> None:
        if time.monotonic() - self._read_at < LOG_EVERY_S:
            return
        self._read_at = time.monotonic()
        text = await self._place.log_text(self._job)
        if text is not None:
            await asyncio.to_thread(self._keep, text.encode("utf-8", "surrogatepass"))

    def _keep(self, data: bytes) -> None:
        """Append what is new. What Ray no longer has stays."""
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        have = self.path.stat().st_size if self.path.exists() else 0
        if len(data) > have:
            with self.path.open("ab") as file:
                file.write(data[have:])


def _failed(exit_code: int | None, signal: int | None, *, timed: bool) -> tuple[State, int | None]:
    if signal is not None:
        return "killed", None
    if timed and exit_code == 124:
        return "timed out", exit_code
    return "failed", exit_code


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise JobError(f"{value!r} is no number of {name}.") from None


def _iso(milliseconds: object) -> str | None:
    if not isinstance(milliseconds, int | float) or not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="microseconds")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
