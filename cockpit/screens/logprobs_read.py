"""A stored sample's probabilities and what is said of them, read in a thread. No widget, no arithmetic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING

from cockpit.core.logprobs import Place, Spelled, parting, perplexity, place, probability, spell, unlikely
from cockpit.core.ports import TokenLogprob
from cockpit.core.samples import Sample
from cockpit.screens.words import count, plural
from cockpit.store.samples import get_plain

if TYPE_CHECKING:
    from cockpit.services import Services

LEAST_SHOWN = 0.001
FEWEST_ALTERNATIVES = 2
Line = tuple[str, str]
"""A text with its tone: '' plain, 'quiet', 'strong', 'here' the chosen token, 'warn'."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A sample ready to be shown, and the samples of the same input that it can be laid against."""

    sample: Sample
    spelled: Spelled
    tones: tuple[float, ...]
    siblings: tuple[int, ...]
    """Ids of the samples with logprobs that answer the same input of the same run, this one among them."""


def read_seen(services: Services, sample_id: int) -> Seen:
    """In a thread: a sample with its tokens laid out.

    Raises:
        StoreError: there is no such sample.
    """
    db = services.store.read()
    sample = get_plain(db, sample_id)
    rows = db.execute(
        """SELECT id FROM sample WHERE run_id = ? AND input = ?
           AND EXISTS (SELECT 1 FROM sample_logprobs WHERE sample_id = sample.id) ORDER BY target, idx""",
        (sample.run_id, sample.key.input),
    )
    tones = tuple(probability(token.logprob) for token in sample.logprobs)
    return Seen(sample, spell(sample.text, sample.logprobs), tones, tuple(row[0] for row in rows))


def percent(value: float) -> str:
    """A probability in a hundred; what is smaller than can be shown is said to be."""
    if value < LEAST_SHOWN:
        return "<0.1 %"
    return f"{value * 100:.1f} %"


def quoted(token: str) -> str:
    """A token between quotes, so that its spaces are seen; empty is said."""
    return f"‘{token}’" if token else "(empty)"


def about_sample(seen: Seen) -> str:
    """Perplexity and the like, in one line."""
    tokens = seen.sample.logprobs
    found = perplexity(tokens)
    if found is None:
        return "no logprobs"
    shown = "infinite" if isinf(found) else f"{found:.3g}"
    return f"perplexity {shown}   {plural(len(tokens), 'token')}   {count(len(unlikely(tokens)))} below 10 %"


def token_lines(seen: Seen, index: int, width: int, height: int) -> list[Line]:
    """The token under the cursor and what else might have stood there."""
    tokens = seen.sample.logprobs
    if not tokens:
        return []
    token = tokens[min(index, len(tokens) - 1)]
    found = place(token)
    likely = probability(token.logprob)
    said = "" if found.rank is None else f" · rank {found.rank} of {len(token.top)}"
    lines: list[Line] = [
        (f"token {index + 1} of {len(tokens)}   {quoted(token.token)}", "strong"),
        (f"{percent(likely)} · logprob {token.logprob:.3f}{said}", ""),
        ("", ""),
    ]
    if not token.top:
        return [
            *lines,
            ("The API was asked for no alternatives:", "quiet"),
            ("logprobs 5 in Play's params names 5.", "quiet"),
        ]
    return lines + _alternatives(found, max(width, 24), max(height - len(lines) - 1, FEWEST_ALTERNATIVES))


def _alternatives(found: Place, width: int, most: int) -> list[Line]:
    shown = found.alternatives[:most]
    others = found.rest + sum(one.probability for one in found.alternatives[most:])
    wide = min(max((len(repr(one.token)) for one in shown), default=0) + 2, max(width - 20, 10))
    room = max(width - wide - 11, 3)
    lines: list[Line] = []
    for one in shown:
        name = quoted(one.token)
        name = name if len(name) <= wide else name[: wide - 1] + "…"
        bar = "▇" * round(one.probability * room)
        lines.append((f"{name:<{wide}} {percent(one.probability):>7}  {bar}", "here" if one.chosen else ""))
    rest = "▇" * round(others * room)
    return [*lines, (f"{'all others':<{wide}} {percent(others):>7}  {rest}", "quiet")]


def parting_lines(seen: Seen, other: Seen | None) -> tuple[int | None, list[Line]]:
    """Where the two part, and how likely each found what the other said; the index is None where they do not."""
    if other is None:
        several = len(seen.siblings) > 1
        said = "d chooses a sample to compare with." if several else "No other sample of this input has logprobs."
        return None, [(said, "quiet")]
    found = parting(seen.sample.logprobs, other.sample.logprobs)
    if found is None:
        return None, [(f"Sample {other.sample.id} has the same tokens.", "")]
    lines: list[Line] = [(f"parts from sample {other.sample.id} at token {found.index + 1}", "strong")]
    lines += _side("here", found.left, found.left_of_right, found.right)
    lines += _side("there", found.right, found.right_of_left, found.left)
    if other.sample.model != seen.sample.model:
        lines.append((f"That one is of {other.sample.model}.", "quiet"))
    return found.index, lines


def _side(name: str, said: TokenLogprob | None, others: float | None, other: TokenLogprob | None) -> list[Line]:
    """One side's token, and how likely this side found the other's."""
    if said is None:
        return [(f"{name:<6}it had ended", "")]
    lines: list[Line] = [(f"{name:<6}{quoted(said.token)} {percent(probability(said.logprob))}", "")]
    if other is not None:
        known = "does not name the other's" if others is None else f"finds the other's {percent(others)} likely"
        lines.append((f"{'':<6}{known}", "quiet"))
    return lines


def missing_words(sample: Sample) -> str:
    """What to do about a sample without logprobs."""
    return (
        f"Sample {sample.id} of {sample.model} has no logprobs: they must be asked for before sending. "
        "Set logprobs in Play's params (p): 0 for the tokens alone, 5 for five alternatives each. "
        "Not every model gives them; the models list says which."
    )


def as_table(tokens: Sequence[TokenLogprob]) -> str:
    """The tokens with their probabilities, tab separated; line ends inside a token are written as \\n."""
    rows = ["token\tlogprob\tprobability"]
    for token in tokens:
        text = token.token.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        rows.append(f"{text}\t{token.logprob:.6f}\t{probability(token.logprob):.6f}")
    return "\n".join(rows) + "\n"
