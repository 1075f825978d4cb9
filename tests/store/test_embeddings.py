"""Vectors kept beside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.store.embeddings import EmbeddingFile, beside


def test_vectors_come_back_by_model_and_text(tmp_path: Path) -> None:
    kept = EmbeddingFile(beside(tmp_path / "cockpit.db"))
    assert kept.known("m", ["a"]) == {}
    assert not kept.path.exists(), "asking makes no file"
    kept.keep("m", {"a": [0.5, -1.0], "\ud83d": [1.0, 2.0], "": [3.0, 0.0]})
    kept.keep("m", {"a": [0.25, 8.0]})
    found = {text: list(vector) for text, vector in kept.known("m", ["a", "", "\ud83d", "b"]).items()}
    assert found == {"a": [0.25, 8.0], "": [3.0, 0.0], "\ud83d": [1.0, 2.0]}
    assert kept.known("other", ["a"]) == {}
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert b"cockpit" not in kept.path.read_bytes()


def test_a_broken_file_has_none_and_says_so_when_written(tmp_path: Path) -> None:
    kept = EmbeddingFile(tmp_path / "x.db")
    kept.path.write_bytes(b"this is no database, and long enough to be seen as none" * 20)
    assert kept.known("m", ["a"]) == {}
    with pytest.raises(StoreError, match="Cannot keep embeddings"):
        kept.keep("m", {"a": [1.0]})
