"""Handles on jobs in a temporary directory, and waiting for what a backend sees. For every backend's tests."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cockpit.backends import job_proof as proof
from cockpit.core.jobs import Handle, JobSpec, Observation

PATIENCE_S = 30.0


def handle_of(folder: Path, *argv: str, then: tuple[tuple[str, ...], ...] = (), **spec: Any) -> Handle:
    uid = uuid.uuid4().hex[:16]
    place = folder / uid
    place.mkdir(parents=True)
    env = spec.pop("env", dict(os.environ))
    env_from = spec.pop("env_from", ())
    gpu_ids = spec.pop("gpu_ids", ())
    whole = JobSpec(argv, spec.pop("cwd", str(folder)), **{"grace_s": 5.0, **spec})
    return Handle(1, uid, "probe", whole, str(place), env=env, env_from=env_from, gpu_ids=gpu_ids, then=then)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-u", "-c", code)


def until(look: Callable[[], Any], wanted: Callable[[Any], Any] = bool) -> Any:
    """What `look` sees once that is what was wanted; fails with the last look."""
    end = time.monotonic() + PATIENCE_S
    while not wanted(seen := look()):
        assert time.monotonic() < end, f"still {seen!r}"
        time.sleep(0.01)
    return seen


def when(state: str) -> Callable[[Observation], bool]:
    return lambda seen: seen.state == state


def record(job: Handle, name: str) -> dict[str, Any]:
    found = proof.get(job.folder, f"{name}.json")
    assert found is not None, f"no {name}.json"
    return found


def log_of(job: Handle) -> bytes:
    path = Path(job.folder, "log")
    return path.read_bytes() if path.exists() else b""


def end_everything(folder: Path) -> Iterator[None]:
    """After a test nothing it started is left: only processes that hold a job's lock, or supervise one, are ended."""
    yield
    for lock in folder.rglob("*.lock"):
        for pid in proof.holders(str(lock)):
            if proof.held(str(lock)):
                os.kill(pid, 9)
