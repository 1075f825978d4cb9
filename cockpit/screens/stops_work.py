"""The long work behind the stops screen, for a thread: check, audit, weigh a probe, apply. Draws nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from cockpit.core.catalog import parse_model
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.samples import Sample
from cockpit.core.stop_audit import Audit, apply, audit
from cockpit.core.stop_checks import StopReport, StopTarget, check_stops
from cockpit.core.stop_probe import (
    Answer,
    Evidence,
    Seen,
    Weighing,
    is_evidence,
    is_repeatable,
    read_answer,
)
from cockpit.screens.stops_apply import Became, Sums, became
from cockpit.screens.stops_read import Column, Ground, Progress, Reading
from cockpit.store import runs, samples

if TYPE_CHECKING:
    from cockpit.core.models import Price
    from cockpit.core.runs import Plan, Target
    from cockpit.core.tokens import Tokenizer
    from cockpit.services import Services

LOOKED_AT = 5_000
"""Stored samples that the checks look into; the audit counts all."""
PROBES = 50
"""Newest runs of the same version that may be a probe of it."""
PROBED = 5_000
"""Answers without stop strings that are weighed."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A model's tokenizer, where there is one, and the words about it."""

    tokenizer: Tokenizer | None
    how: str
    exact: bool = False


def vocabulary(services: Services, column: Column) -> Vocabulary:
    """The tokenizer that counts for a model; loading it may take a second the first time."""
    if column.trouble:
        return Vocabulary(None, column.trouble)
    try:
        name = parse_model(column.name, services.config.aliases)
        choice = services.tokenizers.choose(str(name))
        found = services.tokenizers.get(choice.encoding)
    except CockpitError as error:
        return Vocabulary(None, error.sentence())
    if not found.boundaries:
        return Vocabulary(None, f"{choice.encoding} counts only: where tokens end is not known")
    if choice.exact and found.exact:
        return Vocabulary(found, f"{choice.encoding}, exact", exact=True)
    return Vocabulary(found, f"an estimate: {choice.encoding}, {choice.why}")


def vocabularies(services: Services, ground: Ground) -> dict[str, Vocabulary]:
    """By model."""
    return {column.name: vocabulary(services, column) for column in ground.columns}


def looked_at(reading: Reading, progress: Progress) -> list[Sample]:
    """The samples that the checks look into."""
    return list(islice(reading.samples(progress), LOOKED_AT))


def check(
    ground: Ground, stops: Sequence[str], known: Mapping[str, Vocabulary], stored: Sequence[Sample]
) -> list[StopReport]:
    """Every stop string against every model.

    Raises:
        InputError: a stop string is empty.
    """
    if "" in stops:
        raise InputError("An empty stop string would end every answer at once.", hint="Take it out.")
    targets = [
        StopTarget(column.name, column.can, column.params, known[column.name].tokenizer, ground.prefill)
        for column in ground.columns
    ]
    return check_stops(stops, targets, prompt=ground.prompt, answers=ground.answers, samples=stored)


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit, what earlier probes say about it, and what a new one would be planned from."""

    audit: Audit
    evidence: tuple[Evidence, ...]
    seen: Mapping[int, Mapping[int, Seen]]
    """Run → column → what was seen."""


@dataclass(slots=True)
class _Weighed:
    weighing: Weighing
    run_ids: tuple[int, ...]


def audit_all(services: Services, reading: Reading, progress: Progress) -> Audited:
    """One pass over every sample.

    Raises:
        Stopped: nobody wants it any more.
    """
    ground = reading.ground
    weighed = {place: _weigh(services, ground, *place) for place in _columns(ground)}
    seen: dict[int, dict[int, Seen]] = {}

    def watched() -> Iterator[Sample]:
        for sample in reading.samples(progress):
            at = sample.key.target
            stops = ground.stops_of(sample)
            seen.setdefault(sample.run_id, {}).setdefault(at, Seen()).add(sample, stops)
            one = weighed.get((sample.run_id, at))
            if one is not None:
                one.weighing.add(sample)
            yield sample

    found = audit(watched(), ground.stops_of, _prices(services, ground), _Counting(services, ground))
    evidence = [one.weighing.evidence(one.run_ids) for one in weighed.values() if one is not None]
    return Audited(found, tuple(e for e in evidence if e.n and e.merged), seen)


class _Counting:
    """Tokens of a text for a model, where that can be known exactly; its tokenizer is loaded when first needed."""

    def __init__(self, services: Services, ground: Ground) -> None:
        self._services = services
        self._columns = {column.name: column for column in ground.columns}
        self._known: dict[str, Tokenizer | None] = {}

    def __call__(self, model: str, text: str) -> int | None:
        if model not in self._known:
            column = self._columns.get(model)
            found = vocabulary(self._services, column) if column is not None else None
            self._known[model] = found.tokenizer if found is not None and found.exact else None
        tokenizer = self._known[model]
        return tokenizer.count(text) if tokenizer is not None else None


def _columns(ground: Ground) -> Iterator[tuple[int, int]]:
    """Run and place of every column that was sent stop strings."""
    for run_id, plan in ground.plans.items():
        for at, target in enumerate(plan.targets):
            if target.params.stop:
                yield run_id, at


def _prices(services: Services, ground: Ground) -> dict[str, Price | None]:
    targets = [target for plan in ground.plans.values() for target in plan.targets]
    return {target.name: services.catalog.price(target.provider, target.model) for target in targets}


def _weigh(services: Services, ground: Ground, run_id: int, at: int) -> _Weighed | None:
    """The answers of earlier runs without stop strings that show something about a column; None without any."""
    plan = ground.plans[run_id]
    target = plan.targets[at]
    rows = {tuple(sorted(values.items())): row for row, values in enumerate(plan.inputs)}
    db = services.store.read()
    answers: list[Answer] = []
    run_ids: list[int] = []
    repeatable = is_repeatable(target.params)
    for row in runs.list_runs(db, limit=PROBES, version_id=plan.version_id):
        if row.id == run_id or not row.done or len(answers) >= PROBED:
            continue
        other = runs.load_plan(db, row.id)
        columns = [i for i, asked in enumerate(other.targets) if is_evidence(asked, target)]
        if not columns:
            continue
        repeatable = repeatable and all(other.targets[i].params.seed == target.params.seed for i in columns)
        found = list(_answers(samples.iter_samples(db, row.id), other, columns, rows, target))
        answers += found
        run_ids += [row.id] if found else []
    weighing = Weighing(target.name, target.params.stop, answers, repeatable=repeatable)
    return _Weighed(weighing, tuple(run_ids)) if answers else None


def _answers(
    found: Iterator[Sample],
    other: Plan,
    columns: Sequence[int],
    rows: Mapping[tuple[tuple[str, str], ...], int],
    target: Target,
) -> Iterator[Answer]:
    for sample in islice((s for s in found if s.key.target in columns), PROBED):
        values = other.inputs[sample.key.input]
        row = rows.get(tuple(sorted(values.items())))
        answer = read_answer(sample, row, target.params.stop) if row is not None else None
        if answer is not None:
            yield answer


@dataclass(slots=True)
class Tried:
    """What other stop strings would have made of the samples."""

    stops: tuple[str, ...]
    samples: list[Became] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)


def try_stops(reading: Reading, stops: Sequence[str], progress: Progress) -> Tried:
    """Every stored sample under these stop strings, without sampling.

    Raises:
        InputError: a stop string is empty.
        Stopped: nobody wants it any more.
    """
    tried = Tried(tuple(stops))
    last: list[Sample] = []

    def watched() -> Iterator[Sample]:
        for sample in reading.samples(progress):
            last[:] = [sample]
            yield sample

    for applied in apply(watched(), stops):
        one = became(last[0], applied)
        tried.samples.append(one)
        tried.sums.add(one)
    return tried
