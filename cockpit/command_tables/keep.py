"""The commands of keeping samples as examples, and of their files. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _keep(name: str, keys: str, title: str, text: str, *, action: str = "", typing: bool = False) -> Command:
    return Command(
        f"keep.{name}", keys, title, text, "keep", action or name, footer=True, typing=typing, group="Keeping a sample"
    )


DIALOG: tuple[Command, ...] = (
    _keep("gold", "g,enter", "Gold", "Keep it as gold: an answer to show a model.", action="judge('gold')"),
    _keep("candidate", "c", "Candidate", "Keep it to be judged later.", action="judge('candidate')"),
    _keep("rejected", "x", "Reject", "Keep it as what a model must not say.", action="judge('rejected')"),
    _keep("edit", "e", "Edit to gold", "Type what the answer should have been, and keep that as gold."),
    _keep("reason", "r", "Reason", "Type why, before you judge."),
    _keep("away", "0,u", "Take away", "Take it out of the examples."),
    _keep("back", "Z", "Undo", "Take back what this dialog did last."),
    _keep("other", "s", "The other", "Keep the other of the two samples."),
    _keep("save", "ctrl+j,ctrl+enter", "Save", "Keep the edited answer as gold.", typing=True),
)
"""Of the dialog that `*` opens."""

_HELP = {
    "search": ("Search", "Keep the marked samples, or the highlighted one, as examples."),
    "compare": ("Compare", "Keep one of the two answers as an example."),
    "stops": ("Stops", "Keep the highlighted sample as an example."),
    "logprobs": ("Probabilities", "Keep this sample as an example."),
    "conversation": ("Turns", "Keep the highlighted answer as an example."),
    "tokens": ("What is shown", "Keep the shown sample as an example."),
}
PLACES: tuple[Command, ...] = tuple(
    Command(
        f"{scope}.keep",
        "asterisk",
        "Keep",
        text,
        scope,
        "go('keep')" if scope == "tokens" else "keep",
        footer=scope != "tokens",
        group=group,
    )
    for scope, (group, text) in _HELP.items()
)
"""Where a sample is shown, beside Play and the sample's own screen."""

COMMANDS: tuple[Command, ...] = (*DIALOG, *PLACES)
