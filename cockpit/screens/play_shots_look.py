"""What Play's draft is with the examples of its set in it: for counts, checks and words. Blocks; draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cockpit.core.check_values import Finding, Fix, Place
from cockpit.core.errors import CockpitError, PlanError
from cockpit.core.example_block import apply
from cockpit.core.prompts import Version, render
from cockpit.screens.words import count, plural

if TYPE_CHECKING:
    from cockpit import runner
    from cockpit.choosing import Chosen
    from cockpit.core.draft import PlayDraft
    from cockpit.core.examples import Example, ExampleSet, Template
    from cockpit.core.params import Params
    from cockpit.core.wish import Shots, Wish
    from cockpit.services import Services


@dataclass(frozen=True, slots=True)
class Look:
    """A draft as written, and with its examples where they could be chosen."""

    draft: PlayDraft
    sent: PlayDraft
    """What goes out: the counts are of this."""
    first: PlayDraft
    """What goes out with the first input: the checks read this."""
    chosen: Chosen | None = None
    tokens: int | None = None
    """Of the examples of the first input, margin included."""
    trouble: str = ""
    """Why there are none."""

    def words(self) -> str:
        """'few v3, 4 of 12, 412 tok', then what is worth knowing; empty where no set is put."""
        shots, chosen = self.draft.shots, self.chosen
        if shots is None:
            return ""
        if chosen is None and shots.wish.similarity and not self.trouble:
            return f"{wish_words(shots)}   chosen when it is sent"
        if chosen is None:
            return f"{wish_words(shots)}   ⚠ {self.trouble}" if self.trouble else wish_words(shots)
        sizes = {len(given.examples) for given in chosen.given}
        many = count(min(sizes)) if len(sizes) == 1 else f"{count(min(sizes))}–{count(max(sizes))}"
        each = " for each input" if len(chosen.given) > 1 else ""
        sure = "" if chosen.given[0].meter.exact else "≈ "
        first = " in the first" if each else ""
        tokens = f", {sure}{count(self.tokens)} tok{first}" if self.tokens is not None else ""
        said = f"{shots.name} v{shots.number}, {many} of {count(len(chosen.of.examples))}{each}{tokens}"
        return "   ".join([said, *self._asides(chosen)])

    def _asides(self, chosen: Chosen) -> list[str]:
        found = [how_words(chosen.wish)] if how_words(chosen.wish) else []
        if chosen.leaks:
            found.append(f"⚠ {plural(len(chosen.leaks), 'leak')}")
        if self.draft.examples and chosen.of.template.kind != "turns":
            found.append("instead of the block written here")
        return found

    def back(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings about what goes out, as findings about what is written: with its places, and fixes that fit it."""
        if self.chosen is None:
            return tuple(findings)
        one = _Putting(self.chosen.given[0].examples, self.chosen.of.template)
        return tuple(one.back(finding, self.draft.version()) for finding in findings)


@dataclass(frozen=True, slots=True)
class _Putting:
    """Examples put into a version, and taken out again."""

    examples: tuple[Example, ...]
    template: Template

    def put(self, version: Version) -> Version:
        return apply(version, self.examples, self.template)

    def inserted(self, version: Version) -> tuple[int, int]:
        """The first turn that is an example's, and how many are; of what is written."""
        if self.template.kind != "turns":
            return 0, 0
        at = max(at for at, message in enumerate(version.messages) if message.role == "user")
        return at, 2 * len(self.examples)

    def take(self, version: Version, written: Version) -> Version:
        """The version without the examples; what was written where they were changed."""
        if self.template.kind != "turns":
            same = version.examples == self.put(written).examples
            return replace(version, examples=written.examples) if same else written
        at, n = self.inserted(written)
        if version.messages[at : at + n] != self.put(written).messages[at : at + n]:
            return written
        return replace(version, messages=(*version.messages[:at], *version.messages[at + n :]))

    def fix(self, fix: Fix) -> Fix:
        def mended(version: Version, params: Params) -> tuple[Version, Params]:
            try:
                after, changed = fix.apply(self.put(version), params)
            except PlanError:
                return version, params
            return self.take(after, version), changed

        return Fix(fix.title, mended)

    def back(self, finding: Finding, written: Version) -> Finding:
        place = finding.place
        fix = self.fix(finding.fix) if finding.fix is not None else None
        if place is None:
            return replace(finding, fix=fix)
        at, n = self.inserted(written)
        name, _, number = place.field.partition(":")
        turn = int(number) if name == "turn" and number.isdigit() else -1
        is_example = name == "examples" if self.template.kind != "turns" else at <= turn < at + n
        if is_example:
            return replace(finding, place=None, fix=None)
        if turn >= at + n > at:
            place = Place(f"turn:{turn - n}", place.start, place.end)
        return replace(finding, place=place, fix=fix)


def look_at(services: Services, draft: PlayDraft, request: runner.Draft, stop: Callable[[], bool]) -> Look:
    """A draft with its examples. Blocks while tokens are counted.

    Args:
        request: the same draft as the runner takes it.
        stop: true once nobody waits for the answer.

    Raises:
        Stopped: `stop` said so.
    """
    from cockpit.choosing import Stopped

    # Asking an embedding model sends texts away: not at every pause in typing.
    if draft.shots is None or draft.shots.wish.similarity:
        return Look(draft, draft, draft)
    try:
        chosen = choose_for(services, request, draft.shots, stop)
        given, of = chosen.given[0], chosen.of
        version = apply(draft.version(), given.examples, of.template)
        bare = apply(draft.version(), (), of.template)
        row = request.inputs[0]
        tokens = given.meter.count(render(version, row)) - given.meter.count(render(bare, row))
    except Stopped:
        raise
    except CockpitError as error:
        # What keeps the draft from being sent anyway is said where that is said.
        return Look(draft, draft, draft, trouble="" if draft.problems() else error.message.rstrip("."))
    sent = replace(draft.with_version(chosen.draft.version), inputs=chosen.draft.inputs)
    return Look(draft, sent, draft.with_version(version), chosen, tokens)


def choose_for(
    services: Services, request: runner.Draft, shots: Shots, stop: Callable[[], bool] | None = None
) -> Chosen:
    """A draft with the examples that its set gives it. Blocks while tokens are counted.

    Raises:
        PlanError: they do not fit, or there is no place for them, or not as many.
        StoreError: the set is gone.
        Stopped: `stop` said so.
    """
    from cockpit.choosing import choose

    of = read_set(services, request.project, shots.name, shots.number)
    return choose(services, request, of, shots.wish, stop=stop)


def read_set(services: Services, project: str, name: str, number: int | None) -> ExampleSet:
    """A set at one of its versions, the newest for None. Blocks.

    Raises:
        StoreError: there is no such set or version.
    """
    from cockpit.store import projects, sets

    db = services.store.read()
    return sets.get_set(db, projects.find_project(db, project) or 0, name, number)


def wish_words(shots: Shots) -> str:
    """'few v3, as many as fit, nearest' of a choice that is still to be made."""
    k = shots.wish.k
    many = {"all": "all of it", "fit": "as many as fit"}.get(str(k)) or f"{k} of it"
    how = how_words(shots.wish)
    return f"{shots.name} v{shots.number}, {many}" + (f", {how}" if how else "")


def how_words(wish: Wish) -> str:
    """'nearest, nearest last' where the choice is not simply the first in their order."""
    how: list[str] = [] if wish.strategy == "first" else [wish.strategy]
    how += [] if wish.order == "as chosen" else [wish.order]
    drawn = wish.strategy in ("random", "balanced") or wish.order == "shuffled"
    how += [f"seed {wish.seed}"] if drawn else []
    how += [f"near by {wish.similarity}"] if wish.similarity else []
    how += [f"{count(len(wish.without))} left out"] if wish.without else []
    return ", ".join(how)
