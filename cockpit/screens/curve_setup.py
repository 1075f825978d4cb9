"""What "Does it help?" is asked of: the settings as values, and the task they make. Nothing is drawn or sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import InputError
from cockpit.core.fill import ORDERS, STRATEGIES
from cockpit.core.metrics import Judge, Metric
from cockpit.core.params import Params
from cockpit.core.wish import Wish
from cockpit.fewshot import Task, Trial, curve_trials, inputs_of, loo_trials, order_trials, rows_to_ask
from cockpit.scoring import Judging, Scoring
from cockpit.store import datasets, projects, sets

if TYPE_CHECKING:
    from cockpit.core.examples import Row
    from cockpit.runner import Draft
    from cockpit.services import Services

KIND_TITLES: Mapping[str, str] = {
    "curve": "score against k",
    "leave one out": "each example left out",
    "orders": "orders of the same ones",
}
METRICS: Mapping[str, str] = {
    "exact": "the whole answer is right",
    "contains": "the right answer stands in it",
    "regex": "a pattern's first group is right, or it matches",
    "choice": "the one label that it gives is right",
    "judge": "a model classifies it as right or not",
}
ALL_ROWS = "-"


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings. Empty names are not chosen yet; `most` and `rows` None are as many as there are."""

    kind: str = "curve"
    set_name: str = ""
    set_number: int | None = None
    strategy: str = "first"
    order: str = "as chosen"
    seed: int = 0
    most: int | None = None
    orders: int = 6
    dataset: str = ""
    split: str = "dev"
    rows: int | None = 300
    metric: str = "exact"
    pattern: str = ""
    judge_model: str = ""
    models: tuple[str, ...] = ()
    """Empty: Play's."""
    n: int = 1
    cap_usd: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "models": list(self.models)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Setup:
        """What `to_json` wrote, maybe in another version of the program: what is no such value is left out."""
        kept = {name: data[name] for name in cls.__slots__ if name in data}
        blank = cls()
        for name, value in list(kept.items()):
            usual = getattr(blank, name)
            right = isinstance(value, list) if name == "models" else isinstance(value, type(usual)) or usual is None
            if not right and not (value is None and name in ("rows", "most", "set_number", "cap_usd")):
                del kept[name]
        if isinstance(kept.get("models"), list):
            kept["models"] = tuple(str(name) for name in kept["models"])
        found = cls(**kept)
        known = found.kind in KIND_TITLES and found.strategy in STRATEGIES and found.order in ORDERS
        return found if known and found.metric in METRICS else blank

    def wish(self) -> Wish:
        """How examples are chosen; the number is each trial's own."""
        k: Any = "all" if self.most is None or self.kind == "curve" else self.most
        strategy, order = STRATEGIES[STRATEGIES.index(self.strategy)], ORDERS[ORDERS.index(self.order)]
        return Wish(k=k, strategy=strategy, order=order, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Ready:
    """A task with its trials, and what may make the results too good: leaks between examples and rows, as sentences."""

    task: Task
    trials: tuple[Trial, ...]
    leaks: tuple[str, ...]


def first_setup(services: Services, project: str, setup: Setup) -> Setup:
    """The settings with a set and a dataset of the project where none, or one that is gone, is named."""
    db = services.store.read()
    project_id = projects.find_project(db, project) or 0
    named = [row.name for row in sets.list_sets(db, project_id)]
    if setup.set_name not in named:
        setup = replace(setup, set_name=named[0] if named else "", set_number=None)
    known = {row.name: row for row in datasets.list_datasets(db, project_id)}
    if setup.dataset not in known:
        setup = replace(setup, dataset=next(iter(known), ""))
    if setup.dataset:
        splits = known[setup.dataset].splits
        if setup.split != ALL_ROWS and setup.split not in splits:
            setup = replace(setup, split="dev" if "dev" in splits else next(iter(splits), ALL_ROWS))
    return setup


def ready(services: Services, project: str, setup: Setup, play: Draft) -> Ready:
    """The task of the settings, over Play's prompt without its examples, and its trials. Blocks: call it in a thread.

    Raises:
        InputError: something is not chosen, or a metric lacks what it needs.
        PlanError: the prompt has no place for the question or the examples, or there are too few.
        StoreError: the set or the dataset is gone.
    """
    if not setup.set_name:
        raise InputError("There is no example set yet.", hint="S in the Examples pane makes one.")
    if not setup.dataset:
        raise InputError("There is no dataset to ask yet.", hint="D in the Examples pane imports one.")
    db = services.store.read()
    project_id = projects.find_project(db, project) or 0
    of = sets.get_set(db, project_id, setup.set_name, setup.set_number)
    split = None if setup.split == ALL_ROWS else setup.split
    rows = rows_to_ask(services, project, setup.dataset, split, n=setup.rows, seed=setup.seed)
    version = replace(play.version, examples="")
    draft = replace(
        play,
        version=version,
        models=setup.models or play.models,
        n=setup.n,
        sweep={},
        inputs=inputs_of(version, rows),
        cap_usd=setup.cap_usd,
        parent_sample=None,
    )
    task = Task(draft, of, setup.wish(), scoring_of(setup, rows))
    task.scoring.check()
    trials = trials_of(services, setup, task)
    leaks = dict.fromkeys(leak for trial in trials for leak in trial.leaks)
    return Ready(task, tuple(trials), tuple(f"example {one.a} and row {one.b}: {one.evidence}" for one in leaks))


def trials_of(services: Services, setup: Setup, task: Task) -> list[Trial]:
    """The runs to make.

    Raises:
        PlanError: there are too few examples, or they do not fit.
    """
    if setup.kind == "curve":
        return curve_trials(services, task, setup.most)
    return (
        loo_trials(services, task)
        if setup.kind == "leave one out"
        else order_trials(services, task, range(1, setup.orders + 1))
    )


def scoring_of(setup: Setup, rows: Sequence[Row]) -> Scoring:
    """How answers are scored; labels of `choice` are those of the rows."""
    labels = tuple(sorted({row.label for row in rows if row.label is not None}))
    if setup.metric == "judge":
        if not setup.judge_model:
            raise InputError("A judge needs a model.", hint="Choose metric again and name one.")
        return Scoring(Metric("judge"), judging=Judging(setup.judge_model, Judge(), Params(), setup.cap_usd))
    kind: Any = setup.metric
    return Scoring(Metric(kind, setup.pattern if kind == "regex" else "", labels if kind == "choice" else ()))
