"""What the Shorter screen says: rows, the lengths drawn in text, sentences. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.lengths import SHARE, AtLimit, Length, Suggestion, at_limit, bins, spread, suggest
from cockpit.core.models import Price
from cockpit.core.shorter import Column, Drop, Part, total_usd
from cockpit.core.shot_effect import ENDED, Effect
from cockpit.core.stats import Rate
from cockpit.screens.shorter_read import Counting, Measured, View
from cockpit.screens.words import count, money, plural
from widgets.row_list import ListColumn, ListRow

WIDE = (
    ListColumn("part"),
    ListColumn("tokens", 9, right=True),
    ListColumn("share", 6, right=True, quiet=True),
    ListColumn("this run", 10, right=True),
    ListColumn("like", 5, right=True, quiet=True),
    ListColumn("without it", 32),
)
WIDE_FROM = 96
"""Cells from which on all columns have room."""
NARROW = (
    ListColumn("part"),
    ListColumn("tokens", 7, right=True),
    ListColumn("this run", 9, right=True),
    ListColumn("without it", 20),
)
BINS = 8
BAR = "▇"
NOT_MEASURED = "not measured"
SPREAD_DASH = "–"
INDENT = "  "
FINEST = 0.01
"""Scores change by this much or more where two digits after the point tell."""


def rows(view: View, column: int, *, by_drop: bool, narrow: bool) -> list[ListRow]:
    """The parts as rows: the examples in the order to drop and then the rest, or all as they are sent."""
    order = {drop.example.label: (at, drop) for at, drop in enumerate(view.orders[column])}
    parts = list(view.parts)
    if by_drop:
        parts.sort(key=lambda part: order[part.section.label][0] if part.section.label in order else len(order))
    total = sum(part.tokens[column] for part in view.parts)
    found = []
    for part in parts:
        _, drop = order.get(part.section.label, (0, None))
        key = (part.section.field, part.section.kind, part.section.label)
        found.append(ListRow(key, _cells(view, column, part, drop, total, narrow=narrow), *_mark(view, drop)))
    return found


def _cells(view: View, column: int, part: Part, drop: Drop | None, total: float, *, narrow: bool) -> tuple[str, ...]:
    exact = view.countings[column].exact
    tokens = about(part.tokens[column], exact=exact and not part.varies)
    cost = SPREAD_DASH if part.usd[column] is None else money(part.usd[column])
    effect = "" if drop is None else effect_cell(view.measured.get(drop.example.text), ends_too=not narrow)
    if narrow:
        return (part.section.label, tokens, cost, effect)
    share = percent(part.tokens[column] / total) if total else SPREAD_DASH
    like = "" if drop is None else percent(drop.overlap)
    return (part.section.label, tokens, share, cost, like, effect)


def _mark(view: View, drop: Drop | None) -> tuple[str, str]:
    measured = None if drop is None else view.measured.get(drop.example.text)
    if drop is None or measured is None:
        return ("!", "cut") if drop is not None and drop.only_answer else ("", "")
    reading = measured.decisive.reading
    return {"worse": ("✗", "error"), "better": ("✓", "ok"), "unclear": ("?", "unknown")}[reading]


def effect_cell(measured: Measured | None, *, ends_too: bool) -> str:
    """The measured effect of leaving an example out, in a few characters; the interval where there is room."""
    if measured is None:
        return NOT_MEASURED
    one = measured.decisive
    return f"{one.measure} {signed(one, one.difference)}" + (f" ({ends(one)})" if ends_too else "")


def ends(effect: Effect) -> str:
    """The ends of an effect's interval."""
    if effect.low is None or effect.high is None:
        return "no interval"
    return f"{signed(effect, effect.low)} to {signed(effect, effect.high)}"


def signed(effect: Effect, value: float) -> str:
    """A difference: in points of a hundred for rates, as it is for scores."""
    text = f"{value:+.2f}" if abs(effect.difference) >= FINEST else f"{value:+.2g}"
    if effect.measure == ENDED:
        text = f"{value * 100:+.0f}"
    return "0" if not float(text) else text.replace("-", "−")


def about(tokens: float, *, exact: bool) -> str:
    """A number of tokens; estimates say that they are."""
    return ("" if exact else "≈ ") + count(round(tokens))


def token_words(tokens: float, *, exact: bool) -> str:
    """The same with its noun."""
    return about(tokens, exact=exact) + (" token" if round(tokens) == 1 else " tokens")


def percent(share: float) -> str:
    """A share in a hundred, small ones with a digit after the point."""
    shown = share * 100
    return f"{shown:.0f} %" if shown >= 9.95 or shown == 0 else f"{shown:.1f} %"


def interval(rate: Rate) -> str:
    """A rate's 95 % interval."""
    return f"{percent(rate.low)} to {percent(rate.high)}"


def said_of(view: View, column: int, part: Part) -> str:
    """One part in sentences: what dropping it saves and what is known of its use."""
    counting = view.countings[column]
    model = counting.column
    saved = part.usd[column]
    cost = "its price is unknown" if saved is None else f"{money(saved)} over {plural(model.requests, 'request')}"
    tokens = token_words(part.tokens[column], exact=counting.exact and not part.varies)
    mean = ", the mean over the inputs" if part.varies else ""
    words = [f"{part.section.label}: {tokens} a request{mean}; {cost}."]
    drop = next((one for one in view.orders[column] if one.example.label == part.section.label), None)
    if drop is not None:
        words += _drop_words(view, column, drop)
    return " ".join(words)


def _drop_words(view: View, column: int, drop: Drop) -> list[str]:
    place = next(at for at, one in enumerate(view.orders[column], 1) if one is drop)
    words = [f"Number {place} to drop."]
    if drop.nearest:
        words.append(f"{drop.nearest} has {percent(drop.overlap)} of its words.")
    if drop.only_answer:
        words.append("No other example kept with it has its answer.")
    measured = view.measured.get(drop.example.text)
    if measured is None:
        words.append("Leaving it out was not measured: no two versions with answers differ by it alone.")
    else:
        words.append(measured_words(measured))
    return words


def measured_words(measured: Measured) -> str:
    """A comparison of two versions, whole."""
    pair, found = measured.pair, measured.effects
    one = found[0]
    over = f"over {plural(one.inputs, 'input')} asked in both" if one.inputs else "though they share no input"
    if one.inputs == 1:
        over = "on one single input"
    parts = [
        f"{effect.measure} {signed(effect, effect.difference)}{' points' if effect.measure == ENDED else ''}"
        f" ({'95 %: ' if effect.low is not None else ''}{ends(effect)})"
        for effect in found
    ]
    return f"v{pair.lacking.number} without it against v{pair.having.number} with it, {over}: {', '.join(parts)}."


def total_words(view: View, column: int) -> tuple[str, str]:
    """What a request and the run take in input: of the model shown, and of all models."""
    counting = view.countings[column]
    model = counting.column
    tokens = sum(part.tokens[column] for part in view.parts)
    exact = counting.exact and not any(part.varies for part in view.parts)
    cost = total_usd([part.usd[column] for part in view.parts])
    here = f"{token_words(tokens, exact=exact)} × {plural(model.requests, 'request')} = "
    here += "price unknown" if cost is None else f"{money(cost)} of input"
    if len(view.countings) == 1:
        return here, ""
    sums = [total_usd([part.usd[at] for part in view.parts]) for at in range(len(view.countings))]
    unknown = sum(one is None for one in sums)
    all_models = f"all {len(sums)} models {money(total_usd(sums))}"
    return here, all_models + (f", {unknown} of unknown price" if unknown and unknown < len(sums) else "")


def counting_words(counting: Counting) -> str:
    """How the tokens were counted, and how far off that may be."""
    if counting.exact:
        return f"{counting.how}, exact"
    return f"estimate by {counting.how}" + (f": {counting.error}" if counting.error else "")


def length_lines(view: View, column: int, limits: Sequence[int], width: int) -> list[tuple[str, str]]:
    """The answers' lengths and what limits would do, as lines each with its tone ('' plain, 'quiet', 'strong')."""
    model = view.countings[column].column
    lengths = view.lengths.get(model.model, ())
    whole = spread(lengths)
    if whole is None:
        return [
            ("No answer of this model is stored.", "quiet"),
            ("Send it, and they show here.", "quiet"),
        ]
    lines = [
        (f"{plural(whole.n, 'answer')} to {view.source}, tokens", ""),
        (f"median {count(whole.median)} · 9 in 10 ≤ {count(whole.ninth)} · most {count(whole.most)}", "quiet"),
    ]
    if whole.cut:
        lines.append((f"{count(whole.cut)} of them cut by max_tokens", "warn"))
    if view.counted:
        lines.append((f"{count(view.counted)} counted here: the API told no number", "quiet"))
    lines += [("", ""), *_bars(lengths, width), ("", "")]
    lines += _suggestion(suggest(lengths), model, whole.n)
    now = view.planned.max_tokens
    for limit in dict.fromkeys([*([now] if now is not None else []), *limits]):
        name = f"max_tokens {count(limit)}" + (", as set now" if limit == now else "")
        lines += [("", ""), (name, "strong"), *_limit(at_limit(lengths, limit), model, whole.n)]
    return lines


def _bars(lengths: Sequence[Length], width: int) -> list[tuple[str, str]]:
    found = bins(lengths, BINS)
    labels = [count(one.low) if one.low == one.high else f"{count(one.low)}–{count(one.high)}" for one in found]
    most = max(one.n for one in found)
    wide, numbers = max(map(len, labels)), len(count(most))
    room = max(width - wide - numbers - 4, 4)
    lines = []
    for label, one in zip(labels, found, strict=True):
        bar = BAR * max(round(one.n / most * room), 1 if one.n else 0)
        lines.append((f"{label:>{wide}}  {bar:<{room}}  {count(one.n):>{numbers}}", ""))
    return lines


def _suggestion(found: Suggestion, model: Column, n: int) -> list[tuple[str, str]]:
    share = percent(SHARE).replace(".0", "")
    if found.at is None:
        return [
            (f"max_tokens that cuts {share}: not known", "strong"),
            (INDENT + "More than that were cut already:", "quiet"),
            (INDENT + "ask again with a higher limit.", "quiet"),
        ]
    lines = [(f"max_tokens {count(found.at.max_tokens)} cuts at most {share}", "strong")]
    if found.high is not None:
        lines.append((f"{INDENT}95 %: {count(found.low)} to {count(found.high)}", ""))
    else:
        lines.append((f"{INDENT}95 %: {count(found.low)} or more, unbounded above:", ""))
        lines.append((f"{INDENT}that takes {count(found.needed)} answers to as many inputs", "quiet"))
    return lines + _limit(found.at, model, n)


def _limit(limit: AtLimit, model: Column, n: int) -> list[tuple[str, str]]:
    """What a limit costs in answers and saves in tokens and dollars."""
    rate = limit.cut
    share = percent(rate.value or 0.0)
    lines = [
        (f"{INDENT}cuts {count(rate.k)} of {count(rate.n)}, {share}", ""),
        (f"{INDENT}95 %: {interval(rate)}", ""),
        (f"{INDENT}saves {percent(limit.saved / limit.total if limit.total else 0.0)} of output tokens", ""),
    ]
    saved, most = output_usd(limit.saved / n, model), output_usd(limit.max_tokens, model)
    if saved is None or most is None:
        return [*lines, (f"{INDENT}price unknown: no dollars", "quiet")]
    return [
        *lines,
        (f"{INDENT}≈ {money(saved)} over the run; the most it", ""),
        (f"{INDENT}can then cost in output: {money(most)}", ""),
    ]


def output_usd(tokens: float, model: Column) -> float | None:
    """What so many output tokens a request cost over the run; None where the price is unknown."""
    price: Price | None = model.price
    return None if price is None else tokens * model.requests * price.output / 1_000_000


def as_text(view: View, column: int, shown: Sequence[ListRow], lines: Sequence[tuple[str, str]]) -> str:
    """The table, tab separated, and the lengths below it."""
    table = ["\t".join(one.title for one in WIDE), *("\t".join(row.cells) for row in shown)]
    counting = view.countings[column]
    head = f"{counting.column.model}: {total_words(view, column)[0]} ({counting_words(counting)})"
    return "\n".join([head, "", *table, "", *(text for text, _ in lines)]) + "\n"
