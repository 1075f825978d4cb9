"""The Play pane's lines of words: ladder, totals, status, params with their warnings. Pure: no widget, no store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.core.draft import EXAMPLES, SETTINGS, PlayDraft
from cockpit.core.errors import CockpitError
from cockpit.core.ladder import Gain, Rung, climb, uses_examples
from cockpit.screens.words import clip, count, money, plural
from widgets.params_panel import ParamRow
from widgets.top_bar import BarPart
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.core.catalog import Catalog
    from cockpit.core.estimate import Counted, Estimate, Past
    from cockpit.core.models import Capabilities, Price
    from cockpit.screens.play_shots_look import Look
    from cockpit.store.runs import RunRow

IDEA_CELLS = 40
LABELS = {"top_p": "top-p", "max_tokens": "max tokens", "reasoning_effort": "effort", "cap_usd": "spend cap"}
HINTS = {
    "models": "provider:model, separated by commas",
    "n": "samples of each, 1 to 100000",
    "temperature": "0 to 2",
    "top_p": "above 0, up to 1",
    "max_tokens": "a whole number",
    "stop": r'"\n\n", "END"',
    "seed": "a whole number; sample i gets seed + i",
    "logprobs": "alternatives a token, 0 to 20",
    "reasoning_effort": "none minimal low medium high",
    "cap_usd": "dollars a run may cost",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A chosen model as the table knows it; `problem` where its name leads nowhere or its key is missing."""

    name: str
    can: Capabilities
    price: Price | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a project has seen so far."""

    samples: int = 0
    usd: float | None = None
    """Dollars known to be spent; None where nothing is known."""
    unpriced: int = 0
    """Samples whose cost is not known."""
    rungs: tuple[Rung, ...] = ()
    """Of the current idea; of the whole project where there is none."""


def column(name: str, catalog: Catalog, aliases: Mapping[str, str]) -> Column:
    """What is known of a model by its name."""
    from cockpit.core.catalog import parse_model
    from cockpit.core.models import Capabilities

    try:
        found = parse_model(name, aliases)
    except CockpitError as error:
        return Column(name, Capabilities(), None, error.sentence())
    return Column(name, catalog.capabilities(found.provider, found.model), catalog.price(found.provider, found.model))


def param_rows(draft: PlayDraft, columns: Sequence[Column]) -> list[ParamRow]:
    """The params panel: every setting with what the models cannot take of it."""
    warnings = warnings_by_setting(draft, columns)
    rows = []
    for name in SETTINGS:
        swept = draft.sweep.get(name)
        value = " ".join(_short(v) for v in swept) if swept else draft.setting(name)
        if name == "models" and len(draft.models) > 1:
            value = f"{len(draft.models)}: {value}"
        rows.append(ParamRow(name, value, warnings.get(name, ""), HINTS.get(name, ""), LABELS.get(name, name)))
    return rows


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def warnings_by_setting(draft: PlayDraft, columns: Sequence[Column]) -> dict[str, str]:
    """What some model cannot take, by setting; system and prefill by those names; each as '⚠ gpt-mini: …'."""
    if not columns:
        return {}
    from cockpit.core.models import refusals

    found: dict[str, list[str]] = {}
    for each in columns:
        short = each.name.rpartition(":")[2]
        if each.problem:
            found.setdefault("models", []).append(each.problem)
        for refusal in refusals(short, each.can, draft.params, draft.version()):
            sentence = refusal.sentence.removeprefix(f"{short} ").rstrip(".")
            if refusal.what == "stop" and each.can.max_stops and len(draft.params.stop) > each.can.max_stops:
                sentence = f"{each.can.max_stops} max"
            found.setdefault(refusal.what, []).append(f"{short}: {sentence}")
    unpriced = [c.name.rpartition(":")[2] for c in columns if c.price is None and not c.problem]
    if unpriced and draft.cap_usd is not None:
        loose = unpriced[0] if len(unpriced) == 1 else plural(len(unpriced), "model")
        found["cap_usd"] = [f"cannot hold {loose}: price unknown"]
    return {what: "; ".join(dict.fromkeys(sentences)) for what, sentences in found.items()}


def send_estimate(
    draft: PlayDraft,
    columns: Sequence[Column],
    past: Mapping[str, Past] | None,
    counted: Mapping[str, Counted] | None = None,
) -> Estimate:
    """What one send of the draft will take."""
    from cockpit.core.estimate import Asked, estimate

    combinations = draft.requests() // max(len(draft.models) * len(draft.rows()) * draft.n, 1)
    asked = [
        Asked(c.name, c.price, draft.params.max_tokens or c.can.default_max_tokens)
        for c in columns
        for _ in range(combinations)
    ]
    return estimate(draft.version(), draft.rows(), asked, draft.n, past, counted=counted)


def estimate_words(guess: Estimate, *, free: bool) -> str:
    """'≈ 626 tok in · 24 requests · ≈ $0.012 a send'; unknown prices are said."""
    parts = [input_words(guess), plural(guess.requests, "request")]
    if free:
        parts.append("free")
    elif guess.usd is None:
        parts.append("price unknown")
    else:
        more = f" + {plural(len(guess.unpriced), 'model')} of unknown price" if guess.unpriced else ""
        parts.append(f"≈ {money(guess.usd)} a send{more}")
    return " · ".join(parts)


def input_words(guess: Estimate) -> str:
    """'626 tok in' as an API reported it, 'exact 618 tok in + ≈ 8 template' as the models' tokenizers count the texts
    (from the least to the most where models differ), else '≈ 626 tok in'."""
    if guess.measured:
        return f"{count(guess.input_tokens)} tok in"
    if guess.texts is None:
        return f"≈ {count(guess.input_tokens)} tok in"
    least, most = guess.texts
    between = count(least) if least == most else f"{count(least)}–{count(most)}"
    return f"exact {between} tok in + ≈ {count(guess.template)} template"


def status_parts(
    draft: PlayDraft,
    columns: Sequence[Column],
    past: Mapping[str, Past] | None,
    counted: Mapping[str, Counted] | None = None,
    *,
    look: Look | None = None,
) -> list[BarPart]:
    """The status line: the estimate, then what keeps the draft from being sent or would be refused.

    Args:
        look: the draft with its set's examples, which the estimate is of; None while they are being chosen.
    """
    free = bool(draft.models) and all(model.startswith("local:") for model in draft.models)
    sent = draft if draft.shots is None else look.sent if look is not None and look.chosen is not None else None
    parts: list[BarPart] = []
    if sent is not None:
        parts.append((estimate_words(send_estimate(sent, columns, past, counted), free=free), "quiet"))
    elif draft.shots is not None:
        said = "choosing the examples …" if look is None else f"nothing is put in of {draft.shots.name}"
        if look is not None and draft.shots.wish.similarity:
            said = "tokens and cost are known once the examples are chosen"
        parts.append((visible(said, newlines="mark"), "quiet"))
    problems = draft.problems()
    warnings = warnings_by_setting(draft, columns)
    if problems:
        parts.append((f"   ⚠ {problems[0]}", "warn"))
    elif warnings:
        what, sentence = next(iter(warnings.items()))
        parts.append((f"   ⚠ {'the spend cap ' if what == 'cap_usd' else ''}{sentence}", "warn"))
    return parts


def ladder_parts(totals: Totals) -> list[BarPart]:
    """The ladder: a filled dot and a count for each rung that was really used."""
    parts: list[BarPart] = [("ladder", "quiet")]
    for rung in totals.rungs or climb(()):
        if not rung.done:
            parts.append((f"   ○ {rung.name}", "quiet"))
            continue
        shots = f" {gain_words(rung.gain)}" if rung.gain else f" k≤{rung.shots}" if rung.shots else ""
        parts += [("   ● ", "ok"), (f"{rung.name}{shots} ", "plain"), (count(rung.samples), "name")]
    return parts


def gain_words(gain: Gain) -> str:
    """'k=4 +0.12 (+0.03…+0.21)': the best number of examples and its score less that without examples."""
    effect = gain.effect
    ends = f"{effect.low:+.2f}…{effect.high:+.2f}" if effect.low is not None and effect.high is not None else "?"
    return f"k={gain.k} {effect.mean:+.2f} ({ends})"


def gain_details(name: str, gain: Gain) -> str:
    """The same with all that it rests on, in words."""
    effect = gain.effect
    of = f", best of {gain.tried} numbers" if gain.tried > 1 else ""
    model = f", {clip(gain.model, 30)}" + (f" of {gain.models} models" if gain.models > 1 else "")
    says = {"higher": "helps", "lower": "hurts", "unclear": "unclear"}[effect.reading]
    on = plural(effect.n, "input")
    return f"{name} {gain_words(gain)} over zero-shot: {says}; {clip(gain.metric, 30)}, {on}{model}{of}"


def idea_parts(title: str) -> list[BarPart]:
    """Whose ladder it is."""
    return [("idea: ", "quiet"), (clip(title, IDEA_CELLS), "plain")] if title else [("idea: whole project", "quiet")]


def totals_parts(totals: Totals) -> list[BarPart]:
    """'84 msgs  $0.31' for the top bar; '$0.31 + ?' where some cost is not known."""
    spent = ""
    if totals.unpriced:
        spent = f"   {money(totals.usd)} + ?" if totals.usd else "   $?"
    elif totals.usd:
        spent = f"   {money(totals.usd)}"
    return [(f"{count(totals.samples)} msgs", "plain"), (spent, "plain")]


def top_parts(
    project: str, panes: Iterable[tuple[int, str]], current: str, badge: tuple[int, str] = (0, "")
) -> list[BarPart]:
    """The program, the project, the panes with the current one lit; with running jobs, and how busy the day was."""
    parts: list[BarPart] = [("cockpit", "on"), (f"  {clip(project, 24)}", "name"), ("  ", "plain")]
    for number, title in panes:
        parts.append((f"  {number} {title}", "accent" if title == current else "quiet"))
        if title == "Jobs" and badge[0]:
            parts.append((f" ●{badge[0]}", "ok"))
    return [*parts, (f"   {badge[1]}", "quiet")] if badge[1] else parts


def examples_words(draft: PlayDraft, look: Look | None = None) -> str:
    """'few v3, 4 of 12, 412 tok' of the set that is put in, else '4 lines, ≈ 412 tok' of the block written here and
    what is missing for it to be sent; empty where there is none.

    Args:
        look: the draft with its set's examples, once they are chosen.
    """
    from cockpit.core.estimate import text_tokens

    if draft.shots is not None:
        from cockpit.screens.play_shots_look import wish_words

        return look.words() if look is not None else f"{wish_words(draft.shots)}   counting …"
    block, used = draft.examples, uses_examples(draft.version())
    if not block:
        return "none yet: {{examples}} is sent as nothing" if used else ""
    size = f"{plural(len(block.splitlines()), 'line')}, ≈ {count(text_tokens(block))} tok"
    return size if used else f"{size}   ⚠ not sent: the prompt has no {{{{examples}}}}"


def resting_words(row: RunRow, runs_key: str) -> tuple[str, list[str]]:
    """What the wall says of a run too large to be put on it unasked."""
    title = f"Run {row.id} is where you left it: {count(row.done)} of {count(row.total)} samples are there."
    facts = [f"{count(row.failed)} failed" if row.failed else "none failed"]
    if row.cost_usd is not None:
        facts.append(money(row.cost_usd) + (" + ?" if row.cost_unknown else ""))
    lines = [f"{', '.join(row.models)}: {', '.join(facts)}.", "", f"esc {runs_key} lists runs; enter there opens it."]
    return title, lines


def prompt_title(name: str, draft: PlayDraft, turn: int, *, changed: bool | None = None) -> str:
    """'prompt v7*', and which turn is shown where there are several; `changed` where it is known already."""
    changed = draft.changed if changed is None else changed
    number = f" v{draft.saved_number}" if draft.saved_number else ""
    star = "*" if changed and draft.saved_number else " new" if not draft.saved_number else ""
    turns = len(draft.turns)
    where = f" · turn {turn + 1}/{turns} {draft.turns[turn].role}" if turns > 1 else ""
    return f"{name}{number}{star}{where}"


def empty_words(
    draft: PlayDraft, *, send: str, keys: Sequence[str], models_key: str = "m", params_key: str = "p"
) -> tuple[str, list[str]]:
    """What an empty wall says: what the send key does, prompts to try, how to add models."""
    models = [model.rpartition(":")[2] for model in draft.models]
    names = " and ".join(models) if len(models) < 3 else f"{len(models)} models"
    local = all(model.startswith("local:") for model in draft.models)
    where = ", running on this machine" if local else ""
    times = f"{draft.n} times" if draft.n > 1 else "once"
    title = f"{send} sends this prompt {times} to {names or 'no model yet'}{where}."
    lines = ["The answers appear here as they come, side by side, and are kept.", ""]
    keyed = [(f"esc {key}", f"try {name}") for key, (name, _) in zip(keys, EXAMPLES, strict=False)]
    keyed.append((f"esc {models_key}", "choose models; ANTHROPIC_API_KEY and OPENAI_API_KEY bring more"))
    keyed.append((f"esc {params_key}", "how many samples of each (n), temperature, stop strings"))
    width = max(len(text) for _, text in keyed)
    lines += [f"{key}   {text:<{width}}" for key, text in keyed]
    if local:
        lines += ["", "smollm2 is tiny: good for first flights, not for findings."]
    return title, lines
