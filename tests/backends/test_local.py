"""Local jobs under faults: whatever is killed, reused, full or lying, what is said is what is proved."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.backends import job_proof as proof
from cockpit.backends.capture import network_disk
from cockpit.backends.local import SUPERVISOR, LocalBackend, look
from cockpit.core.errors import JobError
from cockpit.core.jobs import Handle, Observation
from tests.backends.contract import Contract, Place
from tests.backends.jobs import end_everything, handle_of, log_of, python, record, until, when

backend = LocalBackend()
do = asyncio.run
Make = Callable[..., Handle]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    folder = tmp_path / "jobs"
    folder.mkdir()
    yield lambda *argv, **spec: handle_of(folder, *argv, **spec)
    list(end_everything(folder))


@pytest.fixture
def place(make: Make) -> Place:
    return LocalBackend(), make


class TestContract(Contract):
    pass


def started(make: Make, *argv: str, **spec: object) -> Handle:
    job = make(*argv, **spec)
    do(backend.submit(job))
    return job


def ends(job: Handle) -> Observation:
    return until(
        lambda: look(job), lambda seen: seen.state not in ("starting", "running", "orphaned", "ending", "paused")
    )


def kill_supervisor(job: Handle) -> None:
    pid = record(job, "start")["sup_pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not proof.held(f"{job.folder}/sup.lock"))


# --- the fault table ---


def test_a_job_that_is_killed_from_outside(make: Make) -> None:
    job = started(make, "sleep", "600")
    os.kill(record(job, "start")["pid"], signal.SIGKILL)
    seen = ends(job)
    assert (seen.state, seen.signal, seen.exit_code) == ("killed", 9, None)
    assert "not sent from here" in seen.evidence and "memory" in seen.evidence and "proof" not in seen.evidence


def test_a_killed_supervisor_leaves_an_orphan_and_then_a_lost_job(make: Make, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    job = started(make, "sh", "-c", f"read line < {gate}; exit 0")
    kill_supervisor(job)
    seen = look(job)
    assert seen.state == "orphaned" and "exit code cannot be learned" in seen.evidence
    gate.write_text("go\n")
    seen = ends(job)
    assert (seen.state, seen.exit_code) == ("lost", None) and "not known" in seen.evidence


def test_what_a_job_leaves_running_is_said(make: Make) -> None:
    code = "import os, subprocess, time\nif os.fork() == 0:\n os.setsid()\n time.sleep(600)\n"
    job = started(make, *python(code))
    seen = ends(job)
    assert seen.state == "finished" and seen.detail["remains"] and "still runs" in seen.evidence
    for pid in proof.holders(f"{job.folder}/job.lock"):
        os.kill(pid, signal.SIGKILL)
    seen = until(lambda: look(job), lambda seen: not seen.detail["remains"])
    assert seen.state == "finished" and "still runs" not in seen.evidence


def test_a_command_that_is_not_there(make: Make) -> None:
    job = started(make, "no-such-command")
    seen = ends(job)
    assert (seen.state, seen.exit_code) == ("failed", 127)
    assert "no-such-command: No such file or directory" in seen.evidence
    assert b"no-such-command" in log_of(job)


@pytest.mark.tmux
def test_a_job_outlives_the_tmux_server_it_was_started_in(make: Make, tmp_path: Path) -> None:
    if not shutil.which("tmux"):
        pytest.skip("NO TMUX: that a job outlives its server is not tested")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    job = make("sh", "-c", f"read line < {gate}; exit 5")
    code = f"""import asyncio, sys
sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from cockpit.backends.local import LocalBackend
from cockpit.core.jobs import Handle, JobSpec
spec = JobSpec({job.spec.argv!r}, {job.spec.cwd!r})
asyncio.run(LocalBackend().submit(Handle(1, "u", "n", spec, {job.folder!r}, env={{"PATH": "/usr/bin:/bin"}})))
import time; time.sleep(600)"""
    tmux = ["tmux", "-S", str(tmp_path / "socket")]
    subprocess.run([*tmux, "new-session", "-d", sys.executable, "-c", code], check=True, timeout=30)
    until(lambda: look(job), when("running"))
    subprocess.run([*tmux, "kill-server"], check=True, timeout=30)
    until(lambda: subprocess.run([*tmux, "ls"], capture_output=True, check=False).returncode)
    assert look(job).state == "running"
    gate.write_text("go\n")
    seen = ends(job)
    assert (seen.state, seen.exit_code) == ("failed", 5)


def test_the_end_of_the_program_that_started_it_is_nothing_to_it(make: Make) -> None:
    job = make("sh", "-c", "sleep 0.3; exit 6")
    pid = os.fork()
    if pid == 0:
        backend._submit(job)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert look(job).state in ("running", "failed")
    assert ends(job).exit_code == 6


@pytest.fixture
def small_memory() -> Iterator[Path]:
    """A memory group of 32 MB, where this user may make one."""
    name = f"cockpit-test-{os.getpid()}"
    root = Path("/sys/fs/cgroup")
    old, new = root / "memory" / name, root / name
    try:
        if (root / "memory").is_dir():
            old.mkdir()
            (old / "memory.limit_in_bytes").write_text(str(32 << 20))
            group = old
        else:
            new.mkdir()
            (new / "memory.max").write_text(str(32 << 20))
            (new / "memory.swap.max").write_text("0")
            group = new
    except OSError as error:
        for made in (old, new):
            if made.is_dir():
                made.rmdir()
        pytest.skip(f"NO MEMORY GROUPS HERE: that lack of memory is proved is not tested with the kernel ({error})")
    yield group
    until(lambda: not (group / "cgroup.procs").read_text().strip())
    group.rmdir()


def test_lack_of_memory_is_proved_by_the_kernels_count(make: Make, small_memory: Path) -> None:
    code = f"open('{small_memory}/cgroup.procs', 'w').write('0')\nx = bytearray(200 << 20)\nprint(len(x))"
    job = started(make, *python(code))
    seen = ends(job)
    assert seen.state == "out of memory", seen
    assert seen.signal == 9 and "proof" in seen.evidence


# --- identities and clocks ---


def test_a_new_start_of_the_machine_means_it_is_gone(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(make, "sleep", "600")
    assert look(job).state == "running"
    for name in ("sup.lock", "job.lock"):  # After a power cut nobody holds them.
        Path(job.folder, name).replace(Path(job.folder, f"was-{name}"))
    monkeypatch.setattr(proof, "boot_id", lambda: "another")
    seen = look(job)
    assert seen.state == "lost" and "started anew" in seen.evidence and seen.exit_code is None
    with pytest.raises(JobError, match="lost"):
        do(backend.kill(job, 1.0))
    assert record(job, "start")["pid"] and os.kill(record(job, "start")["pid"], 0) is None, "nobody was signalled"


def tick() -> str:
    """The start mark of a process that begins now."""
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            return proof.start_mark(process.pid)
        finally:
            process.kill()


def test_a_process_id_that_now_is_somebody_elses(make: Make) -> None:
    job = started(make, "true")
    assert ends(job).state == "finished"
    # The kernel counts starts in hundredths of a second, and no process id comes back within one: so the stranger
    # begins in a later one than the job did.
    marks = {record(job, "start")["mark"], record(job, "start")["sup_mark"]}
    until(lambda: tick() not in marks)
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        start = {**record(job, "start"), "pid": other.pid, "sup_pid": other.pid}
        proof.put(job.folder, "start.json", start)
        Path(job.folder, "exit.json").unlink()
        # The supervisor lets go of its locks a moment after the exit record is there.
        until(lambda: look(job).state == "lost")
        with pytest.raises(JobError):
            do(backend.kill(job, 0.1))
        with pytest.raises(JobError):
            do(backend.pause(job))
        assert other.poll() is None, "a stranger was signalled"
    finally:
        other.kill()
        other.wait()


def test_a_job_that_closes_every_descriptor_still_runs(make: Make) -> None:
    job = started(make, *python("import os, time\nos.closerange(3, 300)\nprint('closed')\ntime.sleep(600)"))
    until(lambda: b"closed" in log_of(job))
    assert look(job).state == "running"
    kill_supervisor(job)
    assert look(job).state == "orphaned"
    do(backend.kill(job, 2.0))
    seen = ends(job)
    assert seen.state == "killed by you"


def test_a_clock_that_is_moved_changes_no_length_of_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(make, "sh", "-c", "echo hello; sleep 600")
    until(lambda: log_of(job))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3 * 3600)
    seen = look(job)
    assert seen.state == "running" and (seen.elapsed_s or 0) < 60 and seen.detail["quiet_s"] < 60
    monkeypatch.setattr(time, "time", lambda: real() - 3 * 3600)
    seen = look(job)
    assert seen.state == "running" and 0 <= (seen.elapsed_s or 0) < 60 and seen.detail["quiet_s"] < 60


# --- ending ---


def test_the_whole_group_is_ended_politely(make: Make) -> None:
    child = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"
    code = f"trap 'echo saved; exit 0' TERM; ({child}) & wait"
    job = started(make, "sh", "-c", code)
    until(lambda: b"up" in log_of(job))
    do(backend.kill(job, 20.0))
    seen = ends(job)
    assert (seen.state, seen.exit_code) == ("killed by you", 0) and seen.evidence.endswith(
        "sent SIGTERM, and ended with exit code 0"
    )
    assert b"saved" in log_of(job)
    assert not proof.holders(f"{job.folder}/job.lock"), "a child was left"


def test_who_does_not_listen_is_killed_with_what_hides_elsewhere(make: Make) -> None:
    code = """import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print("up", flush=True)
time.sleep(600)"""
    job = started(make, *python(code))
    until(lambda: log_of(job).count(b"up") == 2)
    do(backend.kill(job, 0.2))
    seen = ends(job)
    assert (seen.state, seen.signal) == ("killed by you", 9) and "SIGTERM and SIGKILL" in seen.evidence
    assert not proof.held(f"{job.folder}/job.lock") and not seen.detail["remains"]


def test_its_time_limit(make: Make) -> None:
    job = started(make, "sleep", "600", timeout_s=0.2)
    seen = ends(job)
    assert (seen.state, seen.signal) == ("timed out", 15) and "time limit" in seen.evidence


def test_pausing_stops_it_and_its_time_limit(make: Make) -> None:
    job = started(make, *python("import time\nfor i in range(10**6): print(i); time.sleep(0.01)"), timeout_s=600)
    until(lambda: log_of(job))
    do(backend.pause(job))
    seen = look(job)
    assert seen.state == "paused" and "paused by you" in seen.evidence
    size = len(log_of(job))
    time.sleep(0.1)
    assert len(log_of(job)) == size
    do(backend.resume(job))
    until(lambda: len(log_of(job)) > size)
    assert look(job).state == "running"
    do(backend.pause(job))
    do(backend.kill(job, 5.0))
    seen = ends(job)
    assert (seen.state, seen.signal) == ("killed by you", 15), "a paused job gets the polite signal too"
    assert seen.detail["paused_s"] > 0


def test_a_paused_job_does_not_time_out(make: Make) -> None:
    job = started(make, "sleep", "600", timeout_s=1.0)
    do(backend.pause(job))
    time.sleep(1.5)
    assert look(job).state == "paused"
    do(backend.resume(job))
    assert ends(job).state == "timed out"


# --- disks and output ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = tmp_path / "small"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(mounted)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"NO SMALL DISK CAN BE MOUNTED HERE: a full disk is not tested ({done.stderr.decode().strip()})")
    yield mounted
    until(lambda: subprocess.run(["umount", str(mounted)], capture_output=True, check=False).returncode == 0)


def test_a_disk_that_fills_up_loses_no_exit_code(small_disk: Path) -> None:
    code = """import os, sys
try:
    while True: os.write(1, b"x" * 4096)
except OSError as error:
    sys.exit(42 if error.errno == 28 else 1)"""
    job = handle_of(small_disk, *python(code))
    do(backend.submit(job))
    seen = ends(job)
    assert (seen.state, seen.exit_code) == ("failed", 42)
    usage = shutil.disk_usage(small_disk)
    assert usage.free == 0, "the disk was full when the end was written"


def test_on_a_full_disk_nothing_starts_and_it_is_said(small_disk: Path) -> None:
    job = handle_of(small_disk, "sh", "-c", "echo ran > /proc/self/cwd/ran")
    with (small_disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(JobError, match="No space left"):
        do(backend.submit(job))
    assert not (small_disk / "ran").exists()
    (small_disk / "filler").unlink()
    do(backend.submit(job))
    assert ends(job).state == "finished", "it can be started once there is room"


def test_a_hundred_megabytes_a_second_of_log(make: Make) -> None:
    megabytes = 300
    code = f"import os\nline = (b'x' * 127 + b'\\n') * 8192\nfor _ in range({megabytes}): os.write(1, line)"
    before = time.monotonic()
    job = started(make, *python(code))
    seen = ends(job)
    took = time.monotonic() - before
    assert seen.state == "finished" and seen.detail["log_bytes"] == megabytes * (1 << 20)
    assert seen.detail["cpu_s"] < took + 5, "the output goes to the file itself; nobody copies it"
    log = backend.logs(job)
    assert (do(log.read(megabytes * (1 << 20) - 128, 1000))) == b"x" * 127 + b"\n"


def test_output_is_kept_byte_by_byte(make: Make) -> None:
    wild = bytes(range(256)) * 4 + b"\x1b]0;owned\x07\x1b[2J\xff\xfe\n"
    job = started(make, *python(f"import os; os.write(1, {wild!r}); os.write(2, b'end')"))
    assert ends(job).state == "finished"
    assert log_of(job) == wild + b"end"


def test_the_last_error_proves_lack_of_memory_only_where_it_is_the_last(make: Make) -> None:
    line = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"
    say = f"import sys; sys.stderr.write('{line}\\n{{}}'); sys.exit(1)"
    job = started(make, *python(say.format("")))
    seen = ends(job)
    assert seen.state == "out of memory" and "CUDA out of memory" in seen.evidence
    survived = "smaller batch\\n" * 20 + "ValueError: bad label\\n"
    job = started(make, *python(say.format(survived)))
    assert ends(job).state == "failed"


# --- starting ---


def test_the_start_is_on_the_disk_before_the_command_runs(make: Make) -> None:
    job = make("sh", "-c", 'test -s "$COCKPIT_JOB_DIR/start.json" && echo "$COCKPIT_JOB $PYTHONUNBUFFERED"', env={})
    do(backend.submit(job))
    assert ends(job).state == "finished" and log_of(job) == b"1 1\n"
    start = record(job, "start")
    assert start["mark"] and start["boot"] and start["host"] == os.uname().nodename


def test_secrets_are_passed_on_and_never_stored(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecretvalue")
    job = make("sh", "-c", "echo ${#HF_TOKEN} $PLAIN", env={"PLAIN": "seen"}, env_from=("HF_TOKEN", "GONE_KEY"))
    do(backend.submit(job))
    seen = ends(job)
    assert log_of(job) == b"18 seen\n" and seen.detail["env_missing"] == ["GONE_KEY"]
    for path in Path(job.folder).iterdir():
        assert b"verysecret" not in path.read_bytes(), path


def test_gpus_and_directory(make: Make, tmp_path: Path) -> None:
    job = started(make, "sh", "-c", "echo $CUDA_VISIBLE_DEVICES; pwd", gpu_ids=("1", "3"), cwd=str(tmp_path))
    ends(job)
    assert log_of(job) == f"1,3\n{tmp_path}\n".encode()
    job = started(make, "true", cwd=str(tmp_path / "nowhere"))
    seen = ends(job)
    assert seen.state == "failed" and "nowhere" in seen.evidence


def test_a_supervisor_that_dies_before_the_command_leaves_a_proof_that_it_never_ran(make: Make) -> None:
    job = make("sh", "-c", "echo ran")
    proof.put(job.folder, "spec.json", {"argv": ["true"]})
    assert look(job).state == "starting", "somebody may be starting it"
    os.utime(job.folder, (time.time() - 100, time.time() - 100))
    seen = look(job)
    assert (seen.state, seen.raw) == ("lost", "never started") and "never ran" in seen.evidence
    do(backend.submit(job))
    assert ends(job).state == "finished"


def test_what_follows_runs_after_the_record_is_written(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "after"
    job = make("true", then=(("sh", "-c", f"cat {tmp_path}/jobs/*/exit.json > {out}"),))
    do(backend.submit(job))
    ends(job)
    until(lambda: out.exists() and out.stat().st_size)
    assert json.loads(out.read_text())["exit_code"] == 0


def test_two_at_once_start_one(make: Make) -> None:
    job = make("sh", "-c", "echo once; sleep 0.2")
    proof.put(job.folder, "spec.json", {"argv": list(job.spec.argv), "cwd": "/", "env": {"PATH": os.environ["PATH"]}})
    read_end, write_end = os.pipe()
    command = [sys.executable, "-I", "-S", str(SUPERVISOR), job.folder, str(write_end)]
    children = [subprocess.Popen(command, pass_fds=[write_end], start_new_session=True) for _ in range(4)]
    os.close(write_end)
    for child in children:
        child.wait()
    answers = b""
    while part := os.read(read_end, 65536):
        answers += part
    os.close(read_end)
    assert answers.count(b'"error"') == 3 and ends(job).state == "finished"
    assert log_of(job) == b"once\n"


def test_looking_is_cheap(make: Make) -> None:
    job = started(make, "sleep", "600")
    before = time.process_time()
    for _ in range(500):
        look(job)
    assert time.process_time() - before < 0.5, "500 running jobs are looked at in half a second"


def test_a_network_disk_is_told() -> None:
    lines = (
        "1 0 8:1 / / rw - ext4 /a rw",
        "2 1 0:1 / /home rw - nfs4 h:/home rw",
        "3 2 0:2 / /home/me/ssd rw - xfs /b rw",
    )
    mounts = "\n".join(lines)
    kinds = [network_disk(Path(path), mounts) for path in ("/tmp/x", "/home/you", "/home/me/ssd/jobs", "/homes")]
    assert kinds == ["", "nfs4", "", ""]


def test_folders_that_are_gone_or_unreadable_say_so(make: Make) -> None:
    job = started(make, "true")
    ends(job)
    shutil.rmtree(job.folder)
    seen = look(job)
    assert seen.state == "unreachable" and "not there" in seen.evidence


def test_what_ends_other_programs_does_not_end_a_supervisor(make: Make) -> None:
    job = started(make, "sh", "-c", "sleep 0.5; exit 4")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        os.kill(record(job, "start")["sup_pid"], number)
    assert look(job).state == "running"
    assert ends(job).exit_code == 4


def test_requests_made_before_the_start_are_obeyed(make: Make) -> None:
    job = make("sleep", "600")
    proof.put(job.folder, "kill.json", {"at": time.time(), "grace_s": 1.0})
    do(backend.submit(job))
    assert ends(job).state == "killed by you"
