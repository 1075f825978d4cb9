"""The app: modes, themes, key map, services. Wiring only: what a pane does lives in its screen."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.binding import BindingsMap
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker

from cockpit import log, paths
from cockpit.command_tables.app import PANES, Pane
from cockpit.commands import COMMANDS, for_scope
from cockpit.core.errors import CockpitError, StoreError
from cockpit.keymap import Keymap, merge
from cockpit.screens.base import PaneScreen, bindings, report_failure
from cockpit.screens.themes import load_all, start_theme
from cockpit.terminal import clipboard_sequence, notification_sequence, write_private
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.config import Config
    from cockpit.screens.job_watch import JobWatch
    from cockpit.services import Services

__all__ = ["PANES", "CockpitApp", "Pane", "run_app"]

LONG_RUN_S = 10.0
_IN_DIALOGS = frozenset({"quit", "cancel", "focus_next", "focus_previous"})
_SETTLED_S = 0.3
_KEY_S = 0.005
_GC_THRESHOLDS = (20_000, 20, 50)


class CockpitApp(App[int]):
    """One process of Cockpit on one terminal."""

    TITLE = "cockpit"
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = PANES[0].id

    def __init__(
        self,
        services: Services,
        *,
        project: str = "default",
        demo: bool = False,
        panes: tuple[Pane, ...] = PANES,
        state_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self.services = services
        self.project = project
        self.demo = demo
        self.panes = panes
        self.state_dir = state_dir or paths.state_dir()
        self.is_away = False
        """The terminal is handed to another program: nothing may be written to it."""
        self.badge: tuple[int, str] = (0, "")
        """What every pane's header says of jobs: how many run, how busy the day was."""
        self._held: list[events.Key | events.Paste] = []
        self.failure: BaseException | None = None
        """The error that ended the app."""
        self.animation_level = "none"
        config = services.config
        self.keymap: Keymap = merge(COMMANDS, config.keys, config.key_preset)
        self._bindings = BindingsMap(bindings("app", self.keymap))
        of_widgets = (*for_scope("list"), *for_scope("chart"))
        self.set_keymap({c.id: ",".join(self.keymap.of(c)) for c in of_widgets if c.id in config.keys})
        self.theme_choices: tuple[str, ...] = ()
        start_theme(self)
        for pane in panes:
            self.add_mode(pane.id, _opener(pane))

    def on_mount(self) -> None:
        """Leave to a moment after the first paint what it can do without."""
        self.services.store.on_problem = partial(_say_store_problem, self)
        last = self.get_setting("pane")
        if last != self.current_mode and last in [pane.id for pane in self.panes]:
            self.switch_mode(last)
        self.set_timer(_SETTLED_S, self._settle)

    def _settle(self) -> None:
        """Take in the other themes, tell what is wrong with the configuration, and settle memory."""
        problems = [*self.services.config.problems, *self.keymap.problems, *load_all(self)]
        if problems:
            for problem in problems:
                log.LOGGER.warning("%s", problem)
            more = f"\n… and {len(problems) - 3} more: cockpit doctor" if len(problems) > 3 else ""
            self.notify("\n".join(problems[:3]) + more, title="Configuration", severity="warning", timeout=15)
        _settle_memory()
        self.job_watch.start()

    @cached_property
    def job_watch(self) -> JobWatch:
        """The watch over the project's jobs; made when it is first asked for, after the first paint."""
        from cockpit.screens.job_watch import JobWatch

        return JobWatch(self)

    async def on_event(self, event: events.Event) -> None:
        """Hold what is pressed before a screen can take it; nothing typed ahead is lost or taken for a command."""
        pressed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if pressed and (self._starting or self._held):
            self._held.append(event)  # type: ignore[arg-type]
            return
        await super().on_event(event)

    def release_keys(self) -> None:
        """Hand on, in order, what was pressed while the screen was starting."""
        self.call_later(self._replay)

    async def _replay(self) -> None:
        while self._held and not self._starting:
            await super().on_event(self._held[0])
            del self._held[0]
            if self._held and self.screen.is_modal:
                # A dialog's key may open a field for the keys after it, once it has come back here as a binding.
                self.set_timer(_KEY_S, self._replay)
                return

    @property
    def _starting(self) -> bool:
        return bool(self.screen_stack) and getattr(self.screen, "starting", False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A dialog has the keyboard to itself, but for leaving and moving."""
        if action == "in_editor":
            return False
        name = str(parameters[0]) if action == "do" and parameters else action
        if self.screen_stack and self.screen.is_modal and name not in _IN_DIALOGS:
            return False
        return super().check_action(action, parameters)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A toast. Markup is never parsed, whatever is asked for: messages quote models, files and servers."""
        super().notify(visible(message), title=visible(title), severity=severity, timeout=timeout, markup=False)

    def report(self, error: BaseException, *, title: str = "") -> None:
        """Show an error and log it: one that a person can act on as a toast, our own fault as a dialog with details."""
        if isinstance(error, CockpitError):
            log.LOGGER.warning("%s", error.sentence())
            self.notify(error.sentence(), title=title or error.title, severity="error", timeout=10)
            return
        log.LOGGER.error("%s", title or "unexpected error", exc_info=error)
        from cockpit.screens.dialogs import ShowError, bug_report

        if not isinstance(self.screen, ShowError):
            self.push_screen(bug_report(error, log.log_path(self.state_dir), title=title))

    def copy_text(self, text: str, what: str = "text") -> None:
        """Copy to the terminal's clipboard, as far as it takes it, and always to a file; the toast says both."""
        path = self.state_dir / "yank.txt"
        try:
            write_private(path, text)
            kept = f"and kept in {path}"
        except OSError as error:
            kept = f"but not kept in {path} ({error.strerror})"
        sequence = clipboard_sequence(text, os.environ)
        self._clipboard = text
        if sequence is None:
            self.notify(f"{what}: too long for the terminal's clipboard, {kept}", severity="warning", timeout=8)
            return
        self.write_terminal(sequence)
        self.notify(f"{what}: sent to the terminal's clipboard {kept}", title="Yanked", timeout=4)

    def write_terminal(self, sequence: str) -> None:
        """Send a control sequence of our own making, unless the terminal is lent out."""
        if self._driver is not None and not self.is_headless and not self.is_away:
            self._driver.write(sequence)

    async def edit_text(self, text: str, suffix: str = ".md") -> str | None:
        """The text as changed in $VISUAL or $EDITOR; None if it was not changed or the editor failed."""
        from cockpit.screens.editor import edit_text

        return await edit_text(self, text, suffix)

    def run_ended(self, message: str, seconds: float) -> None:
        """Ring and notify if the run took longer than ten seconds and the person did not turn that off."""
        if seconds > LONG_RUN_S and self.get_setting("notify", True):
            self.write_terminal(notification_sequence(message, os.environ))

    def get_setting(self, key: str, default: Any = None) -> Any:
        """A remembered value, or the default."""
        from cockpit.store import settings

        try:
            value = settings.get(self.services.store.read(), key)
        except (StoreError, ValueError):
            return default
        return default if value is None else value

    def put_setting(self, key: str, value: Any) -> None:
        """Remember a JSON value. It is written in the background; a database that cannot be written says so itself."""
        from cockpit.store import settings

        with suppress(StoreError):
            self.services.store.post(lambda db: settings.put(db, key, value))

    def running(self) -> list[PaneScreen[Any]]:
        """The screens on which something runs."""
        stacks = self._screen_stacks.values()
        return [s for stack in stacks for s in stack if isinstance(s, PaneScreen) and s.busy]

    def open_panes(self) -> list[PaneScreen[Any]]:
        """The panes that were opened so far, without what was opened from them."""
        roots = [stack[0] for stack in self._screen_stacks.values() if stack]
        return [root for root in roots if isinstance(root, PaneScreen)]

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        self.switch_mode(pane)
        self.put_setting("pane", pane)

    async def action_do(self, name: str) -> None:
        """Run an app-wide command kept in `screens/shell.py`."""
        from cockpit.screens import shell

        await getattr(shell, name)(self)

    async def action_quit(self) -> None:
        """Quit, asking first only if something runs; asked twice, quit."""
        from cockpit.screens.shell import quit_app

        await quit_app(self)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker of the app itself that failed is shown and logged."""
        if self.screen_stack:
            report_failure(self.screen, event)

    def panic(self, *renderables: RenderableType) -> None:
        """End without printing: what would be printed can hold secrets. `run_app` says in one line where the log is."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        self.failure = self.failure or self._exception
        log.LOGGER.critical("the app ended", exc_info=self.failure)
        self._close_messages_no_wait()


def _say_store_problem(app: CockpitApp, sentence: str) -> None:
    """The store calls this from its own thread; a toast may be made from any."""
    log.LOGGER.error("%s", sentence)
    if app.is_running:
        app.notify(sentence, title="Not saved", severity="error", timeout=20)


def _opener(pane: Pane) -> Callable[[], Screen[Any]]:
    def open_pane() -> Screen[Any]:
        module, name = pane.path.split(":")
        screen: Screen[Any] = getattr(import_module(module), name)()
        return screen

    return open_pane


def _settle_memory() -> None:
    """Keep what start-up made out of later collections, and make those rare: each would stall the screen."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    gc.enable()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(line + "\n")


def run_app(config: Config, db_path: Path, *, project: str, demo: bool = False) -> int:
    """Open the app and stay in it until the person leaves; the exit status, 1 if it could not open or broke down."""
    from cockpit.services import open_services

    state_dir = paths.state_dir()
    log.open_log(state_dir)
    try:
        services = open_services(config, db_path, in_child=True)
    except StoreError as error:
        _say([error.sentence()])
        return 1
    app = CockpitApp(services, project=project, demo=demo, state_dir=state_dir)
    failure: BaseException | None = None
    try:
        asyncio.run(_stay(app))
    except Exception as error:
        failure = error
        log.LOGGER.critical("the app ended", exc_info=error)
    failure = app.failure or failure
    if failure is not None:
        _say([f"Cockpit ended by a fault of its own ({type(failure).__name__}). Log: {log.log_path(state_dir)}"])
        return 1
    return app.return_value or 0


async def _stay(app: CockpitApp) -> None:
    from cockpit.services import close_services

    try:
        await app.run_async(mouse=False)
    finally:
        await close_services(app.services)
