"""Closes the databases that hosts of these tests opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.screens import stores


@pytest.fixture(autouse=True)
def closed_stores() -> Iterator[None]:
    yield
    stores.close_all()
