"""When the machines worked, and why not in the rest. Shares are the core's; it changes nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.job_busy import DAY, HALF, WEEK, Busy, gap_words
from cockpit.job_rules import busy_since
from cockpit.screens.base import PaneScreen
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store import jobs

BLOCKS = "·▁▂▃▄▅▆▇█"
GAPS = 20


class JobBusyScreen(OpenedScreen[None]):
    """Two strips, for a day and for a week, and the gaps in words."""

    scope: ClassVar[str] = "job-busy"
    pane_title: ClassVar[str] = "Busy"

    def compose_body(self) -> ComposeResult:
        """One text."""
        yield TextPanel(id="said", classes="box")

    def on_mount(self) -> None:
        """Read and say."""
        self.query_one("#said").focus()
        self.run_worker(self._read, group="busy", exit_on_error=False)  # type: ignore[arg-type]

    async def _read(self) -> None:
        now = self.services.clock()
        store = self.services.store

        def work() -> list[Said]:
            db = store.read()
            places = jobs.backends_used(db)
            lines = [*lines_of("the last 24 h", busy_since(db, now, DAY)), ("", "")]
            lines += lines_of("the last 7 days", busy_since(db, now, WEEK))
            if len(places) > 1:
                lines += [("", ""), ("by place, 7 days", "strong")]
                lines += [(f"{name:<12} {busy_since(db, now, WEEK, backend=name).share:>4.0%}", "") for name in places]
            return lines

        lines = await asyncio.to_thread(work)
        self.query_one("#said", TextPanel).show(lines)
        self.head(("over all projects: a job ran, whichever", "quiet"))

    def action_again(self) -> None:
        """Read again."""
        self.run_worker(self._read, group="busy", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]


def lines_of(title: str, found: Busy) -> list[Said]:
    """A strip with its share, the line at the half, and the gaps."""
    tone = "ok" if found.share >= HALF else "warn"
    more = f", {found.unknown:.0%} more is not certain" if found.unknown >= 0.005 else ""
    verdict = "above the half" if found.share >= HALF else "below the half: queue work before you leave"
    lines: list[Said] = [(f"{title}: busy {found.share:.0%}{more}", tone), (verdict, "quiet")]
    lines.append(("".join(BLOCKS[round(share * 8)] for share in found.strip), "strong"))
    lines.append((_clock_line(found), "quiet"))
    gaps = sorted(found.gaps, key=lambda gap: gap.start - gap.end)[:GAPS]
    lines += [(gap_words(gap), "") for gap in sorted(gaps, key=lambda gap: gap.start)]
    if len(found.gaps) > GAPS:
        lines.append((f"… and {len(found.gaps) - GAPS} shorter gaps", "quiet"))
    return lines


def _clock_line(found: Busy) -> str:
    """Times under the strip, at its ends and its middle."""
    width = len(found.strip)
    middle = found.start + (found.end - found.start) / 2
    left, centre, right = (_at(moment) for moment in (found.start, middle, found.end))
    line = left.ljust(width // 2 - len(centre) // 2) + centre
    return line.ljust(width - len(right)) + right


def _at(moment: datetime) -> str:
    return f"{moment.astimezone():%d %b %H:%M}"


async def open_busy(screen: PaneScreen) -> None:
    """Show how busy the machines were."""
    await screen.app.push_screen(JobBusyScreen())
