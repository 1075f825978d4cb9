"""Rules about jobs: chance, turns, what differs, how busy, what is late, what is told in the morning."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.core.chance import chance
from cockpit.core.curve_turn import turn
from cockpit.core.job_busy import Worked, busy, gap_words, header_words
from cockpit.core.job_compare import Side, compare, flags, markdown
from cockpit.core.job_deadline import late, shorter
from cockpit.core.job_digest import Told, digest, digest_lines
from cockpit.core.job_pace import usual_gap
from cockpit.core.log_errors import find_errors, said_by
from cockpit.core.log_text import pieces, plain, plain_lines
from cockpit.core.metric_families import better, families, family_of, is_held_out
from cockpit.core.metric_points import Point

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


# --- chance: figures of the note on fine-tuning metrics ---


@pytest.mark.parametrize(("k", "loss"), [(2, 0.6931), (3, 1.0986), (4, 1.3863), (5, 1.6094), (10, 2.3026)])
def test_chance_over_the_label_alone_is_ln_k(k: int, loss: float) -> None:
    found = chance(k)
    assert (round(found.loss, 4), found.accuracy) == (loss, 1 / k)


@pytest.mark.parametrize(("k", "loss"), [(2, 0.2310), (3, 0.3662), (5, 0.5365), (6, 0.5973)])
def test_openais_loss_averages_over_two_hidden_tokens(k: int, loss: float) -> None:
    found = chance(k, "openai")
    assert round(found.loss, 4) == loss
    assert found.accuracy == pytest.approx(2 / 3 + 1 / (3 * k))


def test_unequal_labels_are_guessed_by_their_shares() -> None:
    found = chance(2, shares=(0.9, 0.1))
    assert found.loss == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert found.accuracy == 0.9
    with pytest.raises(ValueError, match="add up"):
        chance(2, shares=(0.5, 0.6))
    with pytest.raises(ValueError, match="nothing to guess"):
        chance(1)


# --- where the test loss turns up ---


def wave(least: int, n: int, noise: float, seed: int = 1) -> tuple[list[float], list[float]]:
    rng = random.Random(seed)
    steps = [float(at) for at in range(n)]
    return steps, [1 + ((at - least) / n) ** 2 * 4 + rng.gauss(0, noise) for at in range(n)]


def test_a_turn_is_found_near_its_place_and_says_what_accuracy_does() -> None:
    steps, values = wave(40, 100, 0.01)
    rising = [0.5 + at / 400 for at in range(100)]
    found = turn((steps, values), (steps, rising))
    assert found is not None
    assert abs(found.step - 40) < 8
    assert found.words() == "test loss up, accuracy still rises"
    falling = turn((steps, values), (steps, rising[::-1]))
    assert falling is not None and falling.accuracy_rises is False


@pytest.mark.parametrize("seed", range(20))
def test_a_loss_that_falls_or_only_wobbles_has_no_turn(seed: int) -> None:
    rng = random.Random(seed)
    steps = [float(at) for at in range(100)]
    assert turn((steps, [2 * 0.97**at + rng.gauss(0, 0.004) for at in range(100)])) is None
    assert turn((steps[:10], [1.0] * 10)) is None


# --- metrics by their names ---


def test_a_quantity_is_one_family_however_it_is_called() -> None:
    assert {family_of(name) for name in ("loss", "eval_loss", "train/loss", "val-loss", "evalLoss")} == {"loss"}
    assert family_of("eval_mean_token_accuracy") == "accuracy"
    assert is_held_out("eval/loss") and not is_held_out("train/loss")
    assert (better("eval_loss"), better("f1"), better("lr")) == ("lower", "higher", None)
    assert list(families(["lr", "grad_norm", "eval_acc", "loss", "eval_loss"])) == [
        "loss", "accuracy", "grad_norm", "lr",
    ]  # fmt: skip


def test_the_usual_gap_is_the_median_and_one_record_says_nothing() -> None:
    points = [Point("loss", 1.0, at, 1_700_000_000 + gap) for at, gap in enumerate((0, 10, 20, 30, 500))]
    assert usual_gap(points) == 10
    assert usual_gap(points[:1], 7.0) == 7.0
    assert usual_gap([Point("loss", 1.0)]) is None


# --- what differs ---


def test_arguments_are_known_by_name_however_they_are_written() -> None:
    assert flags(["python", "t.py", "--lr", "1e-5", "--seed=3", "--fp16", "-n", "-4", "model.size=2", "x"]) == {
        "program": "python", "word 1": "t.py", "lr": "1e-5", "seed": "3", "fp16": "yes", "n": "-4", "model.size": "2",
        "word 2": "x",
    }  # fmt: skip


def test_only_what_differs_is_in_the_table_and_the_best_is_known() -> None:
    sides = [
        Side(
            at, f"j{at}", ["p", "--lr", lr], {"host": "a", "commit": c}, {}, {"loss": (loss, loss - 0.1), "lr": (1, 1)}
        )
        for at, lr, c, loss in ((1, "1", "x", 0.5), (2, "2", "x", 0.4))
    ]
    rows = compare(sides)
    assert [(row.name, row.values, row.best) for row in rows] == [
        ("lr", ("1", "2"), None), ("loss", ("0.5", "0.4"), 1), ("best loss", ("0.4", "0.3"), 1),
        ("lr", ("1", "1"), None),
    ]  # fmt: skip
    assert "| loss | 0.5 | **0.4** |" in markdown(sides, rows)


# --- how busy ---


def test_busy_is_the_share_with_any_job_and_gaps_say_why() -> None:
    def at(hour: float) -> datetime:
        return NOW - timedelta(hours=24 - hour)

    ran = [Worked(at(0), at(6)), Worked(at(5), at(9)), Worked(at(20), at(21)), Worked(at(21), at(22), certain=False)]
    waited = [Worked(at(10), at(20))]
    found = busy(ran, waited, at(0), at(24), parts=24)
    assert found.share == pytest.approx(10 / 24)
    assert found.unknown == pytest.approx(1 / 24)
    assert [gap.why for gap in found.gaps] == ["jobs waited, and none could start", "the queue was empty"]
    assert found.strip[:3] == (1.0, 1.0, 1.0) and found.strip[12] == 0.0
    assert gap_words(found.gaps[1]).endswith(": the queue was empty")
    assert header_words(found) == "▼ busy 42% +? of 24 h"


def test_nothing_ran_and_everything_ran() -> None:
    start = NOW - timedelta(hours=1)
    assert busy([], [], start, NOW).share == 0.0
    assert busy([Worked(start, NOW)], [], start, NOW).gaps == ()


# --- too late ---


def test_past_sixteen_hours_or_past_tomorrow_morning_is_said_with_its_source() -> None:
    assert late(NOW, NOW + timedelta(hours=15), "as you expected") is None
    long = late(NOW, NOW + timedelta(hours=17), "step 1 of 100", argv=["python", "ppo.py", "--epochs", "9"])
    assert long is not None
    assert "(step 1 of 100)" in long.words and "more than 16 h" in long.words
    assert long.shorter[:2] == ("best-of-N before RL", "fewer epochs or steps (--epochs)")
    here = datetime(2026, 11, 24, 20).astimezone()
    morning = late(here, here + timedelta(hours=14), "its time limit")
    assert morning is not None and "tomorrow at 09:00" in morning.words


def test_what_the_command_has_a_place_for_comes_first() -> None:
    found = shorter(["python", "t.py", "--model", "big", "--max-tokens=512"])
    assert found[:2] == ["a smaller model (--model)", "fewer tokens an example (--max-tokens)"]
    assert len(found) == 5


# --- the morning ---


def test_the_digest_puts_one_cause_before_many_looks() -> None:
    ended = (NOW - timedelta(hours=2)).isoformat()
    jobs = [
        Told(1, "a", "failed", "failed (1)", ended, error="CUDA out of memory"),
        Told(2, "b", "failed", "failed (1)", ended, error="CUDA out of memory"),
        Told(3, "c", "failed", "failed (2)", ended, error="no such file"),
        Told(4, "d", "finished", "finished", ended, best={"loss": 0.3}),
        Told(5, "e", "finished", "finished", ended, best={"loss": 0.2}),
        Told(6, "f", "quiet", "quiet for 20 min", evidence="it holds its lock"),
        Told(7, "ancient", "failed", "failed (1)", (NOW - timedelta(days=3)).isoformat()),
        Told(8, "w", "queued", "queued"),
    ]
    found = digest(jobs, (NOW - timedelta(hours=12)).isoformat())
    assert found.first == (
        "2 jobs (1, 2) ended alike: CUDA out of memory",
        "job 3 failed (2): no such file",
        "job 6 is quiet for 20 min: it holds its lock",
        "job 5 e: loss 0.2, the best of 2",
    )
    assert (len(found.badly), len(found.well), len(found.going), found.waiting) == (3, 2, 1, 1)
    assert "ancient" not in "".join(text for text, _ in digest_lines(found))


# --- lines of logs ---


def test_colours_are_kept_as_words_and_nothing_else_of_them() -> None:
    line = (
        b"\x1b[1;31mbad\x1b[0m \x1b[38;5;200mx\x1b[48;2;1;2;3my\x1b[m\x1b]8;;http://evil\x1b\\z\x1b[2K\x1b[10;5Hq\x07\n"
    )
    assert pieces(line) == [
        ("bad", "bold red"), (" ", ""), ("x", "color(200)"), ("y", "color(200) on #010203"), ("z", ""), ("q\x07", ""),
    ]  # fmt: skip
    assert plain(b"\x1b[31") == "" or "\x1b" not in plain(b"\x1b[31")
    assert plain(b"\xff\xfe ok") == "�� ok"


def test_a_line_written_over_shows_its_last_state_with_its_colour() -> None:
    assert pieces(b" 1%\r\x1b[32m 50%\x1b[0m\r\n") == [(" 50%", "green")]
    assert plain_lines(b"a\n b\rc\n\n") == ["a", "c", ""]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"Traceback (most recent call last):", "a Python traceback"),
        (b"\x1b[31mRuntimeError: CUDA error: device-side assert\x1b[0m", "a Python exception"),
        (b"torch.cuda.OutOfMemoryError: CUDA out of memory. Tried", "a Python exception"),
        (b"slurmstepd: error: Exceeded step memory limit", "Slurm"),
        (b"2026-01-01 [ERROR] worker died", "a log's level"),
        (b"bash: train.py: No such file or directory", "a missing thing"),
        (b"step 12 loss=nan", "not a number"),
        (b"Segmentation fault (core dumped)", "a crash"),
        (b"0 errors, mean_error=0.2, KeyErrorRate", ""),
        (b"step 10 error_rate 0.3 loss 0.2", ""),
    ],
)
def test_lines_that_say_that_something_went_wrong(line: bytes, kind: str) -> None:
    assert said_by(line) == kind
    assert bool(find_errors(b"fine\n" + line + b"\nfine\n")) is bool(kind)
