"""The options of the Fill screen: each asks for one value and has the dry run done again. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

from cockpit.core.fill import Order, Strategy
from cockpit.core.wish import Wish
from cockpit.screens import fill_words as words
from cockpit.screens.dialogs import Ask
from cockpit.screens.pick import Choice, Pick
from cockpit.screens.words import count, plural

if TYPE_CHECKING:
    from cockpit.screens.fill import FillScreen


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person has chosen so far."""

    name: str
    number: int | None = None
    """None: the newest version."""
    wish: Wish = field(default_factory=Wish)

    def with_wish(self, wish: Wish) -> Wanted:
        """The same with another wish."""
        return replace(self, wish=wish)


class Choosing:
    """An action for each option."""

    def __init__(self, screen: FillScreen) -> None:
        self.screen = screen

    @property
    def _wanted(self) -> Wanted | None:
        return self.screen.counting.wanted

    def _take(self, wish: Wish) -> None:
        if self._wanted is not None:
            # Where nothing is near to anything, `choose` refuses a model of nearness.
            plain = wish if wish.by_query else replace(wish, similarity="")
            self.screen.counting.take(self._wanted.with_wish(plain))

    @property
    def _wish(self) -> Wish:
        return self._wanted.wish if self._wanted is not None else Wish()

    async def set(self) -> None:
        """Another set: its newest version, nothing left out."""
        screen, wanted = self.screen, self._wanted
        choices = [
            Choice(row.name, row.name, f"v{row.number}, {plural(row.n, 'example')}, {row.kind}")
            for row in screen.counting.sets
        ]
        here = wanted.name if wanted is not None else None
        name = await screen.app.push_screen_wait(Pick("Set of examples", choices, selected=here))
        if name is not None:
            wish = replace(self._wish, without=())
            screen.counting.take(Wanted(name, None, wish))

    async def version(self) -> None:
        """Another version of the set; places in it are other ones, so nothing stays left out."""
        screen, wanted = self.screen, self._wanted
        row = next((row for row in screen.counting.sets if wanted is not None and row.name == wanted.name), None)
        if wanted is None or row is None:
            return
        numbers = range(row.number, 0, -1)
        choices = [
            Choice(str(number), f"v{number}", "the newest" if number == row.number else "") for number in numbers
        ]
        here = str(wanted.number or row.number)
        text = await screen.app.push_screen_wait(Pick(f"Version of {wanted.name}", choices, selected=here))
        if text is not None and text != here:
            screen.counting.take(replace(wanted, number=int(text), wish=replace(wanted.wish, without=())))

    async def number(self) -> None:
        """How many."""
        value = str(self._wish.k)
        text = await self._ask("How many examples", "A number, 'fit' for as many as fit, or 'all'.", value, k_problem)
        if text is not None:
            self._take(replace(self._wish, k=parse_k(text)))

    def more(self) -> None:
        """One more."""
        self._step(1)

    def fewer(self) -> None:
        """One fewer."""
        self._step(-1)

    def _step(self, by: int) -> None:
        k = self._wish.k
        now = k if isinstance(k, int) else self.screen.counting.shown_count
        if now is None:
            self.screen.notify_plain("How many there are is still being counted.")
            return
        most = self.screen.counting.set_size
        wanted = max(now + by, 0) if most is None else min(max(now + by, 0), most)
        if wanted != k:
            self._take(replace(self._wish, k=wanted))

    def fit(self) -> None:
        """As many as fit."""
        self._take(replace(self._wish, k="fit"))

    def all(self) -> None:
        """The whole set."""
        self._take(replace(self._wish, k="all"))

    async def which(self) -> None:
        """The strategy."""
        picked = await self._pick("Which examples", words.STRATEGIES, self._wish.strategy)
        if picked is not None:
            self._take(replace(self._wish, strategy=cast(Strategy, picked)))

    async def order(self) -> None:
        """The order."""
        picked = await self._pick("Order they are sent in", words.ORDERS, self._wish.order)
        if picked is not None:
            self._take(replace(self._wish, order=cast(Order, picked)))

    async def nearness(self) -> None:
        """What says how near an example is to an input."""
        if not self._wish.by_query:
            self.screen.notify_plain("Nearness is for nearest, diverse and nearest last: t and o choose them.")
            return
        said = (
            "An embedding model, such as openai:text-embedding-3-small: inputs and examples are sent to it, for the "
            "dry run too. Empty: words in common (BM25), and nothing is sent."
        )
        text = await self._ask("Nearness", said, self._wish.similarity, lambda _: "")
        if text is not None:
            self._take(replace(self._wish, similarity=text.strip()))

    def reseed(self) -> None:
        """The next seed."""
        if not words.uses_seed(self._wish):
            self.screen.notify_plain("A seed is for random, balanced and shuffled: t and o choose them.")
            return
        self._take(replace(self._wish, seed=self._wish.seed + 1))

    async def seed(self) -> None:
        """Type the seed."""
        text = await self._ask(
            "Seed", "For random, balanced and shuffled: a whole number.", str(self._wish.seed), seed_problem
        )
        if text is not None:
            self._take(replace(self._wish, seed=int(text)))

    async def window(self) -> None:
        """The window."""
        now = self._wish.window
        said = "Tokens of the context, for every model. Empty: as each model has it."
        text = await self._ask("Window", said, "" if now is None else str(now), window_problem)
        if text is not None:
            self._take(replace(self._wish, window=int(text) if text.strip() else None))

    async def keep(self) -> None:
        """What is kept for the answer."""
        now = self._wish.reserve
        said = "Tokens kept for the answer. Empty: max tokens, or what the model has by default."
        text = await self._ask("Kept for the answer", said, "" if now is None else str(now), tokens_problem)
        if text is not None:
            self._take(replace(self._wish, reserve=int(text) if text.strip() else None))

    async def _ask(self, title: str, prompt: str, value: str, check: Callable[[str], str]) -> str | None:
        return await self.screen.app.push_screen_wait(Ask(title, prompt=prompt, value=value, check=check))

    async def _pick(self, title: str, known: Mapping[str, tuple[str, str]], here: str) -> str | None:
        choices = [Choice(value, name, what) for value, (name, what) in known.items()]
        return await self.screen.app.push_screen_wait(Pick(title, choices, selected=here))


def parse_k(text: str) -> int | Literal["fit", "all"]:
    """A number, 'fit' or 'all', as typed."""
    word = text.strip().lower()
    return "fit" if word == "fit" else "all" if word == "all" else int(word)


def k_problem(text: str) -> str:
    """What is wrong with a number of examples as typed, or nothing."""
    word = text.strip().lower()
    return "" if word in ("fit", "all") or _whole(word) else "A whole number such as 8, or 'fit', or 'all'."


def seed_problem(text: str) -> str:
    """What is wrong with a seed as typed, or nothing."""
    return "" if _whole(text.strip().removeprefix("-")) else "A whole number such as 0."


def tokens_problem(text: str) -> str:
    """What is wrong with a number of tokens as typed, or nothing."""
    return "" if not text.strip() or _whole(text.strip()) else "A whole number of tokens such as 1024, or nothing."


def window_problem(text: str) -> str:
    """What is wrong with a window as typed, or nothing."""
    if text.strip() and _whole(text.strip()) and int(text) < 1:
        return "A window has one token or more."
    return tokens_problem(text)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def version_words(wanted: Wanted, newest: int | None) -> str:
    """'v3, the newest'."""
    number = wanted.number or newest
    if number is None:
        return "?"
    return f"v{count(number)}" + (", the newest" if number == newest else f" of {count(newest)}" if newest else "")
