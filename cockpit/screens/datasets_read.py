"""What the datasets screens read in threads: lists, glances, token estimates. Nothing is drawn or written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.core.examples import Row

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow
    from cockpit.store.db import Database

FIRST = 3
"""First rows of a glance."""
COUNTED = 100
"""Rows whose tokens are counted, evenly spread over the dataset; the rest is reckoned from their characters."""
MOST_CHARS = 20_000
"""Characters of one text that are counted."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens a character, found on some rows."""

    model: str
    encoding: str
    rows: int
    inputs: float
    outputs: float


@dataclass(frozen=True, slots=True)
class Glance:
    """What there is to say of a dataset beside its kept numbers."""

    cells: Mapping[tuple[str | None, str | None], int] = field(default_factory=dict)
    """Rows of each label and split."""
    first: Sequence[Row] = ()
    estimate: Estimate | None = None


def project_of(db: Database, name: str) -> int | None:
    """The project's id; None where nothing was stored for it yet."""
    from cockpit.store import projects

    return projects.find_project(db, name)


def read_list(services: Services, project: str) -> list[DatasetRow]:
    """The project's datasets by name."""
    from cockpit.store import datasets

    db = services.store.read()
    project_id = project_of(db, project)
    return [] if project_id is None else datasets.list_datasets(db, project_id)


def read_one(services: Services, project: str, name: str) -> DatasetRow:
    """One dataset as it is now.

    Raises:
        StoreError: there is none of that name.
    """
    from cockpit.store import datasets

    db = services.store.read()
    return datasets.get_dataset(db, project_of(db, project) or 0, name)


def read_glance(services: Services, dataset: DatasetRow) -> Glance:
    """A dataset's labels by split and its first rows."""
    from cockpit.store.dataset_pages import count_cells
    from cockpit.store.datasets import iter_rows

    db = services.store.read()
    return Glance(count_cells(db, dataset.id), tuple(iter_rows(db, dataset.id, limit=FIRST)))


def read_estimate(services: Services, dataset: DatasetRow, model: str) -> Estimate | None:
    """How many tokens a character makes for a model, on some of a dataset's rows; None where nothing can count."""
    from cockpit.store.dataset_pages import get_row

    if not dataset.n or not model:
        return None
    db = services.store.read()
    step = max(dataset.n // COUNTED, 1)
    try:
        choice = services.tokenizers.choose(model)
        counter = services.tokenizers.get(choice.encoding)
        rows = [get_row(db, dataset.id, number) for number in range(1, dataset.n + 1, step)][:COUNTED]
        inputs = [row.input[:MOST_CHARS] for row in rows]
        outputs = [row.output[:MOST_CHARS] for row in rows if row.output]
        shares = [_per_char(counter.count("\n".join(texts)), texts) for texts in (inputs, outputs)]
    except CockpitError:
        return None
    return Estimate(model, choice.encoding, len(rows), *shares)


def _per_char(tokens: int, texts: Sequence[str]) -> float:
    chars = sum(len(text) + 1 for text in texts)
    return tokens / chars if chars else 0.0


def read_cited(services: Services, project: str, name: str) -> int:
    """How many of the project's examples were made from a dataset's rows."""
    from cockpit.store.dataset_pages import cited_by

    db = services.store.read()
    return cited_by(db, project_of(db, project) or 0, name)
