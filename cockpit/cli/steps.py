"""`cockpit step`: the ranked list of proposed experiments from the shell. Which to propose is the core's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context

if TYPE_CHECKING:
    from cockpit.store.steps import Step


@click.group("step")
def step_command() -> None:
    """Keep a ranked list of what to try next."""


@step_command.command("add")
@click.argument("title", type=TEXT)
@click.option("--why", default="", type=TEXT)
@click.option("--idea", default="", type=TEXT)
@click.option("--rung", type=click.Choice(["zero-shot", "few-shot", "many-shot", "best-of-N", "finetune", "RL"]))
@click.option("--bits", type=click.FloatRange(0), help="Information you expect of it.")
@click.option("--hours", type=click.FloatRange(0))
@click.option("--usd", type=click.FloatRange(0))
@click.option("--blocked-by", "blocked", multiple=True, type=TEXT, help="Repeatable.")
@click.option("--about", default="", metavar="KIND:ID", help="What it follows from: run:12.")
@click.option("--first", is_flag=True, help="At the head of the list.")
@as_json
@pass_context
def add_command(ctx: Context, /, title: str, first: bool, as_json: bool, **given: Any) -> int:
    """Propose an experiment, at the end of the list."""
    from cockpit.store import steps
    from cockpit.store.projects import ensure_project

    new = steps.NewStep(
        title, given["why"], given["idea"], about=given["about"], rung=given["rung"] or "", bits=given["bits"],
        hours=given["hours"], usd=given["usd"], blocked_by=given["blocked"],
    )  # fmt: skip
    with ctx.store() as store:
        made = store.write_now(lambda db: steps.add_step(db, ensure_project(db, ctx.project), new, first=first))
        found = steps.get_step(store.read(), made or 0)
    _say(found, as_json=as_json)
    return 0


@step_command.command("list")
@click.option("--closed", is_flag=True, help="Also what was done or dropped.")
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@as_json
@pass_context
def list_command(ctx: Context, closed: bool, everywhere: bool, as_json: bool) -> int:
    """What to try next, in order."""
    from cockpit.store import steps
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        project = None if everywhere else find_project(store.read(), ctx.project)
        nothing = project is None and not everywhere
        found = [] if nothing else steps.list_steps(store.read(), project, closed=closed)
    if as_json:
        for step in found:
            output.emit(to_json(step))
    elif found:
        rows = [
            (str(s.id), s.state, s.new.title, _number(s.new.bits), _number(s.new.hours), s.new.rung, s.new.why)
            for s in found
        ]
        output.table(rows, heads=("id", "state", "what", "bits", "hours", "rung", "why"), right=(0, 3, 4))
    else:
        output.note('Nothing is proposed. Add a step: cockpit step add "try 8 examples" --why "zero-shot confuses …"')
    return 0


@step_command.command("propose")
@as_json
@pass_context
def propose_command(ctx: Context, as_json: bool) -> int:
    """Have the rules look at the latest runs, and add what they propose; each proposal comes once."""
    from cockpit.log_steps import proposals
    from cockpit.store import steps
    from cockpit.store.projects import ensure_project

    with ctx.store() as store:
        new = proposals(store.read(), ctx.project)
        made = store.write_now(lambda db: [steps.add_step(db, ensure_project(db, ctx.project), one) for one in new])
        found = [steps.get_step(store.read(), number) for number in made if number is not None]
    for step in found:
        if as_json:
            output.emit(to_json(step))
        else:
            output.say(f"Step {step.id}: {step.new.title} ({step.new.why})", keep_newlines=False)
    if not found and not as_json:
        output.note("The rules propose nothing new.")
    return 0


@step_command.command("done")
@click.argument("step_id", type=int)
@click.argument("result", default="", type=TEXT)
@click.option("--drop", is_flag=True, help="It will not be done.")
@click.option("--reopen", is_flag=True, help="It is to be done after all.")
@as_json
@pass_context
def done_command(ctx: Context, /, step_id: int, result: str, *, drop: bool, reopen: bool, as_json: bool) -> int:
    """Close a step by its RESULT: run:12, job:7, or words."""
    from cockpit.store import steps

    if drop and reopen:
        raise click.UsageError("--drop and --reopen exclude each other.")
    state: steps.StepState = "dropped" if drop else "open" if reopen else "done"
    with ctx.store() as store:
        store.write_now(lambda db: steps.close_step(db, step_id, state, result))
        found = steps.get_step(store.read(), step_id)
    _say(found, as_json=as_json)
    return 0


@step_command.command("move")
@click.argument("step_id", type=int)
@click.argument("where", type=click.Choice(["up", "down", "first", "last"]))
@pass_context
def move_command(ctx: Context, step_id: int, where: str) -> int:
    """Change a step's place in the list."""
    from cockpit.store import steps

    by = {"up": -1, "down": 1, "first": -1_000_000, "last": 1_000_000}[where]
    with ctx.store() as store:
        store.write_now(lambda db: steps.move_step(db, step_id, by))
    return 0


def to_json(step: Step) -> dict[str, Any]:
    """A step as every command prints it with --json."""
    new = step.new
    return {
        "step": step.id, "state": step.state, "title": new.title, "why": new.why or None, "idea": new.idea or None,
        "rung": new.rung or None, "bits": new.bits, "hours": new.hours, "usd": new.usd,
        "blocked_by": list(new.blocked_by), "about": new.about or None, "rule": new.rule or None,
        "made": step.made_at, "closed": step.closed_at, "result": step.result or None,
    }  # fmt: skip


def _say(step: Step, *, as_json: bool) -> None:
    if as_json:
        output.emit(to_json(step))
    else:
        output.say(f"Step {step.id} ({step.state}): {step.new.title}", keep_newlines=False)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
