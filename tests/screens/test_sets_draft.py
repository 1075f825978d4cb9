"""A set under change, without a screen: moves, undo, what differs between versions, and freezing what is given."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, ExampleSet, Template
from cockpit.screens import sets_draft as draft
from cockpit.screens.sets_draft import Editing, State
from cockpit.screens.sets_read import open_editing
from cockpit.screens.sets_words import sent_lines
from cockpit.store import examples, projects, sets
from tests.screens.opened_host import make_services


def version(text: str, number: int = 1, template: Template | None = None) -> ExampleSet:
    """A version whose examples are the letters of a text; a capital letter is the same example, edited."""
    made = tuple(Example(letter.lower(), letter, id=ord(letter.lower())) for letter in text)
    return ExampleSet("few", made, template or Template(), number, id=number)


def said(state: State) -> str:
    return "".join(one.input for one in state.examples)


def keys(state: State, letters: str) -> set[int]:
    return {item.key for item in state.items if item.example.input in letters}


@pytest.mark.parametrize(
    ("moved", "by", "expected"),
    [
        *(("b", -1, "bacde"), ("a", -1, "abcde"), ("ab", -1, "abcde"), ("ac", -1, "acbde")),
        *(("bd", 1, "acbed"), ("e", 1, "abcde"), ("de", 1, "abcde"), ("abcde", 1, "abcde")),
    ],
)
def test_a_move_goes_as_far_as_it_can_and_keeps_neighbours_together(moved: str, by: int, expected: str) -> None:
    state = draft.state_of(version("abcde"))
    assert said(draft.move(state, keys(state, moved), by)) == expected


@pytest.mark.parametrize(("place", "expected"), [(1, "bdace"), (3, "acbde"), (5, "acebd"), (99, "acebd")])
def test_moving_to_a_place_takes_the_moved_ones_together(place: int, expected: str) -> None:
    state = draft.state_of(version("abcde"))
    assert said(draft.move_to(state, keys(state, "bd"), place)) == expected


def test_every_step_can_be_taken_back_and_made_again() -> None:
    editing = Editing("few", version("abc"))
    seen = [editing.state]
    for by in (1, 1, -1):
        editing.change("a move", draft.move(editing.state, keys(editing.state, "a"), by))
        seen.append(editing.state)
    for state in reversed(seen[:-1]):
        assert editing.undo()
        assert editing.state == state
    assert not editing.undo()
    assert not editing.changed
    for state in seen[1:]:
        assert editing.redo()
        assert editing.state == state
    editing.change("a move", draft.remove(editing.state, keys(editing.state, "b")))
    assert not editing.redo(), "a new change ends what could be made again"


def test_only_what_would_be_sent_counts_as_a_change() -> None:
    editing = Editing("few", version("abc"))
    moved = draft.move(editing.state, keys(editing.state, "a"), 1)
    assert editing.change("a move", moved)
    assert editing.changed
    editing.change("a move", draft.move(moved, keys(moved, "a"), -1))
    assert not editing.changed, "back where it was"


def test_what_changed_names_each_difference_once() -> None:
    found = draft.changes(version("abcd"), version("daCx", 2, Template("xml", "q", "a", "\n")))
    assert [(one.op, one.place, one.text, one.before) for one in found] == [
        ("removed", 2, "b", ""),
        ("added", 4, "x", ""),
        ("changed", 3, "c → C", "c → c"),
        ("moved", 1, "d", "4"),
        ("template", 0, "kind xml", "pairs"),
        ("template", 0, "input label q", "Input:"),
        ("template", 0, "output label a", "Output:"),
        ("template", 0, "separator \\n", "\\n\\n"),
    ]


def test_as_few_as_possible_are_said_to_have_moved() -> None:
    rng = random.Random(4)
    for _ in range(60):
        letters = list("abcdef")
        rng.shuffle(letters)
        after = "".join(letters)
        moved = {one.text for one in draft.changes(version("abcdef"), version(after, 2)) if one.op == "moved"}
        assert [letter for letter in after if letter not in moved] == sorted(set(after) - moved)
        best = max(n for n in range(7) for kept in combinations(after, n) if list(kept) == sorted(kept))
        assert len(moved) == 6 - best


@pytest.mark.parametrize("text", ["", "\n\n", "a\\nb", "\\", "\t→\r", "\\\\n"])
def test_a_separator_on_one_line_comes_back_as_it_was(text: str) -> None:
    assert "\n" not in draft.escaped(text)
    assert draft.unescaped(draft.escaped(text)) == text


@pytest.mark.parametrize(
    "template", [Template(), Template("xml", "q", "a", " | "), Template("custom", body="{{input}}")]
)
def test_the_preview_is_the_block_character_for_character(template: Template) -> None:
    from cockpit.core.example_block import render_block

    many = tuple(Example(f"in {at}\n  two  ", "out\n" * (at % 3)) for at in range(20))
    state = draft.state_of(ExampleSet("few", many, template))
    lines = sent_lines(state, 3, marks=False)
    shown = "\n".join("".join(text for text, _ in line.parts) for line in lines)
    assert shown == render_block(many, template)


def test_an_old_version_is_saved_again_with_its_own_texts(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    write, db = services.store.write_now, services.store.read()
    project = write(lambda db: projects.ensure_project(db, "default"))
    a, b = write(lambda db: [examples.add_example(db, project, Example(one, one.upper())) for one in "ab"])
    write(lambda db: sets.save_set(db, project, "few", (a, b), Template()))
    write(lambda db: examples.update_example(db, a, output="new"))
    write(lambda db: sets.save_set(db, project, "few", (a,), Template()))
    write(lambda db: examples.set_verdict(db, b, None))
    first = sets.get_set(db, project, "few", 1)
    assert [(one.output, one.id) for one in first.examples] == [("A", a), ("B", None)]
    write(lambda db: sets.save_frozen(db, project, "few", first.examples, first.template))
    assert [(one.output, one.id) for one in sets.get_set(db, project, "few").examples] == [("A", a), ("B", None)]
    assert [(row.number, row.n) for row in sets.list_set_versions(db, project, "few")] == [(3, 2), (2, 1), (1, 2)]
    other = write(lambda db: projects.ensure_project(db, "other"))
    with pytest.raises(StoreError, match="another project"):
        write(lambda db: sets.save_frozen(db, other, "few", first.examples, first.template))


def test_a_version_saved_elsewhere_meanwhile_is_said_and_loses_nothing(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    write = services.store.write_now
    project = write(lambda db: projects.ensure_project(db, "default"))
    ids = write(lambda db: [examples.add_example(db, project, Example(one, one)) for one in "abc"])
    write(lambda db: sets.save_set(db, project, "few", ids[:2], Template()))
    editing = open_editing(services, "default", "few", None).editing
    editing.change("adding", draft.add(editing.state, [examples.get_example(services.store.read(), ids[2])]))
    kept = editing.to_json()
    write(lambda db: sets.save_set(db, project, "few", ids[:1], Template()))
    write(lambda db: examples.set_verdict(db, ids[2], None))
    found = open_editing(services, "default", "few", kept)
    assert said(found.editing.state) == "ab", "the added one was removed as an example meanwhile"
    assert "v2 was saved elsewhere" in found.said
    assert "1 of the examples" in found.said
    found.editing.undo()
    assert said(found.editing.state) == "a"


@pytest.mark.parametrize(
    "broken", [{}, {"items": [{}]}, {"items": [], "template": {"kind": "x", "y": 1}}, {"items": 3}]
)
def test_unsaved_changes_that_cannot_be_read_are_said(tmp_path: Path, broken: object) -> None:
    services = make_services(tmp_path)
    write = services.store.write_now
    project = write(lambda db: projects.ensure_project(db, "default"))
    id = write(lambda db: examples.add_example(db, project, Example("a", "A")))
    write(lambda db: sets.save_set(db, project, "few", (id,), Template()))
    found = open_editing(services, "default", "few", broken)
    assert said(found.editing.state) == "a"
    assert "could not be read" in found.said
