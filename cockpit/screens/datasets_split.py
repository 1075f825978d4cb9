"""Splitting a dataset: shares, seed and what ties rows, with the counts they give. Which row goes where is core's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.leak_texts import normalise
from cockpit.core.leaks import Leak, plain_leaks
from cockpit.core.splits import FRACTIONS, assign, check_fractions, suggest
from cockpit.screens.datasets_read import read_one
from cockpit.screens.datasets_words import keyed, percents
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.stops_lines import Line, Lines, Part
from cockpit.screens.words import count, one_line, plural
from cockpit.store.dataset_pages import iter_light
from cockpit.store.datasets import set_splits
from widgets.field import Field
from widgets.plain import Plain
from widgets.visible import pad

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

USUAL = ", ".join(f"{name}={share:g}" for name, share in FRACTIONS.items())
TYPED_S = 0.25
NAME = 16
LABELS = 8


@dataclass(frozen=True, slots=True)
class Ask:
    """How to split."""

    shares: tuple[tuple[str, float], ...]
    seed: int
    stratify: bool = False
    groups: bool = False
    anew: bool = False


def read_shares(text: str) -> tuple[tuple[str, float], ...]:
    """Splits and shares as typed.

    Raises:
        InputError: no pairs of a name and a number, or they do not add up to 1.
    """
    found: dict[str, float] = {}
    for word in text.replace(",", " ").split():
        name, sign, share = word.partition("=")
        try:
            value = float(share)
        except ValueError as error:
            raise InputError(f"{word!r} is not name=share.", hint="As in dev=0.4.") from error
        if not sign or not name or name in found:
            raise InputError(f"{word!r} is not name=share, or stands twice.", hint="As in dev=0.4.")
        found[name] = value
    check_fractions(found)
    return tuple(found.items())


def light_rows(services: Services, dataset: DatasetRow) -> list[Row]:
    """Every row with a digest in place of its input: equal where the normalised inputs are, and a few bytes long."""
    db = services.store.read()
    return [replace(row, input=_digest(row.input)) for row in iter_light(db, dataset.id)]


def _digest(text: str) -> str:
    return blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def assigned(rows: list[Row], ask: Ask) -> dict[str, str]:
    """The split of every row."""
    given = (replace(row, split=None) for row in rows) if ask.anew else iter(rows)
    return assign(given, dict(ask.shares), seed=ask.seed, stratify=ask.stratify, groups=ask.groups)


class SplitScreen(OpenedScreen[None]):
    """Shares and seed over a table of what they give."""

    scope: ClassVar[str] = "dataset_split"
    pane_title: ClassVar[str] = "Split"
    typing_enter: ClassVar[str] = "to the counts"
    typing_escape: ClassVar[str] = "to the counts"
    AUTO_FOCUS = ""
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, dataset: DatasetRow) -> None:
        super().__init__(services)
        self._dataset = dataset
        self._rows: list[Row] = []
        self._ask = Ask(tuple(FRACTIONS.items()), 0)
        self._found: tuple[Ask, dict[str, str]] | None = None
        self._saving = False

    def compose_body(self) -> ComposeResult:
        """Shares, seed, switches; the counts below."""
        with Vertical(classes="body"):
            with Horizontal(classes="line"):
                yield Field("shares", USUAL, id="shares")
                yield Field("seed", "0", id="seed")
            yield Plain("", id="how")
            lines = Lines(id="counts", classes="box")
            lines.border_title = "what it gives"
            yield lines

    def on_mount(self) -> None:
        """Read what hashes need in a thread."""
        self.stop_typing()
        self._show_how()
        self.head((self._dataset.name, "plain"), (plural(self._dataset.n, "row"), "quiet"))
        self.query_one("#counts", Lines).show([Line((("Reading …", "quiet"),))])
        self._reckon()

    @property
    def busy(self) -> bool:
        """Whether splits are being written."""
        return self._saving

    def stop_typing(self) -> None:
        """The counts take the keyboard."""
        self.query_one("#counts").focus()

    def _show_how(self) -> None:
        ask = self._ask
        said = (
            ("b", "exact shares of each label" if ask.stratify else "labels fall as a row's hash does"),
            ("o", "rows of one group stay together" if ask.groups else "groups may be parted"),
            ("a", "every row anew" if ask.anew else "rows that have a split keep it"),
        )
        self.query_one("#how", Plain).update(keyed(*said))

    def _read_ask(self) -> Ask | None:
        """What is asked for; None where something typed is wrong, which its field then says."""
        shares, seed = self.query_one("#shares", Field), self.query_one("#seed", Field)
        fine = seed.value.strip().lstrip("-").isdecimal()
        seed.set_problem("" if fine else "a whole number")
        try:
            fractions = read_shares(shares.value)
        except InputError as error:
            shares.set_problem(error.message)
            return None
        shares.set_problem("")
        return replace(self._ask, shares=fractions, seed=int(seed.value)) if fine else None

    @work(exclusive=True, group="reckon", exit_on_error=False)
    async def _reckon(self) -> None:
        """Reckon the splits without storing any."""
        ask = self._read_ask()
        self._found = None
        if ask is None:
            return
        self._ask = ask
        await asyncio.sleep(TYPED_S if self._rows else 0)
        if not self._rows:
            self._rows = await asyncio.to_thread(light_rows, self.services, self._dataset)
        rows = self._rows
        found = await asyncio.to_thread(assigned, rows, ask)
        lines = await asyncio.to_thread(counts_lines, rows, found, ask)
        self._found = (ask, found)
        self.query_one("#counts", Lines).show(lines, keep_place=True)

    @on(Field.Changed)
    def _typed(self) -> None:
        self._reckon()

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.stop_typing()

    # Actions

    def action_go(self, name: str) -> None:
        """Type in a field."""
        self.query_one(f"#{name}", Field).focus()

    def action_switch(self, name: Literal["stratify", "groups", "anew"]) -> None:
        """Turn one of the ways to split on or off."""
        ask = self._ask
        if name == "groups" and self._rows and not any(row.group is not None for row in self._rows):
            self.notify_plain("No row has a group.", timeout=3)
            return
        self._ask = Ask(
            ask.shares,
            ask.seed,
            stratify=ask.stratify != (name == "stratify"),
            groups=ask.groups != (name == "groups"),
            anew=ask.anew != (name == "anew"),
        )
        self._show_how()
        self._reckon()

    @work(exclusive=True, group="apply", exit_on_error=False)
    async def action_apply(self) -> None:
        """Store the splits, then look whether equal inputs stand on both sides."""
        ask = self._read_ask()
        if ask is None or self._found is None or self._found[0] != ask:
            self.notify_plain("Still reckoning, or something typed is wrong.", timeout=2)
            return
        found, store, dataset = self._found[1], self.services.store, self._dataset
        self._saving = True
        try:
            moved = await store.write(lambda db: set_splits(db, dataset.id, found))
        finally:
            self._saving = False
        leaks = await asyncio.to_thread(lambda: plain_leaks(lambda: iter_light(store.read(), dataset.id)))
        self._dataset = await asyncio.to_thread(read_one, self.services, self.cockpit.project, dataset.name)
        said = f"{plural(moved, 'row was', 'rows were')} put into a split. {leak_words(leaks)}"
        self.notify_plain(said, severity="warning" if leaks else "information", timeout=8)
        self.dismiss(None)


def leak_words(leaks: list[Leak]) -> str:
    """What the check of equal inputs found, in one sentence."""
    if not leaks:
        return "No input stands in two splits; c looks for near copies too."
    return f"{plural(len(leaks), 'leak')}: equal inputs in two splits. c shows and fixes them."


def counts_lines(rows: list[Row], found: dict[str, str], ask: Ask) -> list[Line]:
    """Rows of each split, by label, and what a rate over dev would be known to."""
    splits = list(dict.fromkeys([name for name, _ in ask.shares] + sorted(set(found.values()))))
    cells: dict[tuple[str | None, str], int] = {}
    moved = 0
    for row in rows:
        cells[row.label, found[row.key]] = cells.get((row.label, found[row.key]), 0) + 1
        moved += row.split != found[row.key]
    totals = {name: sum(n for (_, split), n in cells.items() if split == name) for name in splits}
    head: Part = ("".join(f"{one_line(name, 14):>20}" for name in splits), "quiet")
    lines = [Line(((" " * NAME, "plain"), head)), _counts("rows", totals, len(rows), splits, "head")]
    labels: dict[str | None, int] = {}
    for (label, _), n in cells.items():
        labels[label] = labels.get(label, 0) + n
    ordered = sorted(labels, key=lambda label: -labels[label]) if set(labels) != {None} else []
    for label in ordered[:LABELS]:
        counts = {name: cells.get((label, name), 0) for name in splits}
        lines.append(_counts("no label" if label is None else label, counts, labels[label], splits, "plain"))
    if len(ordered) > LABELS:
        lines.append(Line(((f"{count(len(ordered) - LABELS)} more labels", "quiet"),)))
    lines.append(Line())
    said = f"{count(moved)} of {plural(len(rows), 'row')} would move; ctrl+j does it."
    if not moved:
        said = "No row would move." + ("" if ask.anew else " Rows that have a split keep it: a splits anew.")
    lines.append(Line(((said, "mark"),)))
    measured = next((name for name in ("dev", "test") if totals.get(name)), None)
    if measured is not None:
        sizes = "; ".join(f"{count(n)} rows ± {100 * half:.1f}" for n, half in suggest(totals[measured]))
        lines.append(Line(((f"A rate of one half over {measured}, 95 % interval in points: {sizes}.", "quiet"),)))
    lines.append(
        Line((("Rows with equal inputs are never parted. The same seed gives the same splits anywhere.", "quiet"),))
    )
    return lines


def _counts(name: str, counts: dict[str, int], n: int, splits: list[str], tone: str) -> Line:
    cells = "".join(f"{count(counts[split]):>11}  {percents(counts[split], n):>7}" for split in splits)
    return Line(((pad(one_line(name), NAME), tone), (cells, "plain")))
