"""Whether a stranger could interpret an entry: what is missing, what could fill it in. Reads text and facts only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cockpit.core.log_draft import CONCLUDED, DONE, OBSERVED, JobFacts, RunFacts, params_words, section, without
from cockpit.core.log_refs import blank_code, link, numbers_outside, refs, target_of

Need = Literal[
    "source", "model", "n", "prompt", "data", "baseline", "commit", "metric", "settings", "observed",
    "concluded", "untraced",
]  # fmt: skip
_HEDGED = re.compile(r"(?i)\b(baseline|compared (?:to|with)|versus|vs\.?|control|instead of|than (?:before|without))\b")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something a stranger would have to ask. `fill` is a sentence that the database knows; empty where only the person
    can say it."""

    need: Need
    words: str
    fill: str = ""


def gaps(body: str, runs: Sequence[RunFacts], jobs: Sequence[JobFacts] = ()) -> list[Gap]:
    """What is missing from an entry, the most needed first.

    Args:
        runs: the runs that it cites, `jobs` the same.
    """
    found = [Gap("source", "It cites no run and no job: nobody can check it.")] if not (runs or jobs) else []
    for run in runs:
        found += _run_gaps(body, run)
    for job in jobs:
        found += _job_gaps(body, job)
    if runs and not _has_baseline(body, runs):
        found.append(Gap("baseline", "It compares with nothing: no second run, version or baseline is named."))
    if not section(body, OBSERVED):
        found.append(Gap("observed", f"“{OBSERVED}” is empty."))
    if not section(body, CONCLUDED):
        found.append(Gap("concluded", f"“{CONCLUDED}” is empty."))
    # Settings are no results.
    loose = list(dict.fromkeys(numbers_outside(without(body, DONE))))
    if loose:
        said = ", ".join(loose[:4]) + (" …" if len(loose) > 4 else "")
        found.append(Gap("untraced", f"Numbers with no source: {said}."))
    return found


def fill(body: str, missing: Sequence[Gap]) -> str:
    """The entry with what the database knows put at the end of what was done; nothing that was written is changed."""
    lines = [f"- {gap.fill}" for gap in missing if gap.fill]
    if not lines:
        return body
    head = re.search(rf"(?m)^##\s+{DONE}\s*$", body)
    if head is None:
        return "\n".join([body.rstrip("\n"), "", f"## {DONE}", "", *lines, ""])
    after = re.search(r"(?m)^##\s", body[head.end() :])
    at = head.end() + after.start() if after else len(body)
    before = body[:at].rstrip("\n")
    return "\n".join([before, *lines, "", body[at:]]) if after else "\n".join([before, *lines, ""])


def _run_gaps(body: str, run: RunFacts) -> list[Gap]:
    plain, name = _prose(body), f"run:{run.id}"
    cited = {(ref.kind, ref.id) for ref in refs(body)}
    found = []
    if not all(model.lower() in plain for model in run.models):
        models = ", ".join(run.models)
        found.append(Gap("model", f"The models of {name} are not named.", f"{name} asked {models}."))
    if not re.search(r"\bn\s*=\s*\d", plain):
        each = f" for each of {run.inputs} inputs" if run.inputs > 1 else ""
        found.append(Gap("n", f"How many samples {name} has is not said.", f"{name}: n = {run.n} a model{each}."))
    if ("version", run.prompt.version_id) not in cited and (run.prompt.title().lower() not in plain):
        where = link(run.prompt.title(), target_of("version", run.prompt.version_id))
        found.append(Gap("prompt", f"The prompt of {name} is not named.", f"{name} was sent {where}."))
    if run.columns and not re.search(r"\b(inputs?|rows?|dataset|data)\b", plain):
        said = run.data or f"{run.inputs} inputs ({', '.join(run.columns)})"
        found.append(Gap("data", f"What {name} was asked about is not said.", f"Data of {name}: {said}."))
    settings = params_words(run.params)
    if run.params.to_json() and "temperature" not in plain and "max tokens" not in plain:
        found.append(Gap("settings", f"The settings of {name} are not said.", f"Settings of {name}: {settings}."))
    if run.chart and run.chart.lower() not in plain:
        found.append(Gap("metric", f"The metric {run.chart} is not named.", f"{name} was scored by {run.chart}."))
    return found


def _job_gaps(body: str, job: JobFacts) -> list[Gap]:
    plain, name = _prose(body), f"job:{job.id}"
    if not job.commit:
        return [Gap("commit", f"{name} ran outside a repository: its code cannot be found again.")]
    if job.commit[:7] in plain:
        return []
    dirty = " with uncommitted changes, which are kept with it" if job.changed else ""
    return [Gap("commit", f"The commit of {name} is not said.", f"{name} ran commit {job.commit}{dirty}.")]


def _has_baseline(body: str, runs: Sequence[RunFacts]) -> bool:
    if len({run.id for run in runs}) > 1 or len({run.prompt.version_id for run in runs}) > 1:
        return True
    return any("less" in dict(ref.options) for ref in refs(body)) or bool(_HEDGED.search(blank_code(body)))


def _prose(body: str) -> str:
    """The entry's words, in small letters, with escapes and line ends taken out."""
    return " ".join(re.sub(r"\\([\\`*_\[\]<>#|])", r"\1", body).split()).lower()
