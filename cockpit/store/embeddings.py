"""Vectors of texts, kept by hash in a file of their own beside the database. Losing it costs asking again, no more."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from cockpit.core.errors import StoreError

_TABLE = """CREATE TABLE IF NOT EXISTS embedding (
    model TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, hash)) WITHOUT ROWID"""
WAIT_SECONDS = 10.0


def beside(database: Path) -> Path:
    """Where the vectors of a database's texts are."""
    return database.with_name(f"{database.stem}-embeddings.db")


class EmbeddingFile:
    """Vectors by model and text, as 32-bit numbers; no text is kept. Every call opens the file, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def known(self, model: str, texts: Iterable[str]) -> dict[str, array[float]]:
        """The vectors that are there; a file that is missing or broken has none."""
        if not self.path.exists():
            return {}
        found = {}
        try:
            with closing(self._open()) as db:
                for text in texts:
                    row = db.execute(
                        "SELECT vector FROM embedding WHERE model = ? AND hash = ?", (model, _hash(text))
                    ).fetchone()
                    if row is not None:
                        found[text] = _numbers(row[0])
        except sqlite3.DatabaseError:
            return {}
        return found

    def keep(self, model: str, vectors: Mapping[str, Iterable[float]]) -> None:
        """Keep vectors, in place of earlier ones.

        Raises:
            StoreError: the file cannot be written.
        """
        rows = [(model, _hash(text), _bytes(vector)) for text, vector in vectors.items()]
        try:
            with closing(self._open()) as db, db:
                db.executemany("INSERT OR REPLACE INTO embedding (model, hash, vector) VALUES (?, ?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            hint = "It holds nothing but vectors: delete it, and they are asked for again."
            raise StoreError(f"Cannot keep embeddings in {self.path}: {error}.", hint=hint) from error

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self.path, timeout=WAIT_SECONDS)
        db.execute(_TABLE)
        return db


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _bytes(vector: Iterable[float]) -> bytes:
    made = array("f", vector)
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def _numbers(data: bytes) -> array[float]:
    made = array("f")
    made.frombytes(data)
    if sys.byteorder == "big":
        made.byteswap()
    return made
