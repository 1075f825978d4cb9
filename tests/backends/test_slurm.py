"""Slurm for real: a one-node cluster of the system's own packages, through the contract and its own faults."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.backends import slurm_text as text
from cockpit.backends.registry import BackendRegistry
from cockpit.backends.slurm import SlurmBackend
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import Handle
from tests.backends.contract import Contract, Place, seen_as, submitted
from tests.backends.jobs import handle_of
from tests.slurm_node import SlurmNode, missing

real = pytest.mark.skipif(bool(missing()), reason=f"NO SLURM HERE, its tests do not run: {missing()}")
Make = Callable[..., Handle]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmNode]:
    cluster = SlurmNode(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def here(node: SlurmNode, monkeypatch: pytest.MonkeyPatch) -> SlurmNode:
    for name, value in node.env.items():
        monkeypatch.setenv(name, value)
    return node


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda *argv, **spec: handle_of(tmp_path, *argv, **spec)


@pytest.fixture
def place(here: SlurmNode, make: Make) -> Place:
    return SlurmBackend(), make


@real
class TestContract(Contract):
    pass


@real
class TestBehindSsh(Contract):
    """The same, through an `ssh` that runs what it is told here."""

    @pytest.fixture
    def place(self, here: SlurmNode, make: Make, tmp_path: Path) -> Place:
        far = tmp_path / "far"
        far.mkdir()
        return SlurmBackend(host="cluster", folder=str(far), ssh=fake_ssh(tmp_path, 'exec sh -c "$*"')), make


def fake_ssh(folder: Path, does: str) -> str:
    """A program that is called like ssh: options, a host, `--`, words."""
    path = folder / "fake-ssh"
    path.write_text(f'#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\n{does}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@real
async def test_a_job_gets_its_variables_gpus_and_name_whatever_it_is_called(place: Place) -> None:
    backend, make = place
    job = make("sh", "-c", 'echo "$A|$COCKPIT_JOB|$CUDA_VISIBLE_DEVICES|$SLURM_JOB_NAME|$COCKPIT_JOB_DIR"',
               set_env={"A": "it's \"quoted\" $HOME"}, gpus=1)  # fmt: skip
    job = await submitted(backend, job)
    await seen_as(backend, job, "finished")
    log = backend.logs(job)
    assert log is not None
    said = (await log.read(0, 4096)).decode().strip().split("|")
    assert said[0] == 'it\'s "quoted" $HOME'
    assert said[1:4] == ["1", "0", "probe"]
    assert said[4] == job.folder


@real
async def test_a_signal_and_a_limit_are_told_apart(place: Place) -> None:
    backend, make = place
    dead = await submitted(backend, make("sh", "-c", "kill -SEGV $$"))
    seen = await seen_as(backend, dead, "failed", "killed")
    assert seen.exit_code == 139 or seen.signal == 11
    assert "Slurm says FAILED" in seen.evidence


@real
async def test_more_memory_than_asked_for_is_said_with_its_proof(place: Place) -> None:
    backend, make = place
    hog = "import time\nx = bytearray(600 * 2**20)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(60)"
    job = await submitted(backend, make("python3", "-c", hog, options={"mem": "100M"}))
    seen = await seen_as(backend, job, "out of memory")
    assert "exceeded memory limit" in seen.evidence or "OUT_OF_MEMORY" in seen.evidence


@real
async def test_an_end_that_was_not_asked_for_here_is_not_called_ours(place: Place, here: SlurmNode) -> None:
    backend, make = place
    job = await submitted(backend, make("sleep", "600"))
    await seen_as(backend, job, "running")
    process = await asyncio.create_subprocess_exec("scancel", job.native)
    await process.wait()
    seen = await seen_as(backend, job, "killed")
    assert "CANCELLED" in seen.evidence


@real
async def test_what_can_never_start_says_why_and_can_be_held_and_released(place: Place) -> None:
    backend, make = place
    job = await submitted(backend, make("true", options={"dependency": "afterok:1", "hold": "yes"}))
    seen = await seen_as(backend, job, "queued", "killed")
    if seen.state == "queued":
        await backend.resume(job)
        await backend.pause(job)
        assert "PENDING" in (await seen_as(backend, job, "queued")).evidence
        await backend.kill(job, 1.0)
        await seen_as(backend, job, "killed by you")


@real
async def test_refusals_are_slurms_own_words(place: Place) -> None:
    backend, make = place
    with pytest.raises(JobError, match="nvalid partition"):
        await backend.submit(make("true", options={"partition": "no-such"}))


@real
async def test_an_array_is_one_job(place: Place) -> None:
    backend, make = place
    job = await submitted(backend, make("sh", "-c", "exit $SLURM_ARRAY_TASK_ID", options={"array": "0-2"}))
    seen = await seen_as(backend, job, "failed")
    assert "array of 3" in seen.raw


@real
async def test_jobs_outlive_the_controller_and_are_unreachable_meanwhile(place: Place, here: SlurmNode) -> None:
    backend, make = place
    job = await submitted(backend, make("sh", "-c", "sleep 3; exit 4"))
    await seen_as(backend, job, "running")
    here.kill("slurmctld")
    impatient = SlurmBackend(patience_s=3.0)
    (seen,) = await impatient.observe([job])
    assert seen.state == "unreachable"
    assert "does not answer" in seen.evidence or "did not answer" in seen.evidence
    with pytest.raises(Unreachable):
        await impatient.submit(make("true"))
    here.controller()
    end = await reachable(backend, job)
    assert end.exit_code == 4


async def reachable(backend: object, job: Handle) -> object:
    for _ in range(600):
        (seen,) = await backend.observe([job])  # type: ignore[attr-defined]
        if seen.state == "failed":
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError(seen)


@real
async def test_a_job_that_slurm_has_forgotten_is_told_by_its_own_record(here: SlurmNode, make: Make) -> None:
    backend = SlurmBackend()
    job = await submitted(backend, make("sh", "-c", "exit 5"))
    await seen_as(backend, job, "failed")
    stranger = Handle(**{**{name: getattr(job, name) for name in Handle.__slots__}, "native": "4000000", "uid": "gone"})
    (seen,) = await backend.observe([stranger])
    assert (seen.state, seen.exit_code) == ("failed", 5)
    assert "forgotten" in seen.evidence
    forget(job)
    (seen,) = await backend.observe([stranger])
    assert seen.state == "lost"


def forget(job: Handle) -> None:
    Path(job.folder, "code").unlink()


async def test_without_slurm_it_says_so(make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (seen,) = await SlurmBackend().observe([make("true")])
    assert seen.state == "unreachable"
    assert "squeue cannot be run" in seen.evidence
    with pytest.raises(Unreachable):
        await SlurmBackend().submit(make("true"))


@pytest.mark.parametrize("does", ["echo 'ssh: connect to host x: Connection refused' >&2; exit 255", "exec sleep 60"])
async def test_a_host_that_does_not_answer_is_unreachable(make: Make, tmp_path: Path, does: str) -> None:
    backend = SlurmBackend(host="x", folder="/far", ssh=fake_ssh(tmp_path, does), patience_s=1.0)
    (seen,) = await backend.observe([make("true")])
    assert seen.state == "unreachable"
    assert "answer" in seen.evidence
    with pytest.raises(Unreachable):
        await backend.submit(make("true"))


def test_names_with_anything_in_them_come_through() -> None:
    sep = text.PART
    line = sep.join(["12", "12", "PENDING", "Resources", "0:00", "rc:abc"]) + sep
    odd = sep.join(["13_4", "13", "RUNNING", "None", "1-02:03:04", "a|b, 日本"]) + sep
    first, second = text.read_queue(f"{line}\n{odd}\nnonsense\n")
    assert (first.id, first.uid, first.raw, first.state) == ("12", "abc", "PENDING (Resources)", "queued")
    assert (second.id, second.elapsed_s, second.state) == ("13", 93784.0, "running")


@pytest.mark.parametrize(
    ("said", "code", "signal"), [("7:0", 7, None), ("0:11", None, 11), ("0:0", 0, None), ("", None, None)]
)
def test_codes(said: str, code: int | None, signal: int | None) -> None:
    assert text.codes(said) == (code, signal)


def test_states_of_every_kind_have_a_word() -> None:
    assert text.state_of("CANCELLED by 1000") == "killed"
    assert text.state_of("CANCELLED+") == "killed"
    assert text.state_of("OUT_OF_MEMORY") == "out of memory"
    assert text.state_of("SOMETHING_NEW") is None


def test_several_clusters_can_have_names_of_their_own() -> None:
    registry = BackendRegistry({"big": {"kind": "slurm", "options": {"partition": "gpu"}}, "odd": {"kind": "nope"}})
    assert registry.get("big").name == "big"
    assert "big" in registry.names()
    with pytest.raises(JobError, match="nope"):
        registry.get("odd")
    with pytest.raises(JobError, match="cannot stand"):
        BackendRegistry({"slurm": {"colour": "red"}}).get("slurm")
