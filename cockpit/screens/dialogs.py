"""Small dialogs that return one typed answer: ask, confirm, pick, show. No use case lives here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.screens.base import ModalPane


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of a Pick: its value, what is shown, and a secondary column."""

    value: str
    label: str
    detail: str = ""
    keys: str = ""


class Ask(ModalPane[str | None]):
    """One line of text; None if dismissed."""

    def __init__(self, title: str, *, prompt: str = "", value: str = "", placeholder: str = "") -> None:
        super().__init__()


class Confirm(ModalPane[bool]):
    """A yes or no; False if dismissed."""

    def __init__(self, title: str, message: str, *, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()


class Pick(ModalPane[str | None]):
    """One of many, narrowed by typing; None if dismissed."""

    def __init__(self, title: str, choices: Sequence[Choice], *, selected: str | None = None, hint: str = "") -> None:
        super().__init__()


class PickMany(ModalPane[list[str] | None]):
    """Any number of many: space marks, enter accepts; None if dismissed."""

    def __init__(self, title: str, choices: Sequence[Choice], *, marked: Sequence[str] = (), hint: str = "") -> None:
        super().__init__()


class ShowError(ModalPane[None]):
    """What went wrong, what to do about it, and details that `y` copies."""

    def __init__(self, title: str, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__()


class ShowText(ModalPane[None]):
    """A longer text to read, scroll and copy."""

    def __init__(self, title: str, text: str, *, hint: str = "") -> None:
        super().__init__()
