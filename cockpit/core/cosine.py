"""Likeness of texts by vectors that are given, in place of their words. Whence the vectors are is not known here."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from operator import mul
from typing import Protocol


class Index(Protocol):
    """How near fixed texts are to a query: by words (`similar.Bm25`) or by vectors."""

    def scores(self, query: str) -> list[float]:
        """Of each text, in their order; higher is nearer."""

    def why(self, query: str, text: str) -> str:
        """What makes a text near, in a few words."""


class Cosine:
    """Cosine similarity of given vectors: Σ aᵢ bᵢ / (|a| |b|), from -1 to 1; a vector of zeros is near to nothing (0).

    Source: Salton and McGill, Introduction to Modern Information Retrieval, 1983, chapter 4.

    Args:
        vectors: of every text and every query, all of one length.
        model: whose they are, for the reason.
    """

    def __init__(self, texts: Sequence[str], vectors: Mapping[str, Sequence[float]], model: str) -> None:
        self._unit = {text: _unit(vector) for text, vector in vectors.items()}
        self._texts = [self._unit[text] for text in texts]
        self._model = model

    def scores(self, query: str) -> list[float]:
        """The cosine of each text with the query.

        Raises:
            KeyError: the query has no vector.
        """
        asked = self._unit[query]
        return [sum(map(mul, asked, text)) for text in self._texts]

    def why(self, query: str, text: str) -> str:
        """The cosine, and by which model."""
        return f"cosine {sum(map(mul, self._unit[query], self._unit[text])):.3f} by {self._model}"


def _unit(vector: Sequence[float]) -> Sequence[float]:
    size = sqrt(fsum(value * value for value in vector)) or 1.0
    return array("f", (value / size for value in vector))
