"""What the Log pane's keys do with the entry under the cursor: edit, copy, look into it. The pane says which."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.core.report import as_slack
from cockpit.screens.log_edit import LogEditScreen, forked, new_session
from cockpit.screens.log_looks import LOOKS
from cockpit.store.entry_drafts import OpenDraft
from cockpit.store.log import Entry

if TYPE_CHECKING:
    from cockpit.screens.log import LogScreen


def edit(screen: LogScreen, kept: OpenDraft) -> None:
    """Open a draft; once it is saved, the cursor goes to its entry."""

    def then(number: int | None) -> None:
        screen.refresh_list(None if number is None else ("entry", number))

    screen.app.push_screen(LogEditScreen(kept), then)


async def do(screen: LogScreen, what: str, name: str = "") -> None:
    """Carry out a key; nothing where nothing is under the cursor.

    Raises:
        StoreError: the entry was removed meanwhile.
    """
    one = await screen.whole()
    if what == "edit" and one is not None:
        edit(screen, _sitting(screen, one))
    elif not isinstance(one, Entry):
        return
    elif what == "yank":
        text = f"# {one.title}\n\n{one.draft.body}"
        screen.cockpit.copy_text(as_slack(text) if name == "slack" else text, f"Entry {one.id} as {name}")
    elif what == "post":
        await _post(screen, one)
    elif name == "trace":
        from cockpit.screens.log_trace import LogTraceScreen

        screen.app.push_screen(LogTraceScreen(f"entry {one.id}", one.draft.body))
    else:
        store, (title, work) = screen.services.store, LOOKS[name]
        lines = await asyncio.to_thread(lambda: work(store.read(), one))
        screen.say(f"entry {one.id}: {title}", "\n".join(lines))


async def _post(screen: LogScreen, one: Entry) -> None:
    from cockpit.screens.dialogs import Confirm
    from cockpit.webhook import post_report, report_host

    asked = f"“{one.title}” goes to {report_host()}, as Slack writes it."
    if await screen.app.push_screen_wait(Confirm("Post it?", asked, yes="post", no="not now")):
        host = await post_report(as_slack(f"# {one.title}\n\n{one.draft.body}"))
        screen.notify_plain(f"Posted to {host}.")


def _sitting(screen: LogScreen, one: Entry | OpenDraft) -> OpenDraft:
    """What is edited: a draft goes on, and so does one that was kept of an entry."""
    if isinstance(one, OpenDraft):
        return forked(one)
    kept = next((draft for draft in screen.listed.drafts if draft.entry_id == one.id), None)
    return forked(kept) if kept else OpenDraft(new_session(), one.id, one.revision, one.draft, kind=one.kind)
