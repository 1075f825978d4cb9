"""What the Shorter screen shows, read in a thread: counts, stored answers, comparisons. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from cockpit.core.catalog import parse_model
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.lengths import Length
from cockpit.core.models import Price
from cockpit.core.prompts import Version
from cockpit.core.shorter import Column, Drop, Part, costs, drop_order, examples
from cockpit.core.shot_effect import Effect, Outcome, Pair, Stored, effects, pairs
from cockpit.store import prompts, shorter
from cockpit.store.runs import get_run, load_plan

if TYPE_CHECKING:
    import sqlite3

    from cockpit.core.tokens import Tokenizer
    from cockpit.runner import Draft
    from cockpit.services import Services

FALLBACK = "o200k_base"
NO_MODEL = "no model chosen"


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be made shorter: a version with the runs it is planned for."""

    version: Version
    rows: tuple[Mapping[str, str], ...]
    models: tuple[tuple[str, int], ...]
    """Each model as the person named it, with its requests."""
    prompt_id: int | None
    max_tokens: int | None
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """A column and how its tokens are counted: `how` in a few words, `error` what was measured about an estimate."""

    column: Column
    exact: bool
    how: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What leaving out an example did: the two versions, and each measure."""

    pair: Pair
    effects: tuple[Effect, ...]

    @property
    def decisive(self) -> Effect:
        """The first measure whose interval excludes no change, else the first."""
        return next((one for one in self.effects if one.reading != "unclear"), self.effects[0])


@dataclass(frozen=True, slots=True)
class View:
    """Everything the screen shows. `orders` has the examples in the order to drop, per column."""

    planned: Planned
    countings: tuple[Counting, ...]
    parts: tuple[Part, ...]
    orders: tuple[tuple[Drop, ...], ...]
    measured: Mapping[str, Measured]
    """By the example's text."""
    lengths: Mapping[str, Sequence[Length]]
    """By model."""
    counted: int
    """Of those, answers whose tokens were counted here, since the API did not tell."""
    source: str
    """Which answers these are, in words; empty where there are none."""


def read_view(services: Services, draft: Draft | None, run_id: int | None) -> View:
    """In a thread: all of it.

    Raises:
        StoreError: there is no such run.
        InputError: neither a draft nor a run was given.
    """
    db = services.store.read()
    planned = _planned(db, draft, run_id)
    countings = tuple(_counting(services, name, requests) for name, requests in planned.models)
    columns = [one.column for one in countings]
    parts = costs(planned.version, planned.rows, columns)
    found = [examples(parts, at) for at in range(len(columns))]
    measured = _measured(db, planned, {one.text for one in found[0]})
    worse = [one.label for one in found[0] if one.text in measured and measured[one.text].decisive.reading == "worse"]
    orders = tuple(tuple(drop_order(shots, worse)) for shots in found)
    lengths, counted, source = _lengths(services, db, planned)
    return View(planned, countings, parts, orders, measured, lengths, counted, source)


def _planned(db: sqlite3.Connection, draft: Draft | None, run_id: int | None) -> Planned:
    requests: dict[str, int] = {}
    if run_id is not None:
        plan, run = load_plan(db, run_id), get_run(db, run_id)
        for target in plan.targets:
            requests[target.name] = requests.get(target.name, 0) + plan.n * len(plan.inputs)
        limits = {target.params.max_tokens for target in plan.targets}
        limit = limits.pop() if len(limits) == 1 else None
        return Planned(plan.version, plan.inputs, tuple(requests.items()), run.prompt_id, limit, run_id)
    if draft is None:
        raise InputError("There is nothing to make shorter.", hint="Write a prompt, or open a run.")
    each = draft.n * len(draft.inputs) * prod(len(values) for values in draft.sweep.values())
    models = tuple((name, each) for name in draft.models) or ((NO_MODEL, each),)
    return Planned(draft.version, draft.inputs, models, draft.prompt_id, draft.params.max_tokens)


def _counting(services: Services, name: str, requests: int) -> Counting:
    """The tokenizer and price for a model; without its tokenizer, four characters are one token."""
    price: Price | None = None
    full = name
    try:
        known = parse_model(name, services.config.aliases)
        full, price = str(known), services.catalog.price(known.provider, known.model)
    except CockpitError:
        full = name  # The name leads nowhere: it is counted as an unknown model is.
    choice = services.tokenizers.choose(full)
    try:
        tokenizer: Tokenizer = services.tokenizers.get(choice.encoding)
    except InputError as error:
        why = "four characters taken for a token"
        return Counting(Column(name, requests, price), False, why, error.message)
    exact = choice.exact and tokenizer.exact
    error_of = "" if exact else choice.error or tokenizer.error
    return Counting(Column(name, requests, price, tokenizer), exact, tokenizer.name, error_of)


def _measured(db: sqlite3.Connection, planned: Planned, texts: set[str]) -> dict[str, Measured]:
    """For each example, the comparison nearest to this prompt: with its own version first, then the newest."""
    if planned.prompt_id is None or not texts:
        return {}
    rows = prompts.list_versions(db, planned.prompt_id)
    stored = [Stored(row.id, row.number, row.version) for row in rows]
    known: dict[int, list[Outcome]] = {}

    def outcomes(one: Stored) -> list[Outcome]:
        if one.id not in known:
            known[one.id] = shorter.outcomes(db, one.id)
        return known[one.id]

    def nearness(pair: Pair) -> tuple[bool, int, int]:
        return (pair.having.version == planned.version, pair.having.number, pair.lacking.number)

    found: dict[str, Measured] = {}
    for pair in sorted(pairs(stored), key=nearness, reverse=True):
        if pair.example not in texts or pair.example in found:
            continue
        if measures := effects(outcomes(pair.having), outcomes(pair.lacking)):
            found[pair.example] = Measured(pair, tuple(measures))
    return found


def _lengths(
    services: Services, db: sqlite3.Connection, planned: Planned
) -> tuple[Mapping[str, Sequence[Length]], int, str]:
    """Answers to the run, else to this text over all its runs, else to the newest version that has any."""

    def count(model: str, text: str) -> int | None:
        tokenizer = _counting(services, model, 0).column.tokenizer
        return None if tokenizer is None else tokenizer.count(text)

    if planned.run_id is not None:
        return *shorter.lengths(db, (planned.run_id,), count), f"run {planned.run_id}"
    here = shorter.version_id_of(db, planned.version.digest(), planned.prompt_id)
    places = [] if here is None else [(here, "this text")]
    if planned.prompt_id is not None:
        places += [(row.id, f"v{row.number}") for row in prompts.list_versions(db, planned.prompt_id)]
    for version_id, name in places:
        runs = shorter.runs_of(db, version_id)
        lengths, counted = shorter.lengths(db, runs, count)
        if lengths:
            return lengths, counted, name
    return {}, 0, ""
