"""Inspect logs and a control socket as inspect_ai 0.3.285 writes and speaks them, made by hand for tests."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import zstandard

Member = tuple[str, Any]


def start(samples: int, *, epochs: int = 1, metric: str = "inspect_ai/accuracy") -> dict[str, Any]:
    scorers = [{"name": "match", "options": {}, "metrics": [{"name": metric, "options": {}}], "metadata": {}}]
    ids = list(range(1, samples + 1))
    spec = {"eval_id": "e", "task": "probe", "dataset": {"samples": samples, "sample_ids": ids}, "model": "mockllm/m"}
    return {"version": 2, "eval": {**spec, "config": {"epochs": epochs}, "scorers": scorers}, "plan": {}}


def summary(number: int, value: Any, *, epoch: int = 1) -> dict[str, Any]:
    at = f"2026-11-24T08:29:{number % 60:02d}+00:00"
    return {"id": number, "epoch": epoch, "scores": {"match": {"value": value}}, "completed_at": at, "completed": True}


def header(started: dict[str, Any], completed: int, **metrics: float) -> dict[str, Any]:
    told = {name: {"name": name, "value": value} for name, value in metrics.items()}
    scores = [{"name": "match", "scorer": "match", "metrics": told}]
    results = {"total_samples": completed, "completed_samples": completed, "scores": scores}
    return {**started, "status": "success", "results": results, "stats": {"completed_at": "2026-11-24T08:30:00+00:00"}}


def write_log(path: Path, *members: Member, size: int | None = None) -> Path:
    """A zip whose members are packed by method 93, which Python's own zipfile cannot write before 3.14.

    Args:
        size: the unpacked size that the directory claims of each member; its true one where None.
    """
    body, directory = bytearray(), bytearray()
    for name, value in members:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        packed, at = zstandard.ZstdCompressor().compress(data), len(body)
        said = len(data) if size is None else size
        facts = b"".join(n.to_bytes(4, "little") for n in (zlib.crc32(data), len(packed), said))
        about = (63).to_bytes(2, "little") + bytes(2) + (93).to_bytes(2, "little") + bytes(4) + facts
        long = len(name.encode()).to_bytes(2, "little")
        body += b"PK\x03\x04" + about + long + bytes(2) + name.encode() + packed
        directory += b"PK\x01\x02" + bytes(2) + about + long + bytes(12) + at.to_bytes(4, "little") + name.encode()
    n = len(members).to_bytes(2, "little")
    end = len(directory).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    path.write_bytes(bytes(body) + bytes(directory) + b"PK\x05\x06" + bytes(4) + n + n + end + bytes(2))
    assert len(zipfile.ZipFile(path).namelist()) == len(members)
    return path


SERVER = """
import http.server, json, os, socketserver, sys
from pathlib import Path
control, answer = Path(sys.argv[1]), sys.argv[2].encode()
control.mkdir(parents=True, exist_ok=True)

class Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/tasks" else 404)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *words):
        pass
    def address_string(self):
        return "here"

place = control / f"{os.getpid()}.sock"
with socketserver.UnixStreamServer(str(place), Asked) as server:
    told = {"pid": os.getpid(), "run_id": "r", "socket_path": str(place), "started_at": 1.0, "api_version": 8}
    whole = control / f"{os.getpid()}.json"
    whole.with_suffix(".new").write_text(json.dumps(told))
    whole.with_suffix(".new").rename(whole)
    server.serve_forever(0.05)
"""
"""A process that announces itself and answers as a running Inspect does: `python -c SERVER FOLDER TASKS`."""


def tasks(log: Path, *, total: int, completed: int, errored: int = 0, in_flight: int = 0) -> str:
    counts = {"total": total, "completed": completed, "errored": errored, "cancelled": 0, "in_flight": in_flight}
    task = {"task": "probe", "log_location": str(log), "status": "running", "samples": counts, "api_version": 8}
    return json.dumps([{**task, "tokens_per_second": 70.8}])
