"""A throw-away Ray head that nobody outside can reach: it lives in a network namespace of its own. For tests.

Ray listens on every address of the machine and lets anybody run anything there, so it gets a namespace with nothing but
loopback. A relay in that namespace listens on a socket file, and one here on loopback hands on to it. What was started
is stopped by process ids; `ray stop` would end every Ray of the machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

RAY = Path(__file__).parent.parent / ".venv-ray" / "bin" / "ray"
PORT = 18265
PATIENCE_S = 90.0
_RELAY = """
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try: s.shutdown(socket.SHUT_RDWR)
        except OSError: pass
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(64)
while True:
    a, _ = server.accept()
    try:
        b = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError:
        a.close()
        continue
    for pair in ((a, b), (b, a)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


def missing() -> str:
    """Why there can be no Ray here; empty if there can."""
    if not RAY.exists():
        return "not installed: python3 -m venv .venv-ray && .venv-ray/bin/pip install 'ray[default]'"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "not installed: unshare and ip (Debian: util-linux, iproute2)"
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, timeout=10, check=False)
    return "" if done.returncode == 0 else "making a network namespace needs root"


class RayNode:
    """One head with two processors and two make-believe GPUs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._server: socket.socket | None = None
        self._namespace = 0
        self.url = ""

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "head.log").open("wb")
        words = [
            str(RAY), "start", "--head", "--block", "--disable-usage-stats", "--node-ip-address=127.0.0.1",
            "--port=16379", "--min-worker-port=21000", "--max-worker-port=21999", "--dashboard-host=127.0.0.1",
            f"--dashboard-port={PORT}", "--num-cpus=2", "--num-gpus=2", "--object-store-memory=100000000",
            f"--temp-dir={self.folder}/tmp",
        ]  # fmt: skip
        head = f"ip link set lo up; exec {shlex.join(words)}"
        env = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", head], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        self._processes.append(process)
        self._namespace = self._other_namespace(process.pid)
        self._relay(process.pid)
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < end, (self.folder / "head.log").read_text("utf-8", "replace")[-2000:]
            assert process.poll() is None, (self.folder / "head.log").read_text("utf-8", "replace")[-2000:]
            time.sleep(0.2)

    def stop(self) -> None:
        """End the head and all that it started, by its process group, and the relays."""
        if self._server is not None:
            self._server.close()
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self._namespace:
            self._sweep()

    def _sweep(self) -> None:
        """Ray's helpers leave the process group and change their names; what they share is the namespace."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                if (entry / "ns" / "net").stat().st_ino == self._namespace:
                    os.kill(int(entry.name), signal.SIGKILL)
            except (OSError, ProcessLookupError):
                continue

    def _other_namespace(self, pid: int) -> int:
        """The network namespace that a process has, once it is another than ours."""
        ours = Path("/proc/self/ns/net").stat().st_ino
        end = time.monotonic() + PATIENCE_S
        while (found := Path(f"/proc/{pid}/ns/net").stat().st_ino) == ours:
            assert time.monotonic() < end, "the head has no namespace of its own"
            time.sleep(0.01)
        return found

    def _relay(self, head: int) -> None:
        path = f"{self.folder}/relay"
        words = ["nsenter", "-t", str(head), "-n", sys.executable, "-c", _RELAY, path, str(PORT)]
        self._processes.append(subprocess.Popen(words, start_new_session=True))
        server = socket.create_server(("127.0.0.1", 0))
        self._server, self.url = server, f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=self._serve, args=(server, path), daemon=True).start()

    def _serve(self, server: socket.socket, path: str) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(path)
            except OSError:
                near.close()
                far.close()
                continue
            threading.Thread(target=_join, args=(near, far), daemon=True).start()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/version", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _join(near: socket.socket, far: socket.socket) -> None:
    """Hand on what comes from either side until both are done."""
    with near, far:
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()


def _pump(near: socket.socket, far: socket.socket) -> None:
    try:
        while data := near.recv(65536):
            far.sendall(data)
        far.shutdown(socket.SHUT_WR)
    except OSError:
        return
