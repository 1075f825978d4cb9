"""What the Play pane starts with, remembers between sessions, and hands to the runner. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.commands import by_id
from cockpit.core.draft import EXAMPLES, FIRST_MAX_TOKENS, FIRST_N, LOCAL_MODEL, PlayDraft
from cockpit.core.prompts import Message

if TYPE_CHECKING:
    from cockpit.config import Config
    from cockpit.keymap import Keymap
    from cockpit.runner import Draft
    from cockpit.screens.play import PlayScreen


def first_draft(config: Config) -> PlayDraft:
    """What a project starts with: an example prompt, the configured models, else the embedded one a few times.

    The embedded one is small enough to repeat itself until its window is full, so it gets a limit that can be seen.
    """
    defaults = config.defaults
    params = defaults.params
    if not defaults.models and params.max_tokens is None:
        params = replace(params, max_tokens=FIRST_MAX_TOKENS)
    return PlayDraft(
        turns=(Message("user", EXAMPLES[0][1]),),
        params=params,
        models=defaults.models or (LOCAL_MODEL,),
        n=defaults.n if defaults.models else FIRST_N,
        cap_usd=config.cap_usd,
    )


FOOT_TYPING = ("play.send", "app.escape", "app.editor", "app.palette", "app.help")
FOOT_MOVING = (
    *("play.send", "play.edit", "list.open", "play.models", "play.versions", "play.more", "play.search"),
    *("play.history", "play.retry", "play.compare", "play.yank", "play.idea", "play.params", "play.findings"),
    *("play.stops", "play.tokens", "play.fill", "play.sweep", "app.palette", "app.help"),
)
"""Commands in the key bar, most wanted first; the last is kept however narrow it is."""
FOOT_LABELS = {"app.escape": "commands", "app.palette": "palette"}
FOOT_PARAMS = {**FOOT_LABELS, "list.open": "change"}


def first_keys(keymap: Keymap) -> dict[str, Any]:
    """Keys that the empty wall names, as they are mapped, by the names that `empty_words` has for them."""
    return {
        "send": keymap.shown(by_id("play.send")),
        "models_key": keymap.shown(by_id("play.models")),
        "params_key": keymap.shown(by_id("play.params")),
        "keys": [keymap.shown(by_id(f"play.example_{n}")) for n in (1, 2, 3)],
    }


def runner_draft(screen: PlayScreen, *, fresh: bool = False, draft: PlayDraft | None = None) -> Draft:
    """The draft, or another of the same pane, as the runner takes it; without the examples of its set."""
    from cockpit import runner

    draft = draft or screen.writing.draft
    return runner.Draft(
        version=draft.version(),
        models=draft.models,
        params=draft.params,
        n=draft.n,
        inputs=draft.rows(),
        sweep=draft.sweep,
        cap_usd=draft.cap_usd,
        fresh=fresh,
        prompt_id=draft.prompt_id,
        project=screen.cockpit.project,
        unsupported=screen.services.config.unsupported,
        parent_sample=draft.parent_sample,
        idea_id=screen.ideas.current.id if screen.ideas.current is not None else None,
    )
