"""What the Tokens pane opens, and what it changes on Play. How the opened screens look is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.draft import PlayDraft
from cockpit.core.params import Params
from cockpit.core.prompts import Version, literal
from cockpit.screens import tokens_source as source
from cockpit.screens.base import ModalPane, panel
from cockpit.screens.pick import Choice, Pick
from cockpit.screens.tokens_source import complete_file
from cockpit.screens.words import clip
from widgets.field import Field
from widgets.plain import Plain

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from cockpit.core.checks import Finding
    from cockpit.screens.tokens import TokensScreen
    from widgets.prompt_editor import PromptEditor


class AnyPath(Field):
    """A path of any file, completed by tab."""

    def on_key(self, event: events.Key) -> None:
        """Tab completes instead of leaving."""
        if event.key != "tab":
            return
        done, names = complete_file(self.value)
        if done != self.value:
            self.value = done
        self.set_problem(clip("   ".join(names[:12]), 160) if len(names) > 1 else "" if names else "nothing there")
        event.stop()
        event.prevent_default()


class AskFile(ModalPane[str | None]):
    """A path; None if dismissed."""

    DEFAULT_CSS = """
    AskFile > .panel { width: 100; }
    AskFile .message { color: $text-muted; height: auto; margin-bottom: 1; }
    AskFile AnyPath { background: $boost; margin-bottom: 1; }
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._field = AnyPath("file", path, hint="~/prompts/judge.txt")

    def compose(self) -> ComposeResult:
        """A sentence and the path."""
        with panel("Show a file", "tab complete · enter show · esc cancel"):
            yield Plain("Its text is shown as it is, in tokens; nothing is sent.", classes="message")
            yield self._field

    def on_mount(self) -> None:
        """Ready for typing."""
        self._field.focus()

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """That is the path."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())


async def ask_tokenizer(screen: TokensScreen, title: str, selected: str, *, but: str = "") -> str | None:
    """A model of Play's, or an encoding, as 'model:…' or 'encoding:…'; None if dismissed."""
    from asyncio import to_thread

    models = list(source.written_in(screen.cockpit).draft.models)
    if screen.look.sample_model and screen.look.sample_model not in models:
        models.append(screen.look.sample_model)
    choices = await to_thread(_choices, screen, models)
    shown = [choice for choice in choices if choice.value != but]
    hint = "Models are those chosen in Play. An estimate says so wherever it is shown."
    return await screen.cockpit.push_screen_wait(Pick(title, shown, selected=selected or None, hint=hint))


def _choices(screen: TokensScreen, models: list[str]) -> list[Choice]:
    from cockpit.screens.tokens_read import Reader

    reader = Reader(screen.services)
    found = []
    for name in models:
        choice = reader.choose(f"model:{name}").choice
        found.append(Choice(f"model:{name}", name, f"{choice.encoding}, {'exact' if choice.exact else 'estimate'}"))
    from cockpit.tokenizers.claude import family_named

    for name in screen.services.tokenizers.names():
        if any(model.endswith(f":{name}") for model in models):
            continue  # The model of that name says more: its window, its price, its template.
        sure = "counts only, estimate" if family_named(name) else "an encoding, whatever the model"
        found.append(Choice(f"encoding:{name}", name, sure))
    return found


def single_raw(text: str) -> Version:
    """A prompt that is this text and nothing else."""
    return Version(messages=(literal("user", text),))


class Going:
    """The actions that open something, or that reach into Play."""

    def __init__(self, screen: TokensScreen) -> None:
        self.screen = screen
        self._before: list[PlayDraft | str] = []
        """Drafts, or scratch texts, before each fix of this session."""

    # What is shown

    def prompt(self) -> None:
        """Play's prompt."""
        self.screen.look.show("prompt")
        self.screen.stop_typing()

    async def scratch(self) -> None:
        """A text typed here."""
        self.screen.look.show("scratch")
        await self.type_scratch()

    async def file(self) -> None:
        """A file's text."""
        look = self.screen.look
        path = await self.screen.cockpit.push_screen_wait(AskFile(look.path))
        if path is not None:
            look.path = path
            look.show("file")

    async def sample(self) -> None:
        """A stored sample's answer."""
        from cockpit.screens.search import SearchScreen

        screen = self.screen
        found = await screen.cockpit.push_screen_wait(SearchScreen(screen.services, screen.cockpit.project))
        if found is not None:
            screen.look.sample_id = found
            screen.look.show("sample")

    # The scratch text

    async def type_scratch(self) -> None:
        """Type in the scratch field."""
        await self.mount_scratch()
        editor: PromptEditor | None = self.screen.query_one_optional("#scratch")  # type: ignore[assignment]
        if editor is not None:
            editor.start_typing()

    async def mount_scratch(self) -> None:
        """The field comes when it is first wanted: loading the editor takes as long as a first paint."""
        if self.screen.query_one_optional("#scratch") is not None:
            return
        from widgets.prompt_editor import PromptEditor

        editor = PromptEditor(self.screen.look.scratch, id="scratch")
        editor.highlight_cursor_line = False
        await self.screen.query_one("#scratch-box").mount(editor)
        editor.move_cursor(editor.document.end)

    async def set_scratch(self, text: str) -> None:
        """Put another text in the field."""
        from cockpit.screens.editor import put_text

        await self.mount_scratch()
        put_text(self.screen.query_one("#scratch"), text)

    # Findings

    def go_to(self, finding: Finding | None) -> None:
        """The cursor to the place that a finding is about."""
        place = self.screen.draw.place_of(finding) if finding is not None else None
        if place is None:
            if finding is not None:
                self.screen.notify_plain("This is about the whole prompt, or its settings: no one place.", timeout=3)
            return
        view = self.screen.view
        lane = view.lane
        byte = lane.byte_of(place[0], place[1]) if lane is not None else None
        if byte is not None:
            view.move_to_byte(byte)
            view.focus()

    async def fix(self) -> None:
        """Apply the highlighted finding's fix: to Play's draft, or to the scratch text."""
        screen, look = self.screen, self.screen.look
        finding = screen.finding
        if finding is None or finding.fix is None:
            screen.notify_plain("Nothing to apply: move to a finding that names a fix.")
            return
        if look.kind == "scratch":
            version, _ = finding.fix.apply(single_raw(look.scratch), Params())
            await self._rewrite(look.scratch, version.messages[0].content if version.messages else "")
        elif look.kind == "prompt":
            draft = source.written_in(screen.cockpit).draft
            version, params = finding.fix.apply(draft.version(), draft.params)
            fixed = source.with_fix(draft, version, params)
            if fixed == draft:
                screen.notify_plain("The prompt has changed since: nothing was left to fix.")
            else:
                self._before.append(draft)
                await source.write_to(screen.cockpit, fixed)
                screen.notify_plain(f"{finding.fix.title}: done in Play's draft. u undoes it.", timeout=4)
        else:
            screen.notify_plain("A file is shown as it is: put its text into Play or the scratch to fix it.")
            return
        look.take()

    async def _rewrite(self, old: str, new: str) -> None:
        if new != old:
            self._before.append(old)
            await self.set_scratch(new)

    async def undo(self) -> None:
        """As it was before the last fix."""
        screen = self.screen
        if not self._before:
            screen.notify_plain("No fix was applied here.")
            return
        before = self._before.pop()
        if isinstance(before, str):
            await self.set_scratch(before)
        else:
            await source.write_to(screen.cockpit, before)
        screen.look.take()

    async def edit(self) -> None:
        """To Play's editor, at the place under the cursor."""
        screen, look = self.screen, self.screen.look
        if look.kind == "scratch":
            await self.type_scratch()
            return
        play = source.play_of(screen.cockpit)
        if look.kind != "prompt" or play is None:
            screen.notify_plain("Only Play's prompt is edited in Play; p shows it.")
            return
        view = screen.view
        found = view.lane.char_at(view.byte) if view.lane is not None else None
        screen.cockpit.action_pane("play")
        if found is not None:
            from cockpit.screens.tokens_play import go_to_place

            await go_to_place(play, found[0], found[1], look.row)

    # Other screens

    async def stops(self) -> None:
        """Stop checks and audit."""
        from cockpit.screens.stops import StopsScreen, StopsSubject

        screen, look = self.screen, self.screen.look
        draft = source.written_in(screen.cockpit).draft
        ids = (look.sample_id,) if look.kind == "sample" and look.sample_id is not None else ()
        subject = StopsSubject(draft=draft, sample_ids=ids) if ids else StopsSubject(draft=draft)
        await screen.cockpit.push_screen_wait(StopsScreen(screen.services, subject))
        look.take()

    def keep(self) -> None:
        """What to make of the shown sample as an example."""
        from cockpit.screens.keep_open import ask_keep

        screen, look = self.screen, self.screen.look
        if look.kind != "sample" or look.sample_id is None:
            screen.notify_plain("Samples can be kept as examples: s finds one.")
        else:
            ask_keep(screen, (look.sample_id,))

    async def shorter(self) -> None:
        """What each part costs, and what to drop."""
        from cockpit.screens.shorter import open_shorter
        from cockpit.screens.tokens_play import with_examples

        screen = self.screen
        draft = source.written_in(screen.cockpit).draft
        await open_shorter(screen, await with_examples(screen.cockpit, draft))
        screen.look.take()

    async def logprobs(self) -> None:
        """How likely each token of the sample was."""
        from cockpit.screens.logprobs import LogprobsScreen

        screen, look = self.screen, self.screen.look
        if look.kind != "sample" or look.sample_id is None:
            screen.notify_plain("Logprobs belong to a sample: s finds one.")
        else:
            await screen.cockpit.push_screen_wait(LogprobsScreen(screen.services, look.sample_id))
