"""`cockpit example set` and `render`: named sets of examples, their templates, and how they fill a context."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from cockpit.cli import output
from cockpit.cli.choice import choice_options, find_set, find_set_in, show_choice, wish_of
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.cli.send import LOCAL_MODEL, unescape
from cockpit.core.errors import InputError, StoreError
from cockpit.core.example_block import render_block, render_example, render_turns
from cockpit.core.example_exports import plain
from cockpit.core.examples import VERDICTS, ExampleSet, Template, TemplateKind, Verdict
from cockpit.core.prompts import VARIABLE

if TYPE_CHECKING:
    import sqlite3

TAG = re.compile(r"[A-Za-z_][\w.-]*")


@click.group("set")
def set_command() -> None:
    """Named, ordered, versioned sets of examples, each with the template it is rendered by."""


@set_command.command("save")
@click.argument("name", type=TEXT)
@click.argument("ids", type=int, nargs=-1)
@click.option("--verdict", type=click.Choice(VERDICTS), help="Without IDS: those with this verdict; default: gold.")
@click.option("--tag", type=TEXT, help="Without IDS: those with this tag.")
@click.option("--template", "kind", type=click.Choice(get_args(TemplateKind)), help="Default: as it was, else pairs.")
@click.option("--input-label", type=TEXT, help="Before an input; of xml, the name of its tag.")
@click.option("--output-label", type=TEXT, help="Before an output; of xml, the name of its tag.")
@click.option("--separator", type=TEXT, help=r"Between examples; \n \t and the like work. Default: an empty line.")
@click.option(
    "--body", type=TEXT, help=r"Of custom: one example, with {{input}}, {{output}}, {{label}}; \n is a line end."
)
@as_json
@pass_context
def save_command(ctx: Context, /, *, name: str, ids: tuple[int, ...], as_json: bool, **given: Any) -> int:
    """Save the examples with these IDS, in this order, as the set NAME: a new version, unless nothing changed."""
    from cockpit.store import projects, sets

    if ids and (given["verdict"] or given["tag"]):
        raise InputError("--verdict and --tag choose where no IDS are given.")
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise InputError(f"Example {twice[0]} is there twice.")

    def write(db: sqlite3.Connection) -> int:
        project_id = projects.ensure_project(db, ctx.project)
        old = _newest(db, project_id, name)
        template = _template(old.template if old is not None else None, given)
        chosen = ids or _fitting(db, project_id, given)
        return sets.save_set(db, project_id, name, chosen, template)

    with ctx.store() as store:
        version_id = store.write_now(write)
        saved = sets.get_set_version(store.read(), version_id)
    return _say_saved(saved, as_json=as_json)


def _fitting(db: sqlite3.Connection, project_id: int, given: dict[str, Any]) -> list[int]:
    from cockpit.cli.examples import iter_known

    verdict: Verdict = given["verdict"] or "gold"
    found = [one.id for one in iter_known(db, project_id, verdict, given["tag"]) if one.id is not None]
    if not found:
        raise InputError("There is no such example.", hint="cockpit example list shows what there is.")
    return found


def _newest(db: sqlite3.Connection, project_id: int, name: str) -> ExampleSet | None:
    from cockpit.store import sets

    try:
        return sets.get_set(db, project_id, name)
    except StoreError:
        return None


def _template(old: Template | None, given: dict[str, Any]) -> Template:
    kind = cast(TemplateKind, given["kind"] or (old.kind if old is not None else "pairs"))
    fresh = Template("xml", "input", "output", "\n\n") if kind == "xml" else Template(kind)
    base = old if old is not None and old.kind == kind else fresh
    said = ("input_label", "output_label", "separator", "body")
    known: dict[str, Any] = {name: unescape(given[name]) for name in said if given[name] is not None}
    idle = {"turns": {*said}, "custom": {"input_label", "output_label"}}.get(kind, {"body"})
    if lost := sorted(idle & known.keys()):
        raise InputError(f"The template {kind} has no use for --{lost[0].replace('_', '-')}.")
    template = replace(base, **known)
    if kind == "xml" and not (TAG.fullmatch(template.input_label) and TAG.fullmatch(template.output_label)):
        raise InputError("The labels of xml are names of tags, such as input and output.")
    if kind == "custom":
        _check_body(template.body)
    return template


def _check_body(body: str) -> None:
    names = [match[1] for match in VARIABLE.finditer(body)]
    if unknown := [name for name in names if name not in ("input", "output", "label")]:
        raise InputError(f"--body: {{{{{unknown[0]}}}}} is not known.", hint="Known: {{input}}, {{output}}, {{label}}.")
    if "input" not in names:
        raise InputError("The body of a custom template needs {{input}}.", hint="Give it with --body.")


def _say_saved(saved: ExampleSet, *, as_json: bool) -> int:
    if as_json:
        output.emit({"set": saved.name, "version": saved.number, "examples": len(saved.examples)})
    else:
        output.say(f"{saved.name}@{saved.number}: {len(saved.examples)} examples.", keep_newlines=False)
    return 0


@set_command.command("list")
@as_json
@pass_context
def list_command(ctx: Context, as_json: bool) -> int:
    """List the project's sets, the one changed last first."""
    from cockpit.store import projects, sets

    with ctx.store() as store:
        db = store.read()
        project_id = projects.find_project(db, ctx.project)
        rows = sets.list_sets(db, project_id) if project_id is not None else []
    if as_json:
        for row in rows:
            output.emit(asdict(row))
        return 0
    cells = [(one.name, str(one.number), str(one.n), one.kind, str(one.runs), one.created_at) for one in rows]
    if cells:
        output.table(cells, heads=("SET", "VERSION", "EXAMPLES", "TEMPLATE", "RUNS", "SAVED"), right=(1, 2, 4))
    else:
        output.note("No sets. Save one: cockpit example set save NAME")
    return 0


@set_command.command("show")
@click.argument("name", type=TEXT)
@as_json
@pass_context
def show_command(ctx: Context, name: str, as_json: bool) -> int:
    """Show a set's examples in their order. NAME may be NAME@VERSION."""
    found = _stored(ctx, name)
    if as_json:
        examples = [plain(one) for one in found.examples]
        output.emit(
            {"set": found.name, "version": found.number, "template": asdict(found.template)} | {"examples": examples}
        )
        return 0
    rows = [
        (str(at), "" if one.id is None else str(one.id), one.label or "", one.input, one.output)
        for at, one in enumerate(found.examples, 1)
    ]
    output.table(rows, heads=("", "ID", "LABEL", "INPUT", "OUTPUT"), right=(0, 1), widest=50)
    return 0


@set_command.command("shuffle")
@click.argument("name", type=TEXT)
@click.option("--seed", type=int, default=0, show_default=True)
@as_json
@pass_context
def shuffle_command(ctx: Context, name: str, seed: int, as_json: bool) -> int:
    """Save a version of a set in an order drawn by a seed; the same seed gives the same order anywhere."""
    from cockpit.core.fill import arrange
    from cockpit.store import projects, sets

    def write(db: sqlite3.Connection) -> int:
        project_id = projects.ensure_project(db, ctx.project)
        found = sets.get_set(db, project_id, name)
        ids = [one.id for one in arrange(found.examples, "shuffled", seed, None) if one.id is not None]
        if len(ids) < len(found.examples):
            raise InputError("An example of the set was removed since.", hint="Save the set again.")
        return sets.save_set(db, project_id, name, ids, found.template)

    with ctx.store() as store:
        version_id = store.write_now(write)
        saved = sets.get_set_version(store.read(), version_id)
    return _say_saved(saved, as_json=as_json)


@set_command.command("fill")
@click.argument("name", type=TEXT)
@click.argument("prompt", type=TEXT, required=False)
@click.option("-m", "--model", "models", multiple=True, type=TEXT, help="provider:model or an alias; repeatable.")
@click.option("--query", type=TEXT, help="The input, for {{input}}.")
@click.option("--inputs", type=click.Path(path_type=Path), help="JSONL, CSV or TSV: one input a row.")
@click.option("--system", default="", type=TEXT, help="The system prompt.")
@click.option("--max-tokens", type=click.IntRange(1), help="Of the answer: kept free.")
@choice_options
@as_json
@pass_context
def fill_command(ctx: Context, /, *, name: str, as_json: bool, **given: Any) -> int:
    """Show which examples of a set would be sent, why, and what that takes in tokens and dollars. Sends nothing.

    PROMPT is '{{examples}}', an empty line and '{{input}}' unless given.
    """
    if given["query"] is not None and given["inputs"] is not None:
        raise click.UsageError("--query and --inputs exclude each other.")
    return asyncio.run(_fill(ctx, name, given, as_json=as_json))


async def _fill(ctx: Context, name: str, given: dict[str, Any], *, as_json: bool) -> int:
    from cockpit.choosing import choose
    from cockpit.core.inputs import read_inputs
    from cockpit.core.params import Params
    from cockpit.core.prompts import single, variables
    from cockpit.runner import Draft

    rows = (
        read_inputs(given["inputs"].expanduser()) if given["inputs"] is not None else ({"input": given["query"] or ""},)
    )
    async with ctx.services() as services:
        found = find_set(services, ctx.project, name)
        usual = "{{input}}" if found.template.kind == "turns" else "{{examples}}\n\n{{input}}"
        version = single(given["prompt"] if given["prompt"] is not None else usual, system=given["system"])
        draft = Draft(
            version=version,
            models=given["models"] or tuple(ctx.config.defaults.models) or (LOCAL_MODEL,),
            params=Params(max_tokens=given["max_tokens"]),
            inputs=rows,
            project=ctx.project,
        )
        if missing := [one for one in variables(version) if any(one not in row for row in rows)]:
            raise InputError(f"No value for {{{{{missing[0]}}}}}.", hint="Give --query for {{input}}, or --inputs.")
        chosen = await asyncio.to_thread(choose, services, draft, found, wish_of(given))
    show_choice(chosen, as_json=as_json)
    return 0


@click.command("render")
@click.argument("name", type=TEXT)
@click.option("-m", "--model", type=TEXT, help="Count tokens as this model does.")
@as_json
@pass_context
def render_command(ctx: Context, name: str, model: str | None, as_json: bool) -> int:
    """Print a set exactly as it is sent, with tokens of each example and of all with -m. NAME may be NAME@VERSION."""
    found = _stored(ctx, name)
    turns = found.template.kind == "turns"
    block = render_block(found.examples, found.template)
    counts = _counts(ctx, model, found, block) if model is not None else None
    if as_json:
        sent: dict[str, Any] = {"set": found.name, "version": found.number, "template": found.template.kind}
        sent |= {"turns": [turn.to_json() for turn in render_turns(found.examples)]} if turns else {"block": block}
        output.emit(sent | ({"model": model, **counts} if counts is not None else {}))
        return 0
    output.say(block)
    if counts is not None:
        each = ", ".join(map(str, counts["each"]))
        about = "" if counts["exact"] else "≈ "
        output.note(f"{about}{counts['tokens']:,} tokens by {counts['counted_by']}; each: {each}")
    return 0


def _counts(ctx: Context, model: str, found: ExampleSet, block: str) -> dict[str, Any]:
    """Tokens of the texts: the parts need not add up to the whole, since tokens merge across edges."""
    from cockpit.core.catalog import parse_model
    from cockpit.services import load_catalog, load_tokenizers

    tokenizers = load_tokenizers(ctx.config, load_catalog(ctx.config))
    choice = tokenizers.choose(str(parse_model(model, ctx.config.aliases)))
    count = tokenizers.get(choice.encoding).count
    if found.template.kind == "turns":
        each = [count(one.input) + count(one.answer) for one in found.examples]
        total = sum(each)
    else:
        each = [count(render_example(one, found.template)) for one in found.examples]
        total = count(block)
    return {"tokens": total, "each": each, "exact": choice.exact, "counted_by": f"{choice.encoding}, {choice.why}"}


def _stored(ctx: Context, name: str) -> ExampleSet:
    from cockpit.store import projects

    with ctx.store() as store:
        db = store.read()
        return find_set_in(db, projects.find_project(db, ctx.project) or 0, name)
