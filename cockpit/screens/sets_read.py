"""What the screens of sets read and keep: sets, examples as they are now, unsaved changes. Draws nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, ExampleSet, Template
from cockpit.screens.sets_draft import Editing, Item, State, fresh_item
from cockpit.store import examples, projects, sets

if TYPE_CHECKING:
    import sqlite3

    from cockpit.app import CockpitApp
    from cockpit.services import Services

FEW = 300
"""Ids up to which examples are read one by one."""


class Unsaved:
    """Unsaved changes by the set's name, kept in the database between sessions."""

    def __init__(self, app: CockpitApp) -> None:
        self._app = app
        self._key = f"sets.{app.project}"
        found = app.get_setting(self._key)
        self._known: dict[str, Any] = dict(found) if isinstance(found, Mapping) else {}

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def names(self) -> list[str]:
        """The sets that have any."""
        return list(self._known)

    def get(self, name: str) -> Any:
        """What `Editing.to_json` gave; None where there is nothing."""
        return self._known.get(name)

    def size(self, name: str) -> tuple[int, str]:
        """How many examples there are in it, and the kind of its template."""
        data = self._known.get(name) or {}
        return len(data.get("items", ())), str(data.get("template", {}).get("kind", "pairs"))

    def put(self, name: str, data: Any) -> None:
        """Keep the changes of a set; None forgets them."""
        if self._known.get(name) == data:
            return
        if data is None:
            self._known.pop(name, None)
        else:
            self._known[name] = data
        self._app.put_setting(self._key, dict(self._known) or None)


@dataclass(frozen=True, slots=True)
class Opened:
    """A set to be edited, and what to say about it first."""

    editing: Editing
    now: Mapping[int, Example]
    """Its examples as they are now."""
    said: str = ""


def project_of(db: sqlite3.Connection, project: str) -> int:
    """The project's id; 0 where it is not there yet."""
    return projects.find_project(db, project) or 0


def read_rows(services: Services, project: str) -> list[sets.SetRow]:
    """In a thread: the project's sets."""
    db = services.store.read()
    return sets.list_sets(db, project_of(db, project))


def read_newest(services: Services, project: str, name: str) -> ExampleSet | None:
    """In a thread: a set at its newest version; None where it was never saved."""
    db = services.store.read()
    try:
        return sets.get_set(db, project_of(db, project), name)
    except StoreError:
        return None


def open_editing(services: Services, project: str, name: str, unsaved: Any) -> Opened:
    """In a thread: a set as it was left, with its unsaved changes as one change that can be taken back."""
    newest = read_newest(services, project, name)
    if not isinstance(unsaved, Mapping):
        editing = Editing(name, newest)
        return Opened(editing, read_now(services, project, editing.state))
    editing = Editing(name, newest)
    try:
        state, gone = _state(services, unsaved)
    except (KeyError, TypeError, ValueError, StoreError):
        said = "The unsaved changes of this set could not be read; this is the version that was saved."
        return Opened(editing, read_now(services, project, editing.state), said)
    editing.change("the unsaved changes", state)
    said = "Your unsaved changes are here." if editing.changed else ""
    if newest is not None and unsaved.get("base") != newest.id:
        said = (
            f"v{newest.number} was saved elsewhere since; your unsaved changes are here, and u shows v{newest.number}."
        )
    if gone:
        said += f" {gone} of the examples in it no longer exist."
    return Opened(editing, read_now(services, project, state), said.strip())


def _state(services: Services, data: Mapping[str, Any]) -> tuple[State, int]:
    """What `Editing.to_json` kept, and how many of its examples are gone."""
    db = services.store.read()
    versions: dict[int, ExampleSet] = {}
    items: list[Item] = []
    gone = 0
    for one in data["items"]:
        if "at" in one:
            version_id, place = one["at"]
            if version_id not in versions:
                versions[version_id] = sets.get_set_version(db, version_id)
            items.append(fresh_item(versions[version_id].examples[place], (version_id, place)))
            continue
        try:
            items.append(fresh_item(examples.get_example(db, int(one["id"]))))
        except StoreError:
            gone += 1
    return State(tuple(items), Template(**data["template"])), gone


def read_now(services: Services, project: str, state: State) -> dict[int, Example]:
    """In a thread: the state's examples as they are stored now, by id; those that were removed are left out."""
    return read_examples(services, project, {one.id for one in state.examples if one.id is not None})


def read_examples(services: Services, project: str, ids: Collection[int]) -> dict[int, Example]:
    """In a thread: these examples by id, as far as there are any."""
    db = services.store.read()
    if len(ids) > FEW:
        found = examples.iter_examples(db, project_of(db, project))
        return {one.id: one for one in found if one.id is not None and one.id in ids}
    known = {}
    for id in ids:
        try:
            known[id] = examples.get_example(db, id)
        except StoreError:
            continue  # Removed since: the set has its text.
    return known


def read_others(services: Services, project: str, ids: Collection[int]) -> list[Example]:
    """In a thread: the project's examples that are not among these and were not rejected, gold ones first."""
    db = services.store.read()
    found = [one for one in examples.iter_examples(db, project_of(db, project)) if one.id not in ids]
    return sorted((one for one in found if one.verdict != "rejected"), key=lambda one: one.verdict != "gold")


def save(db: sqlite3.Connection, project: str, name: str, state: State) -> ExampleSet:
    """In the store's own thread: save a state as the newest version of the set.

    Raises:
        StoreError: an example is another project's.
    """
    project_id = projects.ensure_project(db, project)
    return sets.get_set_version(db, sets.save_frozen(db, project_id, name, state.examples, state.template))
