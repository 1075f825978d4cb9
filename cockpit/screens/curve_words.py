"""What the screen "Does it help?" says: settings, forecasts and results as rows and sentences. Draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.screens.curve_setup import ALL_ROWS, KIND_TITLES, Setup
from cockpit.screens.words import count, money, one_line, plural
from widgets.chart import Axes, Level, Series
from widgets.row_list import ListColumn, ListRow

if TYPE_CHECKING:
    from cockpit.core.examples import ExampleSet
    from cockpit.core.paired import Paired
    from cockpit.core.shot_curve import Mean
    from cockpit.experiments import Forecast
    from cockpit.fewshot import Result

SETTINGS = (ListColumn("setting", 9, quiet=True), ListColumn("now"))
TONES = {"helps": "ok", "higher": "ok", "hurts": "error", "lower": "error", "only costs": "cut", "unclear": "unknown"}
GLYPHS = {"helps": "▲", "higher": "▲", "hurts": "▼", "lower": "▼", "only costs": "$", "unclear": "·"}
CURVE = (
    ListColumn("k", 4, right=True),
    ListColumn("score", 6, right=True),
    ListColumn("95 %", 13),
    ListColumn("n", 6, right=True),
    ListColumn("over the fewest", 22),
    ListColumn("tokens", 7, right=True),
    ListColumn("cost", 9, right=True),
)
EACH = (
    ListColumn("", 3, right=True), ListColumn("effect", 22), ListColumn("it", 10), ListColumn("tokens", 7, right=True),
    ListColumn("example"),
)  # fmt: skip
ORDERS = (
    ListColumn("seed", 5, right=True), ListColumn("score", 6, right=True), ListColumn("95 %", 13),
    ListColumn("n", 6, right=True), ListColumn("order"),
)  # fmt: skip
COLUMNS = {"curve": CURVE, "leave one out": EACH, "orders": ORDERS}


def setting_rows(setup: Setup, models: Sequence[str]) -> list[ListRow]:
    """The settings, each a line that enter changes."""
    version = "newest" if setup.set_number is None else f"v{setup.set_number}"
    rows = "all rows" if setup.rows is None else f"at most {plural(setup.rows, 'row')}"
    split = "whole" if setup.split == ALL_ROWS else setup.split
    most = "all of them" if setup.most is None else f"up to {setup.most}" if setup.kind == "curve" else str(setup.most)
    metric = setup.metric + {"regex": f" {setup.pattern}", "judge": f" {setup.judge_model}"}.get(setup.metric, "")
    lines = [
        ("kind", "asks", KIND_TITLES[setup.kind]),
        ("set", "set", f"{setup.set_name} {version}" if setup.set_name else "none yet"),
        ("most", "examples", most),
        ("choose", "chosen", f"{setup.strategy}, {setup.order}"),
        ("seed", "seed", str(setup.seed)),
        ("dataset", "data", f"{setup.dataset} {split}" if setup.dataset else "none yet"),
        ("rows", "rows", rows),
        ("metric", "metric", metric),
        ("models", "models", ", ".join(models)),
        ("n", "n", f"{setup.n} a row"),
        ("cap", "spend cap", money(setup.cap_usd, unknown="none")),
    ]
    if setup.kind == "orders":
        lines.insert(3, ("orders", "orders", str(setup.orders)))
    return [ListRow(key, (name, one_line(value))) for key, name, value in lines]


def forecast_lines(found: Forecast, leaks: Sequence[str]) -> list[tuple[str, str]]:
    """What it would take, before anything is sent: (text, tone)."""
    lines = [
        (
            f"{plural(len(found.trials), 'run')} × {plural(found.inputs, 'row')}: {plural(found.requests, 'request')}",
            "",
        ),
        (f"≈ {count(found.input_tokens)} input tokens, {money(found.usd, unknown='cost unknown')}", ""),
        (f"a point at 50 % will show ± {100 * found.half_width:.1f} points", "quiet"),
    ]
    if found.unpriced:
        lines.append((f"no price known: {', '.join(found.unpriced)}", "warn"))
    if leaks:
        lines.append((f"⚠ {plural(len(leaks), 'leak')} between examples and rows: {leaks[0]}", "warn"))
    return lines


def result_rows(result: Result, kind: str, model: int, of: ExampleSet) -> list[ListRow]:
    """The table of one model's numbers."""
    if kind == "curve":
        return _curve_rows(result, model)
    return _each_rows(result, model, of) if kind == "leave one out" else _order_rows(result, model)


def _curve_rows(result: Result, model: int) -> list[ListRow]:
    rows = []
    found = result.curve(model)
    for point in found.points:
        reading = point.effect.reading if point.effect is not None else ""
        tokens = "?" if point.spent.input_tokens is None else count(round(point.spent.input_tokens))
        cells = (
            str(point.k),
            *_mean_cells(point.mean),
            _effect(point.effect),
            tokens,
            money(point.spent.cost_usd, unknown="?"),
        )
        glyph = "★" if point.k == found.best and len(found.points) > 1 else GLYPHS.get(reading, "")
        rows.append(ListRow(point.k, cells, glyph, TONES.get(reading, "")))
    return rows


def _each_rows(result: Result, model: int, of: ExampleSet) -> list[ListRow]:
    if 0 not in result.ended:
        return []
    sent = result.ended[0].trial.detail["chosen"][0]
    rows = []
    for part in result.parts(model):
        tokens = "?" if part.tokens is None else f"{part.tokens:.0f}"
        example = of.examples[int(sent[part.place - 1]) - 1]
        said = one_line(f"{example.input} → {example.answer}")
        cells = (str(part.place), _effect(part.effect), part.reading, tokens, said)
        rows.append(ListRow(part.place, cells, GLYPHS[part.reading], TONES[part.reading]))
    return rows


def _order_rows(result: Result, model: int) -> list[ListRow]:
    rows = []
    for point in result.orders(model).points:
        places = " ".join(map(str, result.ended[point.seed].trial.detail["chosen"][0]))
        rows.append(ListRow(point.seed, (str(point.seed), *_mean_cells(point.mean), places)))
    return rows


def summary(result: Result, kind: str, model: int) -> str:
    """What the numbers say, in a sentence that claims no more than they do."""
    if kind == "curve":
        return _curve_summary(result, model)
    if kind == "orders":
        found = result.orders(model)
        if found.low is None or found.high is None or found.deviation is None:
            return "No spread yet: two orders have to be scored."
        noise = f", {100 * found.noise:.1f} would be chance alone" if found.noise is not None else ""
        p = f"; Cochran's p {found.p:.2g}" if found.p is not None else ""
        spread = (
            f"from {100 * found.low:.1f} to {100 * found.high:.1f} %, standard deviation {100 * found.deviation:.1f}"
        )
        return f"{spread} points{noise}{p} ({plural(found.inputs, 'row')})"
    if 0 not in result.ended:
        return ""
    parts = result.parts(model)
    tally = [
        (name, sum(part.reading == name for part in parts)) for name in ("helps", "hurts", "only costs", "unclear")
    ]
    return ", ".join(f"{number} {name}" for name, number in tally if number) or "Nothing left out yet."


def _curve_summary(result: Result, model: int) -> str:
    found = result.curve(model)
    scored = [point for point in found.points if point.mean is not None]
    if len(scored) < 2 or found.best is None:
        return "Two numbers of examples have to be scored before they can be compared."
    first = scored[0].k
    best = next(point for point in scored if point.k == found.best)
    if best.k == first or best.effect is None:
        return f"No number of examples scored higher than k = {first}."
    words = {"higher": "helps", "lower": "hurts", "unclear": "unclear"}[best.effect.reading]
    said = f"best k = {best.k}: {_effect(best.effect)} over k = {first}, {words} ({plural(best.effect.n, 'row')})"
    fewer = found.enough is not None and found.enough != found.best
    return f"{said}; k = {found.enough} is not clearly worse" if fewer else said


def chart_of(result: Result, kind: str) -> tuple[list[Series], Axes, list[Level]]:
    """The picture: a line for each model with its intervals; effects of single examples as points of one model each."""
    if kind == "curve":
        series = []
        for at, model in enumerate(result.models):
            points = [(p.k, p.mean) for p in result.curve(at).points if p.mean is not None]
            series.append(_series(model, points))
        return series, Axes("examples", "score", x_scale="each", percent=True, y_range=(0.0, 1.0)), []
    if kind == "orders":
        series = [
            _series(model, [(p.seed, p.mean) for p in result.orders(at).points if p.mean is not None])
            for at, model in enumerate(result.models)
        ]
        return series, Axes("order", "score", x_scale="each", percent=True), []
    series = []
    for at, model in enumerate(result.models if 0 in result.ended else ()):
        parts = [(part.place, part.effect) for part in result.parts(at) if part.effect is not None]
        xs, ys = [float(place) for place, _ in parts], [effect.mean for _, effect in parts]
        series.append(Series(model, xs, ys, *_bounds([(e.mean, e.low, e.high) for _, e in parts])))
    return series, Axes("example", "effect", x_scale="each", percent=True), [Level("no effect", 0.0)]


def _series(model: str, points: Sequence[tuple[int, Mean]]) -> Series:
    xs, ys = [float(k) for k, _ in points], [mean.value for _, mean in points]
    return Series(model, xs, ys, *_bounds([(mean.value, mean.low, mean.high) for _, mean in points]))


def _bounds(values: Sequence[tuple[float, float | None, float | None]]) -> tuple[list[float], list[float]]:
    nan = float("nan")
    return [nan if low is None else low for _, low, _ in values], [
        nan if high is None else high for _, _, high in values
    ]


def _mean_cells(mean: Mean | None) -> tuple[str, str, str]:
    if mean is None:
        return "?", "not scored", "0"
    span = "?" if mean.low is None or mean.high is None else f"{100 * mean.low:.1f} – {100 * mean.high:.1f}"
    return f"{100 * mean.value:.1f}", span, count(mean.n)


def _effect(effect: Paired | None) -> str:
    """A paired difference in percentage points, with its interval."""
    if effect is None:
        return "–"
    if effect.low is None or effect.high is None:
        return f"{100 * effect.mean:+.1f}"
    return f"{100 * effect.mean:+.1f} ({100 * effect.low:+.1f} … {100 * effect.high:+.1f})"
