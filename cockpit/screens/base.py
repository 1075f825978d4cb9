"""The base of every pane and dialog: keys from the registry, key bar, errors of workers. No use case lives here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.actions import SkipAction, parse
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap
from textual.containers import Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState
from typing_extensions import TypeVar

from cockpit.commands import for_scope
from cockpit.keymap import Keymap, display, is_plain
from widgets.key_bar import KeyBar
from widgets.top_bar import TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.app import CockpitApp
    from cockpit.command_tables.command import Command
    from cockpit.services import Services

Result = TypeVar("Result", default=None)
Severity = Literal["information", "warning", "error"]
FLUSHES_PER_SECOND = 24
# One-line fields, lists and dialogs use these keys: a typing command on one acts in the multi-line editor only.
_EDITOR_KEYS = frozenset({"enter"})


def bindings(scope: str, keymap: Keymap) -> list[Binding]:
    """Textual bindings for a scope's commands; those for typing come before the focused field's own."""
    return [_binding(command, key) for command in for_scope(scope) for key in keymap.of(command)]


def _binding(command: Command, key: str) -> Binding:
    priority = command.typing and not is_plain(key)
    in_editor_only = priority and key in _EDITOR_KEYS
    return Binding(
        key,
        f"in_editor({command.action!r})" if in_editor_only else command.action,
        command.title,
        show=command.footer,
        priority=priority,
        tooltip=command.help,
        id=command.id,
    )


def _label(title: str) -> str:
    """A title as the key bar has it: small, unless it is an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def takes_letters(widget: Widget | None) -> bool:
    """Whether letters typed now go into this widget's text."""
    return widget is not None and widget.check_consume_key("a", "a")


def is_editor(widget: Widget | None) -> bool:
    """Whether the widget is a multi-line editor (asked by name, so that the editor need not be loaded)."""
    return any(kind.__name__ == "TextArea" for kind in type(widget).__mro__)


def is_enabled(node: DOMNode, action: str) -> bool:
    """Whether an action, written as in a binding, can be carried out on the node now."""
    _, name, parameters = parse(action)
    return bool(node.check_action(name, parameters))


def keymap_of(app: object) -> Keymap:
    """The app's key map; the defaults in an app of another kind, as widget tests use."""
    keymap = getattr(app, "keymap", None)
    return keymap if isinstance(keymap, Keymap) else Keymap()


def shown_keys(commands: Iterable[Command], keymap: Keymap, *, typing: bool) -> list[tuple[Command, str]]:
    """Each command with the first of its keys that works in this state, a plain one if any does while moving;
    commands without one are left out."""
    found = []
    for command in commands:
        if typing and not command.typing and command.id != "app.escape":
            continue
        keys = [key for key in keymap.of(command) if not (typing and is_plain(key))]
        if keys:
            found.append((command, display(next((key for key in keys if is_plain(key)), keys[0]))))
    return found


class PaneScreen(Screen[Result]):
    """A full screen with a scope of commands: a top bar, a body, a key bar.

    Subclasses set `scope` and yield their widgets in `compose_body`.
    """

    scope: ClassVar[str] = ""
    footer_labels: Mapping[str, str] = {}
    """What the key bar calls a command, by its id, where that is not its title."""
    pane_title: ClassVar[str] = ""
    """Shown in the top bar of a screen opened from a pane."""

    starting = False
    """The editor that keys are meant for is still to come: the app holds what is pressed until `release_keys`."""

    DEFAULT_CSS = """
    PaneScreen { layout: vertical; overflow: hidden; background: $background; }
    PaneScreen > #top-bar, PaneScreen > #key-bar { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._flush_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Top bar, body, key bar."""
        yield TopBar([(" cockpit", "name"), (f"  {self.pane_title}", "quiet")], id="top-bar")
        yield from self.compose_body()
        yield KeyBar(id="key-bar")

    def compose_body(self) -> ComposeResult:
        """What is between the bars; subclasses yield their widgets here."""
        yield from ()

    def on_mount(self) -> None:
        """Take the keys and keep the key bar true. Textual calls this beside a subclass's own `on_mount`."""
        self._bindings = BindingsMap(bindings(self.scope, keymap_of(self.app)))
        self.bindings_updated_signal.subscribe(self, lambda _: self.refresh_keys(), immediate=True)
        self.call_after_refresh(self.refresh_keys)

    def on_screen_resume(self) -> None:
        """The key bar stood still while a dialog was in front."""
        self.refresh_keys()

    @property
    def cockpit(self) -> CockpitApp:
        """The app, typed."""
        return self.app  # type: ignore[return-value]

    @property
    def services(self) -> Services:
        """Configuration, store, providers, limits, clock."""
        return self.cockpit.services

    @property
    def typing(self) -> bool:
        """Whether letters go to a text field now."""
        return takes_letters(self.focused)

    @property
    def busy(self) -> bool:
        """Whether something runs here that quitting would stop; screens that run things override it."""
        return False

    def cancel_running(self) -> None:
        """Stop what runs here (ctrl+c); screens that run things override it."""

    def stop_typing(self) -> None:
        """Go from typing to moving; screens with a better place for the focus than nowhere override it."""
        self.set_focus(None)

    def jump_targets(self) -> Mapping[str, Widget]:
        """Parts that jump mode labels, by label; by default every widget that takes the keyboard, labelled in order."""
        return {}

    def editor_field(self) -> Widget | None:
        """The text field that ctrl+e edits: the focused one, unless a screen knows better."""
        return self.focused if self.typing else None

    @property
    def session_key(self) -> str:
        """The setting that keeps this screen's session: one a project and screen."""
        return f"session.{self.cockpit.project}.{self.scope}"

    def save_session(self) -> dict[str, Any]:
        """What to remember of this screen for the next start, as JSON values."""
        return {}

    def restore_session(self, data: Mapping[str, Any]) -> None:
        """Take up what `save_session` returned last time; the screen calls it once its widgets are there."""

    def notify_plain(
        self, message: str, *, title: str = "", severity: Severity = "information", timeout: float = 5
    ) -> None:
        """A toast that parses no markup."""
        self.app.notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def start_flush(self) -> None:
        """Call `flush` now and FLUSHES_PER_SECOND times a second, until `stop_flush`."""
        if self._flush_timer is None:
            self._flush_timer = self.set_interval(1 / FLUSHES_PER_SECOND, self.flush)
            self.flush()

    def stop_flush(self) -> None:
        """Stop the flush timer after one last flush."""
        if self._flush_timer is not None:
            self._flush_timer.stop()
            self._flush_timer = None
            self.flush()

    def flush(self) -> None:
        """Draw what changed; screens that stream override it."""

    def refresh_keys(self) -> None:
        """Show the keys that work now. It follows the focus; call `refresh_bindings` when `check_action` changes."""
        bar = self.query_one_optional("#key-bar", KeyBar)
        if bar is None or self.app.screen is not self:
            return
        keymap, typing = keymap_of(self.app), self.typing or self.starting
        keys = [
            (key, self.footer_labels.get(command.id) or _label(command.title))
            for command, key in shown_keys(self.footer_commands(), keymap, typing=typing)
            if not command.action or is_enabled(self.app if command.scope == "app" else self, command.action)
        ]
        bar.show(keys, note="✎ typing" if typing else "moving")

    def footer_commands(self) -> list[Command]:
        """The commands whose keys the key bar shows, most wanted first; the last is kept however narrow the bar."""
        return [c for scope in (self.scope, "app") for c in for_scope(scope) if c.footer]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action bound for the editor alone works when the action itself does."""
        if action == "in_editor":
            return is_enabled(self, str(parameters[0]))
        return super().check_action(action, parameters)

    async def action_in_editor(self, action: str) -> None:
        """Run the action if the multi-line editor has the keyboard; else the key keeps its usual meaning."""
        if not (self.typing and is_editor(self.focused)):
            raise SkipAction
        await self.run_action(action)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is shown and logged, never lost."""
        report_failure(self, event)


class ModalPane(ModalScreen[Result]):
    """A dialog over a screen: a centred panel. `escape` and ctrl+c dismiss it with None."""

    scope: ClassVar[str] = ""
    KEYS: ClassVar[tuple[Binding, ...]] = ()
    """The dialog's own keys, beside leaving and tab."""

    DEFAULT_CSS = """
    ModalPane { align: center middle; background: $background 65%; }
    ModalPane > .panel {
        width: 72; max-width: 94%; height: auto; max-height: 90%; padding: 1 2 0 2;
        background: $surface; border: round $accent;
        border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $text-muted; border-title-align: left; border-subtitle-align: right;
    }
    """

    def on_mount(self) -> None:
        """Take the keys. Textual calls this beside a subclass's own `on_mount`."""
        own = bindings(self.scope, keymap_of(self.app)) if self.scope else []
        leave = Binding("escape", "leave", "back", id="dialog.leave", priority=True, tooltip="Close.")
        moves = [Binding("tab", "app.focus_next", show=False), Binding("shift+tab", "app.focus_previous", show=False)]
        self._bindings = BindingsMap([leave, *moves, *self.KEYS, *own])

    @property
    def cockpit(self) -> CockpitApp:
        """The app, typed."""
        return self.app  # type: ignore[return-value]

    @property
    def typing(self) -> bool:
        """Whether letters go to a text field now."""
        return takes_letters(self.focused)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is shown and logged, never lost."""
        report_failure(self, event)


def report_failure(screen: Screen[Any], event: Worker.StateChanged) -> None:
    """Hand a worker's error to the app; an app of another kind gets it raised, so that tests see it."""
    error = event.worker.error
    if event.state is not WorkerState.ERROR or error is None:
        return
    report = getattr(screen.app, "report", None)
    if report is None:
        raise error
    report(error)


def panel(title: str, keys: str) -> Vertical:
    """The frame of a dialog: its title in the border above, its keys in the border below. Neither is parsed."""
    frame = Vertical(classes="panel")
    frame.border_title = Content(visible(title, newlines="mark"))
    frame.border_subtitle = Content(visible(keys, newlines="mark"))
    return frame
