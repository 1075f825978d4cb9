"""The commands of the screen about stop strings: checks, audit, apply. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

GROUP = "Stops"


def _stops(
    name: str, keys: str, title: str, text: str, *, action: str = "", typing: bool = False, footer: bool = True
) -> Command:
    return Command(f"stops.{name}", keys, title, text, "stops", action or name, footer, typing, GROUP)


HISTORY = Command(
    "history.stops",
    "s",
    "Stops",
    "How the highlighted run's samples ended, and what its stop strings missed.",
    "history",
    "stops",
    footer=True,
    group="Runs",
)

COMMANDS: tuple[Command, ...] = (
    _stops("checks", "c", "Checks", "Check each stop string against each model.", action="view('checks')"),
    _stops("audit", "a", "Audit", "How the stored samples ended, and what stops missed.", action="view('audit')"),
    _stops(
        "apply", "p", "Apply", "What other stop strings would have made of the stored samples.", action="view('apply')"
    ),
    _stops("edit", "i,slash", "Type stops", "Type the stop strings to check and to apply."),
    _stops("use", "ctrl+j,ctrl+enter", "To Play", "Put these stop strings into Play's draft.", typing=True),
    _stops("open", "enter", "Open", "Open the highlighted sample.", footer=False),
    _stops("probe", "P", "Probe", "Ask again without stop strings, to tell a stop from an end where the API does not."),
    _stops("only", "x", "Only cut", "Show only samples that the stop strings would have cut, or all."),
    _stops("copy", "y", "Copy", "Copy what is shown as text."),
    HISTORY,
)
