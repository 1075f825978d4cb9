"""`cockpit predict`: say beforehand what will happen and how likely, later whether it did. Scores are the core's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    from cockpit.core.calibration import Record
    from cockpit.core.log_refs import Kind
    from cockpit.store.predictions import Prediction


@click.group("predict")
def predict_command() -> None:
    """Predict results before they are there, and learn how good you are at it."""


@predict_command.command("add")
@click.argument("claim", type=TEXT)
@click.argument("p", metavar="P")
@click.option("--about", metavar="KIND:ID", help="What it is about: run:12, job:7 …")
@click.option("--idea", default="", type=TEXT)
@as_json
@pass_context
def add_command(ctx: Context, /, claim: str, p: str, *, about: str | None, idea: str, as_json: bool) -> int:
    """Predict that CLAIM will turn out true with probability P: 0.7 or 70%."""
    from cockpit.core.calibration import probability
    from cockpit.store import predictions
    from cockpit.store.projects import ensure_project

    place, share = _place(about), probability(p)
    with ctx.store() as store:
        made = store.write_now(
            lambda db: predictions.predict(db, ensure_project(db, ctx.project), claim, share, about=place, idea=idea)
        )
        found = predictions.get_prediction(store.read(), made)
    _say(found, as_json=as_json)
    return 0


@predict_command.command("resolve")
@click.argument("prediction_id", type=int)
@click.argument("happened", type=click.Choice(["yes", "no", "open"]))
@click.option("--note", default="", type=TEXT, help="What it was that happened.")
@as_json
@pass_context
def resolve_command(ctx: Context, /, prediction_id: int, happened: str, note: str, as_json: bool) -> int:
    """Say whether it turned out true; 'open' takes that back."""
    from cockpit.store import predictions

    outcome = {"yes": True, "no": False, "open": None}[happened]
    with ctx.store() as store:
        found = store.write_now(lambda db: predictions.resolve(db, prediction_id, outcome, note))
    _say(found, as_json=as_json)
    return 0


@predict_command.command("list")
@click.option("--open", "open_only", is_flag=True, help="Only those without an outcome.")
@click.option("--all", "everywhere", is_flag=True, help="Of every project.")
@as_json
@pass_context
def list_command(ctx: Context, /, open_only: bool, everywhere: bool, as_json: bool) -> int:
    """Predictions, newest first."""
    from cockpit.store import predictions
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        db = store.read()
        project = None if everywhere else find_project(db, ctx.project)
        nothing = project is None and not everywhere
        found = [] if nothing else predictions.list_predictions(db, project, open_only=open_only)
    if as_json:
        for one in found:
            output.emit(to_json(one))
    elif found:
        rows = [(str(p.id), f"{100 * p.p:g} %", _outcome(p), p.claim, _about(p)) for p in found]
        output.table(rows, heads=("id", "said", "outcome", "claim", "about"), right=(0, 1))
    else:
        output.note('No predictions. Make one: cockpit predict add "few-shot beats zero-shot" 70%')
    return 0


@predict_command.command("score")
@click.option("--all", "everywhere", is_flag=True, help="Over every project.")
@as_json
@pass_context
def score_command(ctx: Context, everywhere: bool, as_json: bool) -> int:
    """Your record: Brier score, bits of surprise, calibration, and the ideas you misjudge most."""
    from cockpit.core.calibration import by_group, record
    from cockpit.store import predictions
    from cockpit.store.projects import find_project

    with ctx.store() as store:
        project = None if everywhere else find_project(store.read(), ctx.project)
        nothing = project is None and not everywhere
        listed = [] if nothing else predictions.list_predictions(store.read(), project)
    guesses = [guess for one in listed if (guess := one.guess()) is not None]
    whole = record(guesses)
    if as_json:
        output.emit({**_record_json(whole), "ideas": [_idea_json(name, found) for name, found in by_group(guesses)]})
        return 0
    if not whole.n:
        output.note(f"Nothing to score: {len(listed)} predictions, none with an outcome yet.")
        return 0
    output.say(
        f"{whole.n} resolved. Brier {whole.brier:.3f} (always saying the base rate: {whole.base:.3f}). "
        f"{whole.bits:.1f} bits of surprise, {whole.expected_bits:.1f} expected."
    )
    rows = [
        (f"{100 * b.low:.0f} to {100 * b.high:.0f} %", str(b.rate.n), f"{100 * b.mean_p:.0f} %",
         f"{100 * b.rate.k / b.rate.n:.0f} % [{100 * b.rate.low:.0f}, {100 * b.rate.high:.0f}]")
        for b in whole.bins
    ]  # fmt: skip
    output.table(rows, heads=("said", "n", "mean", "happened"), right=(1, 2))
    return 0


def _record_json(found: Record) -> dict[str, Any]:
    bins = [
        {"from": b.low, "to": b.high, "mean_p": b.mean_p, "happened": b.rate.k, "n": b.rate.n, "low": b.rate.low,
         "high": b.rate.high}
        for b in found.bins
    ]  # fmt: skip
    return {
        "n": found.n, "brier": found.brier, "base": found.base, "bits": found.bits,
        "expected_bits": found.expected_bits, "lean": found.lean, "bins": bins,
    }  # fmt: skip


def _idea_json(name: str, found: Record) -> dict[str, Any]:
    return {"idea": name or None, "n": found.n, "brier": found.brier}


def to_json(one: Prediction) -> dict[str, Any]:
    """A prediction as every command prints it with --json."""
    from cockpit.core.calibration import entropy, surprise

    return {
        "prediction": one.id, "claim": one.claim, "p": one.p, "about": _about(one) or None, "idea": one.idea or None,
        "made": one.made_at, "resolved": one.resolved_at, "happened": one.happened, "note": one.note or None,
        "expected_bits": entropy(one.p), "bits": None if one.happened is None else surprise(one.p, one.happened),
    }  # fmt: skip


def _say(one: Prediction, *, as_json: bool) -> None:
    if as_json:
        output.emit(to_json(one))
        return
    bits = to_json(one)["bits"]
    told = "" if bits is None else f" {_outcome(one)}, {bits:.2f} bits of surprise."
    output.say(f"Prediction {one.id}: {100 * one.p:g} % that {one.claim}.{told}", keep_newlines=False)


def _outcome(one: Prediction) -> str:
    return {None: "open", True: "happened", False: "did not"}[one.happened]


def _about(one: Prediction) -> str:
    return f"{one.kind}:{one.target}" if one.kind else ""


def _place(text: str | None) -> tuple[Kind, int] | None:
    from cockpit.core.log_refs import parse_target

    if text is None:
        return None
    ref = parse_target(text)
    if ref is None:
        raise InputError(f"{text!r} is nothing stored.", hint="Write run:12 or job:7.")
    return ref.kind, ref.id
