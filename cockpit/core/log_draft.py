"""The half of an entry that writes itself: facts in, Markdown out. What a person saw and concludes is left to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.core.diffs import diff_versions
from cockpit.core.figures import Figure
from cockpit.core.log_refs import Kind, link, target_of
from cockpit.core.params import Params
from cockpit.core.prompts import Version

OBSERVED = "What I observed"
CONCLUDED = "What I conclude"
DONE = "What was done"
CAME_OUT = "What came out"
_SECTION = r"(?ms)^##\s+{}\s*$(.*?)(?=^##\s|\Z)"
QUOTED = 160
"""Characters of a sample that are quoted; the rest is behind its citation."""
DIFF_LINES = 24
_NAMES = {"top_p": "top-p", "max_tokens": "max tokens", "reasoning_effort": "effort"}


@dataclass(frozen=True, slots=True)
class Cited:
    """A figure with the reference that gives it."""

    target: str
    figure: Figure

    def markdown(self) -> str:
        """The link that an entry holds."""
        return link(self.figure.words(), self.target)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sample to be shown, with why."""

    id: int
    model: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """A version of a prompt, and the one it came from where there is one."""

    name: str
    number: int
    version_id: int
    version: Version
    parent: tuple[int, int, Version] | None = None
    """The parent's number, id and text."""

    def title(self) -> str:
        """As a person calls it."""
        return f"{self.name} v{self.number}" if self.name else "a prompt without a name"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, as far as an entry tells it. `rows` are one a model: its name and its figures, by heading."""

    id: int
    at: str
    prompt: PromptFacts
    models: tuple[str, ...]
    params: Params
    n: int
    inputs: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, Cited], ...]], ...]
    quotes: tuple[Quote, ...] = ()
    examples: str = ""
    data: str = ""
    missing: int = 0
    failed: int = 0
    chart: str = ""
    """The metric that a chart by model shows; empty for none."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """One job, as far as an entry tells it."""

    id: int
    name: str
    shown: str
    command: str
    commit: str = ""
    changed: bool = False
    """The code had changes that were not committed."""
    host: str = ""
    took: str = ""
    metrics: tuple[tuple[str, Cited], ...] = ()
    chart: str = ""
    evidence: str = ""
    state: str = ""


def entry_text(runs: Sequence[RunFacts], jobs: Sequence[JobFacts] = (), others: Sequence[tuple[Kind, int]] = ()) -> str:
    """The body of a new entry about these, with empty places for what only a person knows."""
    done = [line for run in runs for line in _run_done(run)] + [line for job in jobs for line in _job_done(job)]
    done += [f"- {kind}:{number}" for kind, number in others]
    out = [line for run in runs for line in _run_out(run)] + [line for job in jobs for line in _job_out(job)]
    parts = [f"## {DONE}", *done]
    if out:
        parts += ["", f"## {CAME_OUT}", *out]
    return "\n".join([*parts, "", f"## {OBSERVED}", "", "", f"## {CONCLUDED}", "", ""])


def entry_title(runs: Sequence[RunFacts], jobs: Sequence[JobFacts] = ()) -> str:
    """A title that says what was tried; a person's own is better."""
    if runs:
        first = runs[0]
        models = first.models[0] if len(first.models) == 1 else f"{len(first.models)} models"
        more = f" (+ {len(runs) - 1} runs)" if len(runs) > 1 else ""
        return f"{first.prompt.title()}: {models}, n = {first.n}{more}"
    return f"{jobs[0].name}: {jobs[0].shown}" if jobs else ""


def section(body: str, name: str) -> str:
    """What stands under a heading of the second rank; empty where there is none."""
    found = re.search(_SECTION.format(re.escape(name)), body)
    return found[1].strip() if found else ""


def without(body: str, *names: str) -> str:
    """The text without these sections."""
    for name in names:
        body = re.sub(_SECTION.format(re.escape(name)), "", body)
    return body


def plain_words(text: str) -> str:
    """Words that are not ours, on one line, with Markdown's own signs escaped."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def params_words(params: Params) -> str:
    """Sampling settings in words; those that are not set are the API's own and not named."""
    found = []
    for name, value in params.to_json().items():
        shown = ", ".join(repr(one) for one in value) if name == "stop" else f"{value}"
        found.append(f"{_NAMES.get(name, name)} {shown}")
    return ", ".join(found) or "the API's own settings"


def _run_done(run: RunFacts) -> Iterator[str]:
    prompt = run.prompt
    yield ""
    yield f"- Prompt {link(prompt.title(), target_of('version', prompt.version_id))}, run:{run.id}, {run.at}."
    inputs = "no inputs" if run.columns == () and run.inputs == 1 else f"{run.inputs} inputs ({', '.join(run.columns)})"
    models = ", ".join(plain_words(model) for model in run.models)
    yield f"- Models: {models}. n = {run.n} each; {plain_words(params_words(run.params))}."
    yield f"- Data: {plain_words(run.data or inputs)}."
    if run.examples:
        yield f"- Examples: {plain_words(run.examples)}."
    if prompt.parent is not None:
        yield from _diff(prompt)


def _diff(prompt: PromptFacts) -> Iterator[str]:
    number, version_id, version = prompt.parent or (0, 0, Version())
    lines: list[str] = []
    for part in diff_versions(version, prompt.version):
        for line in part.lines:
            if line.op == "same":
                continue
            lines += [f"- {line.left}"] * (line.left is not None) + [f"+ {line.right}"] * (line.right is not None)
    if not lines:
        return
    more = len(lines) - DIFF_LINES
    yield f"- Changed from {link(f'v{number}', target_of('version', version_id))}:"
    yield ""
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    yield f"{fence}diff"
    yield from lines[:DIFF_LINES]
    if more > 0:
        yield f"… {more} more changed lines"
    yield fence


def _run_out(run: RunFacts) -> Iterator[str]:
    heads = list(dict.fromkeys(name for _, figures in run.rows for name, _ in figures))
    yield ""
    yield "| model | " + " | ".join(_cell(head) for head in heads) + " |"
    yield "|---|" + "---:|" * len(heads)
    for model, figures in run.rows:
        cells = dict(figures)
        said = [_cell(cells[head].markdown()) if head in cells else "?" for head in heads]
        yield f"| {_cell(model)} | " + " | ".join(said) + " |"
    if run.missing or run.failed:
        yield ""
        yield f"{run.missing} samples were never sent, {run.failed} failed."
    if run.chart:
        target = target_of("run", run.id, {"chart": "score", "score": run.chart})
        yield ""
        yield link(f"{run.chart} by model, run {run.id}", target, picture=True)
    if run.quotes:
        yield ""
        for quote in run.quotes:
            yield f"- sample:{quote.id} ({plain_words(quote.model)}, {quote.why}): {_quoted(quote.text)}"


def _job_done(job: JobFacts) -> Iterator[str]:
    yield ""
    code = f", commit {job.commit}" + (" with uncommitted changes" if job.changed else "") if job.commit else ""
    host = f" on {plain_words(job.host)}" if job.host else ""
    yield f"- job:{job.id} {plain_words(job.name)}{host}{code}: {_code(job.command)}"


def _job_out(job: JobFacts) -> Iterator[str]:
    yield ""
    took = f" after {job.took}" if job.took else ""
    yield f"- job:{job.id}: {plain_words(job.shown)}{took}." + (
        f" {plain_words(job.evidence)}." if job.evidence else ""
    )
    if job.metrics:
        said = ", ".join(f"{plain_words(name)} {cited.markdown()}" for name, cited in job.metrics)
        yield f"- {said}"
    if job.chart:
        yield ""
        target = target_of("job", job.id, {"chart": job.chart})
        yield link(f"{job.chart} of job {job.id}", target, picture=True)


def _quoted(text: str) -> str:
    """One line of a model's words as code, where Markdown has no meaning."""
    line = " ".join(text.split())
    return _code(line[:QUOTED] + ("…" if len(line) > QUOTED else "")) if line else "(empty)"


def _code(text: str) -> str:
    line = " ".join(text.split())
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _cell(text: str) -> str:
    return text if text.startswith("[") else plain_words(text)
