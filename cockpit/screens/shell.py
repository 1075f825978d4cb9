"""The app-wide commands: what happens when each is pressed. One function a command; the app only calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.screens.base import PaneScreen, is_editor, takes_letters

if TYPE_CHECKING:
    from textual.screen import Screen

    from cockpit.app import CockpitApp


async def palette(app: CockpitApp) -> None:
    """Offer every command that can be reached now, and run the chosen one."""
    from cockpit.screens.palette import Entry, Palette, reachable

    def run(chosen: Entry | None) -> None:
        if chosen is not None:
            app.call_later(chosen.run)

    await app.push_screen(Palette(reachable(app)), run)


async def help(app: CockpitApp) -> None:
    """Show the keys of this screen and of the app."""
    from cockpit.screens.help import help_for

    await app.push_screen(help_for(app))


async def jump(app: CockpitApp) -> None:
    """Label the parts of the screen and focus the chosen one."""
    from cockpit.screens.jump import jump_from

    await jump_from(app)


async def theme(app: CockpitApp) -> None:
    """Choose a theme with a preview."""
    from cockpit.screens.theme_picker import ThemePicker
    from cockpit.screens.themes import load_all

    if not app.theme_choices:
        load_all(app)
    await app.push_screen(ThemePicker(app))


async def escape(app: CockpitApp) -> None:
    """Stop typing; where nothing is typed, go back from a screen that was opened from a pane."""
    screen = app.screen
    if isinstance(screen, PaneScreen) and screen.typing:
        screen.stop_typing()
    elif _opened(app):
        screen.dismiss(None)


async def leave(app: CockpitApp) -> None:
    """Go back; from a pane, quit."""
    if _opened(app):
        app.screen.dismiss(None)
    else:
        await quit_app(app)


async def editor(app: CockpitApp) -> None:
    """Edit the text field in the person's editor. The text comes back as one step that can be undone."""
    screen = app.screen
    field = screen.editor_field() if isinstance(screen, PaneScreen) else screen.focused
    if field is None or not (takes_letters(field) or is_editor(field)):
        app.notify("ctrl+e edits a text: go to one first.")
        return
    app.run_worker(_edit(app, field), group="editor", exclusive=True, exit_on_error=False)


async def _edit(app: CockpitApp, field: Any) -> None:
    from cockpit.screens.editor import put_text, text_of

    changed = await app.edit_text(text_of(field))
    if changed is not None and field.is_attached:
        put_text(field, changed)


async def write(app: CockpitApp) -> None:
    """Open a draft of an entry about what is in front."""
    from cockpit.screens.log_edit import LogEditScreen, write_about

    if isinstance(app.screen, LogEditScreen):
        app.notify("You are writing an entry already.")
    elif isinstance(app.screen, PaneScreen):
        app.run_worker(write_about(app, app.screen), group="write", exclusive=True, exit_on_error=False)


async def notifications(app: CockpitApp) -> None:
    """Turn the notification at the end of long runs on or off."""
    on = not app.get_setting("notify", True)
    app.put_setting("notify", on)
    app.notify(f"Long runs now end {'with a bell and a notification' if on else 'silently'}.")


async def mode(app: CockpitApp) -> None:
    """Choose the project's phase, which says what the header reminds of."""
    from cockpit.screens.dialogs import Choice, Pick

    choices = [
        Choice("", "none", "the header says how busy the day was"),
        Choice("explore", "explore", "messages sent, rungs tried"),
        Choice("execute", "execute", "how busy, and results that wait to be read"),
        Choice("write", "write", "entries that lack context, results not logged"),
    ]
    key = f"mode.{app.project}"

    async def choose() -> None:
        from cockpit.store import settings

        chosen = await app.push_screen_wait(Pick("Mode", choices, selected=app.get_setting(key, "")))
        if chosen is not None:
            await app.services.store.write(lambda db: settings.put(db, key, chosen or None))
            app.job_watch.remind()

    app.run_worker(choose(), group="mode", exclusive=True, exit_on_error=False)


async def ask_first(app: CockpitApp) -> None:
    """Ask for a prediction before each run, or do not."""
    on = not app.get_setting("ask_first", False)
    app.put_setting("ask_first", on)
    app.notify(
        "Before each run you are asked what you expect; enter skips it." if on else "You are not asked before runs."
    )


async def cancel(app: CockpitApp) -> None:
    """Cancel what runs on this screen, leave a dialog, or copy a selection; never quit."""
    screen = app.screen
    if screen.is_modal:
        await screen.run_action("leave")
    elif isinstance(screen, PaneScreen) and screen.busy:
        screen.cancel_running()
    elif selected := _selection(screen):
        app.copy_text(selected, "Selection")
    else:
        quit_key = next((key for key, binding in app._bindings if binding.action == "quit"), "ctrl+q")
        app.notify(f"Nothing is running here. {quit_key} quits.")


async def quit_app(app: CockpitApp) -> None:
    """Quit; if something runs, ask first. Asked while asking, quit."""
    from cockpit.screens.dialogs import Confirm

    running = app.running()
    if running and not isinstance(app.screen, Confirm):
        message = "Something is still running. Finished samples are saved; the rest can be resumed later."
        dialog = Confirm("Quit?", message, yes="Quit", no="Stay")
        await app.push_screen(dialog, lambda answer: _leave(app) if answer else None)
        return
    _leave(app)


def _leave(app: CockpitApp) -> None:
    for stack in app._screen_stacks.values():
        for screen in stack[:1]:
            if isinstance(screen, PaneScreen) and (data := screen.save_session()):
                app.put_setting(screen.session_key, data)
    app.exit(0)


def _opened(app: CockpitApp) -> bool:
    """Whether the screen was opened from a pane, and so can be left."""
    return len(app.screen_stack) > 1 and isinstance(app.screen, PaneScreen)


def _selection(screen: Screen[Any]) -> str:
    selected = getattr(screen.focused, "selected_text", "")
    return selected if isinstance(selected, str) else ""
