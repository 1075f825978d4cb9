"""Editing text in the person's own editor, with the app out of the way meanwhile. Any screen may use it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.terminal import edited, editor_command, write_private

if TYPE_CHECKING:
    from textual.widget import Widget

    from cockpit.app import CockpitApp


async def edit_text(app: CockpitApp, text: str, suffix: str = ".md") -> str | None:
    """The text as the editor left it, or None if it is as it was or the editor failed (which is then said).

    Streams go on meanwhile. What an editor that failed had saved stays in its file, and the person is told where.
    """
    descriptor, name = tempfile.mkstemp(prefix="cockpit-", suffix=suffix)
    os.close(descriptor)
    path = Path(name)
    keep = False
    try:
        write_private(path, text)
        status = await _run_editor(app, path)
        changed = edited(text, path, ended_with_newline=text.endswith("\n"))
        if status == 0:
            return changed if changed != text else None
        keep = changed != text
        where = f" What it had saved is in {path}." if keep else ""
        app.notify(f"The editor failed ({status}); the text here is unchanged.{where}", severity="error", timeout=12)
    except (OSError, UnicodeError, ValueError, _NoSuspend) as error:
        keep = isinstance(error, UnicodeError)
        where = f" It is in {path}." if keep else " Set $VISUAL or $EDITOR."
        app.notify(f"The editor's text was not taken: {error}.{where}", severity="error", timeout=12)
    finally:
        if not keep:
            await asyncio.to_thread(path.unlink, missing_ok=True)
    return None


class _NoSuspend(Exception):
    """This terminal cannot be handed to another program."""


async def _run_editor(app: CockpitApp, path: Path) -> int:
    from textual.app import SuspendNotSupported

    command = [*editor_command(os.environ), str(path)]
    # ctrl+c in the editor reaches this process too, and must not end it. A handler (unlike SIG_IGN) is not inherited.
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with app.batch_update(), app.suspend():
            app.is_away = True
            return await asyncio.to_thread(_call, command)
    except SuspendNotSupported as error:
        raise _NoSuspend("this terminal cannot be handed over") from error
    finally:
        app.is_away = False
        signal.signal(signal.SIGINT, previous)


def _call(command: list[str]) -> int:
    return subprocess.call(command)


def text_of(field: Widget) -> str:
    """The text of a TextArea, Input or Field."""
    return str(field.text if hasattr(field, "text") else getattr(field, "value", ""))


def put_text(field: Any, text: str) -> None:
    """Replace a field's text: in an editor as one step that can be undone, on one line with spaces for line ends."""
    if hasattr(field, "document"):
        field.replace(text, (0, 0), field.document.end)
    else:
        field.value = " ".join(text.splitlines())
