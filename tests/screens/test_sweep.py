"""Sweeps: values as typed, how many requests result, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import InputError
from cockpit.core.params import Params
from cockpit.screens.sweep import SweepScreen
from cockpit.screens.sweep_view import parse_values, summary
from cockpit.services import Services
from tests.screens.opened_host import HostApp, make_services, until
from widgets.plain import Plain


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def said(app: HostApp) -> str:
    return str(app.screen.query_one("#said", Plain).content)


async def test_enter_at_once_sweeps_temperature(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda _: SweepScreen(Params(), ("a:b",), n=8))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("#said") and "32 requests" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [{"temperature": (0.0, 0.3, 0.7, 1.0)}]


async def test_two_parameters_multiply(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda _: SweepScreen(Params(), ("a:b", "c:d"), n=2))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#said") and said(app))
        await pilot.press("j", "i", "ctrl+u", *"0.5, 1", "enter")
        await until(pilot, lambda: "16 columns" in said(app) and "32 requests" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [{"temperature": (0.0, 0.3, 0.7, 1.0), "top_p": (0.5, 1.0)}]


async def test_a_value_that_is_none_is_said_and_not_taken(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda _: SweepScreen(Params(), ("a:b",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#said") and said(app))
        await pilot.press("i", "ctrl+u", *"0.5, hot", "enter")
        await until(pilot, lambda: "hot is not a number" in str(app.screen.query_one("#problem", Plain).content))
        await pilot.press("enter")
        await pilot.pause()
        assert app.results == []
        await pilot.press("x", "enter")
        await until(pilot, lambda: app.results)
        assert app.results == [{}], "no sweep"


def test_values_keep_their_order_and_come_once() -> None:
    assert parse_values("temperature", "1, 0.5,1") == (1.0, 0.5)
    assert parse_values("seed", "3, 1") == (3, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [("temperature", "3"), ("top_p", "0"), ("seed", "1.5"), ("reasoning_effort", "huge"), ("seed", "")],
)
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(InputError):
        parse_values(name, text)


def test_the_sum_can_be_checked_by_hand() -> None:
    words = summary({"temperature": (0, 1), "top_p": (0.5, 0.9, 1)}, models=2, n=4, inputs=10)
    assert "12 columns" in words
    assert "480 requests" in words
