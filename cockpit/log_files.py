"""Entries as Markdown files and back: one file an entry, with front matter. Reads and writes files and the database.

A file that was written here, edited elsewhere and read again changes the entry that it came from, as an edit; one
without a number of ours becomes a new entry. An entry that was edited here in the meantime is left as it is.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.core import front_matter
from cockpit.core.errors import InputError, StoreError
from cockpit.core.front_matter import Value
from cockpit.core.log_refs import cited
from cockpit.store.log import Draft, EditConflict, Entry, add_entry, get_entry, save_entry

_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
LARGEST = 4 * 1024 * 1024
"""Bytes of a file that is still somebody's notes."""


@dataclass
class Imported:
    """What became of some files: numbers of entries, and for the rest why not."""

    added: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def to_markdown(entry: Entry) -> str:
    """An entry as a Markdown file; what it cites is listed in its head, for tools that do not know our links."""
    draft = entry.draft
    fields: dict[str, Value] = {
        "title": draft.title,
        "date": draft.day,
        "tags": draft.tags,
        "idea": draft.idea,
        "project": entry.project,
        "entry": f"{entry.id}",
        "revision": f"{entry.revision}",
        "cites": tuple(f"{kind}:{number}" for kind, number in cited(draft.body)),
    }
    return front_matter.write(fields, draft.body)


def file_name(entry: Entry) -> str:
    """A name that sorts by day and tells what is in it."""
    words = re.sub(r"[^\w]+", "-", entry.title.lower()).strip("-")[:48].rstrip("-")
    return f"{entry.draft.day}-{entry.id}" + (f"-{words}" if words else "") + ".md"


def write_files(entries: Iterable[Entry], folder: Path) -> list[Path]:
    """Write each entry into a folder, in place of what was written of it before; the files' paths.

    Raises:
        InputError: the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in entries:
            path = folder / file_name(entry)
            for old in folder.glob(f"*-{entry.id}-*.md"):
                if old != path and f"\nentry: {entry.id}\n" in old.read_text("utf-8", "replace"):
                    old.unlink()
            path.write_text(to_markdown(entry), "utf-8")
            written.append(path)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from error
    return written


def read_file(path: Path, today: str) -> tuple[Draft, int | None, int]:
    """A Markdown file as a draft, with the entry it came from and the revision it was written at (None and 0 for none).

    Without front matter the first heading is the title, and a day in the file's name its day.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST // 1024**2} MB: no note.")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text.") from error
    fields, body = front_matter.read(text)
    title = _text(fields.get("title"))
    if not title and (head := re.match(r"#\s+(.+?)\s*#*\n?(?:\n|$)", body)):
        title, body = head[1], body[head.end() :].lstrip("\n")
    tags = tuple(tag.lstrip("#") for tag in front_matter.texts(fields.get("tags")))
    number, revision = _text(fields.get("entry")), _text(fields.get("revision"))
    draft = Draft(title, body, _day(fields, path, today), tags, _text(fields.get("idea")))
    return draft, int(number) if number.isdecimal() else None, int(revision) if revision.isdecimal() else 0


def import_files(db: sqlite3.Connection, project_id: int, paths: Sequence[Path], today: str) -> Imported:
    """Take files in, each as a whole or not at all."""
    found = Imported()
    for path in paths:
        try:
            _take(db, project_id, read_file(path, today), found)
        except EditConflict as error:
            found.problems.append(f"{path.name}: {error.message} The entry was left as it is.")
        except (InputError, StoreError) as error:
            found.problems.append(f"{path.name}: {error.sentence()}")
    return found


def files_below(paths: Sequence[Path]) -> list[Path]:
    """The Markdown files among these and in the folders among them, by name."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.md")) if path.is_dir() else [path]
    return found


def _take(db: sqlite3.Connection, project_id: int, read: tuple[Draft, int | None, int], found: Imported) -> None:
    draft, number, seen = read
    ours = _ours(db, project_id, number)
    db.execute("SAVEPOINT one_file")
    try:
        if ours is None:
            found.added.append(add_entry(db, project_id, draft))
        elif save_entry(db, ours.id, draft, seen=seen) == ours.revision:
            found.same.append(ours.id)
        else:
            found.changed.append(ours.id)
    except BaseException:
        db.execute("ROLLBACK TO one_file")
        raise
    finally:
        db.execute("RELEASE one_file")


def _ours(db: sqlite3.Connection, project_id: int, number: int | None) -> Entry | None:
    """The entry of that number, where it is one of this project: a number of another database means nothing here."""
    if number is None:
        return None
    try:
        entry = get_entry(db, number)
    except StoreError:
        return None
    return entry if entry.project_id == project_id else None


def _day(fields: dict[str, Value], path: Path, today: str) -> str:
    for text in (_text(fields.get("date")), path.name):
        if found := _DAY.search(text):
            return found[0]
    return today


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ", ".join(value or ())
