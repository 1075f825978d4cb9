"""Settings that outlive a session, as JSON by key. Not the configuration file, and never a secret."""

from __future__ import annotations

import sqlite3
from typing import Any

from cockpit.store.text import pack_json, unpack_json


def get(db: sqlite3.Connection, key: str) -> Any:
    """What was put under a key; None where nothing was."""
    row = db.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return unpack_json(row[0]) if row else None


def put(db: sqlite3.Connection, key: str, value: Any) -> None:
    """Keep plain data under a key; None forgets it."""
    if value is None:
        db.execute("DELETE FROM setting WHERE key = ?", (key,))
        return
    db.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, pack_json(value)),
    )
