"""What is worked out about a draft in a thread beside the Play pane: token counts and findings. No widget, no key."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError

if TYPE_CHECKING:
    from cockpit.core.catalog import ModelName
    from cockpit.core.checks import Finding, Target
    from cockpit.core.draft import PlayDraft
    from cockpit.core.estimate import Counted, RequestCounter
    from cockpit.core.tokens import Choice
    from cockpit.services import Services

ANSWERS = 200
"""Gold answers that the checks look at, newest first."""
ANSWERS_S = 2.0
"""Seconds for which gold answers are taken to be what they were."""


class Looker:
    """Counts and checks drafts. Every method blocks, and may be called from any thread."""

    def __init__(self, services: Services, project: str) -> None:
        self._services = services
        self._project = project
        self._lock = Lock()
        self._counters: dict[str, RequestCounter] = {}
        self._answers: tuple[str, ...] = ()
        self._answers_at: float | None = None

    def _models(self, names: Sequence[str]) -> dict[str, ModelName]:
        """The models whose names lead somewhere, by name as given."""
        from cockpit.core.catalog import parse_model

        found = {}
        for name in names:
            try:
                found[name] = parse_model(name, self._services.config.aliases)
            except CockpitError:
                continue
        return found

    def _choice(self, model: ModelName) -> Choice:
        return self._services.tokenizers.choose(str(model))

    def load(self, models: Sequence[str]) -> None:
        """Have the models' tokenizers ready; one that cannot be had is left out, and its count stays an estimate."""
        for model in self._models(models).values():
            try:
                self._services.tokenizers.get(self._choice(model).encoding)
            except CockpitError:
                continue

    def count(self, draft: PlayDraft) -> tuple[dict[str, Counted], bool]:
        """Input tokens by model as far as tokenizers are loaded, and whether one is not."""
        from cockpit.core.estimate import RequestCounter

        tokenizers, version, rows = self._services.tokenizers, draft.version(), draft.rows()
        counted: dict[str, Counted] = {}
        made: dict[tuple[str, bool], Counted] = {}
        waiting = False
        with self._lock:
            for name, model in self._models(draft.models).items():
                choice = self._choice(model)
                tokenizer = tokenizers.loaded(choice.encoding)
                if tokenizer is None:
                    waiting = True
                    continue
                key = (choice.encoding, choice.exact)
                if key not in made:
                    counter = self._counters.setdefault(choice.encoding, RequestCounter(tokenizer))
                    made[key] = counter.count(version, rows, exact=choice.exact)
                counted[name] = made[key]
            used = {encoding for encoding, _ in made}
            self._counters = {name: counter for name, counter in self._counters.items() if name in used}
        return counted, waiting

    def check(self, draft: PlayDraft) -> tuple[Finding, ...]:
        """What the checks find, worst first."""
        from cockpit.core.checks import Checked, check_prompt

        rows = draft.rows()
        values: Mapping[str, str] = rows[0] if rows else {}
        checked = Checked(draft.version(), draft.params, self._targets(draft.models), values, self._gold())
        return tuple(check_prompt(checked))

    def _targets(self, names: Sequence[str]) -> list[Target]:
        from cockpit.core.checks import Target

        services = self._services
        return [
            Target(
                name,
                services.catalog.capabilities(model.provider, model.model),
                services.tokenizers.loaded(self._choice(model).encoding),
            )
            for name, model in self._models(names).items()
        ]

    def _gold(self) -> tuple[str, ...]:
        """The project's gold answers."""
        from cockpit.store import marks, projects

        now = time.monotonic()
        if self._answers_at is None or now - self._answers_at > ANSWERS_S:
            db = self._services.store.read()
            project = projects.find_project(db, self._project)
            rows = marks.list_examples(db, project, "gold")[:ANSWERS] if project is not None else []
            self._answers, self._answers_at = tuple(row.output for row in rows), now
        return self._answers
