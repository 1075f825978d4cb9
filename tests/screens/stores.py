"""Databases that a test's host opens, remembered so that they are closed when the test ends."""

from __future__ import annotations

from pathlib import Path

from cockpit.store.db import Store, open_store

_OPEN: list[Store] = []


def opened(path: Path) -> Store:
    store = open_store(path)
    _OPEN.append(store)
    return store


def close_all() -> None:
    while _OPEN:
        _OPEN.pop().close()
