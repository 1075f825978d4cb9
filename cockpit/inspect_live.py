"""What a running Inspect says over its control socket: samples done, failed, under way. Asks only; tells it nothing.

The shape is inspect_ai's control channel, API version 8: a file `<pid>.json` in its data folder names the socket, and
`GET /tasks` answers with one object a task. Only the standard library: the socket's other end is looked at before a
byte is sent, which needs the socket itself.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

PATIENCE_S = 0.5
LARGEST = 4 * 1024 * 1024
"""Bytes of one answer."""
_FOLDER = b"COCKPIT_JOB_DIR="


@dataclass(frozen=True, slots=True)
class Server:
    """A running Inspect: its process and its socket."""

    pid: int
    socket: Path


def control_folder(env: Mapping[str, str]) -> Path:
    """Where Inspect's processes announce themselves (`platformdirs.user_data_path` in its `_util/appdirs.py`)."""
    if os.uname().sysname == "Darwin":
        return Path(env.get("HOME", "/"), "Library", "Application Support", "inspect_ai", "control")
    data = env.get("XDG_DATA_HOME", "").strip() or str(Path(env.get("HOME", "/"), ".local", "share"))
    return Path(data, "inspect_ai", "control")


def servers_of(job_folder: Path, control: Path) -> list[Server]:
    """The running Inspects that announce themselves in `control` and belong to the job of this folder."""
    return [server for server in _announced(control) if _is_of(server.pid, job_folder)]


def tasks_of(server: Server) -> Sequence[Mapping[str, Any]] | None:
    """Its tasks; None where it does not answer, is somebody else's, or answers something else.

    Whatever text is in them was written by a model or a task: nothing of it may be obeyed.
    """
    connection = _Connection(server)
    try:
        connection.request("GET", "/tasks")
        answer = connection.getresponse()
        data = answer.read(LARGEST + 1)
        found = json.loads(data) if answer.status == 200 and len(data) <= LARGEST else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    finally:
        connection.close()
    return [task for task in found if isinstance(task, dict)] if isinstance(found, list) else None


def logs_of(tasks: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The tasks' logs that are files of this machine."""
    found = []
    for task in tasks:
        place = task.get("log_location")
        if isinstance(place, str) and place.endswith(".eval") and "\0" not in place:
            parts = urlsplit(place)
            path = Path(unquote(parts.path) if parts.scheme == "file" else place)
            if path.is_absolute():
                found.append(path)
    return found


class _Connection(http.client.HTTPConnection):
    """HTTP over the socket, if a process of this user holds its other end."""

    def __init__(self, server: Server) -> None:
        super().__init__("localhost", timeout=PATIENCE_S)
        self._server = server

    def connect(self) -> None:
        """Raises OSError where the other end is not the process that was announced."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(str(self._server.socket))
        if hasattr(socket, "SO_PEERCRED"):
            size = struct.calcsize("3i")
            pid, user, _ = struct.unpack("3i", self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
            if user != os.geteuid() or pid != self._server.pid:
                raise PermissionError("another process holds this socket")


def _announced(folder: Path) -> Iterator[Server]:
    """What lies in the folder and belongs to this user."""
    try:
        paths = [path for path in folder.iterdir() if path.suffix == ".json" and path.stem.isdecimal()]
        own = folder.stat().st_uid == os.geteuid()
    except OSError:
        return
    for path in paths if own else ():
        try:
            with path.open("rb") as file:
                said = json.loads(file.read(65_536))
            place = Path(said["socket_path"])
            ours = path.stat().st_uid == place.stat().st_uid == os.geteuid()
            if ours and said["pid"] == int(path.stem) and place.is_socket():
                yield Server(said["pid"], place)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue


def _is_of(pid: int, job_folder: Path) -> bool:
    """By the job's folder in the process's environment; by its process group where a system shows none."""
    try:
        if Path("/proc/self/environ").exists():
            settings = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            return _FOLDER + os.fsencode(str(job_folder)) in settings
        start = json.loads((job_folder / "start.json").read_bytes())
        return bool(os.getpgid(pid) == start["pid"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
