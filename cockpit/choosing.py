"""Gives a run its examples: chosen, counted per model, ordered, put in. Sends, stores and draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cockpit.core.cosine import Cosine, Index
from cockpit.core.errors import CockpitError, PlanError
from cockpit.core.estimate import Asked, Estimate, RequestCounter, estimate
from cockpit.core.example_block import apply, apply_by_row, check_place
from cockpit.core.examples import Example, ExampleSet, Row
from cockpit.core.fill import Filled, Ranked, arrange, fill, own_places, rank
from cockpit.core.leaks import Leak, leaks_of
from cockpit.core.prompts import ROW_EXAMPLES, Version, render, variables
from cockpit.core.similar import Bm25
from cockpit.core.wish import Wish
from cockpit.metering import Meter, margin_of, meters_of
from cockpit.runner import Draft
from cockpit.services import Services
from cockpit.store.db import Database
from cockpit.store.examples import asked_text
from cockpit.store.sets import use_set

__all__ = ["Chosen", "Given", "Meter", "Wish", "choose", "margin_of", "meters_of", "pool_of", "query_of"]

CLOSE = 4
"""Inputs whose question is this many tokens shorter than the longest are counted too: what merges at edges is less."""


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
        wish, places = self.wish, self.places()
        left_out = {"without": list(wish.without)} if wish.without else {}
        return {
            "k": wish.k,
            "strategy": wish.strategy,
            "order": wish.order,
            "seed": wish.seed,
            "by_row": len(self.given) > 1,
            "chosen": [[places[id(one)] for one in given.examples] for given in self.given],
            **left_out,
            **({"similarity": wish.similarity} if wish.similarity else {}),
        }

    def places(self) -> dict[int, int]:
        """The place in the set, from 1, of each of its examples, by the object's `id`."""
        return {id(one): at for at, one in enumerate(self.of.examples, 1)}

    def used(self) -> dict[str, Example]:
        """Every example that is sent with any input, by the name that leaks have for it."""
        used = {id(one): one for each in self.given for one in each.examples}.values()
        return {_named(at, one): one for at, one in enumerate(used, 1)}

    def keep(self, db: Database, run_id: int) -> None:
        """Freeze with a run what it is given: for `runner.launch`, in the transaction that makes the run."""
        use_set(db, run_id, self.of.id or 0, self.detail())


class Stopped(CockpitError):
    """Nobody waits for this choice any more."""


def choose(
    services: Services, draft: Draft, of: ExampleSet, wish: Wish, *, stop: Callable[[], bool] | None = None
) -> Chosen:
    """Put examples of a set into a draft. Blocks while tokens are counted: call it in a thread.

    Where the choice depends on the query and there are several inputs, each gets its own; else all get the same, and
    an example that any input is is given to none.

    Args:
        stop: asked before each count; true ends the work.

    Raises:
        PlanError: there is no place for them, not as many as asked for, or they do not fit.
        UnknownModel: a model's name leads nowhere.
        ProviderError: the model that is to say what is near cannot be asked.
        Stopped: `stop` said so.
    """
    check_place(draft.version, of.template)
    if any(ROW_EXAMPLES in row for row in draft.inputs):
        raise PlanError(f"An input cannot have the name {ROW_EXAMPLES}: it stands for that input's own examples.")
    if wish.similarity and not wish.by_query:
        raise PlanError(
            f"{wish.similarity} says what is near, and nothing is chosen or ordered by nearness.",
            hint="Choose nearest or diverse, or the order nearest last.",
        )
    work = _Work(draft, of, wish, meters_of(services, draft, wish), stop or (lambda: False), services)
    if wish.by_query and len(draft.inputs) > 1:
        given = tuple(work.for_row(at) for at in range(len(draft.inputs)))
        version, added = apply_by_row(draft.version, [one.examples for one in given], of.template)
        inputs = tuple({**row, **more} for row, more in zip(draft.inputs, added, strict=True))
        ready = replace(draft, version=version, inputs=inputs)
    else:
        given = (work.for_all(),)
        ready = replace(draft, version=apply(draft.version, given[0].examples, of.template))
    work.go_on()
    chosen = Chosen(ready, of, wish, given, _cost(ready, work.meters), work.meters)
    return replace(chosen, leaks=_leaks(chosen, work.queries), own=len(own_places(pool_of(of, wish), work.queries)))


def pool_of(of: ExampleSet, wish: Wish) -> tuple[Example, ...]:
    """The examples of a set that may be taken, in its order."""
    left_out = set(wish.without)
    return tuple(one for at, one in enumerate(of.examples, 1) if at not in left_out)


def _named(at: int, example: Example) -> str:
    return f"#{at}" if example.id is None else str(example.id)


def _leaks(chosen: Chosen, queries: Sequence[Row]) -> tuple[Leak, ...]:
    """The leaks between an input and the examples that it is sent with."""
    used, given = chosen.used(), chosen.given
    names = {id(one): name for name, one in used.items()}
    asked = [(given[at] if len(given) > 1 else given[0], query.key) for at, query in enumerate(queries)]
    shown = {(names[id(one)], key) for each, key in asked for one in each.examples}
    return tuple(leak for leak in leaks_of(list(used.values()), queries) if (leak.a, leak.b) in shown)


@dataclass
class _Work:
    """One choice under way: the queries, and the index that all of them are compared by."""

    draft: Draft
    of: ExampleSet
    wish: Wish
    meters: tuple[Meter, ...]
    stop: Callable[[], bool]
    services: Services
    pool: tuple[Example, ...] = field(init=False)
    queries: tuple[Row, ...] = field(init=False)
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        self.queries = tuple(query_of(self.draft.version, row, at) for at, row in enumerate(self.draft.inputs, 1))
        self.pool = pool_of(self.of, self.wish)
        self.index = self._index([one.input for one in self.pool]) if self.wish.by_query else Bm25([])

    def _index(self, texts: list[str]) -> Index:
        """By words, or by the vectors of the model that was asked for; each text is sent to it once, ever."""
        model = self.wish.similarity
        if not model:
            return Bm25(texts)
        from cockpit.embedding import vectors_of

        vectors = vectors_of(self.services, model, [*texts, *(one.input for one in self.queries)], go_on=self.go_on)
        return Cosine(texts, vectors, model)

    def go_on(self) -> None:
        """See that somebody still waits.

        Raises:
            Stopped: nobody does.
        """
        if self.stop():
            raise Stopped("The choice was given up.")

    def for_row(self, at: int) -> Given:
        """The examples of one input."""
        self.go_on()
        query = self.queries[at]
        ranked = self._rank(self.pool, query)
        return self._given(ranked, query, [at])

    def for_all(self) -> Given:
        """The same examples for every input."""
        own = own_places(self.pool, self.queries)
        pool = [one for at, one in enumerate(self.pool) if at not in own]
        query = self.queries[0] if len(self.queries) == 1 else None
        ranked = self._rank(self.pool, query) if query is not None else self._rank(pool, None)
        return self._given(ranked, query, range(len(self.queries)))

    def _rank(self, examples: Sequence[Example], query: Row | None) -> list[Ranked]:
        index = self.index if self.wish.by_query and query is not None else None
        most = self.wish.k if isinstance(self.wish.k, int) else None
        ranked = rank(examples, query, self.wish.strategy, self.wish.seed, index=index, most=most)
        if self.wish.strategy != "first":
            return ranked
        # `rank` numbers what it is given, which may be less than the set.
        places = {id(one): at for at, one in enumerate(self.of.examples, 1)}
        return [replace(one, why=f"number {places[id(one.example)]} of the set") for one in ranked]

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
        by_example = {id(one): score for one, score in zip(self.pool, scores, strict=True)}
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
            self.go_on()
            return meter.count(self._whole(put(examples), at))

        return fill(ranked, k, window=meter.window, reserve=meter.reserve, count=count)

    def _whole(self, examples: Sequence[Example], at: int) -> Version:
        return render(apply(self.draft.version, examples, self.of.template), self.draft.inputs[at])

    def _heaviest(self, meter: Meter, rows: Sequence[int]) -> list[int]:
        """The inputs with the longest question, longest first, down to `CLOSE` tokens less."""
        if len(rows) == 1:
            return list(rows)
        sizes = {}
        for at in rows:
            self.go_on()
            sizes[at] = meter.count(self._whole((), at))
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


def cost_of(services: Services, draft: Draft, wish: Wish) -> Estimate:
    """What sending a draft would take, counted as `choose` counts it. Blocks while tokens are counted.

    Raises:
        UnknownModel: a model's name leads nowhere.
    """
    return _cost(draft, meters_of(services, draft, wish))
