"""The options that say how answers are scored, and `cockpit score`. What is right is decided by core and scoring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli import output
from cockpit.cli.context import AMOUNT, TEXT, Context, as_json, pass_context
from cockpit.core.errors import InputError
from cockpit.core.metrics import KINDS

if TYPE_CHECKING:
    from cockpit.core.agreement import Agreement, Labels
    from cockpit.core.shot_curve import Mean
    from cockpit.scoring import Scored, Scoring


F = TypeVar("F", bound=Callable[..., object])
SHOWN_APART = 20
"""Samples named that metric and labels differ on."""
JUDGE_OPTIONS = ("judge_model", "judge_prompt", "judge_answers", "judge_max_tokens")


@dataclass(frozen=True, slots=True)
class FileAgreement:
    """Agreement with the labels of a file, by its name; None where no answer has both."""

    name: str
    found: Agreement | None


def metric_options(command: F) -> F:
    """The options that say how answers are scored."""
    for option in reversed(
        (
            click.option("--metric", type=click.Choice(KINDS), default="exact", show_default=True),
            click.option("--pattern", type=TEXT, help="Of regex: its first group is the answer; without one, a match."),
            click.option("--labels", type=TEXT, metavar="A,B,…", help="Of choice; default: the labels of the rows."),
            click.option("--any-case", is_flag=True, help="Of exact, contains and regex: capitals make no difference."),
            click.option("--judge-model", type=TEXT, metavar="MODEL", help="Of judge: the model that judges."),
            click.option(
                "--judge-prompt", type=click.Path(path_type=Path), metavar="FILE",
                help="Of judge: its prompt, with {{input}}, {{gold}}, {{answer}}.",
            ),
            click.option(
                "--judge-answer", "judge_answers", multiple=True, type=TEXT, metavar="WORD=VALUE",
                help="Of judge: an answer it may give, and its worth; repeatable. Default: yes=1 and no=0.",
            ),
            click.option("--judge-max-tokens", type=click.IntRange(1), help="Of judge: the longest judgement."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def scoring_of(given: Mapping[str, Any], labels: Sequence[str], *, gold: str = "", cap: float | None = None) -> Scoring:
    """The options as a scoring, checked.

    Args:
        labels: of the rows, where none are named.

    Raises:
        InputError: an option is missing, malformed, or belongs to another metric.
    """
    from cockpit.core.metrics import Metric
    from cockpit.scoring import Scoring

    kind = given["metric"]
    _refuse_others(given, kind)
    named = tuple(word.strip() for word in (given["labels"] or "").split(",") if word.strip())
    chosen = named or tuple(sorted(set(labels)))
    metric = Metric(kind, given["pattern"] or "", chosen if kind == "choice" else (), given["any_case"])
    scoring = Scoring(metric, gold, _judging(given, cap) if kind == "judge" else None)
    scoring.check()
    return scoring


def _refuse_others(given: Mapping[str, Any], kind: str) -> None:
    """See that no option is given that would do nothing."""
    owners = {"pattern": ("regex",), "labels": ("choice",), "any_case": ("exact", "contains", "regex")}
    owners |= dict.fromkeys(JUDGE_OPTIONS, ("judge",))
    for name, kinds in owners.items():
        if given[name] and kind not in kinds:
            spelled = "--judge-answer" if name == "judge_answers" else f"--{name.replace('_', '-')}"
            raise InputError(f"{spelled} is of {', '.join(kinds)}, not of {kind}.")


def _judging(given: Mapping[str, Any], cap: float | None) -> Any:
    from cockpit.core.metrics import Judge
    from cockpit.core.params import Params
    from cockpit.scoring import Judging

    if not given["judge_model"]:
        raise InputError("A judge needs a model.", hint="Name it: --judge-model MODEL.")
    made: dict[str, Any] = {}
    if given["judge_prompt"] is not None:
        path = given["judge_prompt"].expanduser()
        try:
            made["text"] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8.") from error
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    if given["judge_answers"]:
        made["answers"] = dict(map(_worth, given["judge_answers"]))
    return Judging(given["judge_model"], Judge(**made), Params(max_tokens=given["judge_max_tokens"]), cap)


def _worth(word: str) -> tuple[str, float]:
    from math import isfinite

    name, _, value = word.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not name.strip() or not isfinite(number):
        raise InputError(f"--judge-answer {word!r} is not WORD=VALUE.", hint="As in --judge-answer partly=0.5.")
    return name.strip(), number


@click.command("score")
@click.argument("run_id", metavar="RUN", type=int)
@metric_options
@click.option("--gold", default="", type=TEXT, metavar="COLUMN", help="The inputs' column that says what is right.")
@click.option("--cap", type=AMOUNT, metavar="USD", help="Of judge: stop before spending more.")
@click.option(
    "--agree",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Labels of your own: columns sample (or key) and label; agreement with them is shown.",
)
@as_json
@pass_context
def score_command(
    ctx: Context, /, run_id: int, *, gold: str, cap: float | None, agree: Path | None, as_json: bool, **given: Any
) -> int:
    """Score a run's answers and store the scores; a mean with its 95 % interval for each column.

    The right answer is in the run's inputs: a column named gold, output, label, target or ideal, or --gold COLUMN. A
    judge's answers are a stored run of its own. Agreement with your own verdicts (gold and rejected) is shown where
    you gave any, and with the labels of a file where --agree names one: right or wrong, the judge's own answers, or
    numbers, for each sample of the run.
    """
    if cap is not None and given["metric"] != "judge":
        raise InputError("--cap is of judge: other metrics cost nothing.")
    path = agree.expanduser() if agree is not None else None
    return asyncio.run(_score(ctx, run_id, given, gold, cap, agree=path, as_json=as_json))


async def _score(
    ctx: Context,
    run_id: int,
    given: Mapping[str, Any],
    gold: str,
    cap: float | None,
    *,
    agree: Path | None,
    as_json: bool,
) -> int:
    from cockpit.core import metrics
    from cockpit.scoring import Scored, agreement, labels_of, rows_of, score_run
    from cockpit.store.runs import load_plan

    async with ctx.services() as services:
        rows = rows_of(load_plan(services.store.read(), run_id), gold)
        labels = [label for row in rows if (label := row.label or metrics.gold(row))]
        scoring = scoring_of(given, labels, gold=gold, cap=cap)
        # Read before a judge is paid: a malformed file costs nothing.
        told = labels_of(services, run_id, agree, scoring) if agree is not None else None
        scored: Scored | None = None
        async with aclosing(score_run(services, run_id, scoring)) as events:
            async for event in events:
                scored = event if isinstance(event, Scored) else scored
        assert scored is not None
        found = agreement(services, run_id, scored.name)
    beside = _beside(scored, told, agree.name) if agree is not None and told is not None else None
    (_emit if as_json else _show)(run_id, scored, found, beside)
    unscored = sum(value is None for value in scored.values.values())
    if unscored:
        output.note(f"{unscored} of {len(scored.whole)} answers have no score{_why(scored)}.")
    return 1 if unscored == len(scored.whole) else 0


def _beside(scored: Scored, labels: Labels, name: str) -> FileAgreement:
    """The scores beside a file's labels."""
    from cockpit.core.agreement import agreement_of

    values = {sample: value for sample, value in scored.values.items() if value is not None}
    if labels.strangers:
        output.note(f"Labels of {name} that are of no whole answer of the run: {labels.strangers}.")
    return FileAgreement(name, agreement_of(values, labels.said))


def _why(scored: Scored) -> str:
    where = f" (its run is {scored.judge_run})" if scored.judge_run is not None else ""
    return f": the judge gave none of its answers{where}" if scored.judge_run is not None else ": no right answer"


def _means(scored: Scored) -> list[tuple[str, Mean | None]]:
    from cockpit.core.shot_curve import mean_of

    return [
        (target.title, mean_of({str(key): values for key, values in scored.by_input(at).items()}))
        for at, target in enumerate(scored.plan.targets)
    ]


def _emit(run_id: int, scored: Scored, found: Agreement | None, beside: FileAgreement | None) -> None:
    with_file = {"agreement_file": agreement_json(beside.found)} if beside is not None else {}
    for title, mean in _means(scored):
        output.emit({
            "run": run_id, "metric": scored.name, "model": title, "score": mean and mean.value,
            "low": mean and mean.low, "high": mean and mean.high, "inputs": mean.inputs if mean else 0,
            "n": mean.n if mean else 0, "failed": scored.failed, "judge_run": scored.judge_run,
            "judge_cost_usd": scored.judge_cost_usd, "agreement": agreement_json(found), **with_file,
        })  # fmt: skip


def _show(run_id: int, scored: Scored, found: Agreement | None, beside: FileAgreement | None) -> None:
    rows = [(title, *mean_cells(mean)) for title, mean in _means(scored)]
    output.table(rows, heads=("model", scored.name, "95 %", "inputs", "n"), right=(1, 3, 4))
    if scored.judge_run is not None:
        output.say(f"judged in run {scored.judge_run}, {output.money(scored.judge_cost_usd)}")
    if found is not None:
        output.say(agreement_words(found))
    if beside is not None:
        _show_beside(beside)


def _show_beside(beside: FileAgreement) -> None:
    found = beside.found
    if found is None:
        output.say(f"No answer has both a score and a label of {beside.name}.")
        return
    output.say(agreement_words(found, f"the labels of {beside.name}"))
    rows = [(one, other, str(n)) for (one, other), n in found.counts.items()]
    output.table(rows, heads=("metric", "label", "answers"), right=(2,))
    if found.apart:
        more = f" and {len(found.apart) - SHOWN_APART} more" if len(found.apart) > SHOWN_APART else ""
        output.say(f"apart on samples {', '.join(map(str, found.apart[:SHOWN_APART]))}{more}")


def mean_cells(mean: Mean | None) -> tuple[str, str, str, str]:
    """The mean, its interval, inputs and answers."""
    if mean is None:
        return "–", "–", "0", "0"
    return f"{mean.value:.3f}", interval(mean.low, mean.high), str(mean.inputs), str(mean.n)


def interval(low: float | None, high: float | None, *, sign: bool = False) -> str:
    """Both ends, or a dash where they are not known."""
    if low is None or high is None:
        return "–"
    return f"{low:+.3f} … {high:+.3f}" if sign else f"{low:.3f} … {high:.3f}"


def agreement_json(found: Agreement | None) -> dict[str, Any] | None:
    """Agreement with a person as plain data."""
    if found is None:
        return None
    counts = [{"metric": one, "person": other, "n": n} for (one, other), n in found.counts.items()]
    kappa = found.kappa
    return {
        "n": kappa.n, "agreed": kappa.agreed, "kappa": kappa.value, "low": kappa.low, "high": kappa.high,
        "counts": counts, "apart": list(found.apart),
    }  # fmt: skip


def agreement_words(found: Agreement, whom: str = "your verdicts") -> str:
    """Agreement with a person in one line."""
    kappa = found.kappa
    value = "kappa undefined: one label alone" if kappa.value is None else f"kappa {kappa.value:.3f}"
    ends = f" ({interval(kappa.low, kappa.high)})" if kappa.low is not None else ""
    return f"agrees with {whom} on {kappa.agreed} of {kappa.n}, {value}{ends}"
