"""`*` wherever a sample is shown: one letter keeps it as an example, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.core.examples import Example
from cockpit.screens.compare import CompareScreen
from cockpit.screens.conversation import ConversationScreen
from cockpit.screens.keep import Keep
from cockpit.screens.keep_edit import AnswerDesk
from cockpit.screens.logprobs import LogprobsScreen
from cockpit.screens.sample import SampleScreen
from cockpit.screens.search import SearchScreen
from cockpit.screens.stops import StopsScreen, StopsSubject
from cockpit.services import Services
from cockpit.store import examples, projects, samples
from tests.fake_provider import FakeProvider
from tests.screens.opened_host import HOSTILE, HostApp, World, fill, make_services, until
from tests.screens.play_host import live_of, open_play, screen_of, wall_text
from widgets.field import Field
from widgets.plain import Plain


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


@pytest.fixture
def world(services: Services) -> World:
    return services.store.write_now(fill)


def of(services: Services, sample_id: int) -> Example | None:
    return examples.of_sample(services.store.read(), sample_id)


def gold_of(services: Services, sample_id: int) -> Example:
    found = of(services, sample_id)
    assert found is not None
    assert found.verdict == "gold"
    return found


def id_of(services: Services, world: World, text: str) -> int:
    """A sample with this answer that is no example."""
    return next(
        one
        for one in world.sample_ids
        if samples.get_plain(services.store.read(), one).text == text and of(services, one) is None
    )


def shown(app: HostApp) -> str:
    """What the dialog says."""
    return "\n".join(str(one.content) for one in app.screen.query(Plain))


async def opened(app: HostApp, pilot: Pilot[Any], key: str = "asterisk") -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Keep) and "Reading" not in shown(app), "the dialog")


async def ready(app: HostApp, pilot: Pilot[Any], kind: type[Screen[Any]]) -> None:
    await until(pilot, lambda: isinstance(app.screen, kind))


def on_sample(services: Services, tmp_path: Path, sample_id: int) -> HostApp:
    return HostApp(services, tmp_path, lambda s: SampleScreen(s, sample_id))


async def sample_shown(app: HostApp, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: app.screen.query("#text") and getattr(app.screen, "_opened", None))


@pytest.mark.parametrize(("key", "verdict"), [("g", "gold"), ("enter", "gold"), ("c", "candidate"), ("x", "rejected")])
async def test_one_letter_keeps_the_sample_and_closes(
    services: Services, world: World, tmp_path: Path, key: str, verdict: str
) -> None:
    target = id_of(services, world, "REFUSAL")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        assert "no example yet" in shown(app)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
        await until(pilot, lambda: verdict in str(app.screen.query_one("#fact-text", Plain).content))
    kept = of(services, target)
    assert kept is not None
    assert (kept.verdict, kept.output) == (verdict, "REFUSAL")
    assert kept.input in ("Sorry, I can't help.", "Sure! Here it is."), "the variable's value is the input"
    assert kept.source.detail["sample"] == target


async def test_it_says_what_is_there_and_which_examples_have_the_same_input(
    services: Services, world: World, tmp_path: Path
) -> None:
    target = id_of(services, world, "REFUSAL")
    asked = services.store.write_now(lambda db: examples.from_sample(db, target, "candidate", "not sure yet"))
    text = examples.get_example(services.store.read(), asked).input

    def twin(db: Any) -> int:
        return examples.add_example(db, projects.ensure_project(db, "default"), Example(text.upper(), "ANSWER"))

    services.store.write_now(twin)
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(120, 40)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        said = shown(app)
        assert "○ candidate" in said
        assert "not sure yet" in said
        assert "same input" in said
        assert "ANSWER" in said


async def test_a_reason_is_typed_before_the_verdict(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(120, 40)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("r")
        await until(pilot, lambda: app.screen.query_one("#reason", Field).has_focus)
        await pilot.press(*"gx 0", "enter")
        await until(pilot, lambda: "gx 0" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    kept = of(services, target)
    assert kept is not None
    assert (kept.verdict, kept.reason) == ("rejected", "gx 0")


async def test_an_edit_becomes_gold_and_keeps_where_it_was_from(
    services: Services, world: World, tmp_path: Path
) -> None:
    target = id_of(services, world, HOSTILE)
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.typing)
        await pilot.press(*"!gcx", "enter", *"2", "ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    kept = gold_of(services, target)
    assert kept.output == HOSTILE + "!gcx\n2"
    assert kept.source.kind == "edited"
    assert kept.source.detail["sample"] == target
    assert kept.source.detail["model"]
    assert [edit.output for edit in examples.edits_of(services.store.read(), kept.id or 0)] == [HOSTILE]


async def test_an_edit_that_changes_nothing_is_no_edit(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.typing)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    assert gold_of(services, target).source.kind == "sample"


async def test_an_edit_is_not_lost_by_leaving(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.typing)
        await pilot.press("!", "escape")
        await until(pilot, lambda: "go on editing" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Keep) and app.screen.is_modal, "the question")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Keep))
        await pilot.press("e")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.text == "ANSWER!")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.typing)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    assert gold_of(services, target).output == "ANSWER!"


async def test_the_own_editors_text_is_there_to_keep(
    services: Services, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)

    async def typed(text: str, suffix: str = ".md") -> str:
        return text + ", typed elsewhere"

    monkeypatch.setattr(app, "edit_text", typed)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: (one := app.screen.query_one(AnswerDesk).editor) and "elsewhere" in one.text)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    assert gold_of(services, target).output == "ANSWER, typed elsewhere"


async def test_an_empty_answer_is_no_gold_but_can_be_typed(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("g")
        await until(pilot, lambda: "no text to show" in shown(app))
        assert of(services, target) is None
        await pilot.press("e")
        await until(pilot, lambda: (editor := app.screen.query_one(AnswerDesk).editor) and editor.typing)
        await pilot.press(*"NO", "ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen))
    assert gold_of(services, target).output == "NO"


async def test_taking_away_brings_back_what_was_edited(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")

    def edited(db: Any) -> None:
        one = examples.from_sample(db, target, "gold", "short")
        examples.update_example(db, one, output="ANSWER.", note="mine", tags=("hard",))

    services.store.write_now(edited)
    before = gold_of(services, target)
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen) and of(services, target) is None)
        await opened(app, pilot)
        assert "bring sample" in shown(app)
        await pilot.press("Z")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen) and of(services, target) is not None)
    assert gold_of(services, target) == before
    assert len(examples.edits_of(services.store.read(), before.id or 0)) == 1


async def test_an_undo_refuses_what_was_changed_elsewhere(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        await opened(app, pilot)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, SampleScreen) and of(services, target))
        kept = gold_of(services, target)
        services.store.write_now(lambda db: examples.update_example(db, kept.id or 0, note="from elsewhere"))
        await opened(app, pilot)
        await pilot.press("Z")
        await until(pilot, lambda: "changed elsewhere" in shown(app))
    assert gold_of(services, target).note == "from elsewhere"


async def test_a_label_alone_leaves_where_it_was_from(services: Services, world: World) -> None:
    target = id_of(services, world, "ANSWER")
    made = services.store.write_now(lambda db: examples.from_sample(db, target, "gold"))
    services.store.write_now(lambda db: examples.update_example(db, made, label="yes"))
    assert gold_of(services, target).source.kind == "sample"
    assert len(examples.edits_of(services.store.read(), made)) == 1


PLACES: dict[str, Callable[[Services, World, int], Screen[Any]]] = {
    "sample": lambda s, _, one: SampleScreen(s, one),
    "compare": lambda s, w, one: CompareScreen(s, one, w.sample_ids[0]),
    "logprobs": lambda s, _, one: LogprobsScreen(s, one),
    "conversation": lambda s, _, one: ConversationScreen(s, one),
}


@pytest.mark.parametrize("place", PLACES)
async def test_every_place_that_shows_a_sample_keeps_it(
    services: Services, world: World, tmp_path: Path, place: str
) -> None:
    target = id_of(services, world, "ANSWER")
    app = HostApp(services, tmp_path, lambda s: PLACES[place](s, world, target))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        await until(pilot, lambda: app.screen is not screen or len(app.screen_stack) > 1)
        if place == "conversation":
            await until(pilot, lambda: getattr(app.screen, "_turns", ()))
            shown_screen = app.screen
            assert isinstance(shown_screen, ConversationScreen)
            turns = shown_screen._turns
            shown_screen.rows.move_to(next(at for at, turn in enumerate(turns) if turn.sample_id == target))
        elif place == "compare":
            await until(pilot, lambda: getattr(app.screen, "_sides", None))
        elif place == "sample":
            await sample_shown(app, pilot)
        await opened(app, pilot)
        assert str(target) in str(app.screen.query_one(".panel").border_title)
        await pilot.press("g")
        await until(pilot, lambda: of(services, target) is not None)
    assert gold_of(services, target).output == "ANSWER"


async def test_of_two_compared_the_other_can_be_kept(services: Services, world: World, tmp_path: Path) -> None:
    left, right = id_of(services, world, "ANSWER"), id_of(services, world, "REFUSAL")
    app = HostApp(services, tmp_path, lambda s: CompareScreen(s, left, right))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "_sides", None))
        await opened(app, pilot)
        await pilot.press("s")
        await until(pilot, lambda: "right" in str(app.screen.query_one(".panel").border_title))
        await pilot.press("x")
        await until(pilot, lambda: of(services, right) is not None)
    assert of(services, left) is None


async def test_marked_matches_are_kept_together(services: Services, world: World, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: SearchScreen(s, "default"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SearchScreen) and app.screen._hits)
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        screen.rows.focus()
        chosen = [hit.sample_id for hit in screen._hits[:3]]
        await pilot.press("space", "j", "space", "j", "space")
        await opened(app, pilot)
        await pilot.press("x")
        rows = screen.rows
        await until(pilot, lambda: app.screen is screen and not rows.marked)
    assert [getattr(of(services, one), "verdict", None) for one in chosen] == ["rejected"] * 3


async def test_a_missed_stop_is_kept_from_the_audit(services: Services, world: World, tmp_path: Path) -> None:
    subject = StopsSubject(run_ids=(world.run_ids[-1],))
    app = HostApp(services, tmp_path, lambda s: StopsScreen(s, subject, view="audit"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StopsScreen) and not app.screen.busy)
        await pilot.press("asterisk")
        await until(pilot, lambda: isinstance(app.screen, Keep) or app._notifications)


async def test_the_walls_marked_samples_are_kept_and_show_it(tmp_path: Path) -> None:
    async with FakeProvider() as fake, open_play(tmp_path, fake, n=3) as (app, pilot):
        await pilot.press(*"Hi", "ctrl+j")
        await until(pilot, lambda: screen_of(app).flights.fold and live_of(app).finished)
        await pilot.press("escape")
        await until(pilot, lambda: len(live_of(app).ids) == 3)
        await pilot.press("space", "j", "space", "asterisk")
        await until(pilot, lambda: isinstance(app.screen, Keep))
        await pilot.press("c")
        await until(pilot, lambda: wall_text(app).count("○") == 2)
        await pilot.press("space", "k", "space", "asterisk")
        await until(pilot, lambda: isinstance(app.screen, Keep))
        await pilot.press("Z")
        await until(pilot, lambda: wall_text(app).count("○") == 0)


async def test_letters_pressed_at_once_are_the_dialogs(services: Services, world: World, tmp_path: Path) -> None:
    target = id_of(services, world, "ANSWER")
    app = on_sample(services, tmp_path, target)
    async with app.run_test(size=(100, 30)) as pilot:
        await sample_shown(app, pilot)
        screen = app.screen
        assert isinstance(screen, SampleScreen)
        screen.action_gold()
        for key in "rno":
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: any(isinstance(f, Field) and f.value == "no" for f in app.screen.query(Field)))
