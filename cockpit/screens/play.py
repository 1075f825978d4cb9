"""The Play pane: write, send to many models, watch, compare. It arranges; each concern lives in a `play_*` module."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from cockpit.command_tables.app import PANES
from cockpit.command_tables.command import Command
from cockpit.commands import by_id
from cockpit.core.draft import PlayDraft
from cockpit.core.keys import SampleKey
from cockpit.screens import play_status as words
from cockpit.screens.base import PaneScreen
from cockpit.screens.play_archive import Archive
from cockpit.screens.play_checks import Checks
from cockpit.screens.play_edit import Editing
from cockpit.screens.play_go import Opening
from cockpit.screens.play_ideas import Ideas
from cockpit.screens.play_run import Flights
from cockpit.screens.play_samples import Reading
from cockpit.screens.play_session import FOOT_LABELS, FOOT_MOVING, FOOT_PARAMS, FOOT_TYPING, first_draft
from cockpit.screens.play_shots import PlayShots
from cockpit.screens.play_write import Writing
from widgets.params_panel import ParamsPanel
from widgets.sample_wall import SampleWall
from widgets.top_bar import TopBar


class PlayScreen(PaneScreen[None]):
    """Ladder, sample wall, editors, params, status."""

    scope: ClassVar[str] = "play"
    pane_title: ClassVar[str] = "Play"
    # Not CSS_PATH: before the first paint, that has all style parsed once more.
    DEFAULT_CSS = Path(__file__).with_name("play.tcss").read_text("utf-8")
    AUTO_FOCUS = ""
    starting = True

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-middle"), (130, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (28, "-medium"), (40, "-high")]
        self._last_run: object = None
        self.writing = Writing(self)
        self.editing = Editing(self, self.writing)
        self.flights = Flights(self)
        self.reading = Reading(self)
        self.opening = Opening(self)
        self.archive = Archive(self)
        self.ideas = Ideas(self)
        self.checks = Checks(self)
        self.shots = PlayShots(self)

    def compose_body(self) -> ComposeResult:
        """What the first paint needs; editors come after it."""
        yield TopBar(id="ladder")
        yield SampleWall(id="wall")
        yield Vertical(id="fields")
        with Horizontal(id="desk"):
            yield Vertical(id="prompt-box")
            yield ParamsPanel(id="params")
        yield TopBar(id="status")

    def on_mount(self) -> None:
        """Take up the last session, then let the editors come."""
        self.query_one("#params", ParamsPanel).border_title = Content("params")
        data = self.cockpit.get_setting(self.session_key)
        self.restore_session(data if isinstance(data, Mapping) else {})
        self.show_totals()
        self.writing.settle()
        self._last_run = data.get("run") if isinstance(data, Mapping) else None
        # The app draws nothing before its own mounting is over, and calls it a refresh all the same.
        self.app.call_later(self.call_after_refresh, self._begin)

    async def _begin(self) -> None:
        await self.writing.mount_editors()
        self.editing.edit()
        self.starting = False
        self.cockpit.release_keys()
        self.call_after_refresh(self.run_worker, self._look_back, group="archive", exit_on_error=False)

    async def _look_back(self) -> None:
        """What the models take and cost and what the store remembers, once the pane is ready for typing."""
        self.writing.settle()
        draft = await self.archive.restore_inputs(self.writing.draft)
        if draft is not self.writing.draft:
            await self.writing.load(draft)
        if isinstance(self._last_run, int) and self.flights.fold is None:
            await self.archive.reopen(self._last_run)
        await self.archive.refresh(self.flights.current_run())
        await self.archive.offer_resume()

    @property
    def wall(self) -> SampleWall:
        """The sample wall."""
        return self.query_one("#wall", SampleWall)

    # What the app asks

    @property
    def busy(self) -> bool:
        """Whether anything is in flight."""
        return bool(self.flights.flying)

    def cancel_running(self) -> None:
        """Cancel everything in flight."""
        self.flights.cancel_all()

    def footer_commands(self) -> list[Command]:
        """The most useful keys of the state the pane is in; enter only where there is something to open."""
        names = FOOT_TYPING if self.typing else FOOT_MOVING
        in_params = self.focused is not None and self.focused.id == "params"
        self.footer_labels = FOOT_PARAMS if in_params else FOOT_LABELS
        can_open = in_params or (self.wall.has_focus and self.wall.current is not None)
        return [by_id(name) for name in names if can_open or name != "list.open"]

    def stop_typing(self) -> None:
        """The wall takes the keyboard: letters are commands."""
        self.set_focus(self.wall)

    on_prompt_editor_left_typing = stop_typing

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        wanted = {"w": "#wall", "s": "#system", "e": "#prompt", "f": "#prefill", "p": "#params", "v": "#var-0"}
        found = {key: self.query_one_optional(where) for key, where in wanted.items()}
        return {key: widget for key, widget in found.items() if widget is not None and widget.display}

    def on_descendant_focus(self) -> None:
        """The examples block unfolds while it is typed in."""
        self.writing.show_examples(open_=self.focused is not None and self.focused.id == "examples")
        self.checks.show()

    on_descendant_blur = on_descendant_focus

    def editor_field(self) -> Widget | None:
        """The editor that ctrl+e opens: the one with the keyboard, else the prompt."""
        focused = super().editor_field()
        return focused if focused is not None else self.writing.editor("prompt")

    def save_session(self) -> dict[str, Any]:
        """The draft, the prompt's name, the turn shown and the run on the wall."""
        live = self.flights.current_run()
        writing = self.writing
        return {
            "draft": writing.draft.to_json(),
            "name": writing.name,
            "turn": writing.turn,
            "idea": self.ideas.to_json(),
            "run": live.run_id if live is not None else self._last_run,
        }

    def restore_session(self, data: Mapping[str, Any]) -> None:
        """Take up what `save_session` returned last time; with nothing to take up, the first start."""
        writing = self.writing
        saved = data.get("draft")
        if isinstance(saved, Mapping):
            writing.draft = PlayDraft.from_json(saved)
            writing.name = str(data.get("name") or "prompt")
        else:
            writing.draft = first_draft(self.services.config)
        self.ideas.restore(data.get("idea"))
        turn = data.get("turn")
        last = len(writing.draft.turns) - 1
        writing.turn = min(turn, last) if isinstance(turn, int) and turn >= 0 else last

    # What the parts ask of the screen

    def show_totals(self) -> None:
        """Top bar and ladder."""
        totals = self.archive.totals
        panes = [(pane.number, pane.title) for pane in PANES]
        top = words.top_parts(self.cockpit.project, panes, self.pane_title, self.cockpit.badge)
        self.query_one("#top-bar", TopBar).show(top, words.totals_parts(totals))
        self.query_one("#ladder", TopBar).show(words.ladder_parts(totals))
        self.flights.show_where()

    def flush(self) -> None:
        """Draw what changed in the run on the wall."""
        self.flights.flush()

    # Messages and actions

    def on_text_area_changed(self, event: Any) -> None:
        """An editor's text changed."""
        self.writing.typed(event.text_area.id or "", event.text_area.text)

    def on_params_panel_changed(self, event: ParamsPanel.Changed) -> None:
        """A setting was entered."""
        self.writing.set(event.name, event.text)

    def on_sample_wall_opened(self, event: SampleWall.Opened) -> None:
        """Enter on a sample opens it."""
        if isinstance(event.key, SampleKey):
            self.run_worker(self.opening.sample(event.key), group="dialog", exit_on_error=False)

    def action_flight(self, name: str) -> None:
        """Run a command of `play_run`."""
        self._run(self.flights, name)

    def action_write(self, name: str) -> None:
        """Run a command of `play_edit`."""
        self._run(self.editing, name)

    def action_go(self, name: str) -> None:
        """Run a command of `play_go`."""
        self._run(self.opening, name)

    def action_sample(self, name: str) -> None:
        """Run a command of `play_samples`."""
        self._run(self.reading, name)

    def _run(self, part: object, name: str) -> None:
        """Call an action; one that waits gets a worker, whose errors the base screen shows."""
        work = getattr(part, name)()
        if inspect.isawaitable(work):
            self.run_worker(work, group=name, exit_on_error=False)
