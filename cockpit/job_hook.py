"""Telling somebody's webhook that a job has ended. One message, no secrets; what fails is written beside the job."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.core.job_words import shown, span
from cockpit.job_views import JobView
from cockpit.webhook import WAIT_S, post_json


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
    problem = await post_json(url, body, wait_s=wait_s)
    if problem:
        await asyncio.to_thread(_note, log, problem)
    return not problem


def _note(log: Path, problem: str) -> None:
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"the webhook was not told: {problem}\n")
    except OSError:
        return
