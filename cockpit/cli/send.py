"""`cockpit send`: words of the command line to a draft, and the draft to a flight. Decides nothing about sampling."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.choice import choice_options, find_set, refuse_without_set, set_option, show_choice, warn, wish_of
from cockpit.cli.context import AMOUNT, TEXT, Context, as_json, pass_context
from cockpit.core.errors import InputError
from cockpit.core.params import EFFORTS, NAMES, Params
from cockpit.core.prompts import single
from cockpit.core.runs import Plan
from cockpit.core.settings import Unsupported

if TYPE_CHECKING:
    from cockpit.choosing import Chosen
    from cockpit.runner import Draft
    from cockpit.services import Services

ESCAPE = re.compile(r"\\(n|r|t|0|\\|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}
LOCAL_MODEL = "local:smollm2"


def unescape(text: str) -> str:
    r"""A stop string as typed in a shell: \n \r \t \0 \\ \xHH \uHHHH are what they stand for, all else is literal."""
    return ESCAPE.sub(lambda m: ESCAPES[m[1]] if m[1] in ESCAPES else chr(int(m[1][1:], 16)), text)


@click.command("send")
@click.argument("prompt", type=TEXT)
@click.option("-m", "--model", "models", multiple=True, type=TEXT, help="provider:model or an alias; repeatable.")
@click.option("-n", "n", type=click.IntRange(1), default=1, show_default=True, help="Samples per model and input.")
@click.option("--system", default="", type=TEXT, help="The system prompt.")
@click.option("--prefill", default="", type=TEXT, help="How the answer must begin.")
@click.option("--temperature", type=float)
@click.option("--top-p", type=float)
@click.option("--max-tokens", type=int)
@click.option("--stop", multiple=True, type=TEXT, help=r"A stop string; repeatable. \n \t \r \\ \xHH \uHHHH work.")
@click.option("--seed", type=int, help="Sample i is sent with seed + i.")
@click.option("--logprobs", type=int, metavar="K", help="Log probabilities, with K alternatives a token.")
@click.option("--reasoning-effort", type=click.Choice(EFFORTS))
@click.option("--var", "variables", multiple=True, metavar="K=V", type=TEXT, help="Fill {{K}} with V; repeatable.")
@click.option(
    "--inputs", type=TEXT, help="One set of variables a row: JSONL, CSV, TSV, or dataset:NAME/SPLIT?n=300&seed=0."
)
@click.option("--sweep", multiple=True, metavar="PARAM=V1,V2", type=TEXT, help="A column for each value; repeatable.")
@click.option("--cap", type=AMOUNT, metavar="USD", help="Stop before spending more.")
@click.option("--deadline", type=AMOUNT, metavar="SECONDS", help="Per request with retries.")
@click.option("--max-retries", type=click.IntRange(0), help="Per request.")
@click.option("--fresh", is_flag=True, help="Ask again even where the same sample is stored.")
@click.option(
    "--unsupported", type=click.Choice(["refuse", "leave-out"]), help="What to do with settings a model lacks."
)
@click.option("--name", type=TEXT, help="File it under this prompt's name.")
@click.option("--idea", type=TEXT, help="Count it on this idea's ladder.")
@set_option
@choice_options
@click.option("--dry-run", is_flag=True, help="Print the choice of examples and the exact requests; send nothing.")
@as_json
@pass_context
def send_command(ctx: Context, /, *, as_json: bool, dry_run: bool, **given: Any) -> int:
    """Send PROMPT ('-' reads it from stdin, exactly) and print each sample as it ends.

    Without -m it goes to the config's default models, else to the local model. Plain output shows control characters
    instead of obeying them; --json is exact.
    """
    given["prompt"] = read_prompt(given["prompt"])
    return asyncio.run(_send(ctx, given, as_json=as_json, dry_run=dry_run))


async def _send(ctx: Context, given: Mapping[str, Any], *, as_json: bool, dry_run: bool) -> int:
    from cockpit.cli.flight import conclude, fly_and_print
    from cockpit.runner import launch, prepare

    async with ctx.services() as services:
        rows = _rows(services, ctx.project, given["inputs"], given["variables"])
        draft = _draft(ctx, given, rows)
        chosen = await _choose(ctx, services, draft, given)
        draft = draft if chosen is None else chosen.draft
        if dry_run:
            if chosen is not None:
                show_choice(chosen, as_json=as_json)
            _show_requests(services, prepare(services, draft), as_json=as_json)
            return 0
        if given["name"]:
            draft = replace(draft, prompt_id=_prompt_id(services, ctx.project, given["name"]))
        if idea := (given["idea"] or "").strip():
            draft = replace(draft, idea_id=_idea_id(services, ctx.project, idea))
        plan, live = await launch(services, draft, chosen.keep if chosen is not None else None)
        if chosen is not None:
            warn(chosen)
        return conclude(plan, await fly_and_print(services, plan, live, as_json=as_json))


async def _choose(ctx: Context, services: Services, draft: Draft, given: Mapping[str, Any]) -> Chosen | None:
    """The draft with its examples; None where no set is named.

    Raises:
        InputError: an option about examples without a set.
        PlanError: they do not fit, or there are not as many.
    """
    if given["set_name"] is None:
        refuse_without_set(given)
        return None
    from cockpit.choosing import choose
    from cockpit.runner import prepare

    found = find_set(services, ctx.project, given["set_name"])
    # What must not be sent whatever the examples are is said first.
    prepare(services, draft)
    return await asyncio.to_thread(choose, services, draft, found, wish_of(given))


def _draft(ctx: Context, given: Mapping[str, Any], rows: tuple[Mapping[str, str], ...]) -> Draft:
    from cockpit.runner import Draft

    config = ctx.config
    asked: dict[str | None, Unsupported] = {"refuse": "refuse", "leave-out": "leave out", None: config.unsupported}
    cap = given["cap"] if given["cap"] is not None else config.cap_usd
    limits = {"deadline_s": given["deadline"], "max_retries": given["max_retries"]}
    return Draft(
        version=single(given["prompt"], system=given["system"], prefill=given["prefill"]),
        models=given["models"] or config.defaults.models or (LOCAL_MODEL,),
        params=_params(given),
        n=given["n"],
        inputs=rows,
        sweep=_sweep(given["sweep"]),
        cap_usd=cap,
        fresh=given["fresh"],
        project=ctx.project,
        unsupported=asked[given["unsupported"]],
        **{name: value for name, value in limits.items() if value is not None},
    )


def _params(given: Mapping[str, Any]) -> Params:
    values = {name: given[name] for name in NAMES}
    return Params(**{**values, "stop": tuple(unescape(stop) for stop in given["stop"])})


def read_prompt(word: str) -> str:
    """The prompt itself; '-' is all of stdin, and nothing of it is trimmed.

    Raises:
        InputError: stdin is not UTF-8.
    """
    if word != "-":
        return word
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The prompt on stdin is not UTF-8 (byte {error.start}).") from error


def _rows(services: Services, project: str, named: str | None, pairs: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    """The inputs: the file's or the dataset's rows, each with the variables given by hand.

    Raises:
        InputError: a malformed pair or row, or a variable given twice.
    """
    from cockpit.dataset_inputs import inputs_of

    fixed: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"--var {pair!r} is not NAME=VALUE.")
        if name in fixed:
            raise InputError(f"--var {name} is given twice.")
        fixed[name] = value
    if named is None:
        return (fixed,)
    rows = inputs_of(services.store, project, named)
    both = sorted(fixed.keys() & rows[0].keys())
    if both:
        raise InputError(f"--var {both[0]} is also a column of {named}.")
    return tuple({**row, **fixed} for row in rows)


def _sweep(words: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """Settings and the values each takes in turn.

    Raises:
        InputError: not PARAM=V1,V2, an unknown setting, or a value that is not of its kind.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        name = name.replace("-", "_")
        if not equals or name not in NAMES:
            raise InputError(f"--sweep {word!r} is not PARAM=V1,V2.", hint=f"PARAM is one of {', '.join(NAMES)}.")
        if name in found:
            raise InputError(f"--sweep {name} is given twice.")
        found[name] = tuple(_sweep_value(name, value) for value in values.split(","))
    return found


def _sweep_value(name: str, text: str) -> Any:
    if name == "stop":
        return (unescape(text),)
    if name == "reasoning_effort":
        return text
    kind = float if name in ("temperature", "top_p") else int
    try:
        return kind(text)
    except ValueError as error:
        raise InputError(f"--sweep {name}: {text!r} is not a number.") from error


def _prompt_id(services: Services, project: str, name: str) -> int:
    from cockpit.store.projects import ensure_project
    from cockpit.store.prompts import ensure_prompt

    return services.store.write_now(lambda db: ensure_prompt(db, ensure_project(db, project), name))


def _idea_id(services: Services, project: str, title: str) -> int:
    from cockpit.store.projects import ensure_idea, ensure_project

    return services.store.write_now(lambda db: ensure_idea(db, ensure_project(db, project), title))


def _show_requests(services: Services, plan: Plan, *, as_json: bool) -> None:
    """Every request as HTTP, with `$NAME` for the key."""
    from cockpit.core.snippets import as_curl

    for key in plan.missing(()):
        request = plan.request(key)
        wire = services.providers.get(request.provider).wire(request)
        target = plan.targets[key.target]
        if as_json:
            place = {"model": target.name, "label": target.label, "row": key.input, "index": key.index}
            request_json = {"method": wire.method, "url": wire.url, "headers": dict(wire.headers), "body": wire.body}
            output.emit(place | request_json)
        else:
            output.say(f"# {target.title} · row {key.input + 1} · {key.index + 1}", keep_newlines=False)
            output.say(as_curl(wire))
