"""`cockpit fewshot`: words of the command line to a task, and its trials to tables. Every decision is fewshot's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli import output
from cockpit.cli.choice import find_set
from cockpit.cli.context import AMOUNT, TEXT, Context, as_json, pass_context
from cockpit.cli.fewshot_output import print_curve, print_forecast, print_loo, print_orders
from cockpit.cli.scoring import metric_options, scoring_of
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.fill import ORDERS, STRATEGIES

if TYPE_CHECKING:
    from cockpit.core.examples import ExampleSet, Row
    from cockpit.fewshot import Result, Task, Trial
    from cockpit.runner import Draft
    from cockpit.services import Services
    from cockpit.store.db import Database

F = TypeVar("F", bound=Callable[..., object])
Trials = Callable[["Services", "Task"], "list[Trial]"]


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between."""

    name = "K,K,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers.

        Raises:
            click.BadParameter: one is none.
        """
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isascii() and word.isdigit() for word in words):
            self.fail(f"{value!r} is not like 0,2,8.", param, ctx)
        return tuple(map(int, words))


ORDER_NAMES = click.Choice([name.replace(" ", "-") for name in ORDERS])
DATA_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("prompt", type=TEXT),
    click.option("--examples", "set_name", required=True, type=TEXT, metavar="SET", help="NAME or NAME@VERSION."),
    click.option("--dataset", required=True, type=TEXT, metavar="NAME", help="Where the questions are from."),
    click.option("--split", default="dev", show_default=True, type=TEXT, help="The split to ask; - for all rows."),
    click.option("--rows", type=click.IntRange(1), help="Ask so many rows; smaller numbers are nested in it."),
    click.option("--seed-rows", type=int, default=0, show_default=True, help="Which rows; the same everywhere."),
    click.option("--stratify", is_flag=True, help="Rows in proportion to their labels."),
    click.option("--select", type=click.Choice(STRATEGIES), default="first", show_default=True),
    click.option("--order", type=ORDER_NAMES, default="as-chosen", show_default=True),
    click.option("--seed-examples", type=int, default=0, show_default=True, help="Of random, balanced, shuffled."),
    click.option("--window", type=click.IntRange(1), help="The model's context in tokens, if not as listed."),
    click.option("--reserve", type=click.IntRange(0), help="Tokens kept for the answer; default: max tokens."),
)
SENDING_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("-m", "--model", "models", multiple=True, type=TEXT, help="provider:model; repeatable."),
    click.option("-n", "n", type=click.IntRange(1), default=1, show_default=True, help="Samples for each row."),
    click.option("--system", default="", type=TEXT, help="The system prompt."),
    click.option("--prefill", default="", type=TEXT, help="How the answer must begin."),
    click.option("--temperature", type=float),
    click.option("--max-tokens", type=int),
    click.option("--stop", multiple=True, type=TEXT, help=r"A stop string; repeatable. \n \t \\ work."),
    click.option("--seed", type=int, help="Sample i is sent with seed + i."),
    metric_options,
    click.option("--cap", type=AMOUNT, metavar="USD", help="Stop before spending more, over all runs."),
    click.option("--fresh", is_flag=True, help="Ask again even where the same sample is stored."),
    click.option("--dry-run", is_flag=True, help="Say what would be sent and what it would cost; send nothing."),
    click.option("--name", type=TEXT, help="File it under this prompt's name."),
    click.option("--idea", type=TEXT, help="Count it on this idea's ladder."),
    as_json,
)


def task_options(command: F) -> F:
    """The options that all experiments share."""
    for option in reversed((*DATA_OPTIONS, *SENDING_OPTIONS)):
        command = option(command)
    return command


@click.group("fewshot")
def fewshot_command() -> None:
    """Measure what examples do: their number, each of them, their order."""


@fewshot_command.command("curve")
@task_options
@click.option("--max", "most", type=click.IntRange(1), help="The largest k; default: the whole set.")
@click.option("-k", "ks", type=Numbers(), help="These numbers of examples in place of 0, 1, 2, 4, 8 … max.")
@pass_context
def curve_command(ctx: Context, /, *, most: int | None, ks: tuple[int, ...] | None, as_json: bool, **given: Any) -> int:
    r"""Score against the number of examples, k = 0, 1, 2, 4, 8 … max, on the same rows.

    PROMPT ('-' reads it from stdin) has {{examples}} where they go, and {{input}} where the question goes. Each k is a
    stored run; the same call again sends only what is missing. Effects are over the smallest k, paired by row.
    """
    from cockpit.fewshot import curve_trials

    if ks and most is not None:
        raise InputError("Give -k or --max, not both.")

    def trials(services: Services, task: Task) -> list[Trial]:
        return curve_trials(services, task, most, ks or ())

    return asyncio.run(_experiment(ctx, given, trials, print_curve, as_json=as_json))


@fewshot_command.command("loo")
@task_options
@click.option("-k", "k", type=click.IntRange(2), help="Choose so many examples; default: the whole set.")
@pass_context
def loo_command(ctx: Context, /, *, k: int | None, as_json: bool, **given: Any) -> int:
    """Leave one example out at a time: which helps, hurts, or only costs."""
    from cockpit.fewshot import loo_trials

    return asyncio.run(_experiment(ctx, {**given, "k": k}, loo_trials, print_loo, as_json=as_json))


@fewshot_command.command("orders")
@task_options
@click.option("-k", "k", type=click.IntRange(2), help="Choose so many examples; default: the whole set.")
@click.option(
    "--orders", "orders", type=click.IntRange(2), default=8, show_default=True, help="Orders, by seeds 0, 1, …"
)
@pass_context
def orders_command(ctx: Context, /, *, k: int | None, orders: int, as_json: bool, **given: Any) -> int:
    """Send the same examples in several orders: the spread of the score, beside what chance alone would show."""
    from cockpit.fewshot import order_trials

    if given["order"] != "as-chosen":
        raise InputError("--order has no meaning here: every order is a shuffled one.")

    def trials(services: Services, task: Task) -> list[Trial]:
        return order_trials(services, task, range(orders))

    return asyncio.run(_experiment(ctx, {**given, "k": k}, trials, print_orders, as_json=as_json))


async def _experiment(
    ctx: Context,
    given: Mapping[str, Any],
    make: Trials,
    show: Callable[[Result, ExampleSet, bool], None],
    *,
    as_json: bool,
) -> int:
    """Make the trials, send and score them, print what they say; also what ended where not all did."""
    from cockpit.fewshot import Result, run_trials

    async with ctx.services() as services:
        task = _task(ctx, services, given)
        trials = await asyncio.to_thread(make, services, task)
        _warn(trials)
        if given["dry_run"]:
            from cockpit.experiments import forecast

            print_forecast(await asyncio.to_thread(forecast, services, task, trials), as_json)
            return 0
        result = Result(task.draft.models)
        stopped: CockpitError | None = None
        try:
            async with aclosing(run_trials(services, task, trials)) as events:
                async for event in events:
                    _follow(event, result)
        except CockpitError as error:
            if not result.ended:
                raise
            stopped = error
    show(result, task.of, as_json)
    if stopped is not None:
        output.complain(stopped.sentence())
    failed = sum(one.failed for one in result.ended.values())
    if failed:
        output.complain(f"{failed} samples did not end. The same call again sends them.")
    return 1 if failed or stopped is not None else 0


def _task(ctx: Context, services: Services, given: Mapping[str, Any]) -> Task:
    from cockpit.choosing import Wish
    from cockpit.cli.send import LOCAL_MODEL, read_prompt, unescape
    from cockpit.core.params import Params
    from cockpit.core.prompts import single
    from cockpit.fewshot import Task, inputs_of
    from cockpit.runner import Draft, prepare

    rows = _rows(ctx, services, given)
    of = find_set(services, ctx.project, given["set_name"])
    cap = given["cap"] if given["cap"] is not None else ctx.config.cap_usd
    version = single(read_prompt(given["prompt"]), system=given["system"], prefill=given["prefill"])
    draft = Draft(
        version=version,
        models=given["models"] or ctx.config.defaults.models or (LOCAL_MODEL,),
        params=Params(
            temperature=given["temperature"],
            max_tokens=given["max_tokens"],
            stop=tuple(map(unescape, given["stop"])),
            seed=given["seed"],
        ),
        n=given["n"],
        inputs=inputs_of(version, rows),
        cap_usd=cap,
        fresh=given["fresh"],
        project=ctx.project,
        unsupported=ctx.config.unsupported,
    )
    # What must not be sent whatever the examples are is said first.
    prepare(services, draft)
    wish = Wish(
        k="all" if given.get("k") is None else given["k"],
        strategy=given["select"],
        order=given["order"].replace("-", " "),
        seed=given["seed_examples"],
        window=given["window"],
        reserve=given["reserve"],
    )
    labels = [row.label for row in rows if row.label is not None]
    return Task(_filed(ctx, services, draft, given), of, wish, scoring_of(given, labels, cap=cap))


def _filed(ctx: Context, services: Services, draft: Draft, given: Mapping[str, Any]) -> Draft:
    """The draft under its prompt's name and idea, if they are given."""
    from cockpit.store.projects import ensure_idea, ensure_project
    from cockpit.store.prompts import ensure_prompt

    def write(db: Database) -> Draft:
        project, idea = ensure_project(db, draft.project), (given["idea"] or "").strip()
        return replace(
            draft,
            prompt_id=ensure_prompt(db, project, given["name"]) if given["name"] else None,
            idea_id=ensure_idea(db, project, idea) if idea else None,
        )

    return services.store.write_now(write)


def _rows(ctx: Context, services: Services, given: Mapping[str, Any]) -> list[Row]:
    """The labelled rows to ask, in an order that depends on the seed alone.

    Raises:
        InputError: the split has none that says what is right.
    """
    from cockpit.fewshot import rows_to_ask

    split = None if given["split"] == "-" else given["split"]
    return rows_to_ask(
        services,
        ctx.project,
        given["dataset"],
        split,
        n=given["rows"],
        seed=given["seed_rows"],
        stratify=given["stratify"],
    )


def _warn(trials: Sequence[Trial]) -> None:
    """Say on stderr what may make the results too good."""
    leaks = list(dict.fromkeys(leak for trial in trials for leak in trial.leaks))
    for leak in leaks[:5]:
        output.note(f"leak ({leak.kind}): example {leak.a} and row {leak.b}: {leak.evidence}")
    if len(leaks) > 5:
        output.note(f"… and {len(leaks) - 5} more leaks between examples and rows.")


def _follow(event: object, result: Result) -> None:
    """Keep what ended; say on stderr what begins."""
    from cockpit.fewshot import Ended, Launched

    if isinstance(event, Launched):
        output.note(
            f"{event.trial.detail['experiment']} {event.trial.number}: run {event.run_id}, {event.total} samples"
        )
    if isinstance(event, Ended):
        result.ended[event.trial.number] = event
