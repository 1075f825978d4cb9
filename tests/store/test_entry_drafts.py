"""Texts under way: kept by sitting, found again, forgotten once saved."""

from __future__ import annotations

from pathlib import Path

from cockpit.store import entry_drafts
from cockpit.store.db import open_store
from cockpit.store.entry_drafts import OpenDraft
from cockpit.store.log import Draft
from cockpit.store.projects import ensure_project


def test_a_text_under_way_is_there_after_the_store_was_closed_and_two_sittings_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    store = open_store(path)
    project = store.write_now(lambda db: ensure_project(db, "p"))
    for session, body in (("a", "one"), ("b", "two"), ("a", "one \x1b[31m more\ud800")):
        kept = OpenDraft(session, None, 0, Draft("T", body, "2026-11-24", ("x", "y"), "idea"))
        store.write_now(lambda db, kept=kept: entry_drafts.put_draft(db, project, kept))  # type: ignore[misc]
    store.close()

    store = open_store(path)
    found = {one.session: one.draft for one in entry_drafts.list_drafts(store.read(), project)}
    assert found == {
        "a": Draft("T", "one \x1b[31m more\ud800", "2026-11-24", ("x", "y"), "idea"),
        "b": Draft("T", "two", "2026-11-24", ("x", "y"), "idea"),
    }
    store.write_now(lambda db: entry_drafts.drop_draft(db, "a"))
    assert [one.session for one in entry_drafts.list_drafts(store.read(), project)] == ["b"]
    store.close()
