"""What an Inspect log or a running Inspect says of its way: scores so far, samples done of all. Opens nothing.

Shapes: inspect_ai 0.3.285, `log/_log.py` (EvalSpec, EvalResults, EvalSampleSummary) and `_control/state.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.core.metric_points import Point, Progress, number

UNIT = "sample"
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Inspect's grades as numbers, as its own accuracy counts them (`scorer/_metric.py`, value_to_float)."""
_MEANS = ("accuracy", "mean")
"""Metrics of a scorer that are a mean over samples, so that the mean so far is on its way to them."""


def points_of_log(
    start: Mapping[str, Any], summaries: Iterable[Mapping[str, Any]], header: Mapping[str, Any] | None
) -> tuple[Point, ...]:
    """The curve of each scorer: its mean over the samples so far against their number, then the log's own results.

    Args:
        start: the log's first member.
        summaries: samples in the order in which they were logged; a sample that was done again counts as it ended.
        header: the log's last member; None while the log is being written.
    """
    names = _mean_names(start)
    values: dict[str, dict[tuple[str, str], float]] = {}
    sums: dict[str, float] = {}
    points: list[Point] = []
    for summary in summaries:
        key, at = (str(summary.get("id")), str(summary.get("epoch"))), _seconds(summary.get("completed_at"))
        for scorer, value in _scores(summary):
            of = values.setdefault(scorer, {})
            sums[scorer] = sums.get(scorer, 0.0) - of.get(key, 0.0) + value
            of[key] = value
            name = names.get(scorer, f"{scorer}/mean")
            points.append(Point(name, sums[scorer] / len(of), float(len(of)), at))
    return (*points, *_results(header or {}))


def progress_of_log(start: Mapping[str, Any], summaries: Iterable[Mapping[str, Any]]) -> Progress | None:
    """Samples logged, each once an epoch, of those that the log is to have; None where it does not say how many."""
    spec = _part(start, "eval")
    dataset, config = _part(spec, "dataset"), _part(spec, "config")
    ids = dataset.get("sample_ids")
    count = len(ids) if isinstance(ids, list) and ids else number(dataset.get("samples"))
    total = (count or 0.0) * (number(config.get("epochs")) or 1.0)
    done = len({(str(one.get("id")), str(one.get("epoch"))) for one in summaries})
    return Progress(float(done), total, UNIT) if 0 < total < math.inf and done <= total else None


def progress_of_tasks(tasks: Sequence[Mapping[str, Any]]) -> tuple[Progress | None, dict[str, float]]:
    """All tasks of one running Inspect together: samples that ended of all, and figures of the moment by name.

    A sample that failed or was cancelled has ended too; how many did stands among the figures.
    """
    counts = [_part(task, "samples") for task in tasks]
    total, done, errors, cancelled, under_way = (
        sum((max(0.0, number(one.get(name)) or 0.0) for one in counts), 0.0)
        for name in ("total", "completed", "errored", "cancelled", "in_flight")
    )
    ended = done + errors + cancelled
    figures = {"samples failed": errors, "samples under way": under_way} if tasks else {}
    rates = [rate for task in tasks if (rate := number(task.get("tokens_per_second"))) is not None]
    if rates:
        figures["tokens per second"] = sum(rates, 0.0)
    return (Progress(ended, total, UNIT) if 0 < total < math.inf and ended <= total else None), figures


def _mean_names(start: Mapping[str, Any]) -> dict[str, str]:
    """Scorer → the name that the log's results will have for its mean over samples."""
    scorers = _part(start, "eval").get("scorers")
    found: dict[str, str] = {}
    for scorer in scorers if isinstance(scorers, list) else []:
        metrics = scorer.get("metrics") if isinstance(scorer, Mapping) else None
        for metric in metrics if isinstance(metrics, list) else []:
            name = str(metric.get("name", "")).rpartition("/")[2] if isinstance(metric, Mapping) else ""
            if name in _MEANS:
                found.setdefault(str(scorer.get("name")), f"{scorer.get('name')}/{name}")
    return found


def _scores(summary: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    for scorer, score in _part(summary, "scores").items():
        value = score.get("value") if isinstance(score, Mapping) else None
        if isinstance(value, Mapping):
            for part, one in value.items():
                if (found := _value(one)) is not None:
                    yield f"{scorer}/{part}", found
        elif (found := _value(value)) is not None:
            yield str(scorer), found


def _value(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    found = _GRADES.get(value) if isinstance(value, str) else number(value)
    return found if found is not None and math.isfinite(found) else None


def _results(header: Mapping[str, Any]) -> Iterable[Point]:
    """The log's own final figures, at the number of samples that they are of."""
    results = _part(header, "results")
    at, step = _seconds(_part(header, "stats").get("completed_at")), number(results.get("completed_samples"))
    scores = results.get("scores")
    for score in scores if isinstance(scores, list) else []:
        if not isinstance(score, Mapping):
            continue
        for name, metric in _part(score, "metrics").items():
            value = number(metric.get("value")) if isinstance(metric, Mapping) else None
            if value is not None:
                yield Point(f"{score.get('name')}/{name}", value, step, at)


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name) if isinstance(record, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _seconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
