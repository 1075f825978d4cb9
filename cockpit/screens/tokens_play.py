"""From the Tokens pane into Play's editors: to a place in the prompt, and the draft as the runner takes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.screens import tokens_source as source

if TYPE_CHECKING:
    from cockpit.app import CockpitApp
    from cockpit.core.draft import PlayDraft
    from cockpit.runner import Draft
    from cockpit.screens.play import PlayScreen


async def go_to_place(play: PlayScreen, field: str, char: int, row: int) -> None:
    """Put Play's cursor where a character of the rendered prompt was written, in the editor that has it."""
    draft = play.writing.draft
    version = draft.version()
    known = source.values_at(draft, row)
    text = source.field_of(version, field)
    written = text if isinstance(text, str) else text.content
    block = source.examples_place(written, known, version.examples, 0)
    if block is not None and block <= char < block + len(version.examples):
        name, at, written = "examples", char - block, version.examples
    else:
        name = "prompt" if field.startswith("turn:") else field
        at = source.written_place(written, known, version.examples, char)
    if name == "prompt":
        await play.writing.load(draft, turn=int(field[5:]))
    if name == "examples":
        play.writing.show_examples(open_=True)
    if name == "prefill":
        play.set_class(True, "-prefill")
    editor = play.writing.editor(name)
    if editor is None:
        return
    editor.start_typing()
    before = written[:at].split("\n")
    editor.move_cursor((len(before) - 1, len(before[-1])))


async def with_examples(app: CockpitApp, draft: PlayDraft) -> Draft:
    """Play's draft as the runner takes it, with the examples of its set in it.

    Raises:
        CockpitError: why they cannot be put in.
    """
    from cockpit.screens.play_shots_look import choose_for

    request = sending_draft(app, draft)
    if draft.shots is None:
        return request
    return (await asyncio.to_thread(choose_for, app.services, request, draft.shots)).draft


def sending_draft(app: CockpitApp, draft: PlayDraft) -> Draft:
    """Play's draft as the runner takes it, without the examples of its set."""
    from cockpit import runner
    from cockpit.screens.play_session import runner_draft

    play = source.play_of(app)
    if play is not None and play.is_mounted:
        return runner_draft(play)
    return runner.Draft(
        version=draft.version(),
        models=draft.models,
        params=draft.params,
        n=draft.n,
        inputs=draft.rows(),
        sweep=draft.sweep,
        cap_usd=draft.cap_usd,
        prompt_id=draft.prompt_id,
        project=app.project,
        unsupported=app.services.config.unsupported,
    )
