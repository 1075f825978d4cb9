"""The options that choose examples for a run, and the choice as lines or JSON. What they mean `choosing` decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT
from cockpit.core.errors import InputError
from cockpit.core.fill import ORDERS, STRATEGIES

if TYPE_CHECKING:
    import sqlite3

    from cockpit.choosing import Chosen, Given, Wish
    from cockpit.core.examples import ExampleSet
    from cockpit.services import Services

F = TypeVar("F", bound=Callable[..., object])

NAMES = ("k", "select", "order", "seed_examples", "similarity", "window", "reserve")


class HowMany(click.ParamType[int | str]):
    """A number, 'fit' or 'all'."""

    name = "K|fit|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """The number or the word.

        Raises:
            click.BadParameter: it is neither.
        """
        if value in ("fit", "all"):
            return str(value)
        if not str(value).isascii() or not str(value).isdigit():
            self.fail(f"{value!r} is not a number, 'fit' or 'all'.", param, ctx)
        return int(value)


def choice_options(command: F) -> F:
    """The options that say how examples are chosen from a set."""
    for option in reversed(
        (
            click.option("-k", "k", type=HowMany(), help="Examples: a number, as many as fit, or all (the default)."),
            click.option("--select", type=click.Choice(STRATEGIES), help="Which examples; default: first."),
            click.option(
                "--order",
                type=click.Choice([name.replace(" ", "-") for name in ORDERS]),
                help="The order they are sent in; default: as-chosen.",
            ),
            click.option("--seed-examples", type=int, help="For random, balanced and shuffled; default: 0."),
            click.option(
                "--similarity",
                type=TEXT,
                metavar="MODEL",
                help="Of nearest, diverse and nearest-last: nearness by this embedding model, such as "
                "openai:text-embedding-3-small, in place of words in common. Inputs and examples are sent to it once, "
                "in a dry run too.",
            ),
            click.option("--window", type=click.IntRange(1), help="The model's context in tokens, if not as listed."),
            click.option("--reserve", type=click.IntRange(0), help="Tokens kept for the answer; default: max tokens."),
        )
    ):
        command = option(command)
    return command


def set_option(command: F) -> F:
    """The option that names a set."""
    text = "Take examples from this set (NAME, or NAME@VERSION) for {{examples}}."
    return click.option("--examples", "set_name", type=TEXT, metavar="SET", help=text)(command)


def wish_of(given: Mapping[str, Any]) -> Wish:
    """The options as a wish."""
    from cockpit.choosing import Wish
    from cockpit.core.fill import Order, Strategy

    return Wish(
        k=cast(int | Literal["fit", "all"], "all" if given["k"] is None else given["k"]),
        strategy=cast(Strategy, given["select"] or "first"),
        order=cast(Order, (given["order"] or "as-chosen").replace("-", " ")),
        seed=given["seed_examples"] or 0,
        window=given["window"],
        reserve=given["reserve"],
        similarity=(given["similarity"] or "").strip(),
    )


def refuse_without_set(given: Mapping[str, Any]) -> None:
    """See that no option about examples is given without a set, where it would do nothing.

    Raises:
        InputError: one is.
    """
    spelled = {"k": "-k", "seed_examples": "--seed-examples"}
    lost = [spelled.get(name, f"--{name}") for name in NAMES if given[name] is not None]
    if lost:
        raise InputError(f"{', '.join(lost)}: no set is named to choose from.", hint="Name one with --examples SET.")


def find_set(services: Services, project: str, name: str) -> ExampleSet:
    """The project's set of that name, or of NAME@VERSION.

    Raises:
        StoreError: there is none.
        InputError: it is empty.
    """
    from cockpit.store import projects

    db = services.store.read()
    return find_set_in(db, projects.find_project(db, project) or 0, name)


def find_set_in(db: sqlite3.Connection, project_id: int, name: str) -> ExampleSet:
    """The same by the project's id; 0 is a project that is not there yet."""
    from cockpit.store import sets

    known = {row.name for row in sets.list_sets(db, project_id)}
    base, at, number = name.rpartition("@")
    versioned = name not in known and at and number.isascii() and number.isdigit()
    found = sets.get_set(db, project_id, base, int(number)) if versioned else sets.get_set(db, project_id, name)
    if not found.examples:
        raise InputError(f"The set {name!r} is empty.", hint="cockpit example set save fills it.")
    return found


def show_choice(chosen: Chosen, *, as_json: bool) -> None:
    """Which examples, why, how many tokens and dollars: one object, or a table for each input that has its own."""
    if as_json:
        output.emit({"examples": choice_json(chosen)})
        return
    for at, given in enumerate(chosen.given, 1):
        where = f" · row {at}" if len(chosen.given) > 1 else ""
        count = "1 example" if len(given.examples) == 1 else f"{len(given.examples)} examples"
        output.say(f"# {chosen.of.name}@{chosen.of.number}{where}: {count}", keep_newlines=False)
        if given.examples:
            output.table(_rows(given), heads=("", "ID", "LABEL", "TOKENS", "INPUT", "WHY"), right=(0, 1, 3), widest=40)
        output.say(_fullness(given), keep_newlines=False)
    output.say(_total(chosen), keep_newlines=False)
    warn(chosen)


def warn(chosen: Chosen) -> None:
    """Say on stderr what may make the run's result too good."""
    if chosen.own:
        noun = "example is an input" if chosen.own == 1 else "examples are inputs"
        output.note(f"{chosen.own} {noun} of this run and not shown to {'it' if len(chosen.given) > 1 else 'any'}.")
    for leak in chosen.leaks[:5]:
        output.note(f"leak ({leak.kind}): example {leak.a} and input {leak.b or '?'}: {leak.evidence}")
    if len(chosen.leaks) > 5:
        output.note(f"… and {len(chosen.leaks) - 5} more leaks between examples and inputs.")


def choice_json(chosen: Chosen) -> dict[str, Any]:
    """The choice as plain data; `tokens` counts whole requests, the margin of an estimate included."""
    estimate = chosen.estimate
    return {
        "set": chosen.of.name,
        "version": chosen.of.number,
        **chosen.detail(),
        "rows": [_given_json(given) for given in chosen.given],
        "models": [
            {
                "model": meter.model,
                "window": meter.window,
                "reserve": meter.reserve,
                "exact": meter.exact,
                "margin": meter.margin,
                "counted_by": meter.how,
            }
            for meter in chosen.meters
        ],
        "requests": estimate.requests,
        "usd": estimate.usd,
        "unpriced": list(estimate.unpriced),
        "own": chosen.own,
        "leaks": [{"kind": one.kind, "example": one.a, "input": one.b, "why": one.evidence} for one in chosen.leaks],
    }


def _given_json(given: Given) -> dict[str, Any]:
    reasons = {id(one.example): one for one in given.ranked}
    return {
        "tokens": given.filled.tokens,
        "room": given.filled.room if given.meter.window is not None else None,
        "model": given.meter.model,
        "stopped": given.filled.stopped,
        "examples": [
            {
                "id": one.id,
                "input": one.input,
                "output": one.answer,
                "label": one.label,
                "why": reasons[id(one)].why,
                "score": reasons[id(one)].score,
                "tokens": _tokens(given, one.input, one.answer),
            }
            for one in given.examples
        ],
    }


def _rows(given: Given) -> list[tuple[str, ...]]:
    reasons = {id(one.example): one.why for one in given.ranked}
    return [
        (
            str(at),
            "" if one.id is None else str(one.id),
            one.label or "",
            str(_tokens(given, one.input, one.answer)),
            one.input,
            reasons[id(one)],
        )
        for at, one in enumerate(given.examples, 1)
    ]


def _tokens(given: Given, *texts: str) -> int:
    return sum(map(given.meter.tokenizer.count, texts))


def _fullness(given: Given) -> str:
    meter, filled = given.meter, given.filled
    sure = "" if meter.exact else "≈ "
    margin = f", {meter.margin:.0%} margin included" if meter.margin else ""
    room = f" of {meter.window:,}, {meter.reserve:,} kept for the answer, {filled.room:,} left" if meter.window else ""
    return f"{meter.model}: {sure}{filled.tokens:,} tokens{room}{margin}; {filled.stopped}"


def _total(chosen: Chosen) -> str:
    estimate = chosen.estimate
    unknown = f", without {', '.join(estimate.unpriced)} (price unknown)" if estimate.unpriced else ""
    cost = "cost unknown" if estimate.usd is None else f"about {output.money(estimate.usd)}{unknown}"
    noun = "request" if estimate.requests == 1 else "requests"
    return f"{estimate.requests:,} {noun}, {cost}"
