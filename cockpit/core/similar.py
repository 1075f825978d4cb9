"""Which texts are like another: words, BM25 and maximal marginal relevance. Knows no examples, models or storage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log, sqrt

K1, B = 1.2, 0.75
"""How soon a repeated word stops counting, and how much a long text is discounted: the usual values of the source."""
MMR_BALANCE = 0.5
"""Share of relevance against novelty."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+")


def words(text: str) -> list[str]:
    """The words of a text, casefolded; scripts without spaces (Chinese, Japanese, Thai …) give one a character."""
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=1 << 14)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(words(text))


class Bm25:
    """BM25 over fixed texts.

    score(q, d) = Σ idf(t) · tf · (k1 + 1) / (tf + k1 · (1 - b + b · |d| / avgdl)) over the distinct words t of q, with
    idf(t) = ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.

    Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3
    (https://doi.org/10.1561/1500000019); the 1 within the logarithm is Lucene's.
    """

    def __init__(self, texts: Sequence[str], *, k1: float = K1, b: float = B) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / len(lengths) if lengths else 0.0
        self._number = len(counts)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, count in enumerate(counts):
            size = k1 * (1 - b + b * lengths[at] / mean) if mean else k1
            for word, times in count.items():
                self._postings[word].append((at, times * (k1 + 1) / (times + size)))

    def idf(self, word: str) -> float:
        """How much a word tells; 0 where no text has it."""
        n = len(self._postings.get(word, ()))
        return log(1 + (self._number - n + 0.5) / (n + 0.5)) if n else 0.0

    def scores(self, query: str) -> list[float]:
        """The score of each text, in their order; 0 where no word is shared."""
        found = [0.0] * self._number
        # Sorted, so that the sums, and with them ties, are the same in every process.
        for word in sorted(set(words(query))):
            weight = self.idf(word)
            for at, share in self._postings.get(word, ()):
                found[at] += weight * share
        return found

    def shared(self, query: str, text: str, most: int = 3) -> list[str]:
        """The words of the query that a text has, the most telling first."""
        both = _word_set(query) & _word_set(text)
        return sorted(both, key=lambda word: (-self.idf(word), word))[:most]

    def why(self, query: str, text: str) -> str:
        """What makes a text near, in a few words: those that are shared."""
        both = self.shared(query, text)
        return f"shares {', '.join(both)}" if both else "shares no word with the query"


class Likeness:
    """Cosine of tf-idf vectors of fixed texts; only texts that share a word are ever looked at."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        having = Counter(word for count in counts for word in count)
        self._vectors = [_unit({w: n * log(1 + len(counts) / having[w]) for w, n in c.items()}) for c in counts]
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, vector in enumerate(self._vectors):
            for word, share in vector.items():
                self._postings[word].append((at, share))

    def to(self, at: int) -> dict[int, float]:
        """Place → cosine with the text at `at`, from 0 to 1, for those above 0."""
        found: dict[int, float] = defaultdict(float)
        for word, share in self._vectors[at].items():
            for other, theirs in self._postings[word]:
                found[other] += share * theirs
        return found


def mmr(
    texts: Sequence[str], relevance: Sequence[float], *, balance: float = MMR_BALANCE, most: int | None = None
) -> Iterator[tuple[int, float]]:
    """Places in the order of maximal marginal relevance, each with its score when it was picked.

    score(d) = balance · relevance(d) - (1 - balance) · max cosine(d, picked). Of equals the first is taken.

    Source: Carbonell and Goldstein, The Use of MMR, SIGIR 1998 (https://doi.org/10.1145/290941.291025).

    Args:
        relevance: of each text, scaled to 0 to 1; all 0 for novelty alone.
        most: how many to give; None for all.
    """
    likeness = Likeness(texts)
    nearest = [0.0] * len(texts)
    left = list(range(len(texts)))
    for _ in range(len(texts) if most is None else min(most, len(texts))):
        scores = [balance * relevance[at] - (1 - balance) * nearest[at] for at in left]
        best = max(range(len(left)), key=scores.__getitem__)
        at = left.pop(best)
        yield at, scores[best]
        for other, share in likeness.to(at).items():
            nearest[other] = max(nearest[other], share)


def _unit(vector: dict[str, float]) -> dict[str, float]:
    size = sqrt(sum(share * share for share in vector.values()))
    return {word: share / size for word, share in vector.items()} if size else {}
