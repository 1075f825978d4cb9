"""`cockpit stops`: words of the command line to stop checks and an audit, and their results as lines. Sends nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.cli.send import LOCAL_MODEL, unescape
from cockpit.core.errors import InputError, PlanError

if TYPE_CHECKING:
    from cockpit.core.catalog import ModelName
    from cockpit.core.runs import Plan
    from cockpit.core.samples import Sample
    from cockpit.core.stop_audit import Audit, Group
    from cockpit.core.stop_checks import StopFinding, StopReport, StopTarget
    from cockpit.core.tokens import Tokenizer
    from cockpit.services import Services

SIGNS = {"error": "✗", "warning": "!", "note": "·"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks stand on."""

    samples: Sequence[Sample] = ()
    plan: Plan | None = None
    prompt: str = ""
    prefill: str = ""


@click.command("stops")
@click.option("--stop", "stops", multiple=True, type=TEXT, help=r"A stop string; repeatable. \n \t \r \\ \xHH work.")
@click.option("-m", "--model", "models", multiple=True, type=TEXT, help="provider:model or an alias; repeatable.")
@click.option("--run", "run_id", type=int, metavar="ID", help="Check and audit this run's samples.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Answers: JSONL with `text`, or one a line.")
@as_json
@pass_context
def stops_command(ctx: Context, /, *, as_json: bool, **given: Any) -> int:
    """Check stop strings against models, the project's gold answers and stored answers. Sends nothing.

    With --run, --stop and -m default to what was sent. Exit status 1 says that a check of severity error failed.
    """
    if given["run_id"] is not None and given["path"] is not None:
        raise click.UsageError("--run and --file exclude each other.")
    return asyncio.run(_stops(ctx, given, as_json=as_json))


async def _stops(ctx: Context, given: Mapping[str, Any], *, as_json: bool) -> int:
    stops, run_id = tuple(map(unescape, given["stops"])), given["run_id"]
    async with ctx.services() as services:
        ground = _ground(services, run_id, given["path"])
        if not stops and ground.plan is not None:
            stops = tuple(dict.fromkeys(stop for target in ground.plan.targets for stop in target.params.stop))
        if not stops:
            sent = "" if run_id is None else f" Run {run_id} was sent without any."
            raise InputError(f"There is no stop string to check.{sent}", hint=r"Give one: --stop '\n\n'.")
        names = given["models"] or _names(ctx, ground)
        reports = _reports(ctx, services, stops, names, ground)
        found = _audited(services, ground, names) if ground.plan is not None else None
    if as_json:
        _emit(reports, found)
    else:
        _print(reports, found)
    return int(any(finding.severity == "error" for report in reports for finding in report.findings))


def _names(ctx: Context, ground: Ground) -> tuple[str, ...]:
    if ground.plan is not None:
        return tuple(dict.fromkeys(target.name for target in ground.plan.targets))
    return tuple(ctx.config.defaults.models) or (LOCAL_MODEL,)


def _ground(services: Services, run_id: int | None, path: Path | None) -> Ground:
    """The stored answers to look at, and for a run what was asked."""
    from cockpit.core.prompts import render
    from cockpit.store import runs, samples

    if path is not None:
        return Ground(read_answers(path.expanduser()))
    if run_id is None:
        return Ground()
    db = services.store.read()
    plan = runs.load_plan(db, run_id)
    try:
        version = render(plan.version, plan.inputs[0] if plan.inputs else {})
    except PlanError:
        version = plan.version
    prompt = "\n\n".join(text for text in (version.system, *(turn.content for turn in version.messages)) if text)
    return Ground(samples.run_samples(db, run_id), plan, prompt, version.prefill)


def read_answers(path: Path) -> list[Sample]:
    """Answers of a file: a JSON object with `text` a line (as `cockpit export` writes them), or a plain text a line.

    The suffix says which: .jsonl, .ndjson and .json are JSON. An answer without `model` stands for every model.

    Raises:
        InputError: the file cannot be read, is not UTF-8, or a row has no text.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8.") from error
    is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    lines = [(number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise InputError(f"{path.name} has no answers.")
    return [_row(line, number, path.name) if is_json else _answer(number, {"text": line}) for number, line in lines]


def _row(line: str, number: int, name: str) -> Sample:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}, row {number}: not JSON.") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise InputError(f"{name}, row {number}: no `text`.", hint='A row is like {"text": "…"}.')
    return _answer(number, row)


def _answer(number: int, row: Mapping[str, Any]) -> Sample:
    """A row as a sample; what it does not say is unknown."""
    from typing import get_args

    from cockpit.core.keys import SampleKey
    from cockpit.core.samples import Ended, Sample

    ended, request, stop = row.get("ended"), row.get("request"), row.get("stop")
    # Rows that do not say which input they answer are independent answers.
    run, place = (row.get(name) if type(row.get(name)) is int else None for name in ("run", "row"))
    return Sample(
        run_id=run if run is not None and place is not None else -1,
        key=SampleKey(0, place if run is not None and place is not None else number, 0),
        model=row["model"] if isinstance(row.get("model"), str) else "",
        text=row["text"],
        stop_reason=row["stop_reason"] if isinstance(row.get("stop_reason"), str) else None,
        ended=next((known for known in get_args(Ended) if known == ended), "unknown"),
        stop=stop if isinstance(stop, str) else None,
        request_body=request if isinstance(request, dict) else {},
    )


def _reports(
    ctx: Context, services: Services, stops: tuple[str, ...], names: Sequence[str], ground: Ground
) -> list[StopReport]:
    from cockpit.core.catalog import parse_model
    from cockpit.core.stop_checks import check_stops
    from cockpit.store.marks import list_examples
    from cockpit.store.projects import find_project

    aliases = services.config.aliases
    db = services.store.read()
    project = find_project(db, ctx.project)
    answers = [] if project is None else [row.output for row in list_examples(db, project, "gold")]
    reports: list[StopReport] = []
    for name in dict.fromkeys(names):
        model = parse_model(name, aliases)
        own = list(_own(ground, name, model, aliases))
        target = _target(services, name, model, stops, ground)
        reports += check_stops(stops, [target], prompt=ground.prompt, answers=answers, samples=own)
    return reports


def _own(ground: Ground, name: str, model: ModelName, aliases: Mapping[str, str]) -> Iterator[Sample]:
    """The answers of one model, under the name it was asked for by."""
    return (replace(s, model=name) for s in ground.samples if _is(s.model, name, model, aliases))


def _is(said: str, name: str, model: ModelName, aliases: Mapping[str, str]) -> bool:
    """Whether a sample's own name for its model means this one; no name means any."""
    from cockpit.core.catalog import parse_model
    from cockpit.core.errors import UnknownModel

    if said in ("", name):
        return True
    try:
        return parse_model(said, aliases) == model
    except UnknownModel:
        return False


def _target(services: Services, name: str, model: ModelName, stops: tuple[str, ...], ground: Ground) -> StopTarget:
    from cockpit.core.params import Params
    from cockpit.core.stop_checks import StopTarget

    columns = ground.plan.targets if ground.plan is not None else ()
    params = next((c.params for c in columns if (c.provider, c.model) == (model.provider, model.model)), Params())
    can = services.catalog.capabilities(model.provider, model.model)
    return StopTarget(name, can, replace(params, stop=stops), _tokenizer(services, model), ground.prefill)


def _tokenizer(services: Services, model: ModelName) -> Tokenizer | None:
    """The model's own tokenizer; None where there is only an estimate, whose tokens would be somebody else's."""
    choice = services.tokenizers.choose(str(model))
    if not choice.exact:
        return None
    try:
        return services.tokenizers.get(choice.encoding)
    except InputError:
        return None


def _audited(services: Services, ground: Ground, names: Sequence[str]) -> Audit:
    """The audit of the run's samples of these models, with the price of each."""
    from cockpit.core.catalog import parse_model
    from cockpit.core.stop_audit import audit

    aliases = services.config.aliases
    models = {name: parse_model(name, aliases) for name in names}
    own = (sample for name, model in models.items() for sample in _own(ground, name, model, aliases))
    prices = {name: services.catalog.price(model.provider, model.model) for name, model in models.items()}
    return audit(own, prices=prices)


def _emit(reports: Sequence[StopReport], found: Audit | None) -> None:
    groups = {} if found is None else {group.model: group for group in found.models}
    for report in reports:
        row = asdict(report)
        row["findings"] = [
            {"check": f.check, "severity": f.severity, "sentence": f.sentence, "source": f.source}
            for f in report.findings
        ]
        if found is not None:
            row["audit"] = _group_json(groups[report.model]) if report.model in groups else None
        output.emit(row)


def _group_json(group: Group) -> dict[str, Any]:
    endings = {ended: {"k": r.k, "rate": r.value, "low": r.low, "high": r.high} for ended, r in group.endings.items()}
    rest = ("n", "unclear", "wasted_tokens", "wasted_usd", "uncounted", "ignored", "included")
    return {"endings": endings} | {name: getattr(group, name) for name in rest}


def _print(reports: Sequence[StopReport], found: Audit | None) -> None:
    from cockpit.core.stops import shown

    said: dict[StopFinding, None] = {}
    for report in reports:
        ids = report.token_ids
        tokens = "tokens unknown" if ids is None else f"{len(ids)} token{'s' * (len(ids) != 1)}"
        state = "allowed" if report.allowed else "refused"
        output.say(f"{shown(report.stop)} · {report.model} · {state} · {tokens}{_hits(report)}", keep_newlines=False)
        for finding in report.findings:
            if finding not in said:
                said[finding] = None
                output.say(f"  {SIGNS[finding.severity]} {finding.sentence}", keep_newlines=False)
        seen = ", ".join(f"{shown(v.text)} {v.seen}" for v in report.variants if v.seen)
        if seen:
            output.say(f"  · Also written: {seen}", keep_newlines=False)
    if found is not None:
        _print_audit(found)


def _hits(report: StopReport) -> str:
    if not report.n:
        return ""
    range_ = f"{report.low:.0%}–{report.high:.0%}"
    unclear = f", {report.unclear} unknown" if report.unclear else ""
    return f" · hit in {report.hits} of {report.n} ({range_}){unclear}"


def _print_audit(found: Audit) -> None:
    from cockpit.core.stop_audit import ENDINGS

    output.say()
    kinds = [ended for ended in ENDINGS if any(group.endings[ended].k for group in found.models)]
    rows = [
        (group.model, str(group.n), *(_share(group, ended) for ended in kinds), str(group.wasted_tokens),
         output.money(group.wasted_usd))
        for group in found.models
    ]  # fmt: skip
    heads = ("model", "n", *kinds, "tokens cut by length", "cost")
    output.table(rows, heads=heads, right=range(1, len(heads)))
    for remark in found.remarks:
        output.say(f"· {remark}", keep_newlines=False)


def _share(group: Group, ended: Any) -> str:
    rate = group.endings[ended]
    return f"{rate.k} ({rate.low:.0%}–{rate.high:.0%})"
