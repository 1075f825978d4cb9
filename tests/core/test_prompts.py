"""Versions: what counts as a variable, what is sent as it stands, and digests that hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import PlanError
from cockpit.core.ports import Request
from cockpit.core.prompts import Message, Version, literal, render, single, variables
from cockpit.store import projects, prompts
from cockpit.store.db import Database, open_store

SAID = "Use {{x}} and {{examples}} here."


def test_a_raw_message_is_sent_as_it_stands() -> None:
    version = Version("", (Message("user", "{{q}}?"), literal("assistant", SAID), Message("user", "Go on.")), "shots")
    assert variables(version) == ("q",)
    assert [m.content for m in render(version, {"q": "why", "x": "no"}).messages] == ["why?", SAID, "Go on."]
    with pytest.raises(PlanError):
        render(Version("", (Message("assistant", SAID),)), {})


def test_digests_of_versions_without_raw_messages_hold() -> None:
    # Stored databases hold this digest.
    assert single("a {{b}}", system="s").digest() == "56789c444806dcc481a3cb5fc869d0670127c42b2cecdcb9433068107c79436a"
    assert literal("assistant", "nothing to fill") == Message("assistant", "nothing to fill")
    assert Version("", (literal("user", SAID),)).digest() != Version("", (Message("user", SAID),)).digest()


def test_two_requests_that_send_the_same_are_the_same() -> None:
    raw, filled = Version("", (literal("user", "{{x}}"),)), Version("", (Message("user", "{{y}}"),))
    sent = [render(version, {"y": "{{x}}"}).messages for version in (raw, filled)]
    assert Request("p", "e", "m", sent[0]).digest() == Request("p", "e", "m", sent[1]).digest()


def test_raw_survives_the_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "cockpit.db")
    version = Version("", (Message("user", "q"), literal("assistant", SAID), Message("user", "{{v}}")))

    def save(db: Database) -> int:
        prompt = prompts.ensure_prompt(db, projects.ensure_project(db, "p"), "n")
        return prompts.save_version(db, prompt, version)

    found = prompts.get_version(store.read(), store.write_now(save)).version
    store.close()
    assert found == version and found.digest() == version.digest()
    assert variables(found) == ("v",)
