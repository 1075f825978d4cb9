"""Presenting in the terminal: one slide on the whole screen, a timer an item. What slides say is decided below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.report import Slide
from cockpit.screens.dialogs import Choice, Pick
from cockpit.screens.opened import OpenedScreen
from widgets.plain import Plain
from widgets.text_view import TextView
from widgets.top_bar import TopBar
from widgets.visible import visible

TICK_S = 1.0


class PresentScreen(OpenedScreen[None]):
    """Slides, one at a time."""

    scope: ClassVar[str] = "present"
    pane_title: ClassVar[str] = "Present"
    DEFAULT_CSS = """
    PresentScreen #top-bar, PresentScreen #key-bar { display: none; }
    PresentScreen #title { height: 2; padding: 1 4 0 4; background: $background; }
    PresentScreen #title { color: $text-accent; text-style: bold; }
    PresentScreen #slide { padding: 1 4; background: $background; }
    PresentScreen.-blank #title, PresentScreen.-blank #slide { visibility: hidden; }
    PresentScreen #line { background: $background; padding: 0 3; }
    """

    def __init__(self, slides: Sequence[Slide], clock: Callable[[], float], shown: Sequence[str] = ()) -> None:
        """`shown` is what a terminal shows of each slide's body; without it, the body."""
        super().__init__()
        self._slides, self._clock = slides, clock
        self._shown = shown or [one.body for one in slides]
        self._spent = dict.fromkeys(range(len(slides)), 0.0)
        self._at, self._since = 0, clock()

    def compose_body(self) -> ComposeResult:
        """Title, slide, one quiet line."""
        yield Plain("", id="title")
        yield TextView(markdown=True, id="slide")
        yield TopBar(id="line")

    def on_mount(self) -> None:
        """Begin with the first slide."""
        self.query_one("#slide").focus()
        self._show()
        self.set_interval(TICK_S, self.tick)

    def tick(self) -> None:
        """The line at the foot: time of this item, place, what comes next."""
        one, spent = self._slides[self._at], self._item_spent()
        over = one.minutes > 0 and spent > 60 * one.minutes
        most = f" of {one.minutes}:00" if one.minutes else ""
        clock = f"{int(spent) // 60}:{int(spent) % 60:02d}{most}"
        following = self._slides[self._at + 1].title if self._at + 1 < len(self._slides) else "the end"
        left = [(clock + (" ▲ over" if over else ""), "warn" if over else "quiet")]
        left.append((f"   next: {visible(following, newlines='mark')}", "quiet"))
        place = f"{self._at + 1} / {len(self._slides)}"
        keys = "space next · esc back · ? keys     " if self._at == 0 else ""
        self.query_one("#line", TopBar).show(left, [(keys, "quiet"), (place, "quiet")])

    def _item_spent(self) -> float:
        return self._spent[self._at] + self._clock() - self._since

    def _show(self) -> None:
        one = self._slides[self._at]
        self.query_one("#title", Plain).update(one.title)
        self.query_one("#slide", TextView).show(self._shown[self._at])
        self.tick()

    def _go(self, to: int) -> None:
        to = min(max(to, 0), len(self._slides) - 1)
        self._spent[self._at] = self._item_spent()
        self._at, self._since = to, self._clock()
        self.remove_class("-blank")
        self._show()

    # Commands

    def action_turn(self, by: int) -> None:
        """On or back, by slides."""
        self._go(self._at + by)

    def action_end(self, end: str) -> None:
        """To the first or last slide."""
        self._go(0 if end == "first" else len(self._slides) - 1)

    def action_timer(self) -> None:
        """This item's time begins again."""
        self._spent[self._at], self._since = 0.0, self._clock()
        self.tick()

    def action_blank(self) -> None:
        """Nothing on the screen but the line, until the next key."""
        self.toggle_class("-blank")

    def action_trace(self) -> None:
        """Where this slide's figures come from."""
        from cockpit.screens.log_trace import LogTraceScreen

        one = self._slides[self._at]
        self.app.push_screen(LogTraceScreen("this slide", one.body))

    async def action_overview(self) -> None:
        """Go to a slide by its title."""
        self.run_worker(self._overview(), group="overview", exclusive=True, exit_on_error=False)

    async def _overview(self) -> None:
        choices = [
            Choice(str(at), one.title, f"{one.minutes} min" if one.minutes else "")
            for at, one in enumerate(self._slides)
        ]
        chosen = await self.app.push_screen_wait(Pick("Slides", choices, selected=str(self._at)))
        if chosen is not None:
            self._go(int(chosen))
