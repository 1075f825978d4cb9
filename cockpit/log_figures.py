"""The figures that the log cites, worked out from samples and jobs. One reference in, one number out; writes nothing.

What a reference can ask of a run (each with `model=NAME` for one model alone):

    run:12?n             whole answers                 run:12?failed       answers that failed
    run:12?ended=stop    share that ended in this way  run:12?score=exact  mean score, a share where all are 0 or 1
    run:12?score=exact&less=11                          its difference to run 11 on the inputs that both have
    run:12?cost          dollars                       run:12?tokens       mean output tokens
and of a job:
    job:7?metric=loss    the latest value               job:7?metric=loss&pick=min  the lowest, or max the highest
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import fsum, isfinite

from cockpit.core.errors import InputError, StoreError
from cockpit.core.figures import Figure, of_effect, of_mean, of_rate
from cockpit.core.log_refs import Ref, refs
from cockpit.core.shot_curve import compare, mean_of
from cockpit.core.stats import clustered
from cockpit.store import jobs
from cockpit.store.job_points import points_of
from cockpit.store.runs import load_plan
from cockpit.store.text import unpack

PICKS: Mapping[str, Callable[[list[float]], float]] = {"min": min, "max": max}
PLAIN = ("n", "failed", "cost", "tokens")


@dataclass(frozen=True, slots=True)
class Traced:
    """A reference with the figure that it gives now; `problem` says in words why it gives none."""

    ref: Ref
    figure: Figure | None = None
    problem: str = ""

    @property
    def changed(self) -> bool:
        """Whether the text says another number than its source gives now."""
        return self.figure is not None and not self.ref.picture and self.ref.words != self.figure.words()


def trace(db: sqlite3.Connection, ref: Ref) -> Traced:
    """Work out what one reference says. Never raises for what it points at."""
    if not ref.options or ref.picture:
        return Traced(ref)
    try:
        return Traced(ref, figure(db, ref))
    except (StoreError, InputError) as error:
        return Traced(ref, problem=error.sentence())


def trace_all(db: sqlite3.Connection, text: str) -> list[Traced]:
    """Every figure in a Markdown text, worked out anew."""
    return [trace(db, ref) for ref in refs(text) if ref.options and not ref.picture]


def figure(db: sqlite3.Connection, ref: Ref) -> Figure:
    """What a reference says.

    Raises:
        StoreError: what it points at is not there.
        InputError: it asks for something that cannot be had, or of which nothing is known.
    """
    if ref.kind == "run":
        return _of_run(db, ref)
    if ref.kind == "job":
        return _of_job(db, ref)
    raise InputError(f"{ref.target} is no figure: only runs and jobs have numbers.")


@dataclass(frozen=True, slots=True)
class _Answer:
    id: int
    input: int
    ended: str
    failed: bool
    tokens: int | None
    usd: float | None


def _answers(db: sqlite3.Connection, run_id: int, model: str) -> list[_Answer]:
    plan = load_plan(db, run_id)
    columns = [at for at, target in enumerate(plan.targets) if model in ("", target.name, target.title)]
    if not columns:
        raise InputError(f"Run {run_id} did not ask {model!r}.")
    marks = ",".join("?" * len(columns))
    chosen = f"sample WHERE run_id = ? AND target IN ({marks})"
    rows = db.execute(f"SELECT id, input, ended, failed, output_tokens, cost_usd FROM {chosen}", (run_id, *columns))
    return [_Answer(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) for row in rows]


def _of_run(db: sqlite3.Connection, ref: Ref) -> Figure:
    answers = _answers(db, ref.id, ref.option("model"))
    names = dict(ref.options)
    if "score" in names:
        return _score(db, ref, answers)
    whole = [one for one in answers if not one.failed]
    if "ended" in names:
        return _ended(ref, answers)
    for name, work in _RUN_FIGURES.items():
        if name in names:
            return work(ref, answers, whole)
    hint = f"Ask for score, ended, {', '.join(PLAIN)}."
    raise InputError(f"{ref.target} asks for no figure that a run has.", hint=hint)


COUNTS: Mapping[str, Callable[[_Answer], bool]] = {
    "ended": lambda one: one.ended != "cancelled",
    "failed": lambda one: one.failed,
    "cost": lambda one: one.usd is not None,
    "tokens": lambda one: not one.failed and one.tokens is not None,
    "n": lambda one: not one.failed,
}
"""What is asked of a run → whether an answer counts in it; of a score, those count that have one."""


def counted(db: sqlite3.Connection, ref: Ref, run_id: int) -> dict[int, str]:
    """Sample id → as it was counted, of every answer of a run that a figure of it, or of its difference to that run,
    was worked out from.

    Raises:
        StoreError: there is no such run.
        InputError: it did not ask the model.
    """
    answers = _answers(db, run_id, ref.option("model"))
    names = dict(ref.options)
    if "score" in names:
        scores = _scores(db, run_id, names["score"])
        return {one.id: f"{scores[one.id]:g}" for one in answers if one.id in scores}
    name = next((name for name in COUNTS if name in names), "n")
    return {one.id: _as_counted(name, one) for one in answers if COUNTS[name](one)}


def _as_counted(name: str, one: _Answer) -> str:
    return {"cost": f"${one.usd or 0:.3g}", "tokens": f"{one.tokens}"}.get(name, one.ended)


def _ended(ref: Ref, answers: list[_Answer]) -> Figure:
    ended = ref.option("ended")
    by_input: dict[int, list[bool]] = {}
    for one in answers:
        if COUNTS["ended"](one):
            by_input.setdefault(one.input, []).append(one.ended == ended)
    found = of_rate(clustered([(sum(hits), len(hits)) for hits in by_input.values()]), ended)
    if found is None:
        raise InputError(f"Run {ref.id} has no answers.")
    return found


def _score(db: sqlite3.Connection, ref: Ref, answers: list[_Answer]) -> Figure:
    metric = ref.option("score")
    scores, share = _by_input(db, ref.id, metric, answers)
    if less := ref.option("less"):
        if not less.isdecimal():
            raise InputError(f"{less!r} is no run's number.")
        other, other_share = _by_input(db, int(less), metric, _answers(db, int(less), ref.option("model")))
        effect = compare(_keyed(db, ref.id, scores), _keyed(db, int(less), other))
        if effect is None:
            raise InputError(f"Runs {ref.id} and {less} share no scored input.")
        return of_effect(effect, metric, share=share and other_share)
    mean = mean_of({str(at): values for at, values in scores.items()})
    if mean is None:
        raise InputError(f"Run {ref.id} has no score by {metric!r}.", hint=f"`cockpit score {ref.id}` scores it.")
    return of_mean(mean, metric, share=share)


def _by_input(
    db: sqlite3.Connection, run_id: int, metric: str, answers: list[_Answer]
) -> tuple[dict[int, list[float]], bool]:
    values = _scores(db, run_id, metric)
    found: dict[int, list[float]] = {}
    for one in answers:
        if one.id in values:
            found.setdefault(one.input, []).append(values[one.id])
    return found, all(value in (0.0, 1.0) for scores in found.values() for value in scores)


def _scores(db: sqlite3.Connection, run_id: int, metric: str) -> dict[int, float]:
    rows = db.execute(
        "SELECT sample_id, metric, value FROM score JOIN sample ON sample.id = sample_id WHERE run_id = ?", (run_id,)
    )
    return {sample: value for sample, name, value in rows if unpack(name) == metric}


def _keyed(db: sqlite3.Connection, run_id: int, scores: Mapping[int, list[float]]) -> dict[str, list[float]]:
    """Scores by what was asked, so that runs over the same inputs in another order are paired rightly."""
    inputs = load_plan(db, run_id).inputs
    found: dict[str, list[float]] = {}
    for at, values in scores.items():
        row = {name: value for name, value in inputs[at].items() if name != "row_examples"}
        found.setdefault(repr(sorted(row.items())), []).extend(values)
    return found


def _cost(ref: Ref, answers: list[_Answer], whole: list[_Answer]) -> Figure:
    known = [one.usd for one in answers if COUNTS["cost"](one) and one.usd is not None]
    missing = sum(one.usd is None for one in whole)
    if not known or missing:
        raise InputError(f"What run {ref.id} cost is not known for {missing or len(whole)} answers.")
    return Figure(fsum(known), "usd", label="cost")


def _tokens(ref: Ref, answers: list[_Answer], whole: list[_Answer]) -> Figure:
    counts = [float(one.tokens) for one in whole if COUNTS["tokens"](one) and one.tokens is not None]
    if not counts:
        raise InputError(f"No tokens were counted for run {ref.id}.")
    return Figure(fsum(counts) / len(counts), "number", n=len(counts), label="output tokens")


_RUN_FIGURES: Mapping[str, Callable[[Ref, list[_Answer], list[_Answer]], Figure]] = {
    "n": lambda _, __, whole: Figure(len(whole), "count", label="answers"),
    "failed": lambda _, answers, whole: Figure(len(answers) - len(whole), "count", label="failed"),
    "cost": _cost,
    "tokens": _tokens,
}


def _of_job(db: sqlite3.Connection, ref: Ref) -> Figure:
    jobs.get_job(db, ref.id)
    name = ref.option("metric")
    if not name:
        raise InputError(f"{ref.target} asks for no figure that a job has.", hint="Ask for metric=NAME.")
    known = jobs.known(db, [ref.id]).get(ref.id)
    value = None if known is None else known.metrics.get(name)
    if pick := ref.option("pick"):
        if pick not in PICKS:
            raise InputError(f"{pick!r} is no way to pick a value.", hint=f"Ask for pick={' or pick='.join(PICKS)}.")
        values = [one for one in points_of(db, ref.id, name).values if isfinite(one)]
        value = PICKS[pick](values) if values else None
    if value is None:
        raise InputError(f"Job {ref.id} has no {name!r}.")
    return Figure(value, "number", label=name)
