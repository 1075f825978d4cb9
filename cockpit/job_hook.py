"""Telling somebody's webhook that a job has ended. One message, no secrets; what fails is written beside the job."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.core.job_words import shown, span
from cockpit.job_views import JobView

TRIES = 3
WAIT_S = 2.0
"""Before the second try; it grows by as much."""
TIMEOUT_S = 10.0


def message(view: JobView) -> dict[str, Any]:
    """What is posted; `text` is what Slack and its like show."""
    standing = view.standing
    took = "" if standing.elapsed_s is None else f" after {span(standing.elapsed_s)}"
    return {
        "text": f"job {view.row.id} {view.row.name}: {shown(standing)}{took}",
        "job": view.row.id, "name": view.row.name, "project": view.row.project, "state": standing.state,
        "exit_code": standing.exit_code, "signal": standing.signal, "evidence": standing.evidence,
        "started": standing.started, "ended": standing.ended, "elapsed_s": standing.elapsed_s,
        "metrics": dict(view.known.metrics), "host": socket.gethostname(),
    }  # fmt: skip


async def post(url: str, body: Mapping[str, Any], log: Path, *, wait_s: float = WAIT_S) -> bool:
    """Post it, three times if need be; whether it arrived. The URL itself is a secret and is never written."""
    import httpx

    problem = "the variable with its URL is not set" if not url else ""
    if url and not url.startswith(("https://", "http://")):
        problem = "its URL does not begin with http:// or https://"
    if not problem:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            for attempt in range(1, TRIES + 1):
                try:
                    answer = await client.post(url, json=dict(body))
                    if answer.is_success:
                        return True
                    problem = f"it answered {answer.status_code}"
                    if answer.status_code < 500 and answer.status_code != 429:
                        break
                except httpx.HTTPError as error:
                    problem = type(error).__name__
                if attempt < TRIES:
                    await asyncio.sleep(wait_s * attempt)
    await asyncio.to_thread(_note, log, problem)
    return False


def _note(log: Path, problem: str) -> None:
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"the webhook was not told: {problem}\n")
    except OSError:
        return
