"""What `cockpit fewshot` prints: a table and a bar for people, or one object a line. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cockpit.cli import output
from cockpit.cli.scoring import interval, mean_cells

if TYPE_CHECKING:
    from cockpit.core.examples import ExampleSet
    from cockpit.core.paired import Paired
    from cockpit.core.shot_curve import Mean, Point
    from cockpit.experiments import Forecast
    from cockpit.fewshot import Ended, Result

BAR = 24
EIGHTHS = " ▏▎▍▌▋▊▉"


def print_curve(result: Result, of: ExampleSet, as_json: bool) -> None:
    """A line for each k and model; then the best."""
    for at, model in enumerate(result.models):
        found = result.curve(at)
        if as_json:
            for point in found.points:
                output.emit({"model": model, "set": of.name, **_point_json(point, result.ended[point.k])})
            output.emit({"model": model, "set": of.name, "best": found.best, "enough": found.enough})
            continue
        output.say(f"# {model} · {of.name}@{of.number}", keep_newlines=False)
        heads = ("k", "score", "95 %", "rows", "n", "", "effect", "95 %", "p (Holm)", "tokens", "spent", "run")
        rows = (_point_cells(point, result.ended[point.k]) for point in found.points)
        output.table(rows, heads=heads, right=(0, 1, 3, 4, 6, 9, 10, 11))
        if found.best is not None:
            output.say(f"best: k = {found.best}; not clearly worse with fewer: k = {found.enough}")


def print_loo(result: Result, of: ExampleSet, as_json: bool) -> None:
    """A line for each example and model."""
    for at, model in enumerate(result.models):
        if not as_json:
            output.say(f"# {model} · {of.name}@{of.number} · with it less without it", keep_newlines=False)
        lines = []
        for part in result.parts(at) if 0 in result.ended else ():
            trial = result.ended[part.place]
            example = of.examples[_left_out(result.ended[0], part.place) - 1]
            if as_json:
                output.emit({
                    "model": model, "set": of.name, "place": part.place, "example": example.id,
                    "input": example.input, "reading": part.reading, "effect": paired_json(part.effect),
                    "tokens": part.tokens, "run": trial.run_id,
                })  # fmt: skip
            cells = (str(part.place), "" if example.id is None else str(example.id), example.label or "", part.reading)
            size = "–" if part.tokens is None else f"{part.tokens:.0f}"
            lines.append((*cells, *_effect_cells(part.effect), size, str(trial.run_id), example.input))
        if not as_json:
            heads = ("", "ID", "LABEL", "it", "effect", "95 %", "tokens", "run", "INPUT")
            output.table(lines, heads=heads, right=(0, 1, 4, 6, 7), widest=40)


def print_orders(result: Result, of: ExampleSet, as_json: bool) -> None:
    """A line for each order and model; then the spread."""
    for at, model in enumerate(result.models):
        found = result.orders(at)
        if as_json:
            for point in found.points:
                ended = result.ended[point.seed]
                places = ended.trial.detail["chosen"][0]
                facts = {"order_seed": point.seed, "order": places, **_mean_json(point.mean), "run": ended.run_id}
                output.emit({"model": model, "set": of.name, **facts})
            output.emit({
                "model": model, "set": of.name, "low": found.low, "high": found.high, "deviation": found.deviation,
                "noise": found.noise, "p": found.p, "inputs": found.inputs,
            })  # fmt: skip
            continue
        output.say(f"# {model} · {of.name}@{of.number}", keep_newlines=False)
        rows = []
        for point in found.points:
            ended = result.ended[point.seed]
            order = " ".join(map(str, ended.trial.detail["chosen"][0]))
            bar = _bar(None if point.mean is None else point.mean.value)
            rows.append((str(point.seed), *mean_cells(point.mean), bar, str(ended.run_id), order))
        output.table(rows, heads=("seed", "score", "95 %", "rows", "n", "", "run", "order"), right=(0, 1, 3, 4, 6))
        output.say(_spread(found.low, found.high, found.deviation, found.noise, found.p))


def print_forecast(found: Forecast, as_json: bool) -> None:
    """A line for each run that would be made; then what they take together."""
    for one in found.trials:
        if as_json:
            output.emit({
                "number": one.number, "requests": one.requests, "input_tokens": one.input_tokens, "cost_usd": one.usd,
                "unpriced": list(one.unpriced),
            })  # fmt: skip
    if as_json:
        output.emit({
            "runs": len(found.trials), "rows": found.inputs, "requests": found.requests,
            "input_tokens": found.input_tokens, "cost_usd": found.usd, "half_width": found.half_width,
        })  # fmt: skip
        return
    rows = [(str(one.number), str(one.requests), str(one.input_tokens), output.money(one.usd)) for one in found.trials]
    output.table(rows, heads=("", "requests", "tokens each", "cost"), right=(0, 1, 2, 3))
    output.say(f"{found.requests:,} requests, {found.input_tokens:,} input tokens, {output.money(found.usd)}.")
    if found.unpriced:
        output.say(f"No price is known for {', '.join(found.unpriced)}.")
    output.say(f"{found.inputs} rows: a score of one half would show ± {100 * found.half_width:.1f} points.")


def _left_out(whole: Ended, place: int) -> int:
    """The place in the set, from 1, of the example at a place of what was sent."""
    return int(whole.trial.detail["chosen"][0][place - 1])


def _spread(
    low: float | None, high: float | None, deviation: float | None, noise: float | None, p: float | None
) -> str:
    if low is None or high is None or deviation is None:
        return "no spread: too little was scored"
    words = f"from {low:.3f} to {high:.3f}, standard deviation {deviation:.3f}"
    if noise is not None:
        words += f" (orders that make no difference would show about {noise:.3f})"
    return words if p is None else f"{words}; Cochran's p {p:.3g}"


def _point_cells(point: Point, ended: Ended) -> tuple[str, ...]:
    spent = point.spent
    tokens = "–" if spent.input_tokens is None else f"{spent.input_tokens:.0f}"
    p = "" if point.p_holm is None else f"{point.p_holm:.3g}"
    bar = _bar(None if point.mean is None else point.mean.value)
    effect = _effect_cells(point.effect) if point.effect is not None else ("", "")
    cost = output.money(spent.cost_usd)
    return (str(point.k), *mean_cells(point.mean), bar, *effect, p, tokens, cost, str(ended.run_id))


def _effect_cells(effect: Paired | None) -> tuple[str, str]:
    return ("–", "–") if effect is None else (f"{effect.mean:+.3f}", interval(effect.low, effect.high, sign=True))


def _bar(value: float | None) -> str:
    """A bar of at most `BAR` cells for a score from 0 to 1."""
    if value is None or not 0 <= value <= 1:
        return ""
    whole, rest = divmod(round(value * BAR * 8), 8)
    return "█" * whole + EIGHTHS[rest].strip()


def _point_json(point: Point, ended: Ended) -> dict[str, Any]:
    return {
        "k": point.k, **_mean_json(point.mean), "effect": paired_json(point.effect), "p": point.p,
        "p_holm": point.p_holm, "input_tokens": point.spent.input_tokens, "cost_usd": point.spent.cost_usd,
        "unscored": point.spent.unscored, "failed": ended.failed, "run": ended.run_id, "judge_run": ended.judge_run,
        "examples": ended.trial.detail["chosen"],
    }  # fmt: skip


def _mean_json(mean: Mean | None) -> dict[str, Any]:
    if mean is None:
        return {"score": None, "low": None, "high": None, "inputs": 0, "n": 0}
    return {"score": mean.value, "low": mean.low, "high": mean.high, "inputs": mean.inputs, "n": mean.n}


def paired_json(effect: Paired | None) -> Mapping[str, Any] | None:
    """A paired difference as plain data."""
    if effect is None:
        return None
    return {
        "mean": effect.mean, "low": effect.low, "high": effect.high, "pairs": effect.n, "method": effect.method,
        "correlation": effect.correlation, "better": effect.discordant[0], "worse": effect.discordant[1],
        "reading": effect.reading,
    }  # fmt: skip
