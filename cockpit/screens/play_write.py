"""The written half of the Play pane: editors and settings over one draft. Nothing is sent from here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer

from cockpit.core.draft import PlayDraft
from cockpit.core.errors import InputError
from cockpit.screens import play_status as words
from widgets.params_panel import ParamsPanel
from widgets.plain import Plain
from widgets.top_bar import TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.core.estimate import Past
    from cockpit.screens.play import PlayScreen
    from widgets.prompt_editor import PromptEditor

SETTLE_S = 0.12
REMEMBER_S = 1.5


class Row(Horizontal):
    """A labelled editor of one to a few lines."""

    def __init__(self, label: str, text: str, *, name: str, hint: str = "") -> None:
        super().__init__(id=f"row-{name}", classes="row")
        self._label, self._text, self._name, self._hint = label, text, name, hint

    def compose(self) -> Any:
        from widgets.prompt_editor import PromptEditor

        yield Plain(self._label, classes="label")
        yield Plain("", classes="folded")
        editor = PromptEditor(self._text, id=self._name, classes="line")
        editor.placeholder = Content(self._hint)
        editor.highlight_cursor_line = False
        yield editor


class Writing:
    """The draft and the widgets it is written in; each edit goes draft first, the words around it a moment later."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.draft = PlayDraft()
        self.name = "prompt"
        self.turn = 0
        self.past: dict[str, Past] = {}
        self.mounted = False
        self._changed: tuple[PlayDraft | None, bool] = (None, False)
        self._names: tuple[str, ...] = ()
        self._columns: dict[str, words.Column] = {}
        self._settling: Timer | None = None
        self._remembering: Timer | None = None

    # The draft and the widgets

    async def mount_editors(self) -> None:
        """Put the editors in place: after the first paint, since loading them takes as long as it."""
        from widgets.prompt_editor import PromptEditor

        draft, screen = self.draft, self.screen
        editor = PromptEditor(draft.turns[self.turn].content, id="prompt")
        editor.highlight_cursor_line = False
        await screen.query_one("#prompt-box", Vertical).mount(editor)
        editor.move_cursor(editor.document.end)
        fields = screen.query_one("#fields", Vertical)
        await fields.mount(Row("system", draft.system, name="system", hint="no system prompt"), before=0)
        await fields.mount(Row("examples", draft.examples, name="examples", hint="with blank lines between them"))
        prefill = Row("prefill", draft.prefill, name="prefill", hint="how the answer must begin")
        await fields.mount(prefill)
        await screen.checks.mount()
        self.mounted = True
        await self.show_variables()
        self.settle()

    def editor(self, name: str) -> PromptEditor | None:
        """An editor by its id, once it is there."""
        found: PromptEditor | None = self.screen.query_one_optional(f"#{name}") if name else None  # type: ignore[assignment]
        return found

    async def load(self, draft: PlayDraft, *, turn: int | None = None) -> None:
        """Put another draft in the editors."""
        self.draft = draft
        self.turn = len(draft.turns) - 1 if turn is None else min(turn, len(draft.turns) - 1)
        self._put("prompt", draft.turns[self.turn].content)
        self._put("system", draft.system)
        self._put("examples", draft.examples)
        self._put("prefill", draft.prefill)
        await self.show_variables(fresh=True)
        self.settle()
        self.remember_soon()

    def _put(self, name: str, text: str) -> None:
        editor = self.editor(name)
        if editor is not None and editor.text != text:
            editor.text = text
            editor.move_cursor(editor.document.end)

    def typed(self, name: str, text: str) -> None:
        """An editor's text changed."""
        draft = self.draft
        match name:
            case "prompt":
                self.draft = draft.with_turn(self.turn, text)
            case "system":
                self.draft = replace(draft, system=text)
            case "examples":
                self.draft = replace(draft, examples=text)
            case "prefill":
                self.draft = replace(draft, prefill=text)
            case _ if name.startswith("var-") and int(name[4:]) < len(self._names):
                self.draft = draft.with_value(self._names[int(name[4:])], text)
        if self.draft == draft:
            self.draft = draft
        else:
            self.settle_soon()

    def set(self, name: str, text: str) -> None:
        """A line of the params panel was entered."""
        try:
            self.draft = self.draft.with_setting(name, text)
        except InputError as error:
            self.screen.notify_plain(error.sentence(), severity="warning")
        if name in self.draft.sweep:
            self.draft = replace(self.draft, sweep={k: v for k, v in self.draft.sweep.items() if k != name})
        self.settle()
        self.remember_soon()

    # What follows an edit

    def settle_soon(self) -> None:
        """Bring the words around the editors up to date once typing pauses."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.screen.set_timer(SETTLE_S, self._settled)

    async def _settled(self) -> None:
        await self.show_variables()
        self.settle()
        self.remember_soon()

    def settle(self) -> None:
        """Title, estimate, warnings, key bar: what the draft says now."""
        screen, draft = self.screen, self.draft
        if not screen.is_mounted:
            return
        columns = [] if screen.starting else self.columns()
        screen.query_one("#params", ParamsPanel).show(words.param_rows(draft, columns))
        screen.checks.look_soon()
        self.show_status()
        box = screen.query_one("#prompt-box", Vertical)
        box.border_title = Content(visible(words.prompt_title(self.name, draft, self.turn, changed=self._is_changed())))
        several = len(draft.turns) > 1
        box.border_subtitle = Content("alt+↑ alt+↓ turns" if several else "")
        focused = screen.focused.id if screen.focused is not None else ""
        screen.set_class(bool(draft.prefill) or focused == "prefill", "-prefill")
        self.show_examples(open_=focused == "examples")
        screen.flights.show_empty()

    def show_status(self) -> None:
        """The status line; one that is exact is not shown as a guess while the next count is under way."""
        screen, draft = self.screen, self.draft
        if not screen.starting and not screen.checks.counting:
            past, counted = {} if self._is_changed() else self.past, screen.checks.counted
            parts = words.status_parts(draft, self.columns(), past, counted, look=screen.shots.look)
            screen.query_one("#status", TopBar).show(parts)

    def _is_changed(self) -> bool:
        """Whether the draft is another than its version, worked out once: a long prompt takes milliseconds."""
        if self._changed[0] is not self.draft:
            self._changed = (self.draft, self.draft.changed)
        return self._changed[1]

    def show_examples(self, *, open_: bool) -> None:
        """The examples block: folded to a line unless it is typed in, away where there is none and no place for one."""
        row = self.screen.query_one_optional("#row-examples")
        if row is not None:
            said = words.examples_words(self.draft, self.screen.shots.look)
            row.query_one(".folded", Plain).update(Content(visible(said, newlines="mark")))
            row.set_class(open_, "-open")
            row.display = open_ or bool(said)

    def show_examples_words(self) -> None:
        """The examples block as it is: its set's examples were chosen."""
        row = self.screen.query_one_optional("#row-examples")
        self.show_examples(open_=row is not None and row.has_class("-open"))

    def columns(self) -> list[words.Column]:
        """What is known of the chosen models."""
        services = self.screen.services
        for name in self.draft.models:
            if name not in self._columns:
                self._columns[name] = words.column(name, services.catalog, services.config.aliases)
        return [self._columns[name] for name in self.draft.models]

    async def show_variables(self, *, fresh: bool = False) -> None:
        """A row for each variable that needs a value typed."""
        names = self.draft.typed_variables()
        if not self.mounted or (names == self._names and not fresh):
            return
        fields = self.screen.query_one("#fields", Vertical)
        if names != self._names:
            self._names = names
            await fields.query(".variable").remove()
            for at, name in enumerate(names[:8]):
                row = Row(visible("{{" + name + "}}"), self.draft.values.get(name, ""), name=f"var-{at}")
                row.add_class("variable")
                await fields.mount(row, before=fields.query_one("#row-examples"))
        for at, name in enumerate(names[:8]):
            self._put(f"var-{at}", self.draft.values.get(name, ""))

    # Between sessions

    def remember_soon(self) -> None:
        """Store the draft once nothing changed for a moment."""
        if self._remembering is not None:
            self._remembering.stop()
        self._remembering = self.screen.set_timer(REMEMBER_S, self.remember)

    def remember(self) -> None:
        """Store the draft, so that the next start opens where this one was."""
        self.screen.cockpit.put_setting(self.screen.session_key, self.screen.save_session())
