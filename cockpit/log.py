"""The log file: rotating, readable by its owner alone, with keys scrubbed. Nothing here writes to the terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

LOGGER = logging.getLogger("cockpit")
# Without a handler of its own, asyncio prints the tracebacks of lost tasks to the terminal, secrets and all.
_ASYNCIO = logging.getLogger("asyncio")
_SIZE = 1_000_000
_SHORTEST_SECRET = 6


class Scrub(logging.Filter):
    """Replaces the values of secret environment variables in a record, its arguments and its traceback."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__()
        self.secrets = {
            value: f"${name}"
            for name, value in env.items()
            if name.upper().endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")) and len(value) >= _SHORTEST_SECRET
        }

    def text(self, text: str) -> str:
        """The text with each secret replaced by the name of the variable it came from."""
        for secret, name in self.secrets.items():
            text = text.replace(secret, name)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record in place; none is dropped."""
        record.msg = self.text(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.text(record.exc_text)
        record.exc_info = None
        return True


def log_path(state_dir: Path) -> Path:
    """Where the log is."""
    return state_dir / "cockpit.log"


def open_log(state_dir: Path, env: Mapping[str, str] | None = None) -> Scrub:
    """Send Cockpit's log records to the file; it is made at the first record, so that starting costs nothing.

    The previous handler, if any, is closed. Where the directory cannot be written there is no log.
    """
    scrub = Scrub(os.environ if env is None else env)
    close_log()
    handler = _OwnFile(log_path(state_dir))
    handler.addFilter(scrub)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for logger in (LOGGER, _ASYNCIO):
        logger.addHandler(handler)
        logger.propagate = False
    LOGGER.setLevel(logging.INFO)
    return scrub


def close_log() -> None:
    """Close the file and forget it."""
    for logger in (LOGGER, _ASYNCIO):
        for handler in [h for h in logger.handlers if isinstance(h, _OwnFile)]:
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True


class _OwnFile(logging.Handler):
    """Appends to a 0600 file; past a megabyte the file becomes `.1` and a new one starts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a full disk or a missing directory must never stop the app."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.path.exists() and self.path.stat().st_size > _SIZE:
                self.path.replace(self.path.with_suffix(".log.1"))
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(self.format(record) + "\n")
        except OSError:
            return
