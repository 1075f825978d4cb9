"""What the Tokens pane works out while typing rests: findings, and what the planned run costs. Blocks; no widget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.core.draft import PlayDraft
from cockpit.core.estimate import Asked, estimate
from cockpit.screens.play_status import column
from cockpit.screens.tokens_words import Run

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.screens.play_look import Looker
    from cockpit.screens.tokens_read import Lane
    from cockpit.screens.tokens_source import Subject
    from cockpit.services import Services


def checked_draft(draft: PlayDraft, subject: Subject) -> PlayDraft:
    """What is checked: Play's draft, or the text as if it were Play's prompt."""
    if subject.kind == "prompt" or subject.version is None:
        return draft
    alone = PlayDraft(turns=subject.version.messages)
    return replace(alone, models=draft.models, params=draft.params, n=draft.n)


def findings_of(looker: Looker, draft: PlayDraft, subject: Subject) -> tuple[Finding, ...]:
    """What the checks find in the text, worst first."""
    return looker.check(checked_draft(draft, subject))


def find_run(looker: Looker, services: Services, draft: PlayDraft, lane: Lane) -> Run:
    """What the planned run costs, over all its inputs."""
    counted, _ = looker.count(draft)
    requests = draft.requests() // max(len(draft.models), 1)
    columns = [column(name, services.catalog, services.config.aliases) for name in draft.models]
    each = requests // max(len(draft.rows()) * draft.n, 1)
    asked = [
        Asked(c.name, c.price, draft.params.max_tokens or c.can.default_max_tokens)
        for c in columns
        for _ in range(each)
    ]
    whole = estimate(draft.version(), draft.rows(), asked, draft.n, counted=counted) if asked else None
    model, price = lane.chosen.model, lane.chosen.price
    if model not in draft.models:
        return Run(0, None, whole)
    tokens = counted[model].texts if model in counted else lane.total
    usd = None if price is None else tokens * requests * price.input / 1_000_000
    return Run(requests, usd, whole)
