"""Jobs in the core: what facts mean, the fold over observations, the queue's choice, sweeps, secrets, words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import job_env
from cockpit.core.errors import InputError
from cockpit.core.job_evidence import Facts, oom_line, read
from cockpit.core.job_queue import QueueLimit, Taken, Waiting, between, decide
from cockpit.core.job_state import KILL_ASKED, REQUEUED, Standing, fold
from cockpit.core.job_sweep import grid, substitute
from cockpit.core.job_words import parse_span, shown, size, span
from cockpit.core.jobs import CERTAIN, After, JobSpec, Observation, State

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
START = {"pid": 7, "mark": "1", "sup_pid": 6, "boot": "b", "host": "here", "started": 1000.0, "clock": 50.0}
EXIT: dict[str, Any] = {
    "exit_code": 0, "signal": None, "ended": 1060.0, "elapsed_s": 60.0, "why": "", "sent": [], "failed": "",
    "max_rss_kb": 2048, "oom_group": None, "oom_kernel": "",
}  # fmt: skip
RUNNING = Facts(1100.0, 150.0, "b", "here", start=START, sup_lock=True, job_lock=True, alive=True)


def seen(state: State | None, at: datetime = NOW, source: str = "local", **more: Any) -> Observation:
    return Observation(1, source, at.isoformat(), state, **more)


def ended(**record: Any) -> Observation:
    return read(1, Facts(1100.0, 150.0, "b", "here", start=START, exit={**EXIT, **record}, tail=record.pop("tail", "")))


# --- what facts mean ---


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "running"),
        ({"sup_lock": False}, "orphaned"),
        ({"sup_lock": False, "job_lock": False}, "orphaned"),
        ({"sup_lock": False, "job_lock": False, "alive": False}, "lost"),
        ({"job_lock": False, "alive": False}, "ending"),
        ({"job_lock": False}, "running"),
        ({"boot": "c", "sup_lock": False, "job_lock": False, "alive": False}, "lost"),
        ({"boot": "c", "host": "there", "sup_lock": False, "job_lock": False, "alive": False}, "unreachable"),
        ({"trouble": "the disk is gone"}, "unreachable"),
        ({"start": None, "alive": False, "job_lock": False}, "starting"),
        ({"start": None, "alive": False, "job_lock": False, "sup_lock": False, "age_s": 1.0}, "starting"),
        ({"start": None, "alive": False, "job_lock": False, "sup_lock": False, "age_s": 99.0}, "lost"),
        ({"held": {"paused": True, "at": 1050.0}}, "paused"),
        ({"kill": {"at": 1050.0}}, "running"),
        ({"kill": {"at": 1050.0}, "sup_lock": False, "job_lock": False, "alive": False}, "killed by you"),
    ],
)
def test_what_is_found_without_an_exit_record(facts: dict[str, Any], state: str) -> None:
    found = read(1, replace(RUNNING, **facts))
    assert found.state == state and found.evidence and found.exit_code is None and found.ended is None


def test_without_an_exit_record_no_exit_code_is_ever_claimed() -> None:
    for sup in (False, True):
        for job in (False, True):
            found = read(1, replace(RUNNING, sup_lock=sup, job_lock=job, alive=False))
            assert found.state not in ("finished", "failed", "killed", "out of memory", "timed out")


def test_a_record_says_how_it_ended() -> None:
    assert (ended().state, ended().exit_code, ended().elapsed_s) == ("finished", 0, 60.0)
    assert ended(exit_code=3).state == "failed"
    assert ended(exit_code=None, signal=11).state == "killed" and "SIGSEGV" in ended(exit_code=None, signal=11).evidence
    assert ended(why="killed", sent=["SIGTERM", "SIGCONT"], exit_code=1).state == "killed by you"
    assert ended(why="timeout", sent=["SIGTERM", "SIGKILL"], exit_code=None, signal=9).state == "timed out"
    assert "could not be started: x" in ended(failed="x", exit_code=127).evidence


def test_lack_of_memory_needs_a_proof() -> None:
    killed = {"exit_code": None, "signal": 9}
    assert ended(**killed).state == "killed" and "not known" in ended(**killed).evidence
    group = {"group": "/g", "before": 0, "after": 1}
    assert ended(**killed, oom_group=group).state == "out of memory"
    assert ended(exit_code=137, oom_group=group).state == "out of memory"
    assert ended(exit_code=137).state == "failed"
    assert ended(exit_code=1, oom_group=group).state == "failed", "another process of its group was killed"
    assert "lack of memory" in ended(exit_code=1, oom_group=group).evidence
    assert ended(**killed, oom_kernel="Killed process 7").state == "out of memory"
    assert ended(why="killed", sent=["SIGKILL"], oom_group=group, **killed).state == "killed by you"
    assert oom_line("MemoryError\n") and oom_line("x\nCUDA out of memory. Tried\n\n") and not oom_line("")
    assert not oom_line("CUDA out of memory\na\nb\nc\n"), "it was survived"


def test_a_moved_clock_is_said_and_bends_no_length() -> None:
    found = ended(ended=1060.0 + 7200)
    assert found.elapsed_s == 60.0 and "set forward by 2 h" in found.evidence
    assert "set back by 16 min" in ended(ended=100.0).evidence
    back = read(1, replace(RUNNING, wall=1100.0 - 7200, log_at=1090.0, log_bytes=1))
    assert back.elapsed_s == 100.0 and back.detail["quiet_s"] == 0
    forward = read(1, replace(RUNNING, wall=1100.0 + 7200, log_at=1090.0, log_bytes=1))
    assert forward.detail["quiet_s"] == 10.0, "the shorter of what may be true"


# --- the fold ---


def test_no_observation_is_a_job_that_waits() -> None:
    assert fold([], NOW).state == "queued"


@given(st.lists(st.sampled_from(["running", "lost", "unreachable", "finished", "orphaned", "failed"]), max_size=6))
def test_a_certain_end_is_final(states: list[State]) -> None:
    found = fold([seen(state) for state in states], NOW).state
    certain = [state for state in states if state in CERTAIN]
    assert found == (certain[0] if certain else states[-1] if states else "queued")


def test_lost_and_unreachable_give_way_to_what_is_learned() -> None:
    assert fold([seen("lost"), seen("finished", exit_code=0)], NOW).exit_code == 0
    early = NOW - timedelta(minutes=2)
    found = fold([seen("running", early), seen("unreachable", evidence="no route")], NOW)
    assert (found.state, found.before, found.heard_s) == ("unreachable", "running", 120.0)
    assert shown(found) == "unreachable (last heard 2 min ago)"


def test_what_you_ended_and_nobody_saw_end_was_killed_by_you() -> None:
    found = fold([seen("orphaned"), seen(None, source="you", raw=KILL_ASKED), seen("lost", evidence="gone")], NOW)
    assert found.state == "killed by you" and "not known" in found.evidence
    assert fold([seen(None, source="you", raw=KILL_ASKED), seen("finished")], NOW).state == "finished"


def test_requeued_begins_again() -> None:
    items = [seen("killed by you"), seen("queued", raw=REQUEUED), seen("running")]
    assert [fold(items[:n], NOW).state for n in (1, 2, 3)] == ["killed by you", "queued", "running"]


def test_quiet_is_relative_to_what_is_usual_and_never_crashed() -> None:
    items = [seen("running", NOW - timedelta(minutes=1), detail={"quiet_s": 780.0}, evidence="there", elapsed_s=800.0)]
    found = fold(items, NOW)
    assert shown(found) == "quiet for 14 min" and found.elapsed_s == 860.0 and "14 min" in found.evidence
    assert fold(items, NOW, usual_gap_s=300.0).state == "running", "ten of its gaps are 50 minutes"
    assert fold([seen("running", detail={"quiet_s": 20.0})], NOW).state == "running"


# --- the queue ---


def waiting(*jobs: int, **more: Any) -> list[Waiting]:
    return [Waiting(job, "q", **more) for job in jobs]


def test_a_queue_runs_as_many_as_it_may_in_order() -> None:
    found = decide(waiting(5, 3, 9), [Taken(1, "q")], {}, {"q": QueueLimit(2)}, ())
    assert list(found.start) == [5] and list(found.wait) == [3, 9] and "2 at a time" in found.wait[3]
    assert not decide(waiting(5), [], {}, {"q": QueueLimit(2, paused=True)}, ()).start
    assert list(decide(waiting(5, 3), [Taken(1, "other")], {}, {}, ()).start) == [5]


def test_gpus_are_each_given_once_and_nobody_starves() -> None:
    limits = {"q": QueueLimit(10)}
    jobs = [Waiting(1, "q", 1), Waiting(2, "q", 3), Waiting(3, "q", 1), Waiting(4, "q", 0)]
    found = decide(jobs, [Taken(9, "other", ("0",))], {}, limits, ("0", "1", "2"))
    assert found.start == {1: ("1",), 4: ()}, "a job without GPUs goes on, one with GPUs does not overtake"
    assert "needs 3 GPUs, 1 of 3 free" in found.wait[2] and "job 2 is before it" in found.wait[3]


@pytest.mark.parametrize(
    ("state", "anyhow", "verdict"),
    [
        ("finished", False, "start"), ("failed", False, "skip"), ("failed", True, "start"), ("running", True, "wait"),
        ("lost", False, "skip"), ("lost", True, "start"), ("unreachable", False, "wait"), ("queued", False, "wait"),
        ("orphaned", True, "wait"), ("skipped", False, "skip"),
    ],
)  # fmt: skip
def test_dependencies(state: State, anyhow: bool, verdict: str) -> None:
    found = decide([Waiting(2, "q", after=(After(1, anyhow),))], [], {1: state}, {}, ())
    assert 2 in getattr(found, verdict)


def test_what_depends_on_the_skipped_is_skipped_with_it() -> None:
    jobs = [Waiting(2, "q", after=(After(1),)), Waiting(3, "q", after=(After(2),))]
    assert list(decide(jobs, [], {1: "failed", 2: "queued"}, {}, ()).skip) == [2, 3]


@given(st.lists(st.integers(0, 50), max_size=30))
def test_places_keep_the_order_that_was_asked_for(indexes: list[int]) -> None:
    order: list[tuple[float, int]] = []
    expected: list[int] = []
    for number, index in enumerate(indexes):
        order.append((between([place for place, _ in order], index), number))
        order.sort()
        expected.insert(min(index, len(expected)), number)
    assert [number for _, number in order] == expected


# --- sweeps ---


def test_a_grid_turns_the_last_name_fastest() -> None:
    found = grid(["lr=1e-5,3e-5", "seed=1,2"])
    assert [(v["lr"], v["seed"]) for v in found] == [("1e-5", "1"), ("1e-5", "2"), ("3e-5", "1"), ("3e-5", "2")]
    assert grid([]) == [{}] and grid([r"layers=1\,2,3"]) == [{"layers": "1,2"}, {"layers": "3"}]


@pytest.mark.parametrize("text", ["lr", "lr=", "lr=1,,2", "=1", "1x=2", "lr=1,1"])
def test_what_is_no_sweep(text: str) -> None:
    with pytest.raises(InputError):
        grid([text])
    with pytest.raises(InputError):
        grid(["lr=1", "lr=2"])


def test_a_value_goes_where_it_belongs() -> None:
    put = {"lr": "3"}
    assert substitute(["a", "x{lr}y"], put) == ("a", "x3y")
    assert substitute(["a", "--lr", "1", "b"], put) == ("a", "--lr", "3", "b")
    assert substitute(["a", "--lr=1"], put) == ("a", "--lr=3")
    assert substitute(["a", "lr=1"], put) == ("a", "lr=3")
    assert substitute(["a", "b"], put) == ("a", "b", "--lr=3")
    assert substitute(["a", "--batch-size", "8"], {"batch_size": "16"}) == ("a", "--batch-size", "16")
    assert substitute(["sh", "-c", "run {lr}"], put) == ("sh", "-c", "run 3")
    with pytest.raises(InputError):
        substitute(["sh", "-c", "run"], put)


# --- the environment ---

SECRETS = {
    "OPENAI_API_KEY": "sk-abcdefghijkl", "HF_TOKEN": "x", "DB_URL": "postgres://me:pw@host/db",
    "AWS_SECRET_ACCESS_KEY": "abc", "SOMETHING": "sk-ant-REDACTED", "wandb_api_key": "k", "GH_PAT": "1",
    "MY_PASSWORD": "hunter2", "OPAQUE": "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE",
}  # fmt: skip
PLAIN = {"PATH": "/bin", "LANG": "C", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": "0", "KEYBOARD": "us",
         "PYTHONPATH": "/a:/b", "COMMIT": "0123456789abcdef0123456789abcdef01234567"}  # fmt: skip


def test_no_secret_is_kept() -> None:
    kept, names = job_env.split({**SECRETS, **PLAIN, "PWD": "/x", "COCKPIT_JOB": "1"})
    assert kept == PLAIN and set(names) == set(SECRETS)
    assert set(job_env.relevant({**SECRETS, **PLAIN})) <= set(PLAIN)


def test_a_secret_in_a_command_or_setting_is_refused_without_repeating_it() -> None:
    with pytest.raises(InputError) as caught:
        job_env.refuse_secrets(["run", "--key=sk-abcdefghijkl"], SECRETS)
    assert "sk-abc" not in caught.value.sentence() and "OPENAI_API_KEY" in caught.value.message
    with pytest.raises(InputError) as caught:
        job_env.given(["NEW_TOKEN=abcdef"], {})
    assert "abcdef" not in caught.value.sentence()
    assert job_env.given(["A=1", "B="], {}) == {"A": "1", "B": ""}
    for text in ("A", "=1", "1A=2"):
        with pytest.raises(InputError):
            job_env.given([text], {})
    assert job_env.scrub("diff with sk-abcdefghijkl", SECRETS) == "diff with $OPENAI_API_KEY"


# --- values and words ---


def test_a_spec_survives_json() -> None:
    spec = JobSpec(("a", "\udcff"), "/x", {"K": "V"}, 2, 3.0, 4.0, 5.0, "m.jsonl", {"partition": "p"})
    assert JobSpec.from_json(spec.to_json()) == spec
    assert JobSpec.from_json({**spec.to_json(), "of a later version": 1}) == spec


def test_words() -> None:
    assert [span(s) for s in (0, 59, 60, 3599, 7500, 200_000)] == [
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "2 h 05 min",
        "2 d 7 h",
    ]
    assert [parse_span(t) for t in ("90", "45s", "15m", "4h", "1h30m", "2d", "1.5 h")] == [
        90,
        45,
        900,
        14400,
        5400,
        172800,
        5400,
    ]
    for text in ("", "x", "4y", "-1", "0", "h", "1h-3", "nan", "inf", "1e400"):
        with pytest.raises(ValueError):
            parse_span(text)
    assert [size(n) for n in (0, 999, 1500, 31e9)] == ["0 B", "999 B", "1.5 kB", "31.0 GB"]
    assert shown(Standing("failed", 3)) == "failed (3)" and shown(Standing("killed", signal=9)) == "killed (SIGKILL)"
