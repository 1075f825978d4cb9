"""A request as code that a person can run elsewhere. The key is always a variable of the environment, never a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pprint import pformat
from typing import Any

from cockpit.core.ports import Wire

SECRET = re.compile(r"\$([A-Z][A-Z0-9_]*)")
"""How a Wire shows a key: the name of the variable that holds it."""


def as_curl(wire: Wire) -> str:
    """A POSIX shell command; `$NAME` in a header stays a shell variable, everything else is taken literally."""
    parts = [f"curl --no-buffer -X {wire.method} {_quoted(wire.url)}"]
    parts += [f"  -H {_header(name, value)}" for name, value in wire.headers.items()]
    if wire.method != "GET":
        parts.append(f"  --data-binary {_quoted(_json(wire.body))}")
    return " \\\n".join(parts) + "\n"


def as_python(wire: Wire) -> str:
    """A Python script on httpx that sends the request and prints the raw reply as it comes."""
    has_key = any(SECRET.search(value) for value in wire.headers.values())
    has_body = wire.method != "GET"
    needed = [name for name, used in (("json", has_body), ("os", has_key)) if used]
    lines = [*(f"import {name}" for name in needed), *([""] if needed else []), "import httpx", ""]
    lines += [f"url = {wire.url!r}", f"headers = {_python_headers(wire.headers)}"]
    arguments = "headers=headers, timeout=600"
    if has_body:
        lines.append(f"body = {pformat(dict(wire.body), sort_dicts=False, width=100)}")
        # Not httpx's own `json=`: that cannot send half of a surrogate pair.
        arguments = "headers=headers, content=json.dumps(body), timeout=600"
    lines += [
        "",
        f"with httpx.stream({wire.method!r}, url, {arguments}) as reply:",
        "    for line in reply.iter_lines():",
        "        print(line)",
    ]
    return "\n".join(lines) + "\n"


def _json(body: Mapping[str, Any]) -> str:
    # ASCII only: lone surrogates and NUL cannot stand in a command's arguments, their escapes can.
    return json.dumps(body, ensure_ascii=True, indent=1)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _header(name: str, value: str) -> str:
    """Single-quoted, with each `$NAME` stepping out of the quotes so that the shell fills it in."""
    quoted = _quoted(f"{name}: {value}")
    return SECRET.sub(lambda match: f"'\"${match[1]}\"'", quoted)


def _python_headers(headers: Mapping[str, str]) -> str:
    rows = [f"    {name!r}: {_python_value(value)}," for name, value in headers.items()]
    return "\n".join(["{", *rows, "}"])


def _python_value(value: str) -> str:
    pieces: list[str] = []
    at = 0
    for match in SECRET.finditer(value):
        if match.start() > at:
            pieces.append(repr(value[at : match.start()]))
        pieces.append(f"os.environ[{match[1]!r}]")
        at = match.end()
    if at < len(value) or not pieces:
        pieces.append(repr(value[at:]))
    return " + ".join(pieces)
