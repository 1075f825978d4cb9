"""Editing one line of text as a plain value: text, caret and what each key does; nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A line being edited and where its caret is (0 … len(text))."""

    text: str = ""
    caret: int = 0

    @classmethod
    def of(cls, text: str) -> LineEdit:
        """A line with the caret at its end."""
        return cls(text, len(text))

    def insert(self, text: str) -> LineEdit:
        """With text put in at the caret; line ends become spaces, since this is one line."""
        flat = text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
        return LineEdit(self.text[: self.caret] + flat + self.text[self.caret :], self.caret + len(flat))

    def press(self, key: str, character: str | None = None) -> LineEdit | None:
        """What a key does to the line; None where it means nothing here."""
        if character is not None and character.isprintable():
            return self.insert(character)
        match key:
            case "left" | "ctrl+left":
                return replace(self, caret=self._word_left() if key == "ctrl+left" else max(self.caret - 1, 0))
            case "right" | "ctrl+right":
                step = self._word_right() if key == "ctrl+right" else min(self.caret + 1, len(self.text))
                return replace(self, caret=step)
            case "home" | "ctrl+a":
                return replace(self, caret=0)
            case "end":
                return replace(self, caret=len(self.text))
            case "backspace":
                return self._without(max(self.caret - 1, 0), self.caret)
            case "delete" | "ctrl+d":
                return self._without(self.caret, self.caret + 1)
            case "ctrl+w" | "ctrl+backspace":
                return self._without(self._word_left(), self.caret)
            case "ctrl+u":
                return self._without(0, self.caret)
            case "ctrl+k":
                return self._without(self.caret, len(self.text))
        return None

    def _without(self, start: int, end: int) -> LineEdit:
        return LineEdit(self.text[:start] + self.text[end:], start)

    def _word_left(self) -> int:
        at = self.caret
        while at > 0 and self.text[at - 1].isspace():
            at -= 1
        while at > 0 and not self.text[at - 1].isspace():
            at -= 1
        return at

    def _word_right(self) -> int:
        at = self.caret
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        while at < len(self.text) and not self.text[at].isspace():
            at += 1
        return at
