"""What the vendors' own jobs share: a package loaded late, its errors as ours, files kept in a job's folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from cockpit.backends import job_proof as proof
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import Handle

T = TypeVar("T")
METRICS = "metrics.jsonl"
LOG = "log"


class Vendor:
    """One vendor's package and the key for it.

    Args:
        package: 'openai' or 'anthropic', which name their errors alike; `client` is the name of its client class.
        key_env: where the key is; it is read when a request is made and kept nowhere.
    """

    def __init__(self, package: str, client: str, key_env: str, base_url: str = "") -> None:
        self._package, self._class, self._key_env, self._base_url = package, client, key_env, base_url
        self._client: Any = None
        self._module: Any = None

    async def client(self, env: Mapping[str, str]) -> Any:
        """The client; importing the package takes about a second, in a thread.

        Raises:
            JobError: there is no key.
        """
        key = env.get(self._key_env, "")
        if not key:
            raise JobError(f"There is no key for {self._package}.", hint=f"Set {self._key_env}.")
        if self._client is None:
            self._module = await asyncio.to_thread(import_module, self._package)
            more = {"base_url": self._base_url} if self._base_url else {}
            self._client = getattr(self._module, self._class)(api_key=key, **more)
        return self._client

    async def ask(self, call: Awaitable[T]) -> T:
        """What a call of the client answers.

        Raises:
            Unreachable: nobody answers, or not now: a connection, a time limit, 429, 5xx.
            JobError: it is refused; the vendor's own words.
        """
        try:
            return await call
        except self._module.APIStatusError as error:
            status, words = error.status_code, _words(error)
            if status in (408, 409, 429) or status >= 500:
                raise Unreachable(f"{self._package} answers {status}: {words}") from error
            raise JobError(f"{self._package} says {status}: {words}") from error
        except self._module.APIConnectionError as error:
            raise Unreachable(f"{self._package} does not answer: {error}") from error

    async def aclose(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _words(error: Any) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping) and inner.get("message"):
            return " ".join(str(inner["message"]).split())[:300]
    return " ".join(str(error).split())[:300]


def append_lines(job: Handle, name: str, lines: Iterable[str]) -> None:
    """Append lines to a file of a job's folder."""
    text = "".join(f"{line}\n" for line in lines)
    if text:
        with Path(job.folder, name).open("a", encoding="utf-8") as file:
            file.write(text)


def append_new(job: Handle, name: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Append those records to a file of JSON lines that are not the last one in it."""
    path = Path(job.folder, name)
    last = path.read_text("utf-8").splitlines()[-1] if path.exists() and path.stat().st_size else ""
    lines = []
    for record in records:
        line = json.dumps(record, sort_keys=True)
        if line != last:
            lines.append(line)
            last = line
    append_lines(job, name, lines)


def keep_file(job: Handle, name: str, data: bytes) -> None:
    """Put a whole file into a job's folder, all of it or none."""
    path = Path(job.folder, name)
    part = path.with_name(f"{name}.part")
    part.write_bytes(data)
    part.replace(path)


def has_file(job: Handle, name: str) -> bool:
    """Whether a file is in a job's folder."""
    return Path(job.folder, name).exists()


def memo(job: Handle, name: str) -> dict[str, Any]:
    """Plain data kept in a job's folder; empty where there is none."""
    return proof.get(job.folder, name) or {}


def iso(seconds: object) -> str | None:
    """A vendor's moment in seconds since 1970, or ISO 8601, as every table writes it."""
    if isinstance(seconds, int | float) and seconds:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    if isinstance(seconds, datetime):
        return seconds.astimezone(UTC).isoformat(timespec="microseconds")
    return None


def now() -> str:
    """This moment as every table writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
