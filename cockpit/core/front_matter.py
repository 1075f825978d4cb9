"""Front matter: the few lines of `name: value` between two `---` at the head of a Markdown file. Text in, text out.

It is the part of YAML that every tool reads alike: plain and quoted texts, and lists in brackets or one a line. JSON's
quoting is valid YAML, so anything that is not plain is quoted that way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

Value = str | tuple[str, ...]
_PLAIN = re.compile(r"[A-Za-z0-9_./][\w./ +()-]*")
_SPECIAL = frozenset({"true", "false", "yes", "no", "on", "off", "null", "~"})


def write(fields: Mapping[str, Value], body: str) -> str:
    """A Markdown file; empty fields are left out. The body comes after one blank line, ended by one newline."""
    lines = [f"{name}: {_value(value)}" for name, value in fields.items() if value]
    return "\n".join(["---", *lines, "---", "", body.strip("\n"), ""])


def read(text: str) -> tuple[dict[str, Value], str]:
    """The fields and the body of a Markdown file; no fields where it does not begin with `---`.

    A line that is no field is passed over: a file of another tool is never refused for what it says beside.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = re.match(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", text, re.S | re.M)
    if found is None:
        return {}, text.strip("\n")
    return _fields(found[1].split("\n")), text[found.end() :].strip("\n")


def texts(value: Value | None) -> tuple[str, ...]:
    """A field as a list: one text is a list of one, split at commas."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _fields(lines: Sequence[str]) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    name = ""
    for line in lines:
        item = re.match(r"\s*-\s+(.*)", line)
        if item and name:
            before = fields.get(name, ())
            fields[name] = (*(before if isinstance(before, tuple) else ()), _scalar(item[1]))
            continue
        pair = re.match(r"([A-Za-z_][\w-]*)\s*:(?:\s+(.*)|\s*)$", line)
        if pair is None:
            continue
        name = pair[1].lower()
        fields[name] = _parsed((pair[2] or "").strip())
    return {key: value for key, value in fields.items() if value}


def _parsed(text: str) -> Value:
    if text.startswith("[") and text.endswith("]"):
        return tuple(_scalar(part) for part in _split(text[1:-1]) if part.strip())
    return _scalar(text)


def _split(text: str) -> list[str]:
    """At commas that stand in no quotes."""
    return re.findall(r"""(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^,])+""", text)


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return re.sub(r"\s+#.*$", "", text)


def _value(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return "[" + ", ".join(_quoted(item) for item in value) + "]"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _SPECIAL:
        return text
    return json.dumps(text, ensure_ascii=False)
