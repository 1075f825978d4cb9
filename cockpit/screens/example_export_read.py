"""What an export of examples holds, made in a thread, and its words. No widget, and only the file asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cockpit.core.errors import InputError, StoreError
from cockpit.core.example_exports import FORMATS, Format, Problem, check_dpo, check_sft, export
from cockpit.core.examples import VERDICTS, Example, Template, Verdict
from cockpit.core.exports import ENCODING, ENCODING_ERRORS
from cockpit.core.leak_texts import normalise
from cockpit.screens.words import count, plural
from cockpit.whole_files import whole_file
from widgets.row_list import ListRow

if TYPE_CHECKING:
    from cockpit.keymap import Keymap
    from cockpit.services import Services

Which = Literal["gold", "kept", "all"]
NEXT: dict[Which, Which] = {"gold": "kept", "kept": "all", "all": "gold"}
TAKES: dict[Which, tuple[Verdict, ...]] = {"gold": ("gold",), "kept": ("gold", "candidate"), "all": VERDICTS}
WORDS: dict[Which, str] = {"gold": "gold alone", "kept": "gold and candidates", "all": "all verdicts"}
SUFFIXES: dict[Format, str] = {
    "openai-sft": ".jsonl", "openai-dpo": ".jsonl", "anthropic": ".jsonl", "hf": ".jsonl", "csv": ".csv",
    "inspect": ".jsonl", "text": ".txt",
}  # fmt: skip
NAMES: dict[Format, str] = {
    "openai-sft": "OpenAI fine-tuning, SFT",
    "openai-dpo": "OpenAI preferences, DPO",
    "anthropic": "Anthropic messages",
    "hf": "Hugging Face JSONL",
    "csv": "CSV table",
    "inspect": "Inspect dataset",
    "text": "plain text block",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be written: examples by id, or a set, as which format."""

    ids: tuple[int, ...]
    set_name: str | None = None
    form: Format = FORMATS[0]
    verdicts: Which = "gold"
    system: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """The file's text and what is wrong with it. `used` of `total` examples are in it; `trouble`: it has none."""

    asked: Asked
    text: str = ""
    rows: int = 0
    used: int = 0
    total: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    trouble: str = ""
    size: int = 0
    """Bytes."""
    clashing: int = 0
    """Examples of those used that have the input of another and answer it otherwise."""


def format_rows() -> list[ListRow]:
    """The formats to choose from."""
    return [ListRow(form, (NAMES[form],)) for form in FORMATS]


def with_form(asked: Asked, form: Format) -> Asked:
    """The same as another format."""
    return replace(asked, form=form)


def with_system(asked: Asked, system: str) -> Asked:
    """The same with another system prompt."""
    return replace(asked, system=system)


def next_verdicts(asked: Asked) -> Asked:
    """The same with other verdicts."""
    return replace(asked, verdicts=NEXT[asked.verdicts])


def has_system(form: Format) -> bool:
    """Whether a format has a place for a system prompt."""
    return form in ("openai-sft", "openai-dpo", "anthropic")


def path_for(asked: Asked) -> str:
    """A name for the file that says what is in it."""
    stem = asked.set_name or "examples"
    safe = "".join(char if char.isalnum() or char in "-_." else "-" for char in stem).strip(".") or "examples"
    return f"{safe}-{asked.form}{SUFFIXES[asked.form]}"


def make(services: Services, project: str, asked: Asked) -> Made:
    """The file, whole, and what OpenAI would refuse in it; it may take a second, so call it in a thread.

    Raises:
        StoreError: there is no such set.
    """
    found, template = _found(services, project, asked)
    verdicts = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    used = _used(found, asked)
    text = export(used, asked.form, system=asked.system if has_system(asked.form) else "", template=template)
    rows = len(used) if asked.form in ("csv", "text") else text.count("\n")
    if not rows:
        text = ""
    problems = tuple(_problems(services, asked.form, text)) if text else ()
    size = len(text.encode(ENCODING, ENCODING_ERRORS))
    clashing = 0 if asked.form == "openai-dpo" else _clashing(used)
    return Made(asked, text, rows, len(used), len(found), verdicts, problems, size=size, clashing=clashing)


def _clashing(used: Sequence[Example]) -> int:
    by_input: dict[str, list[str]] = {}
    for one in used:
        by_input.setdefault(normalise(one.input), []).append(one.answer.strip())
    return sum(len(answers) for answers in by_input.values() if len(set(answers)) > 1)


def _found(services: Services, project: str, asked: Asked) -> tuple[list[Example], Template | None]:
    from cockpit.store import examples, projects, sets

    db = services.store.read()
    if asked.set_name is not None:
        one = sets.get_set(db, projects.find_project(db, project) or 0, asked.set_name)
        return list(one.examples), one.template
    found = []
    for example_id in asked.ids:
        try:
            found.append(examples.get_example(db, example_id))
        except StoreError:
            continue  # Taken away meanwhile.
    return found, None


def _used(found: Sequence[Example], asked: Asked) -> list[Example]:
    if asked.form == "openai-dpo":
        return [one for one in found if one.verdict != "candidate"]
    if asked.set_name is not None:
        return list(found)
    return [one for one in found if one.verdict in TAKES[asked.verdicts]]


def _problems(services: Services, form: Format, text: str) -> Sequence[Problem]:
    checks = {"openai-sft": check_sft, "openai-dpo": check_dpo}
    if form not in checks:
        return ()
    from cockpit.tokenizers.registry import FALLBACK

    return checks[form](text.splitlines(), services.tokenizers.get(FALLBACK).count)


def sets(services: Services, project: str) -> list[tuple[str, str]]:
    """The project's sets by name, each with how much is in it."""
    from cockpit.store import projects, sets

    db = services.store.read()
    project_id = projects.find_project(db, project)
    rows = sets.list_sets(db, project_id) if project_id is not None else []
    return [(row.name, f"version {row.number}, {plural(row.n, 'example')}") for row in rows]


def place(typed: str) -> tuple[Path, str]:
    """A place to write to, and what is wrong with it, if anything is."""
    try:
        path = Path(typed.strip()).expanduser()
        if not typed.strip() or path.is_dir():
            return path, "name a file"
        return path, "" if path.parent.is_dir() else "there is no such folder"
    except (OSError, ValueError, RuntimeError) as error:
        return Path(), str(error)


def size_there(path: Path) -> int | None:
    """Bytes of the file that is there; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def write(path: Path, text: str) -> None:
    """The file, whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        with whole_file(path) as stream:
            stream.write(text.encode(ENCODING, ENCODING_ERRORS))
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}.", hint="Nothing is written.") from error


def what_words(made: Made) -> str:
    """What is exported, for the top bar."""
    if made.asked.set_name is not None:
        return f"set {made.asked.set_name}, {plural(made.total, 'example')}"
    return plural(made.total, "example")


def which_words(made: Made, keymap: Keymap) -> str:
    """Which of them are in the file, and the key that changes that."""
    from cockpit.commands import by_id

    counts = ", ".join(f"{count(n)} {verdict}" for verdict, n in made.verdicts.items() if n) or "none"
    if made.trouble:
        return ""
    if made.asked.form == "openai-dpo":
        return f"each gold answer against each rejected one to the same input ({counts})"
    if made.asked.set_name is not None:
        return f"the whole set in its order ({counts})"
    key = keymap.shown(by_id("example_export.verdicts"))
    return f"{WORDS[made.asked.verdicts]}: {count(made.used)} of {count(made.total)} ({counts}) · {key} changes that"


def clash_words(made: Made) -> str:
    """That the file would teach two answers to one input, if it would."""
    if not made.clashing:
        return ""
    return f"▲ {plural(made.clashing, 'example')} of these answer one input in different ways"


def nothing_words(made: Made) -> str:
    """Why there is nothing to write."""
    if made.trouble:
        return made.trouble
    if made.asked.form == "openai-dpo":
        return "No pair: one needs a gold and a rejected example with the same input and different outputs."
    return f"No example of these is to be written: {WORDS[made.asked.verdicts]}."


def problem_words(problems: Sequence[Problem], most: int) -> str:
    """What OpenAI would refuse, a line each."""
    lines = [f"✗ line {one.line}: {one.reason}" if one.line else f"✗ {one.reason}" for one in problems[:most]]
    more = len(problems) - len(lines)
    return "\n".join([*lines, f"  and {count(more)} more"] if more else lines)


def size_words(size: int) -> str:
    """Bytes as a person reads them."""
    if size < 10_000:
        return plural(size, "byte")
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
