"""How a person wants examples taken from a set, as values to keep and send by. Nothing is chosen or counted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cockpit.core.fill import Order, Strategy


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
    without: tuple[int, ...] = ()
    """Places in the set, from 1, of examples that are not to be taken."""
    similarity: str = ""
    """The embedding model (PROVIDER:MODEL) that says what is near; empty: words in common (BM25)."""

    @property
    def by_query(self) -> bool:
        """Whether each input may get examples, or an order, of its own."""
        return self.strategy in ("nearest", "diverse") or self.order == "nearest last"

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` reads it back."""
        return {**asdict(self), "without": list(self.without)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Wish:
        """The wish that `to_json` wrote.

        Raises:
            ValueError: it is none that this version of the program knows.
            KeyError: a part is missing.
        """
        from cockpit.core.fill import ORDERS, STRATEGIES

        k = data["k"] if data["k"] in ("fit", "all") else int(data["k"])
        if isinstance(k, int) and k < 0:
            raise ValueError("a negative number of examples")
        return cls(
            k=k,
            strategy=STRATEGIES[STRATEGIES.index(data["strategy"])],
            order=ORDERS[ORDERS.index(data["order"])],
            seed=int(data["seed"]),
            window=_optional(data.get("window")),
            reserve=_optional(data.get("reserve")),
            without=tuple(int(place) for place in data.get("without", ())),
            similarity=str(data.get("similarity") or ""),
        )


@dataclass(frozen=True, slots=True)
class Shots:
    """The examples that a draft is sent with: a set at one of its versions, and how they are chosen when it is sent."""

    name: str
    number: int
    wish: Wish = field(default_factory=Wish)

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` reads it back."""
        return {"name": self.name, "number": self.number, "wish": self.wish.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shots:
        """What `to_json` wrote.

        Raises:
            ValueError: it is none that this version of the program knows.
            KeyError: a part is missing.
        """
        if not isinstance(data["name"], str):
            raise ValueError("a set's name is text")
        return cls(data["name"], int(data["number"]), Wish.from_json(data["wish"]))


def _optional(value: Any) -> int | None:
    return None if value is None else int(value)
