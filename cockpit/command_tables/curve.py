"""The commands of the screen that asks whether examples help. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _curve(name: str, keys: str, title: str, text: str, *, footer: bool = True) -> Command:
    return Command(f"curve.{name}", keys, title, text, "curve", name, footer=footer, group="Does it help?")


COMMANDS: tuple[Command, ...] = (
    _curve("send", "ctrl+j,ctrl+enter", "Run", "Send what is planned, score it, and draw it as it comes."),
    _curve("ask", "a", "Settings", "Back to what is asked; a narrow terminal hides it while there are numbers."),
    _curve("curve", "c", "Curve", "Score against k = 0, 1, 2, 4, 8 … examples."),
    _curve("each", "w", "Each one", "What each example does: the score with it less the score without it."),
    _curve("orders", "o", "Orders", "What the order of the same examples does to the score."),
    _curve("earlier", "e", "Earlier", "Open an earlier experiment with its numbers as they were stored."),
    _curve("use", "p", "Into Play", "Have Play send with the best number of examples."),
    _curve("model_before", "left_square_bracket", "Model before", "The numbers of the model before.", footer=False),
    _curve("model_after", "right_square_bracket", "Model after", "The numbers of the model after.", footer=False),
    _curve("copy", "y", "Copy", "Copy the table as text.", footer=False),
)
