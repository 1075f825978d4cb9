"""`cockpit example`: examples in and out of the database. Sets of them are `example_sets`'; formats are the core's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.core.dataset_formats import FORMATS as DATASET_FORMATS
from cockpit.core.errors import InputError
from cockpit.core.example_exports import FORMATS, plain
from cockpit.core.examples import VERDICTS, Example, Source, Verdict

if TYPE_CHECKING:
    import sqlite3

    from cockpit.core.example_exports import Format, Problem
    from cockpit.core.examples import Row

PROBLEMS_NAMED = 5
"""Lines of a refused file that are named; the rest are counted."""


@click.group("example")
def example_command() -> None:
    """Keep examples for few-shot prompts, and sets of them."""


def text_options(command: Any) -> Any:
    """What is said about an example beside its input and output."""
    for option in (
        click.option("--tag", "tags", multiple=True, type=TEXT, help="Repeatable."),
        click.option("--group", type=TEXT, help="What ties it to others: an author, a template."),
        click.option("--note", type=TEXT),
        click.option("--reason", type=TEXT, help="Why it has its verdict."),
        click.option("--verdict", type=click.Choice(VERDICTS)),
        click.option("--label", type=TEXT, help="Its class."),
    ):
        command = option(command)
    return command


@example_command.command("add")
@click.option("--input", "asked", type=TEXT, help="The input; - reads it from stdin, exactly.")
@click.option("--output", "answer", type=TEXT, help="The output it should have; without it, the label.")
@click.option("--sample", "sample_id", type=int, metavar="ID", help="Make this sample one.")
@text_options
@as_json
@pass_context
def add_command(ctx: Context, /, *, as_json: bool, **given: Any) -> int:
    """Add an example: an input and its output, or a sample. Verdict: gold, unless another is given."""
    with ctx.store() as store:
        if given["sample_id"] is not None:
            example_id = store.write_now(lambda db: _of_sample(db, given))
            twins: list[int] = []
        else:
            example = _typed(given)
            example_id, twins = store.write_now(lambda db: _add(db, ctx.project, example))
    if as_json:
        output.emit({"id": example_id, "duplicates": twins})
    else:
        output.say(f"Example {example_id}.")
        if twins:
            output.note(f"The same input is already in example {', '.join(map(str, twins))}.")
    return 0


def _add(db: sqlite3.Connection, project: str, example: Example) -> tuple[int, list[int]]:
    from cockpit.store import examples, projects

    project_id = projects.ensure_project(db, project)
    twins = examples.find_duplicates(db, project_id, example.input)
    return examples.add_example(db, project_id, example), twins


def _of_sample(db: sqlite3.Connection, given: dict[str, Any]) -> int:
    from cockpit.store import examples

    if given["asked"] is not None:
        raise InputError("The input is the sample's.", hint="Leave out --input, or change it with `example edit`.")
    example_id = examples.from_sample(db, given["sample_id"], given["verdict"] or "gold", given["reason"] or "")
    _change(db, example_id, given)
    return example_id


def _typed(given: dict[str, Any]) -> Example:
    if given["asked"] is None or (given["answer"] is None and given["label"] is None):
        raise InputError("An example needs --input, and --output or --label.", hint="Or give --sample ID.")
    asked = _stdin() if given["asked"] == "-" else given["asked"]
    return Example(
        input=asked,
        output=given["answer"] or "",
        label=given["label"],
        verdict=given["verdict"] or "gold",
        reason=given["reason"] or "",
        note=given["note"] or "",
        tags=given["tags"],
        group=given["group"],
    )


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The input on stdin is not UTF-8 (byte {error.start}).") from error


def _change(db: sqlite3.Connection, example_id: int, given: dict[str, Any]) -> None:
    """Change what is given; an empty label or group takes it away."""
    from cockpit.store import examples

    known: dict[str, Any] = {"verdict": given["verdict"], "reason": given["reason"], "note": given["note"]}
    known |= {"input": given["asked"], "output": given["answer"], "tags": given["tags"] or None}
    known |= {name: given[name] or None for name in ("label", "group") if given[name] is not None}
    examples.update_example(db, example_id, **known)


@example_command.command("list")
@click.option("--verdict", type=click.Choice(VERDICTS))
@click.option("--tag", type=TEXT)
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@as_json
@pass_context
def list_command(ctx: Context, verdict: Verdict | None, tag: str | None, limit: int | None, as_json: bool) -> int:
    """List the project's examples in the order they were added; --json has all that is known of each."""
    from cockpit.store import projects

    with ctx.store() as store:
        db = store.read()
        project_id = projects.find_project(db, ctx.project)
        found = iter_known(db, project_id, verdict, tag, limit) if project_id is not None else iter(())
        if as_json:
            for one in found:
                output.emit(plain(one))
            return 0
        rows = [(str(one.id), one.verdict, one.label or "", one.input, one.output) for one in found]
    if rows:
        output.table(rows, heads=("ID", "VERDICT", "LABEL", "INPUT", "OUTPUT"), right=(0,), widest=50)
    else:
        output.note("No examples. Add one: cockpit example add --input … --output …")
    return 0


def iter_known(
    db: sqlite3.Connection, project_id: int, verdict: Verdict | None, tag: str | None, limit: int | None = None
) -> Iterator[Example]:
    """The project's examples that fit."""
    from cockpit.store import examples

    return examples.iter_examples(db, project_id, verdict=verdict, tag=tag, limit=limit)


@example_command.command("edit")
@click.argument("example_id", type=int, metavar="ID")
@click.option("--input", "asked", type=TEXT)
@click.option("--output", "answer", type=TEXT)
@text_options
@as_json
@pass_context
def edit_command(ctx: Context, /, *, example_id: int, as_json: bool, **given: Any) -> int:
    """Change an example. What it said before is kept, and sets that hold it stay as they are.

    An empty --label or --group takes it away; tags replace those it has.
    """
    from cockpit.store import examples

    if all(value in (None, ()) for value in given.values()):
        raise InputError("Nothing to change is given.", hint="See: cockpit example edit --help")
    with ctx.store() as store:
        store.write_now(lambda db: _change(db, example_id, given))
        changed = examples.get_example(store.read(), example_id)
    if as_json:
        output.emit(plain(changed))
    else:
        output.say(f"Example {example_id} is changed.")
    return 0


@example_command.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--dataset", type=TEXT, help="Take rows of this dataset, and not of a file.")
@click.option("--split", type=TEXT, help="Of the dataset: the rows of this split alone.")
@click.option("--limit", type=click.IntRange(1), help="At most so many, from the first.")
@click.option("--format", "form", type=click.Choice(DATASET_FORMATS), help="Default: seen from the file.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", type=TEXT, help="Repeatable: input=question.")
@click.option(
    "--verdict", type=click.Choice(VERDICTS), help="Default: what a row's own column of that name says, else gold."
)
@click.option("--tag", "tags", multiple=True, type=TEXT, help="For each of them; repeatable.")
@click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be read; else they refuse the whole file.")
@click.option("--skip-duplicates", is_flag=True, help="Leave out rows whose input an example has.")
@as_json
@pass_context
def import_command(ctx: Context, /, *, path: Path | None, as_json: bool, **given: Any) -> int:
    """Import the rows of a file or of a dataset as examples: all or nothing.

    A file may be any that cockpit dataset import reads.
    """
    if (path is None) == (given["dataset"] is None):
        raise click.UsageError("Give a file or --dataset NAME: one of them.")
    found, bad = _of_file(path, given) if path is not None else (_of_dataset(ctx, given), 0)
    where = path.name if path is not None else given["dataset"]
    if not found:
        raise InputError(f"{where} has no rows to import.")
    with ctx.store() as store:
        added, known = store.write_now(lambda db: _add_all(db, ctx.project, found, skip=given["skip_duplicates"]))
    if as_json:
        output.emit({"from": where, "added": len(added), "duplicates": known, "bad": bad, "ids": added})
        return 0
    what = "left out" if given["skip_duplicates"] else "added all the same"
    twins = f", {known} have the input of another ({what})" if known else ""
    output.say(f"{len(added)} examples added{twins}." + (f" {bad} bad rows were left out." if bad else ""))
    return 0


def _read(path: Path, given: dict[str, Any]) -> tuple[Sequence[Row], int]:
    from cockpit.cli.dataset_words import pairs
    from cockpit.example_files import read_file

    mapping = pairs(given["pairs"], "--map")
    read = read_file(path, given["form"], mapping or None)
    if read.bad and not given["skip_bad"]:
        named = "; ".join(f"line {one.line}: {one.reason}" for one in read.bad[:PROBLEMS_NAMED])
        more = f"; and {len(read.bad) - PROBLEMS_NAMED} more" if len(read.bad) > PROBLEMS_NAMED else ""
        raise InputError(f"{path.name}: {named}{more}.", hint="Nothing is imported; --skip-bad leaves them out.")
    return read.rows, len(read.bad)


def _of_file(path: Path, given: dict[str, Any]) -> tuple[list[Example], int]:
    if given["split"] is not None:
        raise click.UsageError("--split is of a dataset: give --dataset NAME.")
    from cockpit.example_files import file_source

    rows, bad = _read(path.expanduser(), given)
    made = [_imported(row, given, file_source(path, row)) for row in rows[: given["limit"]]]
    return made, bad


def _of_dataset(ctx: Context, given: dict[str, Any]) -> list[Example]:
    from cockpit.cli.dataset_words import opened
    from cockpit.store import datasets

    if given["form"] or given["pairs"] or given["skip_bad"]:
        raise click.UsageError("--format, --map and --skip-bad are of a file.")
    name = given["dataset"]
    with opened(ctx, name) as (db, dataset):
        rows = datasets.iter_rows(db, dataset.id, split=given["split"], limit=given["limit"])
        return [_imported(row, given, Source("row", {"dataset": name, "row": row.key})) for row in rows]


def _imported(row: Row, given: dict[str, Any], source: Source) -> Example:
    from cockpit.example_files import as_example

    return as_example(row, source, verdict=given["verdict"], tags=given["tags"])


def _add_all(db: sqlite3.Connection, project: str, found: list[Example], *, skip: bool) -> tuple[list[int], int]:
    from cockpit.example_files import add_all
    from cockpit.store import projects

    return add_all(db, projects.ensure_project(db, project), found, "asked" if skip else "none")


@example_command.command("export")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Default: stdout.")
@click.option("--set", "set_name", type=TEXT, help="This set (NAME or NAME@VERSION), in its order.")
@click.option("--verdict", type=click.Choice(VERDICTS), help="Default: gold; preference pairs take gold and rejected.")
@click.option("--tag", type=TEXT)
@click.option("--system", default="", type=TEXT, help="A system prompt for each line of a chat format.")
@as_json
@pass_context
def export_command(ctx: Context, /, *, form: Format, path: Path | None, as_json: bool, **given: Any) -> int:
    """Write examples as a file for another tool; what OpenAI would refuse is refused here, line by line."""
    from cockpit.core.example_exports import export
    from cockpit.core.exports import ENCODING, ENCODING_ERRORS
    from cockpit.whole_files import whole_file

    if given["system"] and form not in ("openai-sft", "openai-dpo", "anthropic"):
        raise InputError(f"{form} has no place for --system.")
    found, template = _chosen(ctx, form, given)
    text = export(found, form, system=given["system"], template=template)
    _refuse_bad(ctx, form, text)
    data = text.encode(ENCODING, ENCODING_ERRORS)
    if path is None or str(path) == "-":
        with os.fdopen(os.dup(1), "wb") as stdout:
            stdout.write(data)
        return 0
    with whole_file(path.expanduser()) as stream:
        stream.write(data)
    rows = len(found) if form in ("csv", "text") else text.count("\n")
    if as_json:
        output.emit({"file": str(path), "format": form, "rows": rows})
    else:
        output.note(f"{rows} rows → {path}")
    return 0


def _chosen(ctx: Context, form: Format, given: dict[str, Any]) -> tuple[list[Example], Any]:
    from cockpit.cli.choice import find_set_in
    from cockpit.store import projects

    verdict = given["verdict"] or (None if form == "openai-dpo" or given["set_name"] else "gold")
    with ctx.store() as store:
        db = store.read()
        project_id = projects.find_project(db, ctx.project) or 0
        template = None
        if given["set_name"]:
            one_set = find_set_in(db, project_id, given["set_name"])
            known, template = list(one_set.examples), one_set.template
        else:
            known = list(iter_known(db, project_id, None, None))
    found = [
        one for one in known if verdict in (None, one.verdict) and (given["tag"] is None or given["tag"] in one.tags)
    ]
    if not found:
        raise InputError("Nothing to export.", hint="cockpit example list shows what there is.")
    return found, template


def _refuse_bad(ctx: Context, form: Format, text: str) -> None:
    """See that OpenAI would take the file.

    Raises:
        InputError: it would not; the lines and the reasons.
    """
    from cockpit.core.example_exports import check_dpo, check_sft
    from cockpit.services import load_catalog, load_tokenizers
    from cockpit.tokenizers.registry import FALLBACK

    checks = {"openai-sft": check_sft, "openai-dpo": check_dpo}
    if form not in checks:
        return
    count = load_tokenizers(ctx.config, load_catalog(ctx.config)).get(FALLBACK).count
    problems = checks[form](text.splitlines(), count)
    if problems:
        named = "; ".join(_said(one) for one in problems[:PROBLEMS_NAMED])
        more = f"; and {len(problems) - PROBLEMS_NAMED} more" if len(problems) > PROBLEMS_NAMED else ""
        raise InputError(f"OpenAI would refuse the file: {named}{more}.", hint="Nothing is written.")


def _said(problem: Problem) -> str:
    return f"line {problem.line}: {problem.reason}" if problem.line else problem.reason


def _register() -> None:
    from cockpit.cli.example_sets import render_command, set_command

    example_command.add_command(set_command)
    example_command.add_command(render_command)


_register()
