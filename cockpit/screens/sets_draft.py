"""A set of examples while it is changed: order, template, undo, what differs between versions. Nothing is drawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any, Literal

from cockpit.core.examples import Example, ExampleSet, Template, TemplateKind
from cockpit.core.fill import arrange
from cockpit.core.prompts import VARIABLE

KINDS: tuple[TemplateKind, ...] = ("pairs", "turns", "xml", "custom")
FRESH: Mapping[TemplateKind, Template] = {
    "pairs": Template("pairs"),
    "turns": Template("turns"),
    "xml": Template("xml", "input", "output", "\n\n"),
    "custom": Template("custom", body="Q: {{input}}\nA: {{output}}"),
}
"""What each kind begins with."""
PARTS: Mapping[TemplateKind, tuple[str, ...]] = {
    "pairs": ("input_label", "output_label", "separator"),
    "turns": (),
    "xml": ("input_label", "output_label", "separator"),
    "custom": ("body", "separator"),
}
"""The parts of a template that each kind uses."""
KNOWN = ("input", "output", "label")
STEPS = 200
"""Changes that can be taken back."""
TAG = re.compile(r"[A-Za-z_][\w.-]*")
_ESCAPED = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_keys = count(1)


@dataclass(frozen=True, slots=True)
class Item:
    """An example in its place. `frozen` says of which version its text is and where it stood there (from 0); None: as
    the example is now."""

    example: Example
    key: int
    frozen: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What would be saved."""

    items: tuple[Item, ...] = ()
    template: Template = Template()  # noqa: RUF009

    @property
    def examples(self) -> tuple[Example, ...]:
        """In their order."""
        return tuple(item.example for item in self.items)


@dataclass(frozen=True, slots=True)
class Step:
    """A change: its name, and what was there before it."""

    name: str
    before: State


Op = Literal["added", "removed", "moved", "changed", "template"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions: an example (with its place in the newer, else the older, from 1), or a part
    of the template."""

    op: Op
    place: int
    text: str
    before: str = ""


class Editing:
    """A set under change: the state now, the version it comes from, and the way back."""

    def __init__(self, name: str, base: ExampleSet | None) -> None:
        self.name = name
        self.base = base
        self.state = State() if base is None else state_of(base)
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._run = ""

    @property
    def changed(self) -> bool:
        """Whether saving would make a version."""
        if self.base is None:
            return bool(self.state.items) or self.state.template != Template()
        return _said(self.state.examples, self.state.template) != _said(self.base.examples, self.base.template)

    def change(self, name: str, state: State, *, run: str = "") -> bool:
        """Take another state; changes of one `run` (typing in one field) are one step. False where it is the same."""
        if state == self.state:
            return False
        if not run or run != self._run:
            self._done = [*self._done[-STEPS + 1 :], Step(name, self.state)]
        self._run = run
        self._undone.clear()
        self.state = state
        return True

    def undo(self) -> str:
        """Take the last change back and give its name; empty where there is none."""
        return self._turn(self._done, self._undone)

    def redo(self) -> str:
        """Make the change again that was taken back."""
        return self._turn(self._undone, self._done)

    def _turn(self, source: list[Step], target: list[Step]) -> str:
        if not source:
            return ""
        step = source.pop()
        target.append(Step(step.name, self.state))
        self.state, self._run = step.before, ""
        return step.name

    def saved(self, version: ExampleSet, state: State) -> None:
        """A state was saved as this version; what was changed meanwhile is unsaved, and all can be taken back."""
        self.base = version
        if self.state is state:
            places = enumerate(state.items)
            self.state = replace(state, items=tuple(replace(one, frozen=(version.id or 0, at)) for at, one in places))
            self._run = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data of what is not saved, without the texts that are stored."""
        items = [{"id": one.example.id} if one.frozen is None else {"at": list(one.frozen)} for one in self.state.items]
        base = None if self.base is None else self.base.id
        return {"base": base, "items": items, "template": asdict(self.state.template)}


def state_of(version: ExampleSet) -> State:
    """A version as it may be changed."""
    at = version.id or 0
    items = tuple(Item(one, next(_keys), (at, place)) for place, one in enumerate(version.examples))
    return State(items, version.template)


def snapshot(editing: Editing) -> ExampleSet:
    """The set as it is now, as a version would have it."""
    number = 0 if editing.base is None else editing.base.number
    return ExampleSet(editing.name, editing.state.examples, editing.state.template, number)


def fresh_item(example: Example, frozen: tuple[int, int] | None = None) -> Item:
    """An example as an item that has not been in the list."""
    return Item(example, next(_keys), frozen)


def add(state: State, examples: Sequence[Example]) -> State:
    """With those at the end that are not in it."""
    known = {one.id for one in state.examples} - {None}
    new: list[Item] = []
    for one in examples:
        if one.id not in known:
            new.append(fresh_item(one))
            known.add(one.id)
    return replace(state, items=(*state.items, *new))


def remove(state: State, keys: Collection[int]) -> State:
    """Without these."""
    return replace(state, items=tuple(item for item in state.items if item.key not in keys))


def move(state: State, keys: Collection[int], by: int) -> State:
    """These one place up (-1) or down (1), as far as they can go; those beside each other stay so."""
    items = list(state.items)
    places = [at for at, item in enumerate(items) if item.key in keys]
    edge = 0 if by < 0 else len(items) - 1
    for at in places if by < 0 else reversed(places):
        if at == edge:
            edge -= by
            continue
        items[at], items[at + by] = items[at + by], items[at]
    return replace(state, items=tuple(items))


def move_to(state: State, keys: Collection[int], place: int) -> State:
    """These together, the first of them at this place (from 1)."""
    moved = [item for item in state.items if item.key in keys]
    rest = [item for item in state.items if item.key not in keys]
    at = min(max(place - 1, 0), len(rest))
    return replace(state, items=(*rest[:at], *moved, *rest[at:]))


def shuffle(state: State, seed: int) -> State:
    """In the order that the Fill screen's 'shuffled' has for this seed: the same on every machine."""
    by_example = {id(item.example): item for item in state.items}
    ordered = arrange(state.examples, "shuffled", seed, None)
    return replace(state, items=tuple(by_example[id(one)] for one in ordered))


def renew(state: State, now: Mapping[int, Example]) -> State:
    """With the examples' texts as they are now, where they were changed since they were frozen."""
    items = []
    for item in state.items:
        current = now.get(item.example.id) if item.example.id is not None else None
        items.append(
            replace(item, example=current, frozen=None) if current is not None and differs(item, now) else item
        )
    return replace(state, items=tuple(items))


def differs(item: Item, now: Mapping[int, Example]) -> bool:
    """Whether the example says something else now."""
    current = now.get(item.example.id) if item.example.id is not None else None
    return current is not None and _sent(current) != _sent(item.example)


def balance(examples: Sequence[Example]) -> list[tuple[str | None, int]]:
    """Labels with how many have them, the most frequent first; None stands for no label."""
    return Counter(one.label for one in examples).most_common()


def turn_to(kind: TemplateKind, known: Mapping[TemplateKind, Template]) -> Template:
    """The template of that kind as it was last, else as it begins."""
    return known.get(kind, FRESH[kind])


def problem_of(template: Template) -> str:
    """What is wrong with a template, or nothing."""
    if template.kind == "xml":
        bad = next((one for one in (template.input_label, template.output_label) if not TAG.fullmatch(one)), None)
        return "" if bad is None else f"{bad or 'nothing'} is no name of a tag: letters, digits, _ . -"
    if template.kind == "custom":
        names = [match[1] for match in VARIABLE.finditer(template.body)]
        unknown = next((name for name in names if name not in KNOWN), None)
        if unknown is not None:
            return f"{{{{{unknown}}}}} is not known: {{{{input}}}}, {{{{output}}}} and {{{{label}}}} are."
        if "input" not in names:
            return "The body needs {{input}}: without it every example reads alike."
        if not {"output", "label"} & set(names):
            return "The body has no {{output}}: the model would see no answer."
    return ""


def escaped(text: str) -> str:
    r"""A text on one line: \n, \t, \r and \\ for what they stand for."""
    return "".join(_ESCAPED.get(char, char) for char in text)


def unescaped(text: str) -> str:
    """What `escaped` made it from; a backslash before anything else stands for itself."""
    return re.sub(r"\\([ntr\\])", lambda match: _PLAIN[match[1]], text)


def changes(old: ExampleSet, new: ExampleSet) -> list[Change]:
    """What became of a version: examples removed, added, changed and moved, in that order, then the template."""
    before, after = _known(old.examples), _known(new.examples)
    found = [Change("removed", at, one.input) for key, (at, one) in before.items() if key not in after]
    found += [Change("added", at, one.input) for key, (at, one) in after.items() if key not in before]
    both = [key for key in after if key in before]
    for key in both:
        (_, was), (at, one) = before[key], after[key]
        if _sent(was) != _sent(one):
            found.append(Change("changed", at, _line(one), _line(was)))
    still = _rising([(before[key][0], after[key][0]) for key in both])
    for key in both:
        if before[key][0] not in still:
            found.append(Change("moved", after[key][0], after[key][1].input, str(before[key][0])))
    parts = ("kind", *PARTS[new.template.kind])
    for part in parts:
        used = part == "kind" or part in PARTS[old.template.kind]
        before_it, now = str(getattr(old.template, part)), str(getattr(new.template, part))
        if before_it != now:
            said = f"{part.replace('_', ' ')} {escaped(now)}"
            found.append(Change("template", 0, said, escaped(before_it) if used else ""))
    return found


def _known(examples: Sequence[Example]) -> dict[tuple[Any, int], tuple[int, Example]]:
    """Examples with their place (from 1), by what makes each the same in two versions; copies are told apart."""
    seen: Counter[Any] = Counter()
    found = {}
    for at, one in enumerate(examples, 1):
        same = one.id if one.id is not None else (one.input, one.output)
        found[(same, seen[same])] = (at, one)
        seen[same] += 1
    return found


def _rising(places: Sequence[tuple[int, int]]) -> set[int]:
    """Of pairs of an old and a new place, in the new order: a longest run in which the old places rise, and of those
    one with the most that stand where they stood. What is in it need not have moved. A Fenwick tree of maxima."""
    size = max((old for old, _ in places), default=0)
    best: list[tuple[int, int]] = [(0, -1)] * (size + 1)
    before: list[int] = []
    for at, (old, new) in enumerate(places):
        found, node = (0, -1), old - 1
        while node > 0:
            found, node = max(found, best[node]), node & (node - 1)
        before.append(found[1])
        weight, node = (found[0] + len(places) + 1 + (old == new), at), old
        while node <= size:
            best[node] = max(best[node], weight)
            node += node & -node
    top, node = (0, -1), size
    while node > 0:
        top, node = max(top, best[node]), node & (node - 1)
    kept: set[int] = set()
    at = top[1]
    while at >= 0:
        kept.add(places[at][0])
        at = before[at]
    return kept


def _sent(one: Example) -> tuple[str, str, str | None, str | None]:
    return one.input, one.output, one.label, one.group


def _said(examples: Sequence[Example], template: Template) -> tuple[Any, ...]:
    return tuple(map(_sent, examples)), template


def _line(one: Example) -> str:
    label = "" if one.label is None else f" [{one.label}]"
    return f"{one.input} → {one.answer}{label}"
