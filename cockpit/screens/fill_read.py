"""The dry run of a fill: what would be sent, how full each model is, what leaks. Blocks; nothing is sent or drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.core.wish import Wish

if TYPE_CHECKING:
    from cockpit.choosing import Chosen
    from cockpit.core.draft import PlayDraft
    from cockpit.core.examples import Example, ExampleSet
    from cockpit.metering import Meter
    from cockpit.runner import Draft
    from cockpit.services import Services
    from cockpit.store.sets import SetRow

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dry run is of. `request` is the draft as the runner takes it, without examples."""

    draft: PlayDraft
    request: Draft
    name: str
    number: int | None
    """None: the newest version."""
    wish: Wish
    drop_leaks: bool = False
    """Leave the examples out that leak, until none does."""


@dataclass(frozen=True, slots=True)
class Room:
    """One model: the tokens of the whole request, margin included, and what is then left of its window."""

    meter: Meter
    tokens: int

    @property
    def left(self) -> int | None:
        """Tokens left beside those kept for the answer; None where the window is not known."""
        window = self.meter.window
        return None if window is None else window - self.meter.reserve - self.tokens


@dataclass(frozen=True, slots=True)
class Dry:
    """What came of it; `chosen` is None where `problem` says why."""

    of: ExampleSet | None
    wish: Wish
    chosen: Chosen | None = None
    problem: str = ""
    hint: str = ""
    dropped: tuple[int, ...] = ()
    """Places in the set, from 1, of the examples that this run left out since they leak."""
    places: Mapping[int, int] = field(default_factory=dict)
    """The place in the set of each of its examples, by the object's `id`."""
    leaking: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """The inputs that an example gives away, by the object's `id`: each one's key, and how, in words."""
    keys: tuple[str, ...] = ()
    """The key of each input."""

    def leaks_of(self, one: Example, at: int) -> tuple[str, ...]:
        """What an example gives away, in words: of input `at` where each has its own, else of any."""
        several = self.chosen is not None and len(self.chosen.given) > 1
        return tuple(said for key, said in self.leaking.get(id(one), ()) if not several or key == self.keys[at])


def list_sets(services: Services, project: str) -> list[SetRow]:
    """The project's sets, the one changed last first. Blocks."""
    from cockpit.store import projects, sets

    db = services.store.read()
    project_id = projects.find_project(db, project)
    return [] if project_id is None else sets.list_sets(db, project_id)


def with_inputs(services: Services, project: str, draft: PlayDraft) -> PlayDraft:
    """A draft with the rows of its inputs, where Play has not read them. Blocks.

    Raises:
        CockpitError: they cannot be read.
    """
    if draft.inputs or not draft.inputs_path:
        return draft
    from cockpit.dataset_inputs import inputs_of

    path = draft.inputs_path
    return replace(draft, inputs=inputs_of(services.store, project, path))


def windows_known(services: Services, models: Sequence[str]) -> bool:
    """Whether the context of every model is known, so that 'as many as fit' says something."""
    from cockpit.core.catalog import parse_model

    try:
        found = [parse_model(name, services.config.aliases) for name in models]
    except CockpitError:
        return False
    return all(services.catalog.capabilities(one.provider, one.model).context is not None for one in found)


def dry_run(services: Services, asked: Asked, stop: Stop) -> Dry:
    """Choose as sending would. Blocks while tokens are counted.

    Raises:
        Stopped: `stop` said so.
    """
    from cockpit.choosing import Stopped, choose, query_of
    from cockpit.screens.play_shots_look import read_set

    wish, of = asked.wish, None
    dropped: tuple[int, ...] = ()
    try:
        of = read_set(services, asked.request.project, asked.name, asked.number)
        chosen = choose(services, asked.request, of, wish, stop=stop)
        while asked.drop_leaks and (leaking := _leaking_places(chosen)):
            dropped = (*dropped, *leaking)
            wish = _without(wish, of, leaking)
            chosen = choose(services, asked.request, of, wish, stop=stop)
    except Stopped:
        raise
    except CockpitError as error:
        return Dry(of, wish, None, error.message, error.hint, tuple(sorted(dropped)))
    used = chosen.used()
    leaking_words: dict[int, tuple[tuple[str, str], ...]] = {}
    for leak in chosen.leaks:
        key, said = id(used[leak.a]), f"{leak.kind}, input {leak.b or '?'}: {leak.evidence}"
        leaking_words[key] = (*leaking_words.get(key, ()), (leak.b, said))
    request = asked.request
    keys = tuple(query_of(request.version, row, at).key for at, row in enumerate(request.inputs, 1))
    return Dry(of, wish, chosen, "", "", tuple(sorted(dropped)), chosen.places(), leaking_words, keys)


def _leaking_places(chosen: Chosen) -> tuple[int, ...]:
    used, places = chosen.used(), chosen.places()
    return tuple(sorted({places[id(used[leak.a])] for leak in chosen.leaks}))


def _without(wish: Wish, of: ExampleSet, more: Sequence[int]) -> Wish:
    """The wish without some places; a number of examples that are not there any more becomes what is left."""
    without = tuple(sorted({*wish.without, *more}))
    left = len(of.examples) - len(without)
    k = min(wish.k, left) if isinstance(wish.k, int) else wish.k
    return replace(wish, k=k, without=without)


def rooms(chosen: Chosen, at: int, stop: Stop) -> tuple[Room, ...]:
    """How full each model is: with input `at` where each has examples of its own, else with the longest input. Blocks.

    Raises:
        Stopped: `stop` said so.
    """
    from cockpit.choosing import Stopped
    from cockpit.core.prompts import render

    draft = chosen.draft
    inputs = draft.inputs[at : at + 1] if len(chosen.given) > 1 else draft.inputs
    found = []
    for meter in chosen.meters:
        most = 0
        for row in inputs:
            if stop():
                raise Stopped("The count was given up.")
            most = max(most, meter.count(render(draft.version, row)))
        found.append(Room(meter, most))
    return tuple(found)


def example_tokens(chosen: Chosen, at: int, stop: Stop) -> tuple[int, ...]:
    """Tokens of each example that is sent with input `at`, as the tightest model counts its text alone. Blocks.

    Raises:
        Stopped: `stop` said so.
    """
    from cockpit.choosing import Stopped

    given = chosen.given[at] if len(chosen.given) > 1 else chosen.given[0]
    found = []
    for one in given.examples:
        if stop():
            raise Stopped("The count was given up.")
        found.append(given.meter.tokenizer.count(text_of(chosen.of, one)))
    return tuple(found)


def text_of(of: ExampleSet, example: Example) -> str:
    """An example as the set's template writes it; of turns, the texts alone."""
    from cockpit.core.example_block import render_example

    if of.template.kind == "turns":
        return f"{example.input}\n{example.answer}"
    return render_example(example, of.template)


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown of one input's examples, or of those of all."""

    at: int
    rooms: tuple[Room, ...]
    tokens: tuple[int, ...]


def page(chosen: Chosen, at: int, stop: Stop) -> Page:
    """The counts of one input's examples. Blocks.

    Raises:
        Stopped: `stop` said so.
    """
    return Page(at, rooms(chosen, at, stop), example_tokens(chosen, at, stop))
