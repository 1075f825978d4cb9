"""Fixtures that every test may use: the fake provider, in this loop or in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.fake_provider import FakeProcess, FakeProvider

KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "COCKPIT_DB",
    "COCKPIT_CONFIG",
    "COCKPIT_PROJECT",
)


@pytest.fixture(autouse=True)
def _nobody_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests neither use nor reach what the person running them has set up."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    """A FakeProvider serving in the test's own loop; its `env()` leads the built-in providers to it."""
    async with FakeProvider() as running:
        yield running


@pytest.fixture(scope="session")
def fake_process() -> Iterator[FakeProcess]:
    """A FakeProcess for the whole session: for blocking clients, and where the client's CPU is measured."""
    with FakeProcess() as running:
        yield running
