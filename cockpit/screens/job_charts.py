"""Curves of jobs: two pictures side by side, as a part of other screens and as one of its own. Computes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.core.chance import Chance
from cockpit.core.curve_turn import Turn
from cockpit.core.metric_families import families
from cockpit.job_series import ACROSS, Across, Curve, chance_of, curves, names_of, put_chance, turn_of
from cockpit.screens.base import PaneScreen
from cockpit.screens.dialogs import Ask
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.store.db import Store
from widgets.chart import Axes, Chart, Level, Mark, Series

TITLES: dict[Across, str] = {"step": "step", "time": "seconds", "point": "point"}


@dataclass
class Asked:
    """What the pictures are to show."""

    jobs: tuple[int, ...] = ()
    families: tuple[str, str] = ("", "")
    """Of the left and of the right picture; empty is the first and second that there are."""
    across: Across = "step"
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read for two pictures."""

    names: tuple[str, ...] = ()
    """Families that there are."""
    shown: tuple[str, str] = ("", "")
    curves: tuple[tuple[Curve, ...], tuple[Curve, ...]] = ((), ())
    turn: Turn | None = None
    chance: Chance | None = None
    points: int = 0


def load(store: Store, asked: Asked) -> Loaded:
    """Read what is asked for; blocks."""
    db, jobs = store.read(), list(asked.jobs)
    found = families(names_of(db, jobs))
    names = tuple(found)
    left = asked.families[0] if asked.families[0] in found else next(iter(names), "")
    others = [name for name in names if name != left]
    right = asked.families[1] if asked.families[1] in found else next(iter(others), "")
    drawn = [tuple(curves(db, jobs, found.get(family, []), asked.across)) for family in (left, right)]
    both = [*drawn[0], *drawn[1]]
    turned = turn_of(both, both) if len(jobs) == 1 and asked.across == "step" else None
    points = sum(len(one.ys) for one in both)
    return Loaded(names, (left, right), (drawn[0], drawn[1]), turned, chance_of(db, jobs), points)


class JobCharts(Horizontal):
    """Two charts of some jobs: one quantity each, training and testing of it together."""

    DEFAULT_CSS = """
    JobCharts { height: 1fr; }
    JobCharts > Chart { width: 1fr; height: 1fr; background: $background; }
    JobCharts.-one > .right { display: none; }
    """

    def __init__(self, store: Store, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._store = store
        self.asked = Asked()
        self.loaded = Loaded()
        self.names: dict[int, str] = {}
        """What each job is called in the legend, where there are several."""

    def compose(self) -> ComposeResult:
        """Left and right."""
        empty = ("No metrics yet.", "JSON lines, TensorBoard, wandb, trainer_state.json, key=value in the log")
        yield Chart(empty=empty, classes="box left")
        yield Chart(empty=("No second metric.",), classes="box right")

    @property
    def charts(self) -> tuple[Chart, Chart]:
        """Left and right."""
        left, right = self.query(Chart)
        return left, right

    def show_jobs(self, jobs: Sequence[int]) -> None:
        """Other jobs, or the same with what they wrote since."""
        self.asked.jobs = tuple(jobs)
        self.read_again()

    def read_again(self) -> None:
        """Read and draw in the background; a newer wish replaces an older one."""
        self.run_worker(self._read, group="charts", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _read(self) -> None:
        self.loaded = await asyncio.to_thread(load, self._store, self.asked)
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        loaded = self.loaded
        self.set_class(not loaded.shown[1], "-one")
        for chart, family, found in zip(self.charts, loaded.shown, loaded.curves, strict=True):
            chart.border_title = plain_title(family or "metrics")
            across = found[0].across if found else self.asked.across
            axes = Axes(x_title=TITLES[across], x_scale="log" if self.asked.log_x else "linear", log_y=self.asked.log_y)
            series = [Series(self._label(one), one.xs, one.ys) for one in found]
            chart.show(series, axes=axes, levels=self._levels(family), marks=self._marks(family))

    def _label(self, one: Curve) -> str:
        if len(self.asked.jobs) == 1:
            return one.metric
        return f"{one.job} {self.names.get(one.job, '')} {one.metric}".replace("  ", " ")

    def _levels(self, family: str) -> list[Level]:
        known = self.loaded.chance
        if known is None or family not in ("loss", "accuracy"):
            return []
        return [Level("chance", known.loss if family == "loss" else known.accuracy)]

    def _marks(self, family: str) -> list[Mark]:
        turned = self.loaded.turn
        return [Mark(turned.step, turned.words())] if turned is not None and family == "loss" else []

    # Commands, called by the screens that hold this part

    def next_family(self, side: int, step: int) -> None:
        """Another quantity on one side."""
        names = self.loaded.names
        if names:
            now = self.loaded.shown[side]
            at = (names.index(now) + step) % len(names) if now in names else 0
            both = list(self.loaded.shown)
            both[side] = names[at]
            self.asked.families = (both[0], both[1])
            self.read_again()

    def next_across(self) -> str:
        """Steps, seconds, the order of points; what it is then."""
        self.asked.across = ACROSS[(ACROSS.index(self.asked.across) + 1) % len(ACROSS)]
        self.read_again()
        return TITLES[self.asked.across]

    def toggle_log(self, axis: str) -> None:
        """Logarithmic or not, of both pictures."""
        setattr(self.asked, f"log_{axis}", not getattr(self.asked, f"log_{axis}"))
        self.read_again()

    async def ask_chance(self) -> None:
        """Ask how many labels there are, and draw what guessing among them would give."""
        text = await self.app.push_screen_wait(
            Ask(
                "Chance line",
                prompt="How many labels are there to choose among? Add 'openai' where the loss is OpenAI's, which "
                "averages over two hidden tokens more. Empty takes the line away.",
                placeholder="4   or   4 openai",
                check=_chance_problem,
            )
        )
        if text is None:
            return
        words = text.split()
        k = int(words[0]) if words else None
        jobs = list(self.asked.jobs)
        kind = "openai" if "openai" in words[1:] else "label only"
        await self._store.write(lambda db: put_chance(db, jobs, k, kind))  # type: ignore[arg-type]
        self.read_again()


def _chance_problem(text: str) -> str:
    words = text.split()
    if not words or (words[0].isdecimal() and int(words[0]) >= 2 and words[1:] in ([], ["openai"])):
        return ""
    return "A number from 2, and 'openai' behind it if you like."


class JobChartsScreen(OpenedScreen[None]):
    """The curves of one or several jobs, following what they write."""

    scope: ClassVar[str] = "job-charts"
    watches_jobs: ClassVar[bool] = True
    pane_title: ClassVar[str] = "Curves"

    def __init__(self, jobs: Sequence[int]) -> None:
        super().__init__()
        self._jobs = tuple(jobs)

    def compose_body(self) -> ComposeResult:
        """Both pictures."""
        yield JobCharts(self.services.store, id="charts")

    @property
    def part(self) -> JobCharts:
        """The pictures."""
        return self.query_one("#charts", JobCharts)

    def on_mount(self) -> None:
        """Name the jobs and begin to follow."""
        views = {view.row.id: view for view in self.cockpit.job_watch.views}
        self.part.names = {job: views[job].row.name for job in self._jobs if job in views}
        said = ", ".join(f"{job} {self.part.names.get(job, '')}".strip() for job in self._jobs[:4])
        self.head((f"jobs {said}" if len(self._jobs) > 1 else f"job {said}", "plain"))
        self.part.show_jobs(self._jobs)
        self.part.charts[0].focus()
        self.cockpit.job_watch.listeners.append(self._changed)

    def on_unmount(self) -> None:
        """Stop following."""
        if self._changed in self.cockpit.job_watch.listeners:
            self.cockpit.job_watch.listeners.remove(self._changed)

    def on_screen_resume(self) -> None:
        """Look often while curves are seen."""
        self.cockpit.job_watch.look_soon()

    def _changed(self, _before: object, _now: object) -> None:
        self.part.read_again()

    def action_left(self) -> None:
        """Another quantity on the left."""
        self.part.next_family(0, 1)

    def action_right(self) -> None:
        """Another quantity on the right."""
        self.part.next_family(1, 1)

    def action_across(self) -> None:
        """What the x axis is."""
        self.head((f"across: {self.part.next_across()}", "plain"))

    def action_log_y(self) -> None:
        """Heights on a logarithmic scale, or not."""
        self.part.toggle_log("y")

    def action_log_x(self) -> None:
        """The x axis on a logarithmic scale, or not."""
        self.part.toggle_log("x")

    def action_chance(self) -> None:
        """The chance line."""
        self.run_worker(self.part.ask_chance(), group="chance", exit_on_error=False)


async def open_charts(screen: PaneScreen, jobs: Sequence[int]) -> None:
    """Show the curves of some jobs."""
    await screen.app.push_screen(JobChartsScreen(jobs))
