"""The shipped merge tables of OpenAI's encodings, checked before use. Reads package data; never the network.

The files are those that tiktoken fetches from https://openaipublic.blob.core.windows.net/encodings/, packed; see
`cockpit/data/bpe/NOTICE`.
"""

from __future__ import annotations

import gzip
import hashlib
from binascii import a2b_base64
from functools import lru_cache
from importlib import resources
from io import BytesIO

from cockpit.core.errors import InputError

SHIPPED = ("o200k_base", "cl100k_base", "p50k_base")
R50K_TOKENS = 50256
"""r50k_base is the first 50,256 lines of p50k_base, byte for byte: its own pinned hash says so."""


def table(name: str) -> bytes:
    """The `.tiktoken` file of an encoding as OpenAI publishes it: one line a token, base64 and rank.

    Raises:
        InputError: it is not among the shipped ones, or it cannot be read.
    """
    if name == "r50k_base":
        lines = table("p50k_base").splitlines(keepends=True)
        return b"".join(lines[:R50K_TOKENS])
    if name not in SHIPPED:
        raise InputError(f"There is no table for {name}.", hint=f"Shipped: {', '.join(SHIPPED)}.")
    try:
        packed = resources.files("cockpit").joinpath("data", "bpe", f"{name}.tiktoken.gz").read_bytes()
        return gzip.decompress(packed)
    except (OSError, EOFError) as error:
        raise InputError(f"The table of {name} cannot be read: {error}.", hint="Install Cockpit again.") from None


@lru_cache(maxsize=4)
def ranks(name: str, sha256: str) -> dict[bytes, int]:
    """Token bytes → rank, from the shipped table.

    Args:
        sha256: what the table must hash to, as tiktoken pins it.

    Raises:
        InputError: the table is missing or is not the one pinned.
    """
    data = table(name)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError(
            f"The table of {name} is damaged: its hash is not the one pinned.",
            hint="Install Cockpit again.",
        )
    # Line by line: one big list would hold the interpreter, and with it the screen, for a frame.
    return {a2b_base64(token): int(rank) for token, rank in map(bytes.split, BytesIO(data))}
