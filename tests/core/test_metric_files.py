"""Metrics files as training jobs leave them: whole, torn, read twice, damaged."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.metric_points import Point, Progress
from cockpit.core.metric_tensorboard import masked_crc, read_events
from cockpit.core.metric_text import read_json_lines, read_log, read_trainer_state
from cockpit.core.metric_wandb import BLOCK, read_wandb


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def event(tag: str, value: float, step: int, time: float) -> bytes:
    scalar = field(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value)
    return varint(1 << 3 | 1) + struct.pack("<d", time) + field(2, step) + field(5, field(1, scalar))


def tensor_event(tag: str, tensor: bytes, step: int) -> bytes:
    return field(2, step) + field(5, field(1, field(1, tag.encode()) + field(8, tensor)))


def record(data: bytes) -> bytes:
    size = struct.pack("<Q", len(data))
    return size + struct.pack("<I", masked_crc(size)) + data + struct.pack("<I", masked_crc(data))


EVENTS = b"".join(record(event("train/loss", 1 / (i + 1), i, 1.78e9 + i)) for i in range(20))


def test_crc_is_the_published_one() -> None:
    # RFC 3720, appendix B.4: CRC-32C of 32 zero bytes is 0x8a9136aa; TFRecord turns and shifts it.
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_events_become_points_with_step_and_time() -> None:
    read = read_events(EVENTS)
    assert len(read.points) == 20
    assert read.points[3] == Point("train/loss", 0.25, 3.0, 1.78e9 + 3)
    assert read.offset == len(EVENTS)


@given(st.lists(st.integers(0, len(EVENTS)), max_size=6))
def test_events_read_in_any_pieces_are_the_same(cuts: list[int]) -> None:
    """A file that grows between readings, torn anywhere, gives each point once."""
    found: list[Point] = []
    offset = 0
    for end in [*sorted(cuts), len(EVENTS)]:
        read = read_events(EVENTS[offset:end] if end > offset else b"", offset)
        found.extend(read.points)
        offset = read.offset
    assert tuple(found) == read_events(EVENTS).points


def test_a_negative_step_and_tensors_of_both_kinds() -> None:
    single = field(1, 1) + field(5, struct.pack("<f", 0.5))
    double = field(1, 2) + field(4, struct.pack("<d", 0.25))
    vector = field(1, 1) + field(2, field(2, field(1, 2))) + field(4, struct.pack("<ff", 1, 2))
    data = record(tensor_event("a", single, -1)) + record(tensor_event("b", double, 2))
    read = read_events(data + record(tensor_event("c", vector, 3)))
    assert read.points == (Point("a", 0.5, -1.0), Point("b", 0.25, 2.0))


def test_a_damaged_length_stops_reading_and_says_where() -> None:
    whole = record(event("x", 1, 1, 0))
    read = read_events(whole + bytes([whole[0] ^ 1]) + whole[1:])
    assert len(read.points) == 1
    assert read.problem == f"the file is damaged at byte {len(whole)}"


def wandb_file(bodies: list[bytes]) -> bytes:
    """Records framed as LevelDB frames them, the first block beginning with the header."""
    out = bytearray(b":W&B\xbe\xe1\x00")
    for body in bodies:
        rest, first = body, True
        while True:
            left = BLOCK - len(out) % BLOCK
            if left < 7:
                out += bytes(left)
                continue
            part, rest = rest[: left - 7], rest[left - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            out += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
            if not rest:
                break
    return bytes(out)


def history(step: int, **values: float) -> bytes:
    items = [
        field(1, field(1, name.encode()) + field(16, json.dumps(value).encode())) for name, value in values.items()
    ]
    nested = field(1, field(2, b"eval") + field(2, b"acc") + field(16, b"0.5"))
    return field(2, b"".join(items) + nested + field(1, field(1, b"_step") + field(16, str(step).encode())))


def test_a_wandb_file_over_several_blocks_read_in_pieces() -> None:
    bodies = [history(i, loss=1 / (i + 1), _timestamp=1.78e9 + i) for i in range(900)]
    bodies[5] = field(13, b"o" * 70_000)
    settings = field(4, field(1, field(1, b"lr") + field(16, b"0.001")))
    data = wandb_file([field(17, settings), *bodies, field(18, b"")])
    assert len(data) > 3 * BLOCK
    whole = read_wandb(data)
    assert whole.config == {"lr": 0.001}
    assert whole.exit_code == 0, "an absent code is 0"
    assert whole.read.points[-2:] == (
        Point("loss", 1 / 900, 899.0, 1.78e9 + 899),
        Point("eval/acc", 0.5, 899.0, 1.78e9 + 899),
    )
    found: list[Point] = []
    offset = 0
    for end in [*range(0, len(data), 1_777), len(data)]:
        part = read_wandb(data[offset:end] if end > offset else b"", offset)
        found.extend(part.read.points)
        offset = part.read.offset
    assert tuple(found) == whole.read.points


def test_a_wandb_run_that_did_not_end_has_no_exit_code() -> None:
    assert read_wandb(wandb_file([history(1, loss=1.0)])).exit_code is None
    assert read_wandb(wandb_file([field(18, field(1, -9))])).exit_code == -9


def test_what_is_no_wandb_file_is_said() -> None:
    assert read_wandb(b"hello there").read.problem


def test_json_lines_wait_for_the_line_break_and_pass_over_other_text() -> None:
    data = b'starting\n{"step": 1, "loss": 0.5, "ok": true, "max_steps": 10}\n[1]\n{"step": 2, "lo'
    read = read_json_lines(data, 100)
    assert read.points == (Point("loss", 0.5, 1.0),)
    assert read.progress == Progress(1, 10)
    assert data[read.offset - 100 :] == b'{"step": 2, "lo'


def test_a_printed_dict_with_nan_and_quoted_numbers() -> None:
    read = read_log(b"{'loss': 0.41, 'grad_norm': nan, 'epoch': 0.5}\n{'loss': '0.39', 'epoch': '1.0'}\n")
    losses = [point for point in read.points if point.name == "loss"]
    assert losses == [Point("loss", 0.41, 0.5), Point("loss", 0.39, 1.0)]
    assert any(point.name == "grad_norm" and math.isnan(point.value) for point in read.points)


@pytest.mark.parametrize(
    ("line", "points"),
    [
        ("step=3 loss=0.4 lr: 1e-5", (Point("loss", 0.4, 3.0), Point("lr", 1e-5, 3.0))),
        (
            "\x1b[32mEpoch 2/10\x1b[0m - loss: 0.25 - acc: 0.9",
            (Point("epoch", 2.0, 2.0), Point("loss", 0.25, 2.0), Point("acc", 0.9, 2.0)),
        ),
        ("12:30:01 loaded a=3 files in 2.5s", ()),
        ("lr=0.1 batch_size=32", ()),
        ("version: 1.2.3 step: 4", ()),
        ("see http://x.y:80/a?step=3", ()),
    ],
)
def test_lines_of_a_log(line: str, points: tuple[Point, ...]) -> None:
    assert sorted(map(repr, read_log(line.encode() + b"\n").points)) == sorted(map(repr, points))


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        (" 12%|█▏        | 12/100 [00:01<00:07, 12.3it/s]", Progress(12, 100)),
        ("step 3 of 40", Progress(3, 40)),
        ("Epoch [2/4]", Progress(2, 4, "epoch")),
        ("step 41/40", None),
        ("1/2 of the time", None),
    ],
)
def test_progress_of_a_log(line: str, progress: Progress | None) -> None:
    assert read_log(line.encode() + b"\n").progress == progress


def test_hostile_lines_neither_stop_nor_hang_reading() -> None:
    data = b"{" * 5_000 + b"}\n" + b"a=1 " * 100_000 + b"\n\xff\xfe{'a': __import__('os')}\nstep=1 loss=2\n"
    assert read_log(data).points == (Point("loss", 2.0, 1.0),)


def test_a_trainers_state() -> None:
    state = {
        "global_step": 20,
        "max_steps": 100,
        "log_history": [{"loss": 0.5, "step": 10}, {"eval_loss": 0.4, "step": 20}],
    }
    read = read_trainer_state(json.dumps(state))
    assert read.points == (Point("loss", 0.5, 10.0), Point("eval_loss", 0.4, 20.0))
    assert read.progress == Progress(20, 100)
    assert read_trainer_state('{"log_his').problem
