"""Reading logs by places: a gigabyte opens at once, every line is found from both ends, nothing is read whole."""

from __future__ import annotations

import asyncio
import os
import random
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.backends.base import FileLog
from cockpit.core.errors import InputError
from cockpit.job_log import LONGEST, LogReader, first_error, save_log


def reader_of(path: Path, data: bytes) -> LogReader:
    path.write_bytes(data)
    return LogReader(FileLog(path))


def texts(lines: object) -> list[bytes]:
    return [line.data for line in lines]  # type: ignore[attr-defined]


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=30), st.just(b"\n"), st.just(b"x" * (LONGEST + 7)), st.just(b"y" * 70_000 + b"\n")
        ),
        max_size=12,
    )
)
def test_lines_are_the_same_from_both_ends(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    data = b"".join(parts)
    reader = reader_of(tmp_path_factory.mktemp("log") / "log", data)

    async def check() -> None:
        lines = await reader.after(0, 10_000)
        assert b"".join(texts(lines)) == data
        assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]
        if b"x" * LONGEST not in data and b"y" * LONGEST not in data:
            assert texts(await reader.before(len(data), 10_000)) == texts(lines)
            for line in lines:
                assert await reader.line_at(line.start) == line.start
                assert texts(await reader.after(line.start, 1)) == [line.data]

    asyncio.run(check())


def test_words_are_found_in_both_directions_across_blocks(tmp_path: Path) -> None:
    rng = random.Random(3)
    lines = [f"line {at} {'pad' * rng.randrange(40)}" for at in range(60_000)]
    for at in (10, 30_000, 59_990):
        lines[at] += " Needle"
    reader = reader_of(tmp_path / "log", "\n".join([*lines, ""]).encode())

    async def check() -> None:
        found, start = [], 0
        while (place := await reader.find("needle", start)) is not None:
            (line,) = await reader.after(place, 1)
            found.append(line.data.split()[1])
            start = line.end
        assert found == [b"10", b"30000", b"59990"]
        back, end = [], await reader.size()
        while (place := await reader.find("NEEDLE", end, backwards=True)) is not None:
            back.append((await reader.after(place, 1))[0].data.split()[1])
            end = place
        assert back == found[::-1]
        assert await reader.count("needle") == 3
        assert await reader.find("no such words", 0) is None

    asyncio.run(check())


def test_the_first_error_of_a_traceback_is_its_last_line(tmp_path: Path) -> None:
    text = "ok\n" * 5 + 'Traceback (most recent call last):\n  File "x", line 1\n    f()\nValueError: boom\nmore\n'
    path = tmp_path / "log"
    path.write_text(text)
    assert asyncio.run(first_error(FileLog(path))) == (15, "ValueError: boom")
    path.write_text("all is well\n")
    assert asyncio.run(first_error(FileLog(path))) is None


def test_a_log_is_saved_plain_or_as_it_is_and_never_over_another_file(tmp_path: Path) -> None:
    reader = reader_of(tmp_path / "log", b"\x1b[31mred\x1b[0m\n" * 3)
    asyncio.run(save_log(reader, tmp_path / "plain", colours=False))
    asyncio.run(save_log(reader, tmp_path / "colours", colours=True))
    assert (tmp_path / "plain").read_bytes() == b"red\n" * 3
    assert (tmp_path / "colours").read_bytes() == b"\x1b[31mred\x1b[0m\n" * 3
    with pytest.raises(InputError, match="there already"):
        asyncio.run(save_log(reader, tmp_path / "plain", colours=False))
    assert (tmp_path / "plain").read_bytes() == b"red\n" * 3


def test_a_gigabyte_opens_at_once_and_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"the first line\n")
        # A sparse hole is a line of a gigabyte: the worst that a log can hold.
        file.seek(2**30)
        file.write(b"\n" + b"".join(b"step %d loss=0.5\n" % at for at in range(1000)))
    reader = LogReader(FileLog(path))
    tracemalloc.start()
    begin = time.perf_counter()
    lines = asyncio.run(reader.before(path.stat().st_size, 400))
    first = asyncio.run(reader.after(0, 400))
    taken = time.perf_counter() - begin
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines[-1].data == b"step 999 loss=0.5\n" and first[0].data == b"the first line\n"
    assert len(lines) == 400
    assert taken < 0.2 and most < 30 * 2**20
    os.truncate(path, 0)
