"""Pairs of texts that are nearly one another, or share a passage. Texts are numbered words here: no rows, no keys.

Both searches find every pair that their definition names; hashing only narrows where to look, and each candidate is
compared word by word. What is bounded is stated at MOST_COMPARED.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil

Tokens = Sequence[int]
"""A text's words, each as its number in a vocabulary."""
GRAM = 13
TEMPLATE_SHARE, TEMPLATE_TEXTS = 0.5, 10
"""A shingle in more than half of the texts, and in more than 10, is the wording all are written in."""
COMMON_TEXTS = 10
DISTINCT = 7
"""Of the words of a 13-gram: 'a a a a …' or a row of binary digits is shared by chance."""
MOST_COMPARED = 24
"""Candidates that one text is compared with, its rarest wording first. Only crowds of texts alike reach it."""
SLACK = 1e-9
"""A threshold such as 0.7 has no exact float; a pair exactly at it counts."""
SMALLEST, LARGEST_COUNTS, LARGEST_MARKS = 16, 24, 25
"""Table sizes as powers of two: 64 MB of counts and twice 32 MB of marks at most, one after the other."""


def shingles(tokens: Tokens) -> set[int]:
    """Hashes of each pair of neighbouring words; a pair's second and later occurrences count as others.

    The Jaccard index of two such sets is the weighted Jaccard index of the two texts' pairs of words.
    """
    codes = list(map(hash, pairwise(tokens)))
    found = set(codes)
    if len(found) < len(codes):
        times: dict[int, int] = {}
        for code in codes:
            times[code] = nth = times.get(code, 0) + 1
            if nth > 1:
                found.add(hash((code, nth)))
    return found


def resemblance(one: set[int], other: set[int]) -> float:
    """The Jaccard index: what two sets share, of what either has. Two empty sets share nothing."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def varied(tokens: Tokens) -> bool:
    """Whether a text has words enough to resemble another: rows of binary digits and the like are alike by chance.

    7 different words are enough, or in a shorter text different ones for half of its words.
    """
    return len(set(tokens)) >= min(DISTINCT, len(tokens) / 2)


def near_pairs(texts: Sequence[Tokens], places: Sequence[int], near: float) -> Iterator[tuple[int, int, float]]:
    """Pairs (earlier, later) of different places that resemble each other by at least `near`, and by how much.

    Resemblance (Broder 1997, "On the resemblance and containment of documents") over 2-word shingles; over those alone
    that are not the template's it must be half of `near` at least. Candidates come from a sketch of each text, as in
    MinHash: its smallest n - ceil(near * n) + 1 of n shingles in one order of all. That order is not random but rarest
    first, as in Bayardo, Ma, Srikant 2007 ("Scaling up all pairs similarity search") and Xiao et al. 2008 ("Efficient
    similarity joins for near duplicate detection"): two texts whose sketches share no shingle cannot reach `near`, so
    that no pair is missed (recall 1, up to MOST_COMPARED), and clean texts have few candidates. The template's
    shingles come last in that order, and the first that a pair shares is not one of them: they need not be looked up.

    Args:
        places: of each text, the splits it stands in, as bits.
        near: 0 < near <= 1.
    """
    counts = _counts(texts)
    template = _template(texts, counts)
    crossing = _crossing(places)
    mask, floor = len(counts) - 1, near - SLACK
    index: dict[int, dict[int, list[int]]] = {place: {} for place in set(places)}
    sizes = array("I", bytes(4 * len(texts)))

    def judge(x: set[int], other: int) -> float:
        y = shingles(texts[other])
        whole = resemblance(x, y)
        return whole if whole >= floor and resemblance(x - template, y - template) >= floor / 2 else 0.0

    for number, tokens in enumerate(texts):
        every = shingles(tokens)
        sizes[number] = size = len(every)
        known = [code for code in every if counts[code & mask] > 1]
        # Shingles that no other text has lead the order; they take places in the sketch and can be left out of it.
        length = size - ceil(floor * size) + 1 - (size - len(known))
        if not size or length < 1 or not varied(tokens):
            continue
        sketch = sorted(known, key=lambda code: (code in template, counts[code & mask], code))[:length]
        sketch = [code for code in sketch if code not in template]
        least, most = floor * size, size / floor
        tried = 0
        for other in _candidates(sketch, [index[place] for place in crossing[places[number]]]):
            if least <= sizes[other] <= most:
                likeness = judge(every, other)
                if likeness >= floor:
                    yield other, number, likeness
                tried += 1
                if tried == MOST_COMPARED:
                    break
        own = index[places[number]]
        for code in sketch:
            own.setdefault(code, []).append(number)


def _candidates(sketch: Sequence[int], indexes: Sequence[dict[int, list[int]]]) -> Iterator[int]:
    """Texts that share a shingle of the sketch, each once, from the rarest shingle on."""
    seen: set[int] = set()
    for code in sketch:
        for index in indexes:
            for other in index.get(code, ()):
                if other not in seen:
                    seen.add(other)
                    yield other


def _crossing(places: Iterable[int]) -> dict[int, list[int]]:
    """For each place, those that some text of it and some of the other stand in different splits."""
    kinds = sorted(set(places))
    return {one: [other for other in kinds if (one | other).bit_count() > 1] for one in kinds}


def _table_bits(entries: int, largest: int) -> int:
    return min(largest, max(SMALLEST, (4 * entries).bit_length()))


def _counts(texts: Sequence[Tokens]) -> array[int]:
    """How many texts have each shingle, at the shingle's hash cut to the table's size: never too few."""
    size = 1 << _table_bits(sum(map(len, texts)), LARGEST_COUNTS)
    counts, mask = array("I", bytes(4 * size)), size - 1
    for tokens in texts:
        for code in shingles(tokens):
            counts[code & mask] += 1
    return counts


def _template(texts: Sequence[Tokens], counts: array[int]) -> set[int]:
    """The shingles that most texts are written in, by exact counts."""
    limit = max(TEMPLATE_TEXTS, int(TEMPLATE_SHARE * len(texts)))
    if max(counts) <= limit:
        return set()
    mask = len(counts) - 1
    exact: Counter[int] = Counter()
    # By number: whoever counts the passes over the texts can count on the same ones with and without a template.
    for number in range(len(texts)):
        exact.update([code for code in shingles(texts[number]) if counts[code & mask] > limit])
    return {code for code, times in exact.items() if times > limit}


def grams(tokens: Tokens) -> list[int]:
    """A hash of each run of 13 words, by where it begins."""
    pairs = list(map(hash, pairwise(tokens)))
    fours = list(map(hash, zip(pairs, pairs[2:], strict=False)))
    return list(map(hash, zip(fours, fours[4:], fours[8:], fours[9:], strict=False)))


def gram_pairs(
    texts: Sequence[Tokens], places: Sequence[int], accept: Callable[[int, int, int], bool]
) -> Iterator[tuple[int, int, int, int]]:
    """Pairs (earlier, later) of different places that share 13 words in a row, where the run begins in the earlier
    text, and its length in words.

    After Brown et al. 2020 (https://arxiv.org/abs/2005.14165, appendix C): a 13-gram in more than 10 texts is a common
    phrase or boilerplate and its words count for nothing. Ours: nor does one with fewer than 7 different words.

    Args:
        accept: called with the earlier text, where the run begins in it, and its length; a shorter run is tried else.
    """
    sharing, common = _sharing(texts)
    pairs: dict[int, set[int]] = defaultdict(set)
    for found in sharing:
        for at, later in enumerate(found):
            if len(pairs[later]) < MOST_COMPARED:
                pairs[later].update(
                    earlier for earlier in found[:at] if (places[earlier] | places[later]).bit_count() > 1
                )
    for later in sorted(pairs):
        for earlier in sorted(pairs[later]):
            runs = sorted(_runs(texts[earlier], texts[later], common), key=lambda run: (-run[1], run[0]))
            best = next((run for run in runs if accept(earlier, *run)), None)
            if best is not None:
                yield earlier, later, *best


def _sharing(texts: Sequence[Tokens]) -> tuple[list[list[int]], set[int]]:
    """For each 13-gram of 2 to 10 texts, these in order; and the 13-grams of more than 10."""
    often = _often(texts)
    holders: dict[int, int | list[int]] = {}
    common: set[int] = set()
    for number, tokens in enumerate(texts):
        for gram in sorted(often.intersection(grams(tokens))):
            held = holders.get(gram)
            if held is None:
                holders[gram] = number
            elif isinstance(held, int):
                holders[gram] = [held, number]
            elif len(held) < COMMON_TEXTS:
                held.append(number)
            else:
                common.add(gram)
    return [held for gram, held in holders.items() if isinstance(held, list) and gram not in common], common


def _often(texts: Sequence[Tokens]) -> set[int]:
    """Every 13-gram that at least two texts have, and a few of one alone: two marks a gram, as in Bloom 1970."""
    bits = _table_bits(sum(max(0, len(tokens) - GRAM + 1) for tokens in texts), LARGEST_MARKS)
    one, two, mask = bytearray(1 << bits), bytearray(1 << bits), (1 << bits) - 1
    often: set[int] = set()
    for tokens in texts:
        for gram in set(grams(tokens)):
            i, j = gram & mask, (gram >> 32) & mask
            if one[i] and two[j]:
                often.add(gram)
            else:
                one[i] = two[j] = 1
    return often


def _runs(one: Tokens, other: Tokens, common: set[int]) -> Iterator[tuple[int, int]]:
    """Stretches of 13 words or more that both share and no common 13-gram covers: begin in the first, and length.

    What only reaches over the edge of the boilerplate is not 13 words of anybody's own.
    """
    starts: dict[int, int] = {}
    covered = bytearray(len(one))
    for at, gram in enumerate(grams(one)):
        starts.setdefault(gram, at)
        if gram in common:
            covered[at : at + GRAM] = b"\x01" * GRAM
    past = 0
    for at, gram in enumerate(grams(other)):
        begin = starts.get(gram)
        if begin is None or at < past:
            continue
        length = 0
        while begin + length < len(one) and at + length < len(other) and one[begin + length] == other[at + length]:
            length += 1
        past = at + length
        place = begin
        for stretch in bytes(covered[begin : begin + length]).split(b"\x01"):
            windows = range(place, place + len(stretch) - GRAM + 1)
            if any(len(set(one[i : i + GRAM])) >= DISTINCT for i in windows):
                yield place, len(stretch)
            place += len(stretch) + 1
