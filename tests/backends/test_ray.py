"""Ray for real: a head that only loopback reaches, through the backend's contract; and its faults, told honestly."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cockpit.backends.ray import RayBackend
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import Handle
from tests.backends.contract import Contract, Place, seen_as, submitted
from tests.backends.jobs import handle_of
from tests.ray_node import RayNode, missing

real = pytest.mark.skipif(bool(missing()), reason=f"NO RAY HERE, its tests do not run: {missing()}")
Make = Callable[..., Handle]


@pytest.fixture(scope="module")
def node() -> Iterator[RayNode]:
    # Ray's sockets are in its folder, and a socket's path has at most 107 letters.
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        head = RayNode(Path(folder))
        try:
            head.start()
            yield head
        finally:
            head.stop()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda *argv, **spec: handle_of(tmp_path, *argv, **spec)


@pytest.fixture
async def place(node: RayNode, make: Make) -> AsyncIterator[Place]:
    backend = RayBackend(url=node.url, shared=True)
    yield backend, make
    await backend.aclose()


@real
@pytest.mark.timeout(300)
class TestContract(Contract):
    pass


@real
@pytest.mark.timeout(300)
async def test_variables_and_gpus_arrive_and_a_limit_ends_it(place: Place) -> None:
    backend, make = place
    words = 'echo "$A|$COCKPIT_JOB_DIR|$CUDA_VISIBLE_DEVICES"; sleep 600'
    job = await submitted(backend, make("sh", "-c", words, set_env={"A": "it's"}, gpus=1, timeout_s=2.0))
    seen = await seen_as(backend, job, "timed out")
    assert seen.exit_code == 124
    log = backend.logs(job)
    assert log is not None
    said = next(line for line in (await log.read(0, 1 << 16)).decode().splitlines() if line.startswith("it's|"))
    assert said.split("|")[1] == job.folder
    assert said.split("|")[2] in ("0", "1")


@real
@pytest.mark.timeout(300)
async def test_options_are_rays_own_or_refused(place: Place) -> None:
    backend, make = place
    with pytest.raises(JobError, match="no option 'partition'"):
        await backend.submit(make("true", options={"partition": "x"}))
    with pytest.raises(JobError, match="no number"):
        await backend.submit(make("true", options={"cpus": "many"}))
    with pytest.raises(JobError, match="cannot pause"):
        await backend.pause(make("true"))


class Stub:
    """An HTTP server on loopback that answers as it is told."""

    def __init__(self) -> None:
        self.status, self.body = 200, b"[]"
        self.asked: list[tuple[str, str, str]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stub.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
                self.send_response(stub.status)
                self.end_headers()
                self.wfile.write(stub.body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


async def test_what_does_not_answer_is_unreachable_and_nothing_else(make: Make, stub: Stub) -> None:
    gone = RayBackend(url="http://127.0.0.1:9", timeout_s=2)
    (seen,) = await gone.observe([make("true")])
    assert seen.state == "unreachable" and "does not answer" in seen.evidence
    with pytest.raises(Unreachable):
        await gone.submit(make("true"))
    await gone.aclose()
    backend = RayBackend(url=stub.url)
    for status, body in ((503, b""), (200, b"<html>another program</html>")):
        stub.status, stub.body = status, body
        (seen,) = await backend.observe([make("true")])
        assert seen.state == "unreachable"
    await backend.aclose()


async def test_a_head_that_forgot_its_jobs_is_not_said_to_have_ended_them(make: Make, stub: Stub) -> None:
    backend = RayBackend(url=stub.url)
    job = make("true")
    (seen,) = await backend.observe([replace(job, native=job.uid)])
    assert seen.state == "unreachable" and "may still run" in seen.evidence
    await backend.aclose()


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [("SUCCEEDED", 0, "finished"), ("FAILED", 7, "failed"), ("FAILED", -9, "killed"), ("STOPPED", None, "killed"),
     ("NEW_ONE", None, "unreachable"), ("PENDING", None, "queued")],
)  # fmt: skip
async def test_states(make: Make, stub: Stub, status: str, code: int | None, state: str) -> None:
    backend = RayBackend(url=stub.url)
    job = make("true")
    one = {"submission_id": job.uid, "status": status, "driver_exit_code": code, "start_time": 1_700_000_000_000}
    stub.body = json.dumps([one]).encode()
    (seen,) = await backend.observe([job])
    assert seen.state == state and status in seen.evidence
    await backend.aclose()


async def test_a_token_is_sent_and_never_stored(make: Make, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_PROBE_TOKEN", "s3cret")
    backend = RayBackend(url=stub.url, token_env="RAY_PROBE_TOKEN")
    await backend.observe([make("true")])
    assert stub.asked[0][2] == "Bearer s3cret"
    assert "s3cret" not in repr(vars(backend))
    await backend.aclose()
