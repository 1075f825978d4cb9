"""What the `*` dialog reads of samples and does to their examples, for a thread or the writer. Draws nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, Verdict
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample
from cockpit.store import example_undo, examples, runs, samples

TWINS_READ = 4
"""Examples with the same input that are shown whole; the rest are counted."""
LOOKED_AT = 2_000
"""Samples of a selection that are looked at one by one before they are kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A sample as an example: what it was asked, what it is now, and the examples with the same input.

    `project_id` is its run's: an example belongs to the same project.
    """

    sample: Sample
    project_id: int
    asked: str
    example: Example | None = None
    edits: int = 0
    """How often the example was edited."""
    sets: int = 0
    """In how many sets it stands."""
    twins: tuple[Example, ...] = ()
    """Of other examples with the same input once normalised, the first TWINS_READ."""
    twins_in_all: int = 0

    @property
    def output(self) -> str:
        """What the example says, or would say."""
        return self.sample.text if self.example is None else self.example.output


@dataclass(frozen=True, slots=True)
class Several:
    """Marked samples in numbers. `verdicts` counts those that are examples, `empty` those without a text."""

    n: int
    verdicts: Mapping[Verdict, int]
    empty: int
    models: tuple[str, ...]
    inputs: int
    """Different inputs among them."""
    twins: int
    """How many have an input that another example has, of another sample than these."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done: how many samples are now what was asked for, those left out for having no text, and the way back.

    `verdict` is None where examples were taken away.
    """

    verdict: Verdict | None
    sample_ids: tuple[int, ...]
    empty: int
    change: example_undo.Change


def read_standing(db: sqlite3.Connection, sample_id: int) -> Standing:
    """One sample with all that the dialog says of it.

    Raises:
        StoreError: there is no such sample.
    """
    row = samples.get_sample(db, sample_id)
    asked = _asked(runs.load_plan(db, row.sample.run_id), row.sample)
    example = examples.of_sample(db, sample_id)
    own = None if example is None else example.id
    same = examples.find_duplicates(db, row.project_id, asked if example is None else example.input)
    others = [one for one in same if one != own]
    return Standing(
        row.sample,
        row.project_id,
        asked,
        example,
        edits=0 if own is None else len(examples.edits_of(db, own)),
        sets=0 if own is None else _sets(db, own),
        twins=tuple(examples.get_example(db, one) for one in others[:TWINS_READ]),
        twins_in_all=len(others),
    )


def read_several(db: sqlite3.Connection, sample_ids: Sequence[int]) -> Several:
    """Marked samples in numbers; the first LOOKED_AT of them."""
    plans: dict[int, Plan] = {}
    verdicts: dict[Verdict, int] = {}
    models: dict[str, None] = {}
    empty = twins = 0
    inputs: set[bytes] = set()
    known: dict[bytes, list[int]] = {}
    ids = list(sample_ids[:LOOKED_AT])
    own = _example_ids(db, ids)
    for sample_id in ids:
        row = samples.get_sample(db, sample_id)
        run_id = row.sample.run_id
        if run_id not in plans:
            plans[run_id] = runs.load_plan(db, run_id)
        asked = _asked(plans[run_id], row.sample)
        key = examples.input_key(asked)
        if key not in known:
            known[key] = examples.find_duplicates(db, row.project_id, asked)
        inputs.add(key)
        twins += any(one not in own.values() for one in known[key])
        empty += not row.sample.text.strip()
        models.setdefault(row.sample.model)
        if row.verdict is not None:
            verdict: Verdict = row.verdict  # type: ignore[assignment]
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
    return Several(len(sample_ids), verdicts, empty, tuple(models), len(inputs), twins)


def keep(
    db: sqlite3.Connection, sample_ids: Sequence[int], verdict: Verdict, reason: str | None, output: str | None = None
) -> Kept:
    """Make samples examples, or change their verdict where they are; one without a text is left out unless rejected.

    Args:
        reason: None leaves it as `examples.from_sample` does.
        output: what the one sample should have said; its example is from then on edited.
    """
    held = _example_ids(db, sample_ids)
    wanted = [
        one
        for one in sample_ids
        if output is not None or verdict == "rejected" or one in held or samples.get_plain(db, one).text.strip()
    ]

    def work(_: Sequence[int]) -> list[int]:
        made = [_keep_one(db, one, verdict, reason, output) for one in wanted]
        return [one for one in made if one not in held.values()]

    done = example_undo.change(db, [held[one] for one in wanted if one in held], work)
    return Kept(verdict, tuple(wanted), len(sample_ids) - len(wanted), done)


def _keep_one(db: sqlite3.Connection, sample_id: int, verdict: Verdict, reason: str | None, output: str | None) -> int:
    example_id = examples.from_sample(db, sample_id, verdict, reason or "")
    if reason is not None or output is not None:
        examples.update_example(db, example_id, reason=reason, output=output)
    return example_id


def take_away(db: sqlite3.Connection, sample_ids: Sequence[int]) -> Kept:
    """Take samples out of the examples."""
    held = _example_ids(db, sample_ids)

    def work(ids: Sequence[int]) -> list[int]:
        for one in ids:
            examples.set_verdict(db, one, None)
        return []

    return Kept(None, tuple(held), 0, example_undo.change(db, list(held.values()), work))


def take_back(db: sqlite3.Connection, kept: Kept) -> None:
    """Undo what was done.

    Raises:
        InputError: an example was changed elsewhere since.
    """
    example_undo.apply_change(db, kept.change.reversed())


def _example_ids(db: sqlite3.Connection, sample_ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in _batches(sample_ids):
        sql = f"SELECT sample_id, id FROM example WHERE sample_id IN ({', '.join('?' * len(some))})"
        found.update(db.execute(sql, some).fetchall())
    return found


def _batches(ids: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (tuple(ids[start : start + 500]) for start in range(0, len(ids), 500))


def _sets(db: sqlite3.Connection, example_id: int) -> int:
    sql = """SELECT count(DISTINCT set_id) FROM example_set_item
             JOIN example_set_version ON example_set_version.id = version_id WHERE example_id = ?"""
    return int(db.execute(sql, (example_id,)).fetchone()[0])


def _asked(plan: Plan, sample: Sample) -> str:
    try:
        return examples.asked_text(plan.version, dict(plan.inputs[sample.key.input]))
    except IndexError as error:
        raise StoreError(f"Sample {sample.id} names an input that its run does not have.") from error
