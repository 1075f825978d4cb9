"""Writing an entry: title, idea, tags, Markdown, and what a stranger would miss. What it should say is the core's.

What is typed is kept in the database at every key, by sitting, until it is saved or thrown away.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from cockpit.core.errors import CockpitError
from cockpit.core.log_context import Gap, fill
from cockpit.core.log_draft import OBSERVED
from cockpit.core.log_refs import Kind
from cockpit.log_drafts import draft_about, entry_gaps, local_day
from cockpit.screens.base import PaneScreen
from cockpit.screens.dialogs import Confirm
from cockpit.screens.log_complete import Completion
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.entry_drafts import OpenDraft, finish_draft, put_draft
from cockpit.store.log import Draft, EditConflict, add_entry, is_there, save_entry
from cockpit.store.projects import ensure_project
from widgets.field import Field
from widgets.prompt_editor import PromptEditor

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.app import CockpitApp

PAUSE_S = 0.3
"""After this long without a key, the text is looked at; it is kept at every key."""
DAILY = "Drafted from what was done since the last daily that was saved. Say what matters, take out the rest."
LINES = ("title", "idea", "tags")


class LogEditScreen(OpenedScreen[int | None]):
    """One entry being written; the answer is its number once it is saved."""

    scope: ClassVar[str] = "log-edit"
    pane_title: ClassVar[str] = "Entry"
    typing_escape: ClassVar[str] = "later"
    DEFAULT_CSS = """
    LogEditScreen #work { layout: horizontal; height: 1fr; }
    LogEditScreen #page { width: 1fr; height: 1fr; }
    LogEditScreen #page Field { height: 1; background: $background; }
    LogEditScreen #body { height: 1fr; background: $background; }
    LogEditScreen #asks { width: 46; height: 1fr; }
    LogEditScreen.-narrow #work { layout: vertical; }
    LogEditScreen.-narrow #page { width: 1fr; }
    LogEditScreen.-narrow #asks { width: 1fr; height: 6; }
    """

    def __init__(self, kept: OpenDraft) -> None:
        super().__init__()
        self._kept = kept
        self._last = kept.draft
        self._gaps: list[Gap] = []
        self._pause: Timer | None = None
        self._is_done = False
        self._said: list[Said] = []
        self.completion = Completion(self)

    def compose_body(self) -> ComposeResult:
        """Three lines and the text, beside what a stranger would miss."""
        draft = self._kept.draft
        values = {"title": draft.title, "idea": draft.idea, "tags": ", ".join(draft.tags)}
        with Horizontal(id="work"):
            with Vertical(id="page"):
                for name in LINES:
                    yield Field(name.ljust(6), values[name], id=name)
                yield PromptEditor(draft.body, id="body")
            with Vertical(id="asks"):
                yield TextPanel(id="gaps", classes="box")

    def on_mount(self) -> None:
        """Begin where only the person knows what to say."""
        named = f"entry {self._kept.entry_id}" if self._kept.entry_id else "a new entry"
        self.head((named, "plain"), (self._kept.draft.day, "quiet"))
        editor = self.body
        lines = editor.text.split("\n")
        heading = f"## {OBSERVED}"
        editor.move_cursor((lines.index(heading) + 1 if heading in lines else len(lines) - 1, 0))
        editor.start_typing()
        self._look()

    @property
    def body(self) -> PromptEditor:
        """The text."""
        return self.query_one("#body", PromptEditor)

    @property
    def draft(self) -> Draft:
        """The entry as it is typed now."""
        title, idea, tags = (self.query_one(f"#{name}", Field).value for name in LINES)
        names = tuple(part.strip() for part in tags.split(",") if part.strip())
        return Draft(title, self.body.text, self._kept.draft.day, names, idea)

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        return {"b": self.body, **{name[0]: self.query_one(f"#{name}") for name in LINES}}

    def stop_typing(self) -> None:
        """Leave; the text is there the next time, at the head of the list."""
        self._keep()
        self.dismiss(None)

    def on_prompt_editor_left_typing(self) -> None:
        """Escape in the text leaves as it does in a line."""
        self.stop_typing()

    def on_field_changed(self) -> None:
        """Look again once the typing pauses."""
        self._typed()

    def on_text_area_changed(self) -> None:
        """Look again once the typing pauses."""
        self._typed()

    def _typed(self) -> None:
        self._keep()
        self.completion.look()
        self._stop_pause()
        self._pause = self.set_timer(PAUSE_S, self._look)

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _keep(self) -> None:
        """Keep the text, unless it is as it was when it was opened or kept last."""
        draft = self.draft
        if self._is_done or draft == self._last:
            return
        self._last = draft
        kept, project = replace(self._kept, draft=draft), self.cockpit.project
        self.services.store.post(lambda db: put_draft(db, ensure_project(db, project), kept))

    def _look(self) -> None:
        self.run_worker(self._check(self.body.text), group="gaps", exclusive=True, exit_on_error=False)

    async def _check(self, body: str) -> None:
        store = self.services.store
        try:
            # A daily tells of many runs at once, each behind its number: the questions are those of a note.
            is_note = self._kept.kind == "note"
            self._gaps = await asyncio.to_thread(lambda: entry_gaps(store.read(), body) if is_note else [])
            lines: list[Said] = gap_lines(self._gaps) if is_note else [(DAILY, "quiet")]
        except CockpitError as error:
            self._gaps, lines = [], [(error.sentence(), "warn")]
        self._said = lines
        if self.is_attached and not self.completion.is_open:
            self.show_gaps()

    def show_gaps(self) -> None:
        """What a stranger would miss, as it was found last."""
        panel = self.query_one("#gaps", TextPanel)
        panel.border_title = Content("a stranger would ask")
        panel.show(self._said)

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of candidates mean something while there are some."""
        if action in ("take", "candidate"):
            return self.completion.is_open
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        """Complete the citation."""
        self.completion.take()

    def action_candidate(self) -> None:
        """To the next thing that the citation may mean."""
        self.completion.step()

    def action_fill(self) -> None:
        """Put what the database knows into the text."""
        body = fill(self.body.text, self._gaps)
        if body == self.body.text:
            self.notify_plain("The database knows nothing more of what is missing.")
            return
        self.body.replace(body, (0, 0), self.body.document.end)
        self._look()

    def action_submit(self) -> None:
        """Save the entry."""
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        draft = self.draft
        if not (draft.body.strip() or draft.title.strip()):
            self.notify_plain("There is nothing to save yet.", severity="warning")
            return
        try:
            number = await self._write(draft, self._kept.revision)
        except EditConflict as error:
            theirs = error.theirs
            said = (
                f"{error.message}\n\nTheirs:\n{theirs.draft.body[:600]}\n\nYours over it? Theirs stays in the history."
            )
            if not await self.app.push_screen_wait(Confirm("Edited elsewhere", said, yes="save mine", no="not yet")):
                return
            number = await self._write(draft, theirs.revision)
        except CockpitError as error:
            self.notify_plain(error.sentence(), severity="warning", timeout=8)
            return
        self._is_done = True
        self.dismiss(number)

    async def _write(self, draft: Draft, seen: int) -> int:
        kept, project = self._kept, self.cockpit.project

        def write(db: sqlite3.Connection) -> int:
            if kept.entry_id is None:
                number = add_entry(db, ensure_project(db, project), draft, kind=kept.kind)
            else:
                number = kept.entry_id
                save_entry(db, number, draft, seen=seen)
            finish_draft(db, kept)
            return number

        return await self.services.store.write(write)

    async def action_discard(self) -> None:
        """Throw the draft away, asked first."""
        self.run_worker(self._discard(), group="discard", exclusive=True, exit_on_error=False)

    async def _discard(self) -> None:
        said = "What was typed since the last save is gone for good."
        if await self.app.push_screen_wait(Confirm("Throw the draft away?", said, yes="throw away", no="keep")):
            self._is_done = True
            kept = self._kept
            await self.services.store.write(lambda db: finish_draft(db, kept))
            self.dismiss(None)


def gap_lines(found: list[Gap]) -> list[Said]:
    """What is missing, and whether a key can fill it in."""
    if not found:
        return [("✓ complete: it says what was done, with what, and what came of it", "ok")]
    lines: list[Said] = [(f"{'+' if gap.fill else '·'} {gap.words}", "warn" if gap.fill else "") for gap in found]
    count = sum(bool(gap.fill) for gap in found)
    if count:
        lines += [("", ""), (f"+ {count} can be filled in while editing: ctrl+g", "quiet")]
    return lines


def new_session() -> str:
    """A name for one sitting."""
    return secrets.token_hex(8)


def forked(kept: OpenDraft) -> OpenDraft:
    """A kept draft as a sitting of its own, which takes its place with the first key."""
    return replace(kept, session=new_session(), instead_of=(kept.session, kept.at))


async def write_about(app: CockpitApp, screen: PaneScreen[Any]) -> int | None:
    """Open a draft about what is in front; the entry's number once it is saved."""
    return await write_places(app, in_front(screen))


async def write_places(app: CockpitApp, places: list[tuple[Kind, int]]) -> int | None:
    """Open a draft about these; the entry's number once it is saved."""
    store, now = app.services.store, app.services.clock()
    try:
        draft = await asyncio.to_thread(lambda: draft_about(store.read(), with_runs(store.read(), places), now))
    except CockpitError as error:
        app.report(error)
        return None
    return await app.push_screen_wait(LogEditScreen(OpenDraft(new_session(), None, 0, draft)))


async def write_daily(app: CockpitApp) -> int | None:
    """Open a daily update drafted from what was done; the entry's number once it is saved."""
    from cockpit.log_reports import daily_text

    store, now, day = app.services.store, app.services.clock(), local_day(app.services.clock())
    text = await asyncio.to_thread(lambda: daily_text(store.read(), app.project, now))
    draft = Draft(f"Daily update {day}", text, day)
    return await app.push_screen_wait(LogEditScreen(OpenDraft(new_session(), None, 0, draft, kind="daily")))


def blank_draft(app: CockpitApp) -> OpenDraft:
    """An entry about nothing in particular."""
    return OpenDraft(new_session(), None, 0, Draft("", "", local_day(app.services.clock())))


def in_front(screen: PaneScreen[Any]) -> list[tuple[Kind, int]]:
    """What a screen shows, as an entry would cite it; nothing where it shows no run and no job."""
    if screen.scope == "play":
        run = screen.save_session().get("run")
        return [("run", run)] if isinstance(run, int) else []
    if screen.scope == "jobs":
        return [("job", view.row.id) for view in getattr(screen, "listing").chosen]  # noqa: B009
    if screen.scope == "job-detail":
        return [("job", getattr(screen, "_view").row.id)]  # noqa: B009
    number = getattr(screen, "_sample_id", None) if screen.scope == "sample" else None
    return [("sample", number)] if isinstance(number, int) else []


def with_runs(db: sqlite3.Connection, places: list[tuple[Kind, int]]) -> list[tuple[Kind, int]]:
    """The places that are stored, each sample after its run."""
    found: dict[tuple[Kind, int], None] = {}
    for kind, number in places:
        if kind == "sample":
            row = db.execute("SELECT run_id FROM sample WHERE id = ?", (number,)).fetchone()
            found |= {("run", row[0]): None} if row else {}
        if is_there(db, kind, number):
            found[kind, number] = None
    return list(found)
