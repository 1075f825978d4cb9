"""Start-up, keys, streams, idle and quit of the real program in a pseudo terminal, against an empty Textual app."""

from __future__ import annotations

import compileall
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, median, percentile
from benchmarks.terminal import LETTERS, Terminal, database_env

STARTS = 7
ROOT = Path(__file__).parent.parent
PACKAGES = [str(ROOT / name) for name in ("benchmarks", "cockpit", "themes", "widgets")]
"""A checkout may lack bytecode (PYTHONDONTWRITEBYTECODE); compiling at each start is no measure of the program."""
COCKPIT = [sys.executable, "-m", "cockpit"]
FLOOR = [sys.executable, "-m", "benchmarks.floor"]
PROMPT = "How many samples"
"""Typed by the session to be restored: its being drawn means that the editor is there."""
CONFIG = """
[defaults]
models = [{models}]
n = {n}
max_tokens = 4000

[servers.fake]
base_url = "{url}/v1"
"""


def run(url: str) -> list[Row]:
    """All figures of the screen, of a program whose bytecode is there, as it is once installed."""
    for package in PACKAGES:
        compileall.compile_dir(package, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = _starts(folder, url)
        rows += _keys(folder, url)
        rows += _streams(folder, url, models=4, samples=4, label="16 streams", strict=True)
        rows += _streams(folder, url, models=4, samples=8, label="32 streams", strict=False)
    return rows


def environment(folder: Path, url: str, *, models: int, samples: int, tps: int = 100) -> dict[str, str]:
    """Where the program finds a configuration that asks `models` × `samples` at the fake server."""
    names = ", ".join(f'"fake:fake-ttft50-tps{tps}-tok2500-v{i}"' for i in range(models))
    config = folder / f"config-{models}x{samples}.toml"
    config.write_text(CONFIG.format(models=names, n=samples, url=url))
    database = str(folder / f"{models}x{samples}.db")
    return {**database_env(folder), "COCKPIT_CONFIG": str(config), "COCKPIT_DB": database}


def _start(command: list[str], env: dict[str, str], letter: str = "") -> tuple[float, float, float, float]:
    """First paint, ready, quit (seconds) and memory (MiB) of one start.

    Ready for typing is when a letter that was pressed at the first paint is on the screen; a program that takes no
    letters is ready when it is painted.
    """
    terminal = Terminal(command, env)
    try:
        paint = done = terminal.first_paint()
        if letter:
            terminal.send(letter)
            done = terminal.wait(letter) - terminal.started
        time.sleep(0.5)
        memory = terminal.memory_mib()
        return paint, done, terminal.quit("\x11"), memory
    finally:
        terminal.close()


def _starts(folder: Path, url: str) -> list[Row]:
    env = environment(folder, url, models=2, samples=4)
    _leave_a_prompt(env)
    floor, ours = [], []
    for at in range(STARTS):
        floor.append(_start(FLOOR, env))
        # Another letter each time: the session brings the earlier ones back.
        ours.append(_start(COCKPIT, env, LETTERS[at]))
    paint, ready, leave, memory = (median([row[i] for row in ours]) for i in range(4))
    base_paint, base_ready, base_leave, base_memory = (median([row[i] for row in floor]) for i in range(4))
    note = f"{paint * 1000:.0f} ms; the empty app {base_paint * 1000:.0f} ms"
    return [
        Row("first paint", paint / base_paint, "× empty app", 1.5, note=note),
        Row("ready for typing", ready / base_ready, "× empty app", 2.0, note=f"{ready * 1000:.0f} ms"),
        Row("quit", leave / base_leave, "× empty app", 1.3, note=f"{leave * 1000:.0f} ms; {base_leave * 1000:.0f} ms"),
        Row("memory after start", memory / base_memory, "× empty app", 1.8, note=f"{memory:.0f} MiB"),
    ]


def _leave_a_prompt(env: dict[str, str]) -> None:
    terminal = Terminal(COCKPIT, env)
    try:
        terminal.wait("ctrl+j")
        time.sleep(1)
        terminal.send(PROMPT)
        terminal.wait(PROMPT[-4:])
        time.sleep(0.5)
        terminal.quit("\x11")
    finally:
        terminal.close()


def _keys(folder: Path, url: str) -> list[Row]:
    env = environment(folder, url, models=2, samples=4)
    terminal = Terminal(COCKPIT, env)
    try:
        terminal.wait(PROMPT)
        time.sleep(1.5)
        latencies = terminal.key_latencies(60)
        time.sleep(1)
        with terminal.cost() as cost:
            time.sleep(20)
    finally:
        terminal.close()
    return [
        Row("key to screen, idle, p95", percentile(latencies, 0.95), "ms", 11, note="60 keys"),
        Row("idle", cost[0].cpu * 100, "% of a core", 0.7, note="20 s"),
    ]


def _streams(folder: Path, url: str, *, models: int, samples: int, label: str, strict: bool) -> list[Row]:
    env = environment(folder, url, models=models, samples=samples)
    terminal = Terminal(COCKPIT, env)
    try:
        terminal.wait("ctrl+j")
        time.sleep(2)
        terminal.send("Go on")
        time.sleep(0.5)
        terminal.send("\n")
        time.sleep(2.5)
        with terminal.cost() as cost:
            time.sleep(8)
        with terminal.cost() as typing:
            latencies = terminal.key_latencies(60, gap=0.1)
    finally:
        terminal.close()
    factor = 1 if strict else 2
    return [
        Row(f"key to screen, {label}, p95", percentile(latencies, 0.95), "ms", 15 * factor, note="60 keys"),
        Row(f"CPU, {label} at 100 tokens/s", cost[0].cpu * 100, "% of a core", 20 * factor, note="8 s"),
        Row("… while typing 9 keys a second", typing[0].cpu * 100, "% of a core"),
        Row(f"to the terminal, {label}", cost[0].bytes_per_s / 1000, "kB/s", 100 * factor),
        Row("… while typing 9 keys a second", typing[0].bytes_per_s / 1000, "kB/s"),
    ]
