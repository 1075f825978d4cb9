"""OpenAI's files, fine-tuning and batches and Anthropic's message batches on loopback, in their own wire shapes.

It trains nothing: a test moves each job on. Shapes follow the vendors' API references.
"""

from __future__ import annotations

import json
import re
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

WHEN = 1_780_000_000
STAMP = "2026-06-01T00:00:00Z"


class FakeVendor:
    """Both vendors at one address; what they know is in plain dictionaries."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.checkpoints: dict[str, list[dict[str, Any]]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.down = 0
        """A status to answer everything with."""
        self.lose = False
        """The next POST is carried out and its answer lost."""
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                vendor.asked.append(f"{self.command} {self.path.split('?')[0]}")
                if vendor.down:
                    self._answer(vendor.down, {"error": {"message": "try later", "type": "server_error"}})
                    return
                found = vendor.answer(self.command, self.path, body, self.headers.get("Content-Type", ""))
                if vendor.lose and self.command == "POST" and "/files" not in self.path:
                    vendor.lose, vendor.down = False, 500
                    self._answer(500, {"error": {"message": "lost", "type": "server_error"}})
                    return
                if found is None:
                    self._answer(404, {"error": {"message": f"No such thing: {self.path}", "type": "invalid_request"}})
                elif isinstance(found, bytes):
                    self._bytes(200, found, "application/binary")
                else:
                    self._answer(200, found)

            do_POST = do_GET

            def _answer(self, status: int, value: Any) -> None:
                self._bytes(status, json.dumps(value).encode(), "application/json")

            def _bytes(self, status: int, data: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("x-should-retry", "false")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, body: bytes, kind: str) -> Any:
        """What one request is answered with; None is 404."""
        bare = path.split("?", maxsplit=1)[0]
        if method == "POST" and bare == "/v1/files":
            return self._file(body, kind)
        if found := re.fullmatch(r"/v1/files/([\w-]+)/content", bare):
            return self.files.get(found[1])
        if bare == "/v1/fine_tuning/jobs":
            return self._new_job(json.loads(body)) if method == "POST" else _page(self.jobs.values())
        if found := re.fullmatch(r"/v1/fine_tuning/jobs/([\w-]+)/events", bare):
            return _page(reversed(self.events[found[1]]))
        if found := re.fullmatch(r"/v1/fine_tuning/jobs/([\w-]+)/checkpoints", bare):
            return _page(self.checkpoints.get(found[1], []))
        if found := re.fullmatch(r"/v1/fine_tuning/jobs/([\w-]+)(/cancel)?", bare):
            return _move(self.jobs.get(found[1]), "status", "cancelled" if found[2] else "")
        if bare == "/v1/batches":
            return self._new_batch(json.loads(body)) if method == "POST" else _page(self.batches.values())
        if found := re.fullmatch(r"/v1/batches/(\w+)(/cancel)?", bare):
            return _move(self.batches.get(found[1]), "status", "cancelled" if found[2] else "")
        if bare == "/v1/messages/batches":
            return self._new_messages(json.loads(body)) if method == "POST" else _page(self.messages.values())
        if found := re.fullmatch(r"/v1/messages/batches/(\w+)/results", bare):
            return "\n".join(json.dumps(one) for one in self.results[found[1]]).encode()
        if found := re.fullmatch(r"/v1/messages/batches/(\w+)(/cancel)?", bare):
            return _move(self.messages.get(found[1]), "processing_status", "canceling" if found[2] else "")
        return None

    def say(self, job: str, message: str, data: dict[str, Any] | None = None) -> None:
        """Let a finetune say something, with numbers or without."""
        events, n = self.events[job], len(self.events[job])
        event = {"object": "fine_tuning.job.event", "id": f"ftevent-{job}-{n}", "created_at": WHEN + n, "level": "info"}
        events.append({**event, "message": message, "type": "metrics" if data else "message", "data": data or {}})

    def _file(self, body: bytes, kind: str) -> dict[str, Any]:
        whole = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = {str(part.get_param("name", header="content-disposition")): part for part in whole.get_payload()}  # type: ignore[union-attr]
        number = f"file-{len(self.files) + 1}"
        data = parts["file"].get_payload(decode=True)  # type: ignore[union-attr]
        assert isinstance(data, bytes)
        self.files[number] = data
        return {
            "id": number, "object": "file", "bytes": len(data), "created_at": WHEN, "filename": "x.jsonl",
            "purpose": "fine-tune", "status": "processed",
        }  # fmt: skip

    def _new_job(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = f"ftjob-{len(self.jobs) + 1}"
        self.jobs[number] = {
            "object": "fine_tuning.job", "id": number, "model": asked["model"], "created_at": WHEN,
            "finished_at": None, "fine_tuned_model": None, "organization_id": "org", "result_files": [],
            "status": "validating_files", "validation_file": asked.get("validation_file"),
            "training_file": asked["training_file"], "hyperparameters": {"n_epochs": "auto"}, "trained_tokens": None,
            "error": None, "estimated_finish": None, "seed": 1, "metadata": asked.get("metadata"),
            "method": asked.get("method"), "integrations": [],
        }  # fmt: skip
        self.events[number] = []
        self.say(number, "Created fine-tuning job")
        return self.jobs[number]

    def _new_batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = f"batch_{len(self.batches) + 1}"
        lines = self.files[asked["input_file_id"]].splitlines()
        self.batches[number] = {
            "id": number, "object": "batch", "endpoint": asked["endpoint"], "errors": None,
            "input_file_id": asked["input_file_id"], "completion_window": "24h", "status": "validating",
            "output_file_id": None, "error_file_id": None, "created_at": WHEN,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0}, "metadata": asked.get("metadata"),
        }  # fmt: skip
        return self.batches[number]

    def _new_messages(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = f"msgbatch_{len(self.messages) + 1}"
        counts = {"processing": len(asked["requests"]), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        from datetime import UTC, datetime

        self.messages[number] = {
            "id": number, "type": "message_batch", "processing_status": "in_progress", "request_counts": counts,
            "ended_at": None, "created_at": datetime.now(UTC).isoformat(), "expires_at": STAMP, "archived_at": None,
            "cancel_initiated_at": None, "results_url": None,
        }  # fmt: skip
        self.results[number] = []
        return self.messages[number]


def _page(items: Any) -> dict[str, Any]:
    data = list(items)
    return {"object": "list", "data": data, "has_more": False, "first_id": None, "last_id": None}


def _move(one: dict[str, Any] | None, field: str, to: str) -> dict[str, Any] | None:
    if one is not None and to:
        one[field] = to
    return one
