"""`cockpit job`: from submitting to the morning after, on real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends import job_proof as proof
from cockpit.core.jobs import JobSpec, Observation
from cockpit.store import jobs, projects
from cockpit.store.db import open_store
from cockpit.store.jobs import NewJob
from tests.backends.jobs import end_everything, until
from tests.cli.conftest import Cli

FIELDS = {
    "job", "name", "backend", "state", "exit_code", "signal", "evidence", "started", "ended", "progress", "eta",
    "metrics",
}  # fmt: skip
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def job(cli: Cli) -> Iterator[Cli]:
    yield cli
    cli("job", "queue", "default", "--pause")
    list(end_everything(Path(f"{cli.db}.jobs")))


def run(cli: Cli, *words: str) -> dict[str, Any]:
    """Submit one job; how it stands."""
    done = cli("job", "run", "--json", *words)
    assert done.status == 0, done.err
    (row,) = done.rows()
    return row


def listed(cli: Cli, *words: str) -> dict[int, dict[str, Any]]:
    done = cli("job", "list", "--json", *words)
    assert done.status == 0, done.err
    return {row["job"]: row for row in done.rows()}


def states(cli: Cli) -> list[str]:
    return [row["state"] for _, row in sorted(listed(cli).items())]


def held_back(tmp_path: Path, name: str = "gate") -> tuple[Path, tuple[str, ...]]:
    """A command that runs until somebody writes its exit code into the file."""
    gate = tmp_path / name
    os.mkfifo(gate)
    return gate, ("sh", "-c", f"read code < {gate}; exit $code")


def folder(cli: Cli, row: dict[str, Any]) -> Path:
    return Path(f"{cli.db}.jobs", row["uid"])


def test_from_submitting_to_the_end(job: Cli, tmp_path: Path) -> None:
    gate, command = held_back(tmp_path)
    row = run(job, "--name", "probe", "--", *command)
    assert row.keys() >= FIELDS and row["state"] == "running" and row["progress"] is None and row["metrics"] == {}
    assert row["exit_code"] is None and row["ended"] is None and row["started"] and row["evidence"]
    assert "running" in job("job", "list").out
    gate.write_text("3\n")
    done = job("job", "wait", "1", "--json")
    assert done.status == 1 and done.rows()[0]["exit_code"] == 3
    row = listed(job)[1]
    assert (row["state"], row["shown"], row["evidence"]) == ("failed", "failed (3)", "exit code 3")
    assert row["ended"] > row["started"]


def test_what_was_printed_is_seen_and_not_obeyed(job: Cli) -> None:
    text = r"\033]0;owned\007\033[31mred\033[0m \377 end\nlast"
    run(job, "--wait", "--", "printf", text)
    done = job("job", "tail", "1")
    assert "\x1b" not in done.out and "\x07" not in done.out and "red" in done.out and done.out.endswith("last\n")
    rows = job("job", "tail", "1", "--json", "-n", "1").rows()
    assert [row["text"] for row in rows] == ["last"]
    assert job("job", "tail", "1", "-n", "0").out == ""
    raw = job.process("job", "tail", "1", "--raw", "-n", "1")
    assert raw.out == "last"


def test_a_log_is_followed_to_its_end(job: Cli, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    run(job, "--", "sh", "-c", f"seq 1 50; read x < {gate}; echo after")
    process = job.start("job", "tail", "1", "-f", "-n", "2")
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"49\n", b"50\n"]
    gate.write_text("go\n")
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == (b"after\n", b"", 0)


def test_the_queue_drains_with_everything_closed(job: Cli, tmp_path: Path) -> None:
    gate, command = held_back(tmp_path)
    run(job, "--", *command)
    for number in (2, 3):
        assert run(job, "--", "sh", "-c", f"exit {number - 2}")["state"] == "queued"
    waits = run(job, "--after", "3", "--", "true")
    assert waits["evidence"] == "runs after job 3, which is queued"
    assert run(job, "--after-any", "3", "--", "true")["state"] == "queued"
    gate.write_text("0\n")  # From here on nobody but the supervisors is awake.
    until(lambda: ended_files(job), lambda n: n == 4)
    assert states(job) == ["finished", "finished", "failed", "skipped", "finished"]
    assert listed(job)[4]["evidence"] == "it was to run after job 3 had finished, and that one is failed"


def ended_files(cli: Cli) -> int:
    return len(list(Path(f"{cli.db}.jobs").glob("*/exit.json")))


def test_several_at_once_and_in_another_order(job: Cli, tmp_path: Path) -> None:
    gate, command = held_back(tmp_path)
    run(job, "--", *command)
    out = tmp_path / "order"
    for number in (2, 3, 4, 5):
        run(job, "--", "sh", "-c", f"echo {number} >> {out}")
    assert job("job", "move", "5", "first").status == 0
    assert job("job", "move", "2", "last").status == 0
    assert job("job", "move", "4", "before", "3").status == 0
    assert job("job", "move", "1", "first").status == 1, "what runs has no place"
    assert job("job", "move", "4", "sideways").status == 2
    gate.write_text("0\n")
    assert job("job", "wait", "2", "3", "4", "5").status == 0
    assert out.read_text().split() == ["5", "4", "3", "2"]


def test_a_queue_is_set_and_paused(job: Cli, tmp_path: Path) -> None:
    assert job("job", "queue", "--json", "--slots", "2").rows()[0]["slots"] == 2
    gates = [held_back(tmp_path, f"gate{i}") for i in range(3)]
    assert [run(job, "--", *command)["state"] for _, command in gates] == ["running", "running", "queued"]
    assert "runs 2 at a time" in listed(job)[3]["evidence"]
    assert run(job, "--queue", "other", "--", "true")["queue"] == "other"
    job("job", "queue", "default", "--pause")
    gates[0][0].write_text("0\n")
    job("job", "wait", "1")
    row = listed(job)[3]
    assert row["state"] == "queued" and row["evidence"] == "queue default is paused"
    job("job", "queue", "default", "--resume")
    assert listed(job)[3]["state"] == "running"
    (row,) = job("job", "queue", "default", "--json").rows()
    assert (row["running"], row["waiting"], row["paused"]) == (2, 0, False)
    for gate, _ in gates[1:]:
        gate.write_text("0\n")


def test_gpus_are_shared_out(job: Cli, tmp_path: Path) -> None:
    assert "jobs here have 0" in job("job", "run", "--gpus", "1", "--", "true").err
    job("job", "queue", "--gpus", "4,7")
    job("job", "queue", "--slots", "9")
    gate, _ = held_back(tmp_path)
    command = ("sh", "-c", f"echo $CUDA_VISIBLE_DEVICES; read x < {gate}")
    assert run(job, "--gpus", "1", "--", *command)["gpu_ids"] == ["4"]
    row = run(job, "--gpus", "2", "--", "true")
    assert row["state"] == "queued" and row["evidence"] == "needs 2 GPUs, 1 of 2 free"
    assert job("job", "tail", "1").out == "4\n"
    gate.write_text("go\n")
    assert job("job", "wait", "1", "2").status == 0
    assert listed(job)[2]["gpu_ids"] == ["4", "7"]


def test_a_sweep_is_a_group_of_jobs(job: Cli) -> None:
    words = ("--name", "lr", "--sweep", "lr=1e-5,3e-5", "--sweep", "seed=1,2", "--", "echo", "--lr", "0", "s{seed}")
    plan = job("job", "run", "--dry-run", *words).out.splitlines()
    assert plan == ["echo --lr 1e-5 s1", "echo --lr 1e-5 s2", "echo --lr 3e-5 s1", "echo --lr 3e-5 s2"]
    assert listed(job) == {}
    done = job("job", "run", "--json", "--wait", *words)
    assert done.status == 0, done.err
    rows = done.rows()
    assert [row["values"] for row in rows][1] == {"lr": "1e-5", "seed": "2"}
    assert {row["group"] for row in rows} == {"lr"} and rows[0]["name"] == "lr lr=1e-5 seed=1"
    assert job("job", "tail", "4").out == "--lr 3e-5 s2\n"
    assert len(listed(job, "--group", "lr")) == 4 and listed(job, "--group", "no") == {}


def test_ending_pausing_and_running_again(job: Cli) -> None:
    row = run(job, "--", "sh", "-c", "echo up; sleep 600 & sleep 600")
    (paused,) = job("job", "pause", "1", "--json").rows()
    assert paused["state"] == "paused"
    (resumed,) = job("job", "resume", "1", "--json").rows()
    assert resumed["state"] == "running"
    assert run(job, "--", "true")["state"] == "queued"
    (killed,) = job("job", "kill", "2", "--json").rows()
    assert killed["state"] == "killed by you" and "before it started" in killed["evidence"]
    (new,) = job("job", "restart", "1", "--json").rows()
    assert (new["job"], new["state"], new["parent"], new["parent_how"]) == (3, "running", 1, "restart")
    old = listed(job)[1]
    assert old["state"] == "killed by you" and old["signal"] == 15 and "sent SIGTERM" in old["evidence"]
    assert not proof.held(str(folder(job, row) / "job.lock"))
    (killed,) = job("job", "kill", "3", "--json").rows()
    assert killed["state"] == "killed by you"
    assert job("job", "kill", "3").status == 1
    (again,) = job("job", "requeue", "2", "--json").rows()
    assert again["job"] == 2, "it never ran, so it is the same job"
    assert job("job", "wait", "2").status == 0
    (again,) = job("job", "requeue", "2", "--json").rows()
    assert (again["job"], again["parent_how"]) == (4, "requeue")
    done = job("job", "clone", "4", "--json", "--set", "x=1", "--wait")
    assert done.rows()[0]["command"] == ["true", "--x=1"] and done.rows()[0]["parent_how"] == "clone"


def test_an_orphan_is_seen_and_can_be_ended_and_the_queue_goes_on(job: Cli) -> None:
    row = run(job, "--", "sleep", "600")
    run(job, "--", "true")
    start = json.loads((folder(job, row) / "start.json").read_text())
    os.kill(start["sup_pid"], signal.SIGKILL)
    until(lambda: listed(job)[1]["state"], lambda state: state == "orphaned")
    assert listed(job)[2]["state"] == "queued", "an orphan keeps its place: it still runs"
    done = job("job", "kill", "1", "--json")
    assert done.status == 0, done.err
    assert done.rows()[0]["state"] == "killed by you" and done.rows()[0]["exit_code"] is None
    assert job("job", "wait", "2").status == 0, "nobody but the one who waits can notice"


def test_where_the_machine_was_started_anew_the_queue_goes_on_when_somebody_looks(job: Cli) -> None:
    row = run(job, "--", "sleep", "600")
    run(job, "--", "true")
    place = folder(job, row)
    start = json.loads((place / "start.json").read_text())
    for pid in (start["sup_pid"], start["pid"]):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not proof.held(str(place / "job.lock")) and not proof.held(str(place / "sup.lock")))
    proof.put(str(place), "start.json", {**start, "boot": "another"})
    assert listed(job)[1]["state"] == "lost" and "started anew" in listed(job)[1]["evidence"]
    assert job("job", "wait", "2").status == 0


def test_a_start_that_was_cut_off_is_made_up_for(job: Cli) -> None:
    job("job", "queue", "--pause")
    row = run(job, "--", "echo", "ran")
    place = folder(job, row)
    place.mkdir()
    store = open_store(job.db)
    at = "2026-01-02T03:04:05.000006+00:00"
    store.write_now(lambda db: jobs.observe(db, Observation(1, "queue", at, "starting")))
    store.close()
    os.utime(place, (time.time() - 100, time.time() - 100))
    assert listed(job)[1]["state"] == "lost" and "never ran" in listed(job)[1]["evidence"]
    job("job", "queue", "--resume")
    assert job("job", "wait", "1").status == 0
    assert job("job", "tail", "1").out == "ran\n"


def test_what_it_started_from_is_kept_without_secrets(
    job: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecretvalue")
    monkeypatch.setenv("HF_HOME", "/models")
    work = tmp_path / "work"
    work.mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(work)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    (work / "train.py").write_text("import os\nprint(len(os.environ['OPENAI_API_KEY']))\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    (work / "train.py").write_text("import os\nprint(len(os.environ['OPENAI_API_KEY']), 'sk-verysecretvalue'[:0])\n")
    (work / "new.txt").write_text("x")
    row = run(job, "--wait", "--cwd", str(work), "--env", "A=b", "--", "python", "train.py")
    assert row["state"] == "finished", row
    assert job("job", "tail", "1").out == "18 \n", "the job itself has the secret"
    (shown,) = job("job", "show", "1", "--json", "--diff", "--packages").rows()
    found = shown["captured"]["start"]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert found["git"]["commit"] == head and found["git"]["dirty"] and found["git"]["untracked"] == ["new.txt"]
    assert "+print(len" in found["diff"] and "pytest==" in found["packages"]
    assert found["host"] and found["python"]["version"] and found["env"]["HF_HOME"] == "/models"
    assert shown["set_env"] == {"A": "b"} and shown["cwd"] == str(work)
    assert "uncommitted changes" in job("job", "show", "1").out
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and work not in path.parents]
    assert not [path for path in kept if b"verysecret" in path.read_bytes()]
    done = job("job", "run", "--", "echo", "sk-verysecretvalue")
    assert done.status == 2 and "verysecret" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("run",), ("run", "--cwd", "/no/such/place", "--", "true"), ("run", "--backend", "moon", "--", "true"),
        ("run", "--sweep", "x", "--", "true"), ("run", "--timeout", "soon", "--", "true"),
        ("run", "--after", "99", "--", "true"), ("run", "--env", "MY_TOKEN=abcdefgh", "--", "true"),
        ("show", "99"), ("tail", "99"), ("wait", "99"), ("kill", "99"), ("restart", "99"), ("queue", "--gpus", "0,,1"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_line(job: Cli, words: tuple[str, ...]) -> None:
    done = job("job", *words)
    assert done.status in (1, 2) and done.out == "" and done.err.count("\n") == 1, done
    assert "fault of cockpit" not in done.err and "abcdefgh" not in done.err
    assert listed(job) == {}


def test_a_database_that_cannot_be_written_hides_no_state(job: Cli, tmp_path: Path) -> None:
    gate, command = held_back(tmp_path)
    run(job, "--", *command)
    store = open_store(job.db)
    store.close()
    files = [path for path in tmp_path.iterdir() if path.name.startswith("cockpit.db") and path.is_file()]
    for path in files:
        path.chmod(0o400)
    job.db.parent.chmod(0o755)
    as_nobody = read_only(job, monkey=files)
    gate.write_text("4\n")
    until(lambda: ended_files(job), lambda n: n == 1)
    done = as_nobody("job", "list", "--json")
    assert done.status == 0, done.err
    assert (done.rows()[0]["state"], done.rows()[0]["exit_code"]) == ("failed", 4)
    assert "read-only" in done.err
    assert as_nobody("job", "run", "--", "true").status == 1
    for path in files:
        path.chmod(0o600)
    assert listed(job)[1]["exit_code"] == 4


def read_only(cli: Cli, monkey: list[Path]) -> Callable[..., Any]:
    """Commands that may not write the database: root may always, and is told that it may not."""
    if os.geteuid() != 0:
        return cli
    real = os.access

    def call(*words: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "access", lambda path, mode, **more: Path(path) not in monkey and real(path, mode))
            patch.setattr(os, "supports_effective_ids", set())
            return cli(*words)

    return call


def test_five_hundred_jobs_are_listed_at_once(job: Cli) -> None:
    store = open_store(job.db)
    at = "2026-01-02T03:04:05.000006+00:00"

    def fill(db: Any) -> None:
        project = projects.ensure_project(db, "default")
        for number in range(500):
            new = NewJob(uuid.uuid4().hex[:16], f"job {number}", JobSpec(("true",), "/"), "local")
            made = jobs.add_job(db, project, new)
            jobs.observe(db, Observation(made, "local", at, "running" if number % 10 == 0 else "finished"))

    store.write_now(fill)
    store.close()
    for number in (1, 11):
        row = listed(job)[number]
        assert row["state"] == "unreachable", "its folder is not there"
    before = time.process_time()
    assert len(listed(job)) == 500
    assert time.process_time() - before < 1.0


def test_wait_gives_up_when_told(job: Cli) -> None:
    run(job, "--", "sleep", "600")
    done = job("job", "wait", "1", "--timeout", "0.2s")
    assert done.status == 124 and "goes on" in done.err


def test_a_job_belongs_to_a_project_and_its_queue_to_all(job: Cli) -> None:
    run(job, "--", "sleep", "600")
    row = job("--project", "other", "job", "run", "--json", "--", "true").rows()[0]
    assert (row["project"], row["state"]) == ("other", "queued")
    assert list(listed(job)) == [1] and list(listed(job, "--all")) == [2, 1]
    assert list(listed(job, "--open")) == [1] and listed(job, "--state", "finished") == {}


TRAINING = """
import sys
from cockpit.track import log
for step in range(1, 6):
    log(step=step, max_steps=10, loss=1 / step)
print("half", flush=True)
open(sys.argv[1]).read()
for step in range(6, 11):
    log(step=step, max_steps=10, loss=1 / step if step < 10 else float("nan"), accuracy=0.75)
"""


def test_metrics_and_progress_of_a_script_are_followed_to_its_end(job: Cli, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    first = run(job, "--", sys.executable, "-c", TRAINING, str(gate))["job"]
    until(lambda: listed(job)[first]["metrics"] == {"loss": 0.2})
    row = listed(job)[first]
    assert row["metrics_from"] == "metrics.jsonl"
    assert row["progress"] == {"done": 5, "total": 10, "unit": "step", "share": 0.5, "source": "metrics.jsonl"}
    assert row["eta"]["source"] == "step 5 of 10, metrics.jsonl" and row["eta"]["at"] > row["started"]
    gate.write_text("go")
    until(lambda: listed(job)[first]["state"] == "finished")
    row = listed(job)[first]
    assert row["metrics"] == {"loss": None, "accuracy": 0.75}, (
        "a loss that is no number is not hidden by the one before"
    )
    assert row["progress"]["share"] == 1 and row["eta"] is None
    assert "loss not a number, accuracy 0.75, from metrics.jsonl" in job("job", "show", str(first)).out


def test_a_log_is_read_where_there_is_no_file_of_metrics(job: Cli, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 99}\n')
    told = "step=3 loss=0.5"
    first = run(job, "--", "sh", "-c", f"echo {told}")["job"]
    until(lambda: listed(job)[first]["state"] == "finished")
    assert (listed(job)[first]["metrics"], listed(job)[first]["metrics_from"]) == ({"loss": 0.5}, "the log")
    named = run(job, "--metrics", str(tmp_path / "metrics.jsonl"), "--", "sh", "-c", f"echo {told}")["job"]
    until(lambda: listed(job)[named]["state"] == "finished")
    assert listed(job)[named]["metrics"] == {"loss": 99.0}, "named by its path"


def test_an_expectation_is_the_estimate_until_there_is_progress(job: Cli, tmp_path: Path) -> None:
    gate, command = held_back(tmp_path)
    first = run(job, "--expect", "2h", "--", *command)["job"]
    until(lambda: listed(job)[first]["state"] == "running")
    row = listed(job)[first]
    assert row["eta"]["source"] == "as you expected"
    started, ends = (datetime.fromisoformat(text) for text in (row["started"], row["eta"]["at"]))
    assert (ends - started).total_seconds() == 7200
    gate.write_text("0\n")
    until(lambda: listed(job)[first]["state"] == "finished")
    assert listed(job)[first]["eta"] is None
