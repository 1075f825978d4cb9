"""What the app does to the terminal and the machine around it: clipboard, notification, editor. No Textual here."""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

OSC52_LIMIT = 100_000
"""Bytes of text; terminals cut or ignore longer clipboard sequences."""
_LONGEST_MESSAGE = 200


def through_tmux(sequence: str, env: Mapping[str, str]) -> str:
    """The sequence wrapped so that tmux hands it to the terminal around it; unchanged outside tmux."""
    if not env.get("TMUX"):
        return sequence
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def clipboard_sequence(text: str, env: Mapping[str, str]) -> str | None:
    """OSC 52 for the text, or None where it is too long for terminals to take.

    In tmux it is sent both ways, since its settings decide which of them arrives.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > OSC52_LIMIT:
        return None
    plain = f"\x1b]52;c;{base64.b64encode(data).decode()}\a"
    return plain + through_tmux(plain, env) if env.get("TMUX") else plain


def notification_sequence(message: str, env: Mapping[str, str]) -> str:
    """A bell, and a notification as the terminal around takes it: OSC 99 for kitty, OSC 777 for urxvt and foot, else
    OSC 9. Inside tmux nobody can tell which terminal is around, since its marks leak in from elsewhere: OSC 9, which
    most of them take, and the bell, which tmux hands on itself.

    Control characters of the message are dropped: they could end the sequence.
    """
    plain = "".join(c for c in message if c.isprintable()).strip()[:_LONGEST_MESSAGE]
    return "\a" + through_tmux(_notification(plain, env), env)


def _notification(plain: str, env: Mapping[str, str]) -> str:
    term = env.get("TERM", "")
    if not env.get("TMUX") and (env.get("KITTY_WINDOW_ID") or term == "xterm-kitty"):
        return f"\x1b]99;;{plain}\x1b\\"
    if not env.get("TMUX") and term.startswith(("rxvt", "foot")):
        return f"\x1b]777;notify;Cockpit;{plain.replace(';', ',')}\a"
    return f"\x1b]9;{plain}\a"


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, exactly; lone surrogates are kept as they came.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))


def editor_command(env: Mapping[str, str]) -> list[str]:
    """The words of $VISUAL, else $EDITOR, else vi; ValueError if its quoting is broken."""
    return shlex.split(env.get("VISUAL") or env.get("EDITOR") or "vi") or ["vi"]


def edited(before: str, path: Path, *, ended_with_newline: bool) -> str:
    """What the editor left in the file. The newline that editors add at the end is taken away again if there was none.

    Raises:
        OSError: the file is gone.
        UnicodeError: it is not UTF-8.
    """
    after = path.read_bytes().decode("utf-8", "surrogatepass")
    if after == before + "\n" or (not ended_with_newline and after.endswith("\n")):
        after = after[:-1]
    return after
