"""The commands of the Fill screen. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

FOOTER = frozenset({"put", "number", "which", "order", "leaks", "place", "set", "fit", "next", "copy"})


def _fill(name: str, keys: str, title: str, text: str, action: str = "") -> Command:
    return Command(
        f"fill.{name}", keys, title, text, "fill", action or name, footer=name in FOOTER, group="Fill the context"
    )


def _choose(name: str, keys: str, title: str, text: str) -> Command:
    """An option, changed by the method of its name in `fill_choose`."""
    return _fill(name, keys, title, text, f"choose('{name}')")


OPTIONS: tuple[Command, ...] = (
    _choose("set", "s", "Set", "Choose the set that examples come from."),
    _choose("version", "v", "Version", "Choose a version of the set."),
    _choose("number", "n", "How many", "Type a number of examples, 'fit' or 'all'."),
    _choose("which", "t", "Which", "Choose which examples are taken: first, random, balanced, nearest and so on."),
    _choose("order", "o", "Order", "Choose the order that they are sent in."),
    _choose("nearness", "m", "Nearness", "Choose an embedding model to say what is near, or words in common."),
    _choose("seed", "R", "Seed", "Type the seed for random, balanced and shuffled."),
    _choose("window", "w", "Window", "Say how large the context is, in tokens; empty: as each model has it."),
    _choose("keep", "e", "For the answer", "Say how many tokens are kept for the answer; empty: as max tokens says."),
)
"""In the order of the list on the screen."""

COMMANDS: tuple[Command, ...] = (
    _fill("put", "p,enter", "Put in Play", "Have Play send examples chosen like this, and go back."),
    *OPTIONS,
    _choose("fit", "f", "Fit", "As many as fit into the smallest window."),
    _choose("all", "a", "All", "The whole set."),
    _choose("more", "plus", "One more", "One example more."),
    _choose("fewer", "minus", "One fewer", "One example fewer."),
    _choose("reseed", "r", "Next seed", "The next seed: another draw."),
    _fill("leaks", "x", "Take leaks out", "Leave out every example that gives an input away, until none does."),
    _fill("take_back", "X", "Take them back", "Let the examples that were left out be chosen again."),
    _fill("place", "i", "Examples go here", "Put {{examples}} before the prompt's last user text."),
    _fill("previous", "left_square_bracket", "Input before", "The examples of the input before."),
    _fill("next", "right_square_bracket", "Next input", "The examples of the next input."),
    _fill("copy", "y", "Copy", "Copy the choice as text."),
)
