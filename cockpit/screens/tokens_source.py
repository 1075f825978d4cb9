"""What the Tokens pane can look at: Play's draft, a sample, a file, a scratch text. Nothing is drawn here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from cockpit.core.draft import PlayDraft
from cockpit.core.errors import InputError
from cockpit.core.params import Params
from cockpit.core.prompts import EXAMPLES, VARIABLE, Message, Version, fill, literal, render, variables

if TYPE_CHECKING:
    from cockpit.app import CockpitApp
    from cockpit.core.check_values import Place
    from cockpit.core.samples import Sample
    from cockpit.screens.play import PlayScreen

Kind = Literal["prompt", "sample", "file", "scratch"]
MAX_FILE = 32_000_000
"""Bytes of a file that is shown; a larger one is refused, not cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """One text that is sent for itself: no token reaches from one part into the next."""

    field: str
    """'system', 'turn:0', 'prefill', or 'text' where it is no part of a prompt."""
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A text to look at, in the order its parts are sent."""

    kind: Kind
    title: str
    parts: tuple[Part, ...]
    version: Version | None = None
    """The rendered prompt; None where the text is none."""
    note: str = ""
    """What was done to the text before it was shown, in words."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Written:
    """What lies on Play: the draft and the prompt's name."""

    draft: PlayDraft
    name: str


def play_of(app: CockpitApp) -> PlayScreen | None:
    """The Play pane of this session, if it is there."""
    for screen in app._screen_stacks.get("play", ()):
        if getattr(screen, "scope", "") == "play":
            return cast("PlayScreen", screen)
    return None


def written_in(app: CockpitApp) -> Written:
    """Play's draft as it is at this moment; what it last stored where the pane is not there."""
    play = play_of(app)
    if play is not None and play.is_mounted:
        return Written(play.writing.draft, play.writing.name)
    data = app.get_setting(f"session.{app.project}.play")
    saved = data.get("draft") if isinstance(data, Mapping) else None
    if isinstance(saved, Mapping):
        return Written(PlayDraft.from_json(saved), str(data.get("name") or "prompt"))
    from cockpit.screens.play_session import first_draft

    return Written(first_draft(app.services.config), "prompt")


async def write_to(app: CockpitApp, draft: PlayDraft) -> None:
    """Put a draft on Play: in its editors, or in what it takes up when it opens."""
    play = play_of(app)
    if play is not None and play.is_mounted:
        await play.writing.load(draft, turn=play.writing.turn)
        return
    key = f"session.{app.project}.play"
    data = app.get_setting(key)
    app.put_setting(key, {**(data if isinstance(data, Mapping) else {}), "draft": draft.to_json()})


def with_fix(draft: PlayDraft, version: Version, params: Params) -> PlayDraft:
    """The draft after a fix; what it was saved as stays known, so that it counts as changed."""
    return replace(draft.with_version(version), params=params)


def values_at(draft: PlayDraft, row: int) -> dict[str, str]:
    """What each variable stands for in one input; one without a value stands as it is written."""
    rows = draft.rows()
    known = {**rows[min(row, len(rows) - 1)]} if rows else {}
    return {**{name: "{{" + name + "}}" for name in variables(draft.version())}, **known}


def prompt_subject(written: Written, row: int = 0) -> Subject:
    """Play's prompt as it will be sent for one of its inputs."""
    draft = written.draft
    version = render(draft.version(), values_at(draft, row))
    number = f" v{draft.saved_number}" if draft.saved_number else ""
    star = "*" if number and draft.changed else ""
    rows = len(draft.rows())
    where = f" · input {min(row, rows - 1) + 1} of {rows}" if rows > 1 else ""
    shots = draft.shots
    note = f"without the examples of {shots.name} v{shots.number}, which are put in when it is sent" if shots else ""
    return Subject("prompt", f"{written.name}{number}{star}{where}", version_parts(version), version, note)


def version_parts(version: Version) -> tuple[Part, ...]:
    """The texts of a rendered version, empty ones left out."""
    found = [Part("system", "system", version.system)]
    found += [Part(f"turn:{at}", m.role, m.content) for at, m in enumerate(version.messages)]
    found.append(Part("prefill", "prefill", version.prefill))
    return tuple(part for part in found if part.text)


def scratch_subject(text: str) -> Subject:
    """A text typed here, taken as a user's message."""
    return Subject("scratch", "scratch", _one(text), Version(messages=(literal("user", text),)))


def file_subject(path: str) -> Subject:
    """A file's text. Blocks.

    Raises:
        InputError: it cannot be read, or is larger than MAX_FILE.
    """
    where = Path(path).expanduser()
    try:
        size = where.stat().st_size
        if size > MAX_FILE:
            raise InputError(
                f"{where.name} has {size / 1e6:.0f} MB.", hint=f"At most {MAX_FILE / 1e6:.0f} MB are shown."
            )
        data = where.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"Cannot read {path}: {why}.", hint="Type another path; tab completes it.") from error
    try:
        text, note = data.decode(), ""
    except UnicodeDecodeError:
        text, note = data.decode(errors="replace"), "not UTF-8: what could not be read is U+FFFD"
    return Subject("file", where.name, _one(text), Version(messages=(literal("user", text),)), note)


def sample_subject(sample: Sample) -> Subject:
    """An answer, after its reasoning where that was sent."""
    parts = [Part("reasoning", "reasoning", sample.reasoning), Part("text", "answer", sample.text)]
    number = f" {sample.id}" if sample.id is not None else ""
    return Subject("sample", f"sample{number} of {sample.model}", tuple(part for part in parts if part.text))


def _one(text: str) -> tuple[Part, ...]:
    return (Part("text", "text", text),) if text else ()


def rendered_place(written: Message | str, values: Mapping[str, str], examples: str, at: int) -> int:
    """Where a character of a field as written stands once variables are filled; inside a variable: at its start."""
    text = written if isinstance(written, str) else written.content
    if isinstance(written, Message) and written.raw:
        return at
    known = {**values, EXAMPLES: examples}
    moved = 0
    for found in VARIABLE.finditer(text):
        if found.end() > at:
            return (found.start() if found.start() < at else at) + moved
        moved += len(known.get(found[1], found[0])) - (found.end() - found.start())
    return at + moved


def written_place(text: str, values: Mapping[str, str], examples: str, at: int) -> int:
    """The reverse of `rendered_place`: the character as written that a rendered one comes from."""
    known = {**values, EXAMPLES: examples}
    moved = 0
    for found in VARIABLE.finditer(text):
        start = found.start() + moved
        size = len(known.get(found[1], found[0]))
        if at < start:
            break
        if at < start + size:
            return found.start()
        moved += size - (found.end() - found.start())
    return min(max(at - moved, 0), len(text))


def examples_place(text: str, values: Mapping[str, str], examples: str, at: int) -> int | None:
    """Where a character of the examples block stands in a rendered field; None where the field has no such block."""
    found = next((found for found in VARIABLE.finditer(text) if found[1] == EXAMPLES), None)
    if found is None:
        return None
    return len(fill(text[: found.start()], {**values, EXAMPLES: examples})) + min(at, len(examples))


def complete_file(text: str) -> tuple[str, list[str]]:
    """A path completed as far as it is certain, and the names of files and folders it may go on with."""
    folder, _, stem = text.rpartition("/")
    try:
        base = Path(f"{folder}/" if "/" in text else ".").expanduser()
        with os.scandir(base) as entries:
            names = sorted(_shown(entry) for entry in entries if _fits(entry.name, stem))
    except (OSError, ValueError, RuntimeError):
        return text, []
    if not names:
        return text, []
    first, last = names[0], names[-1]
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return (f"{folder}/{first[:same]}" if "/" in text else first[:same]), names


def _shown(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir() else entry.name


def _fits(name: str, stem: str) -> bool:
    return name.startswith(stem) and (stem.startswith(".") or not name.startswith("."))


def field_of(version: Version, field: str) -> Message | str:
    """A field of a prompt by the name that places have for it; empty for an unknown one."""
    if field.startswith("turn:") and field[5:].isdigit():
        turns: Sequence[Message] = version.messages
        return turns[int(field[5:])] if int(field[5:]) < len(turns) else ""
    return {"system": version.system, "prefill": version.prefill, "examples": version.examples}.get(field, "")


def shown_place(app: CockpitApp, subject: Subject, place: Place | None, row: int) -> tuple[str, int, int] | None:
    """The field and characters of a shown text for a place in the draft as written; None where it is not shown."""
    if place is None or subject.version is None:
        return None
    if subject.kind != "prompt":
        return ("text", place.start, place.end) if place.field == "turn:0" else None
    draft = written_in(app).draft
    known, version = values_at(draft, row), draft.version()
    if place.field == "examples":
        return _in_block(version, known, place)
    text = field_of(version, place.field)
    ends = [rendered_place(text, known, version.examples, at) for at in (place.start, place.end)]
    return place.field, ends[0], max(ends)


def _in_block(version: Version, known: Mapping[str, str], place: Place) -> tuple[str, int, int] | None:
    fields = ["system", *(f"turn:{at}" for at in range(len(version.messages))), "prefill"]
    for name in fields:
        text = field_of(version, name)
        written = text if isinstance(text, str) else "" if text.raw else text.content
        start = examples_place(written, known, version.examples, place.start)
        if start is not None:
            return name, start, start + place.end - place.start
    return None
