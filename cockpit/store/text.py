"""How text and plain data become column values and come back exactly. No SQL and no tables here.

SQLite's TEXT is UTF-8, which has no lone surrogates, while a model's JSON may. Such a text is kept as a BLOB of
UTF-8 with the surrogates passed through; any other text stays TEXT. So a BLOB read back always means the former.
"""

from __future__ import annotations

import json
from typing import Any


def pack(text: str) -> str | bytes:
    """The column value for a text: the text, or bytes where UTF-8 cannot hold it."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack(value: str | bytes) -> str:
    """The text that `pack` was given."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def pack_json(value: Any) -> str | bytes:
    """The column value for plain data, in its own key order.

    Escapes are not used: two lone surrogates in a row would come back from them as one character.
    """
    return pack(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def unpack_json(value: str | bytes | None) -> Any:
    """The plain data that `pack_json` was given; None where the column is empty."""
    return None if value is None else json.loads(unpack(value))


def show_bytes(value: bytes | str | None) -> str:
    """A readable form of a piece cut out of a text, which may begin or end inside a character."""
    return value if isinstance(value, str) else (value or b"").decode("utf-8", "replace")
