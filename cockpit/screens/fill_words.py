"""What the Fill screen says: options, examples, how full each model is. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.core.example_block import render_example
from cockpit.core.fill import label_counts
from cockpit.screens.fill_read import Dry, Page, Room
from cockpit.screens.words import clip, count, money, one_line, plural
from widgets.row_list import ListColumn, ListRow

if TYPE_CHECKING:
    from cockpit.choosing import Chosen, Given
    from cockpit.core.examples import Example
    from cockpit.core.wish import Wish

Line = tuple[str, str]
"""A line and its tone: '', 'quiet', 'strong', 'warn' or 'ok'."""
OPTIONS = (ListColumn("key", 3), ListColumn("", 10, quiet=True), ListColumn("choice"))
WIDE = (
    ListColumn("#", 4, right=True, quiet=True),
    ListColumn("tokens", 7, right=True),
    ListColumn("label", 10, quiet=True),
    ListColumn("input"),
    ListColumn("why", 28, quiet=True),
)
MIDDLE = (WIDE[0], WIDE[1], WIDE[3], ListColumn("why", 24, quiet=True))
NARROW = (WIDE[0], WIDE[1], ListColumn("input"), ListColumn("why", 20, quiet=True))
STRATEGIES = {
    "first": ("first", "in the set's order, from its first"),
    "random": ("random", "drawn by the seed, the same ones on any machine"),
    "balanced": ("balanced", "one of each label in turn, drawn by the seed"),
    "nearest": ("nearest", "most words in common with the input (BM25); each input gets its own"),
    "diverse": ("diverse", "near the input and unlike each other (MMR); each input gets its own"),
    "longest": ("longest", "most characters first"),
    "shortest": ("shortest", "fewest characters first: the most that fit"),
}
ORDERS = {
    "as chosen": ("as chosen", "in the order they were picked in"),
    "nearest last": ("nearest last", "the one most like the input stands next to it"),
    "by label": ("by label", "examples of one label together"),
    "shuffled": ("shuffled", "mixed by the seed"),
}
WIDE_FROM, MIDDLE_FROM = 100, 76
HINTS = {"(-k fit)": "(f)", "(--reserve)": "(e)", "Give it with --window.": "w says it."}
"""What refusals name of the command line, and the screen's keys for it."""
DRAWN = ("random", "balanced")
LEAKS_NAMED = 6
LABELS_NAMED = 6


def columns(width: int) -> tuple[ListColumn, ...]:
    """The columns that a list of that many cells has room for."""
    return WIDE if width >= WIDE_FROM else MIDDLE if width >= MIDDLE_FROM else NARROW


def uses_seed(wish: Wish) -> bool:
    """Whether another seed would make another choice."""
    return wish.strategy in DRAWN or wish.order == "shuffled"


def k_words(wish: Wish) -> str:
    """How many are wanted."""
    return {"all": "all of the set", "fit": "as many as fit"}.get(str(wish.k), str(wish.k))


def option_rows(keys: Sequence[str], name: str, version: str, wish: Wish, page: Page | None) -> list[ListRow]:
    """The options, each with its key, in the order of `command_tables.fill.OPTIONS`."""
    meter = page.rooms[0].meter if page is not None and page.rooms else None
    one = page is not None and len(page.rooms) == 1
    window = f"{count(wish.window)} tok" if wish.window is not None else "as each model has it"
    if wish.window is None and one and meter is not None:
        window = f"{count(meter.window)} tok" if meter.window is not None else "unknown: say it"
    kept = f"{count(wish.reserve)} tok" if wish.reserve is not None else "as max tokens says"
    if wish.reserve is None and one and meter is not None:
        kept = f"{count(meter.reserve)} tok"
    seed = count(wish.seed) if uses_seed(wish) else f"{count(wish.seed)}, not used"
    near = (wish.similarity or "words in common") if wish.by_query else "not used"
    values = (name, version, k_words(wish), wish.strategy, wish.order, near, seed, window, kept)
    names = ("set", "version", "how many", "which", "order", "nearness", "seed", "window", "for answer")
    idle = {"seed": not uses_seed(wish), "nearness": not wish.by_query}
    return [
        ListRow(at, (key, label, one_line(value)), quiet=idle.get(label, False))
        for at, (key, label, value) in enumerate(zip(keys, names, values, strict=True))
    ]


def short_words(wish: Wish) -> str:
    """The options in one line, for a screen without room for their list."""
    seed = [f"seed {wish.seed}"] if uses_seed(wish) else []
    near = [f"near by {wish.similarity}"] if wish.similarity else []
    window = [f"window {count(wish.window)}"] if wish.window is not None else []
    kept = [f"{count(wish.reserve)} for the answer"] if wish.reserve is not None else []
    return " · ".join([k_words(wish), wish.strategy, wish.order, *near, *seed, *window, *kept])


def example_rows(dry: Dry, page: Page, columns: Sequence[ListColumn]) -> list[ListRow]:
    """The examples in the order they are sent in; stale ones, of a count that is under way again, are not given."""
    if dry.chosen is None:
        return []
    given = given_at(dry.chosen, page.at)
    reasons = {id(one.example): one.why for one in given.ranked}
    sure = "" if given.meter.exact or not given.meter.margin else "≈"
    found = []
    for at, one in enumerate(given.examples):
        leaks = bool(dry.leaks_of(one, page.at))
        cells = {
            "#": str(dry.places[id(one)]),
            "tokens": f"{sure}{count(page.tokens[at])}",
            "label": one_line(one.label or ""),
            "input": one_line(one.input),
            "why": f"leaks · {reasons[id(one)]}" if leaks else one_line(reasons[id(one)]),
        }
        shown = tuple(cells[column.title] for column in columns)
        found.append(ListRow(at, shown, "⚠" if leaks else "", "cut" if leaks else ""))
    return found


def nothing(dry: Dry | None) -> tuple[str, ...]:
    """What an empty list says."""
    if dry is None or dry.chosen is None:
        return ("Nothing is chosen.",)
    return ("No example is sent with this.",)


def example_text(dry: Dry, one: Example, at: int) -> tuple[str, str]:
    """An example's title, and its text whole as the template writes it, after what leaks of it."""
    label = f", label {one_line(one.label, 40)}" if one.label is not None else ""
    leaks = "".join(f"⚠ leaks: {said}\n" for said in dry.leaks_of(one, at))
    text = render_example(one, dry.of.template) if dry.of is not None else one.input
    return f"#{dry.places[id(one)]} of the set{label}", leaks + text


def given_at(chosen: Chosen, at: int) -> Given:
    """The examples of one input, or those of all."""
    return chosen.given[at] if len(chosen.given) > 1 else chosen.given[0]


def facts(dry: Dry, page: Page | None, leaks_key: str, *, wide: bool = False) -> list[Line]:
    """How many fit, why no more, how full each model is, what leaks, what it costs.

    Args:
        wide: the lines may be long, and there is room for few of them.
    """
    if dry.chosen is None or page is None:
        found: list[Line] = [(dry.problem, "warn")]
        return found + ([("", ""), (screen_hint(dry.hint), "quiet")] if dry.hint else [])
    chosen, given = dry.chosen, given_at(dry.chosen, page.at)
    lines: list[Line] = [(f"{count(len(given.examples))} of {count(len(chosen.of.examples))} examples", "strong")]
    lines.append((given.filled.stopped, "quiet"))
    lines += _labels(given)
    gap: list[Line] = [] if wide else [("", "")]
    lines += [leak_line(chosen, leaks_key), *gap]
    for room in page.rooms:
        parts = room_lines(room, tight=len(page.rooms) > 1 and room.meter.model == given.meter.model)
        lines += [("   ".join(text.strip() for text, _ in parts), parts[-1][1])] if wide else parts
    lines += [*gap, (cost_words(chosen), ""), *_own(chosen, dry), *leak_evidence(chosen)]
    return lines


def screen_hint(hint: str) -> str:
    """A hint that names options of the command line, with the screen's keys instead."""
    for option, key in HINTS.items():
        hint = hint.replace(option, key)
    return hint


def _labels(given: Given) -> list[Line]:
    labels = label_counts([one for one in given.examples if one.label is not None])
    if not labels:
        return []
    named = [f"{one_line(label, 16)} {count(n)}" for label, n in list(labels.items())[:LABELS_NAMED]]
    more = [f"{count(len(labels) - LABELS_NAMED)} more labels"] if len(labels) > LABELS_NAMED else []
    return [("labels: " + ", ".join([*named, *more]), "quiet")]


def room_lines(room: Room, *, tight: bool) -> list[Line]:
    """A model and its window, in two lines."""
    meter = room.meter
    how = "exact" if meter.exact else f"estimate, {meter.margin:.0%} added" if meter.margin else "estimate"
    name = clip(meter.model.rpartition(":")[2], 24)
    head = f"{name} · {how}" + (" · the tightest" if tight else "")
    whole = f"  {count(room.tokens)} tok + {count(meter.reserve)} for the answer"
    if room.left is None:
        return [(head, "strong"), (whole, ""), ("  its context is not known: w says it", "warn")]
    tone = "warn" if room.left < 0 else ""
    return [(head, "strong"), (whole, ""), (f"  {count(room.left)} left of {count(meter.window)}", tone)]


def leak_line(chosen: Chosen, key: str) -> Line:
    """Whether there are leaks, and the key that takes them out."""
    if not chosen.leaks:
        return "✓ no leak between these and the inputs", "ok"
    return f"⚠ {plural(len(chosen.leaks), 'leak')}: {key} takes the examples out", "warn"


def leak_evidence(chosen: Chosen) -> list[Line]:
    """Each leak with its kind and evidence."""
    used, places = chosen.used(), chosen.places()
    lines: list[Line] = [("", ""), ("leaks", "strong")] if chosen.leaks else []
    for leak in chosen.leaks[:LEAKS_NAMED]:
        lines.append((f"  #{places[id(used[leak.a])]} and {leak.b or '?'}, {leak.kind}: {one_line(leak.evidence)}", ""))
    if len(chosen.leaks) > LEAKS_NAMED:
        lines.append((f"  and {count(len(chosen.leaks) - LEAKS_NAMED)} more", "quiet"))
    return lines


def _own(chosen: Chosen, dry: Dry) -> list[Line]:
    lines: list[Line] = []
    if chosen.own:
        noun = "example is an input itself" if chosen.own == 1 else "examples are inputs themselves"
        to = "that input" if len(chosen.given) > 1 else "any input"
        lines.append((f"{count(chosen.own)} {noun}: not shown to {to}", "quiet"))
    if dry.wish.without:
        named = ", ".join(f"#{place}" for place in dry.wish.without[:12])
        more = " …" if len(dry.wish.without) > 12 else ""
        lines.append((f"left out by you: {named}{more}", "quiet"))
    return lines


def cost_words(chosen: Chosen) -> str:
    """'12 requests, about $0.012', and whose price is not known."""
    guess = chosen.estimate
    asked = plural(guess.requests, "request")
    if guess.usd is None:
        return f"{asked}, price unknown"
    more = f" + {plural(len(guess.unpriced), 'model')} of unknown price" if guess.unpriced else ""
    return f"{asked}, free" if guess.usd == 0 and not more else f"{asked}, about {money(guess.usd)}{more}"


def as_text(dry: Dry, page: Page, lines: Sequence[Line]) -> str:
    """The choice for the clipboard."""
    rows = example_rows(dry, page, WIDE)
    table = ["\t".join(column.title for column in WIDE), *("\t".join(row.cells) for row in rows)]
    return "\n".join([*table, "", *(text for text, _ in lines)])
