"""Gives a run its examples: chosen, counted per model, ordered, put in. Sends, stores and draws nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, Literal

from cockpit.core.catalog import parse_model
from cockpit.core.errors import PlanError
from cockpit.core.estimate import Asked, Estimate, RequestCounter, estimate
from cockpit.core.example_block import apply, apply_by_row, check_place
from cockpit.core.examples import Example, ExampleSet, Row
from cockpit.core.fill import Filled, Order, Ranked, Strategy, arrange, fill, own_places, rank
from cockpit.core.leaks import Leak, leaks_of
from cockpit.core.models import Price
from cockpit.core.prompts import ROW_EXAMPLES, Version, render, variables
from cockpit.core.similar import Bm25
from cockpit.core.tokens import Choice, Tokenizer
from cockpit.runner import Draft
from cockpit.services import Services
from cockpit.store.examples import asked_text
from cockpit.tokenizers.count import ANSWER_TOKENS, FRAME_TOKENS
from cockpit.tokenizers.gguf import OwnTokenizer
from cockpit.tokenizers.templates import SMOLLM2_TEMPLATE, smollm2, turns

ANSWER_ROOM = 1024
"""Tokens kept for the answer where neither the person nor the model's table says; at most a quarter of the window."""
MARGIN = 0.15
"""Share by which an estimated count may be low where its error is not known."""
UNKNOWN_FRAME, UNKNOWN_START = 16, 128
"""Tokens allowed for a chat template that is not known: for each message, and once (where no margin covers it)."""
PLAIN_CHAT = ("o200k_base", "cl100k_base")
"""Encodings whose chat models' template is published, in numbers."""
CLOSE = 4
"""Inputs whose question is this many tokens shorter than the longest are counted too: what merges at edges is less."""
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants examples chosen. `k` is how many, 'fit' for as many as fit, 'all' for the whole set.

    `window` and `reserve` are tokens, in place of what is known of the model and of max_tokens.
    """

    k: int | Literal["fit", "all"] = "all"
    strategy: Strategy = "first"
    order: Order = "as chosen"
    seed: int = 0
    window: int | None = None
    reserve: int | None = None

    @property
    def by_query(self) -> bool:
        """Whether each input may get examples, or an order, of its own."""
        return self.strategy in ("nearest", "diverse") or self.order == "nearest last"


@dataclass(frozen=True, slots=True)
class Meter:
    """One model's context: how its requests are counted, and what they may take."""

    model: str
    window: int | None
    reserve: int
    tokenizer: Tokenizer
    exact: bool
    margin: float
    """Share of a count by which it may be low."""
    how: str
    known_frame: bool = True
    price: Price | None = None

    def count(self, version: Version) -> int:
        """Tokens of a rendered request with the margin on top; text as the model reads it where that is known."""
        if isinstance(self.tokenizer, OwnTokenizer) and self.known_frame:
            text = smollm2(version)
            if text is not None:
                return len(self.tokenizer.encode_special(text))
        texts = [text for _, text in turns(version)] + ([version.prefill] if version.prefill else [])
        frame, start = (
            (FRAME_TOKENS, ANSWER_TOKENS) if self.known_frame else (UNKNOWN_FRAME, 0 if self.margin else UNKNOWN_START)
        )
        plain = sum(map(self.tokenizer.count, texts)) + frame * len(texts) + start
        return ceil(plain / (1 - self.margin))


@dataclass(frozen=True, slots=True)
class Given:
    """The examples of one input, or of all: as they are sent, and how full the tightest model is."""

    examples: tuple[Example, ...]
    ranked: tuple[Ranked, ...]
    filled: Filled
    meter: Meter
    """Of the model with the least room."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A draft with its examples in it, and everything about the choice that is worth showing or keeping."""

    draft: Draft
    of: ExampleSet
    wish: Wish
    given: tuple[Given, ...]
    """One for all inputs, or one for each."""
    estimate: Estimate
    meters: tuple[Meter, ...]
    leaks: tuple[Leak, ...] = ()
    own: int = 0
    """Examples of the set that an input of the run is, and that were therefore not taken for it."""

    def detail(self) -> dict[str, Any]:
        """What `store.sets.use_set` keeps: the wish, and the places in the set (from 1) as they were sent."""
        places = {id(one): at for at, one in enumerate(self.of.examples, 1)}
        wish = self.wish
        return {
            "k": wish.k,
            "strategy": wish.strategy,
            "order": wish.order,
            "seed": wish.seed,
            "by_row": len(self.given) > 1,
            "chosen": [[places[id(one)] for one in given.examples] for given in self.given],
        }


def choose(services: Services, draft: Draft, of: ExampleSet, wish: Wish) -> Chosen:
    """Put examples of a set into a draft. Blocks while tokens are counted: call it in a thread.

    Where the choice depends on the query and there are several inputs, each gets its own; else all get the same, and
    an example that any input is is given to none.

    Raises:
        PlanError: there is no place for them, not as many as asked for, or they do not fit.
        UnknownModel: a model's name leads nowhere.
    """
    check_place(draft.version, of.template)
    if any(ROW_EXAMPLES in row for row in draft.inputs):
        raise PlanError(f"An input cannot have the name {ROW_EXAMPLES}: it stands for that input's own examples.")
    work = _Work(draft, of, wish, meters_of(services, draft, wish))
    if wish.by_query and len(draft.inputs) > 1:
        given = tuple(work.for_row(at) for at in range(len(draft.inputs)))
        version, added = apply_by_row(draft.version, [one.examples for one in given], of.template)
        inputs = tuple({**row, **more} for row, more in zip(draft.inputs, added, strict=True))
        ready = replace(draft, version=version, inputs=inputs)
    else:
        given = (work.for_all(),)
        ready = replace(draft, version=apply(draft.version, given[0].examples, of.template))
    used = list({id(one): one for each in given for one in each.examples}.values())
    names = {id(one): f"#{at}" if one.id is None else str(one.id) for at, one in enumerate(used, 1)}
    asked = [(given[at] if len(given) > 1 else given[0], query.key) for at, query in enumerate(work.queries)]
    shown = {(names[id(one)], key) for each, key in asked for one in each.examples}
    own = len(own_places(of.examples, work.queries))
    leaks = tuple(leak for leak in leaks_of(used, work.queries) if (leak.a, leak.b) in shown)
    return Chosen(ready, of, wish, given, _cost(ready, work.meters), work.meters, leaks, own)


def meters_of(services: Services, draft: Draft, wish: Wish) -> tuple[Meter, ...]:
    """How each model of a draft counts, and what it may take.

    Raises:
        UnknownModel: a name leads nowhere.
    """
    return tuple(_meter(services, draft, wish, name) for name in draft.models)


def margin_of(choice: Choice) -> float:
    """The share by which a count may be low: the largest percentage that its error names, else `MARGIN`; 0 if exact."""
    if choice.exact:
        return 0.0
    named = [float(number) / 100 for number in _PERCENT.findall(choice.error)]
    return min(max(named, default=MARGIN), 0.5)


def _meter(services: Services, draft: Draft, wish: Wish, name: str) -> Meter:
    found = parse_model(name, services.config.aliases)
    can = services.catalog.capabilities(found.provider, found.model)
    choice = services.tokenizers.choose(str(found))
    tokenizer = services.tokenizers.get(choice.encoding)
    window = wish.window if wish.window is not None else can.context
    asked = [draft.params.max_tokens, *draft.sweep.get("max_tokens", ())]
    told = [size for size in asked if size is not None]
    default = can.default_max_tokens or min(ANSWER_ROOM, (window or 4 * ANSWER_ROOM) // 4)
    own = isinstance(tokenizer, OwnTokenizer) and tokenizer.chat_template == SMOLLM2_TEMPLATE
    return Meter(
        model=name,
        window=window,
        reserve=wish.reserve if wish.reserve is not None else max(told, default=default),
        tokenizer=tokenizer,
        exact=choice.exact and (own or choice.encoding in PLAIN_CHAT),
        margin=margin_of(choice),
        how=f"{tokenizer.name}, {choice.why}",
        known_frame=own or choice.encoding in PLAIN_CHAT,
        price=services.catalog.price(found.provider, found.model),
    )


@dataclass
class _Work:
    """One choice under way: the queries, and the index that all of them are compared by."""

    draft: Draft
    of: ExampleSet
    wish: Wish
    meters: tuple[Meter, ...]
    queries: tuple[Row, ...] = field(init=False)
    index: Bm25 = field(init=False)

    def __post_init__(self) -> None:
        self.queries = tuple(query_of(self.draft.version, row, at) for at, row in enumerate(self.draft.inputs, 1))
        self.index = Bm25([one.input for one in self.of.examples] if self.wish.by_query else [])

    def for_row(self, at: int) -> Given:
        """The examples of one input."""
        query = self.queries[at]
        ranked = self._rank(self.of.examples, query)
        return self._given(ranked, query, [at])

    def for_all(self) -> Given:
        """The same examples for every input."""
        own = own_places(self.of.examples, self.queries)
        pool = [one for at, one in enumerate(self.of.examples) if at not in own]
        query = self.queries[0] if len(self.queries) == 1 else None
        ranked = self._rank(self.of.examples, query) if query is not None else self._rank(pool, None)
        return self._given(ranked, query, range(len(self.queries)))

    def _rank(self, examples: Sequence[Example], query: Row | None) -> list[Ranked]:
        index = self.index if self.wish.by_query and query is not None else None
        return rank(examples, query, self.wish.strategy, self.wish.seed, index=index)

    def _given(self, ranked: list[Ranked], query: Row | None, rows: Sequence[int]) -> Given:
        wish = self.wish
        if isinstance(wish.k, int) and len(ranked) < wish.k:
            raise PlanError(
                f"The set {self.of.name!r} has {len(ranked)} examples to choose from, not {wish.k}.",
                hint="An example that an input is does not count.",
            )
        near = self._nearness(query)

        def put(examples: Sequence[Example]) -> list[Example]:
            return arrange(examples, wish.order, wish.seed, query, near=near)

        filled, meter = self._fill(ranked, put, rows)
        wanted = len(ranked) if wish.k == "all" else wish.k
        if isinstance(wanted, int) and len(filled.chosen) < wanted:
            raise PlanError(
                f"Of {wanted} examples {len(filled.chosen)} fit into the {meter.window:,} tokens of {meter.model}, "
                f"{meter.reserve:,} of which are kept for the answer: {filled.stopped}.",
                hint="Ask for as many as fit (-k fit), or keep less for the answer (--reserve).",
            )
        return Given(tuple(put(filled.examples)), filled.chosen, filled, meter)

    def _nearness(self, query: Row | None) -> Callable[[Example], float] | None:
        if query is None or self.wish.order != "nearest last":
            return None
        scores = self.index.scores(query.input)
        by_example = {id(one): score for one, score in zip(self.of.examples, scores, strict=True)}
        return lambda one: by_example[id(one)]

    def _fill(
        self, ranked: list[Ranked], put: Callable[[Sequence[Example]], list[Example]], rows: Sequence[int]
    ) -> tuple[Filled, Meter]:
        """The most examples that fit every model with every input; and the model that has the least room."""
        k: int | Literal["fit"] = len(ranked) if self.wish.k == "all" else self.wish.k
        pairs = [(meter, at) for meter in self.meters for at in self._heaviest(meter, rows)[:1]]
        why = ""
        while True:
            tried = [(self._fill_one(ranked, k, put, meter, at), meter) for meter, at in pairs]
            fewest = min(len(one.chosen) for one, _ in tried)
            cut = next((one.stopped for one, _ in tried if len(one.chosen) == fewest), "")
            why = why if k == fewest and why else cut
            if any(len(one.chosen) > fewest for one, _ in tried):
                k = fewest
                continue
            tight, meter = min(tried, key=lambda pair: (pair[0].room, pair[1].model))
            more = next(self._over(put(tight.examples), rows, pairs), None)
            if more is None:
                return replace(tight, stopped=why), meter
            pairs.append(more)

    def _fill_one(
        self,
        ranked: list[Ranked],
        k: int | Literal["fit"],
        put: Callable[[Sequence[Example]], list[Example]],
        meter: Meter,
        at: int,
    ) -> Filled:
        def count(examples: Sequence[Example]) -> int:
            return meter.count(self._whole(put(examples), at))

        return fill(ranked, k, window=meter.window, reserve=meter.reserve, count=count)

    def _whole(self, examples: Sequence[Example], at: int) -> Version:
        return render(apply(self.draft.version, examples, self.of.template), self.draft.inputs[at])

    def _heaviest(self, meter: Meter, rows: Sequence[int]) -> list[int]:
        """The inputs with the longest question, longest first, down to `CLOSE` tokens less."""
        if len(rows) == 1:
            return list(rows)
        sizes = {at: meter.count(self._whole((), at)) for at in rows}
        most = max(sizes.values())
        return sorted((at for at in rows if sizes[at] >= most - CLOSE), key=lambda at: -sizes[at])

    def _over(
        self, examples: Sequence[Example], rows: Sequence[int], known: Sequence[tuple[Meter, int]]
    ) -> Iterator[tuple[Meter, int]]:
        """A model and an input that these examples are too many for, though the longest question leaves room."""
        if len(rows) == 1:
            return
        for meter in self.meters:
            if meter.window is None:
                continue
            for at in self._heaviest(meter, rows):
                if (meter, at) in known:
                    continue
                if meter.count(self._whole(examples, at)) > meter.window - meter.reserve:
                    yield meter, at


def query_of(version: Version, row: Mapping[str, str], number: int) -> Row:
    """What an input asks, as the row that examples are compared with; `number` is its place, from 1."""
    names = variables(version)
    values = [row[name] for name in names if name in row] if len(names) > 1 else []
    return Row(
        row.get("key") or row.get("id") or f"row {number}",
        asked_text(version, dict(row)),
        extra={"values": values},
        number=number,
    )


def _cost(draft: Draft, meters: Sequence[Meter]) -> Estimate:
    counted = {
        meter.model: RequestCounter(meter.tokenizer).count(draft.version, draft.inputs, exact=meter.exact)
        for meter in meters
    }
    asked = [Asked(meter.model, meter.price, draft.params.max_tokens) for meter in meters]
    columns = 1
    for values in draft.sweep.values():
        columns *= len(values)
    return estimate(draft.version, draft.inputs, asked, draft.n * columns, counted=counted)
