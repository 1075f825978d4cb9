"""Choosing how much of a set Play sends, with a dry run beside it. Counting and choosing are done elsewhere.

To open it: `await open_fill(screen, set_name=None)` from a worker of any screen. It changes Play's draft, and returns
when the person leaves.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.command_tables.fill import OPTIONS
from cockpit.commands import by_id
from cockpit.core.draft import PlayDraft
from cockpit.core.errors import InputError
from cockpit.screens import fill_words as words
from cockpit.screens.base import keymap_of
from cockpit.screens.fill_choose import Choosing, version_words
from cockpit.screens.fill_count import Counting
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.text_panel import TextPanel
from cockpit.screens.words import clip, count, one_line
from widgets.plain import Plain
from widgets.row_list import ListRow, RowList
from widgets.text_view import TextView
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services

NO_SETS = ("There is no set of examples yet.", "The Examples pane makes one: mark examples there, then S.")


class FillScreen(OpenedScreen[None]):
    """Options, the examples they choose, and how full the models are then."""

    scope: ClassVar[str] = "fill"
    pane_title: ClassVar[str] = "Fill"
    DEFAULT_CSS = """
    FillScreen #left { width: 1fr; height: 1fr; }
    FillScreen #right { width: 50; height: 1fr; margin-left: 1; }
    FillScreen #options { max-height: 12; }
    FillScreen #line { display: none; height: auto; max-height: 2; padding: 0 2; color: $text-muted; }
    FillScreen.-narrow #line { display: block; }
    FillScreen.-narrow #left { height: 3fr; }
    FillScreen.-narrow #right { width: 1fr; height: 2fr; margin-left: 0; }
    FillScreen.-narrow #options { display: none; }
    FillScreen.-narrow #text { display: none; }
    """

    def __init__(self, services: Services, draft: PlayDraft, set_name: str | None = None) -> None:
        super().__init__(services)
        self._set_name = set_name
        self._separator: str | None = None
        """What stands between `{{examples}}` and the prompt's text, where this screen puts it in."""
        self.counting = Counting(self, draft)
        self.choosing = Choosing(self)

    def compose_body(self) -> ComposeResult:
        """The examples over the one that is highlighted; options and facts beside them."""
        yield Plain("", id="line")
        with Container(classes="body split"):
            with Vertical(id="left"):
                rows = RowList(words.WIDE, id="rows", classes="box tall", empty=("Counting …",))
                rows.border_title = "examples, as they are sent"
                yield rows
                yield TextView("", id="text", classes="box short")
            with Vertical(id="right"):
                options = RowList(words.OPTIONS, id="options", classes="box")
                options.border_title = "choice"
                yield options
                facts = TextPanel(id="facts", classes="box")
                facts.border_title = "dry run"
                yield facts

    def on_mount(self) -> None:
        """Read the sets, then count."""
        self.rows.focus()
        self.run_worker(self.counting.begin(self._set_name), group="sets", exit_on_error=False)

    def on_unmount(self) -> None:
        """Nobody waits for the count any more."""
        self.counting.cancel()

    @on(RowList.Resized, "#rows")
    def _resized(self) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self.show)

    @property
    def rows(self) -> RowList:
        """The examples."""
        return self.query_one("#rows", RowList)

    @property
    def busy(self) -> bool:
        """Whether a count is under way."""
        return self.counting.running

    def cancel_running(self) -> None:
        """Give the count up."""
        if not self.busy:
            self.notify_plain("Nothing is being counted.")
            return
        self.counting.cancel()
        self.notify_plain("The count was cancelled; any change counts again.")
        self.show()

    # Showing

    def show(self) -> None:
        """Everything, as the count stands; what is of an earlier choice steps back until the new one is counted."""
        if not self.is_mounted:
            return
        counting, rows = self.counting, self.rows
        width = rows.size.width
        rows.columns = words.columns(width)
        found: list[ListRow] = []
        if counting.dry is not None and counting.page is not None:
            found = words.example_rows(counting.dry, counting.page, rows.columns)
        rows.set_empty(*self._empty_words())
        rows.show([replace(row, quiet=True) for row in found] if counting.running else found)
        self._show_choice()
        self._show_facts()
        self._show_example()
        self.refresh_bindings()

    def _empty_words(self) -> tuple[str, ...]:
        counting = self.counting
        if counting.wanted is None:
            return NO_SETS
        if counting.running:
            return ("Counting …",)
        return ("The count was cancelled.",) if counting.cancelled else words.nothing(counting.dry)

    def _show_choice(self) -> None:
        counting, wanted, chosen = self.counting, self.counting.wanted, self.counting.chosen
        if wanted is None:
            self.head((NO_SETS[0], "quiet"))
            return
        newest = next((row.number for row in counting.sets if row.name == wanted.name), None)
        version = version_words(wanted, newest)
        keys = [keymap_of(self.app).shown(command) for command in OPTIONS]
        options = words.option_rows(keys, wanted.name, version, wanted.wish, counting.page)
        self.query_one("#options", RowList).show(options)
        self.query_one("#line", Plain).update(words.short_words(wanted.wish))
        where = f"[ ] input {counting.at + 1} of {count(len(chosen.given))}" if chosen and counting.several else ""
        self.rows.border_subtitle = plain_title(where)
        state = "counting …" if counting.running else words.cost_words(chosen) if chosen is not None else ""
        head = visible(f"{clip(one_line(wanted.name), 30)} {version}", newlines="mark")
        self.head((head, "plain"), right=[(f"{state} ", "quiet")])

    def _show_facts(self) -> None:
        counting, keymap = self.counting, keymap_of(self.app)
        lines: list[words.Line] = []
        if counting.running:
            lines = [("counting …", "quiet")]
        elif counting.dry is not None:
            lines = words.facts(counting.dry, counting.page, keymap.shown(by_id("fill.leaks")), wide=self._narrow)
        if counting.lacks_place and not counting.running:
            lines += [("", ""), (f"{keymap.shown(by_id('fill.place'))} puts {{{{examples}}}} in the prompt", "strong")]
        self.query_one("#facts", TextPanel).show(lines)

    @property
    def _narrow(self) -> bool:
        return self.has_class("-narrow")

    def _show_example(self) -> None:
        text, counting, at = self.query_one("#text", TextView), self.counting, self.rows.cursor
        dry, chosen = counting.dry, counting.chosen
        examples = words.given_at(chosen, counting.at).examples if chosen is not None else ()
        title, shown = "example", ""
        if dry is not None and at < len(examples):
            title, shown = words.example_text(dry, examples[at], counting.at)
        text.border_title = plain_title(title)
        if text.text != shown:
            text.show(shown)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not shown."""
        counting = self.counting
        match action:
            case "leaks":
                return counting.chosen is not None and bool(counting.chosen.leaks)
            case "take_back":
                return counting.wanted is not None and bool(counting.wanted.wish.without)
            case "place":
                return counting.lacks_place
            case "previous" | "next":
                return counting.several
        return super().check_action(action, parameters)

    @on(RowList.Moved, "#rows")
    def _moved(self) -> None:
        self._show_example()

    @on(RowList.Opened)
    def _opened(self, event: RowList.Opened) -> None:
        """Enter on an option changes it; on an example it puts the choice in Play."""
        if event.rows.id == "options" and isinstance(event.key, int):
            self.action_choose(OPTIONS[event.key].id.rpartition(".")[2])
        else:
            self.action_put()

    # What a person does

    def action_choose(self, name: str) -> None:
        """Change an option."""
        if self.counting.wanted is None:
            self.notify_plain(" ".join(NO_SETS))
            return
        result = getattr(self.choosing, name)()
        if inspect.isawaitable(result):
            self.run_worker(result, group="dialog", exit_on_error=False)

    @work(exclusive=True, group="put", exit_on_error=False)
    async def action_put(self) -> None:
        """Put the choice in Play's draft and go back."""
        from cockpit.screens.play_shots import put_set
        from cockpit.screens.tokens_source import write_to, written_in

        wanted = self.counting.wanted
        if wanted is None:
            self.notify_plain(" ".join(NO_SETS))
            return
        if self._separator is not None:
            await write_to(self.cockpit, written_in(self.cockpit).draft.with_place(self._separator))
        await put_set(self.cockpit, wanted.name, wanted.number, wanted.wish)
        self.dismiss(None)

    def action_leaks(self) -> None:
        """Leave out what leaks."""
        if self.counting.wanted is not None:
            self.counting.take(self.counting.wanted, drop_leaks=True)

    def action_take_back(self) -> None:
        """Nothing is left out any more."""
        if self.counting.wanted is not None:
            self.counting.take(self.counting.wanted.with_wish(replace(self.counting.wanted.wish, without=())))

    def action_place(self) -> None:
        """The prompt gets a place for the examples, once this is put in Play."""
        of = self.counting.dry.of if self.counting.dry is not None else None
        if of is None or self.counting.wanted is None:
            return
        separator = of.template.separator or "\n\n"
        try:
            self.counting.draft = self.counting.draft.with_place(separator)
        except InputError as error:
            self.notify_plain(error.sentence(), severity="warning")
            return
        self._separator = separator
        self.notify_plain("{{examples}} goes before the last user text, once this is put in Play.")
        self.counting.take(self.counting.wanted)

    def action_previous(self) -> None:
        """The input before."""
        self.counting.turn(-1)

    def action_next(self) -> None:
        """The next input."""
        self.counting.turn(1)

    def action_copy(self) -> None:
        """Copy the choice."""
        dry, shown = self.counting.dry, self.counting.page
        if dry is not None and dry.chosen is not None and shown is not None:
            self.cockpit.copy_text(words.as_text(dry, shown, words.facts(dry, shown, "x")), "choice")


async def open_fill(screen: PaneScreen[None], set_name: str | None = None) -> None:
    """Show it over a screen until the person leaves; call it from a worker.

    Args:
        set_name: the set to begin with; else the draft's, else the one changed last.
    """
    from cockpit.screens.tokens_source import written_in

    draft = written_in(screen.cockpit).draft
    await screen.app.push_screen_wait(FillScreen(screen.services, draft, set_name))
