"""`cockpit tokens`: a text in tokens, and how many, with how that was counted. Draws and stores nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.config import Config
from cockpit.core.catalog import parse_model
from cockpit.core.check_values import grouped
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.params import Params
from cockpit.core.prompts import Version, literal
from cockpit.core.tokens import Choice, Tokenizer, Tokens
from cockpit.providers.registry import ProviderRegistry
from cockpit.services import load_catalog, load_tokenizers
from cockpit.tokenizers.count import count_request
from cockpit.tokenizers.registry import FALLBACK, Tokenizers

MODEL_OF_NONE = "no model given"


@dataclass(frozen=True, slots=True)
class Asking:
    """What counting a request needs."""

    config: Config
    providers: ProviderRegistry
    tokenizers: Tokenizers


@click.command("tokens")
@click.argument("text", required=False, type=TEXT)
@click.option("-m", "--model", type=TEXT, help="Count as this model does: an alias or provider:model.")
@click.option("-e", "--encoding", help="Use this encoding, or a tokenizer.json by its path. ? lists them.")
@click.option("-f", "--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the text from this file.")
@click.option(
    "--ask/--no-ask",
    default=None,
    help="Let the model's provider count the text, sent as one message. By default it is asked where its tokenizer is "
    "not public and there is a key, or where the model is on a server of yours.",
)
@click.option("--ids", is_flag=True, help="Show each token's id, one token a line.")
@as_json
@pass_context
def tokens_command(ctx: Context, /, *, ids: bool, ask: bool | None, as_json: bool, **given: Any) -> int:
    """Show TEXT in tokens and count them; - reads standard input.

    A published tokenizer counts here, without a network. Else the provider does, or the count is an estimate and says
    so; with --no-ask nothing is sent.
    """
    model, encoding = given["model"], given["encoding"]
    if model and encoding:
        raise InputError("Give --model or --encoding, not both.")
    if ask and not model:
        raise InputError("--ask needs --model: it is the model's provider that counts.")
    tokenizers = load_tokenizers(ctx.config, load_catalog(ctx.config))
    if encoding == "?":
        output.say("\n".join(tokenizers.names()))
        return 0
    choice = _choice(ctx, tokenizers, model, encoding)
    text = _text(given["text"], given["file"])
    tokenizer = tokenizers.get(choice.encoding)
    tokens = tokenizer.encode(text) if tokenizer.boundaries else None
    count = tokenizer.count(text)
    if ask:
        choice, count = asyncio.run(_asked(ctx, tokenizers, choice, model, text))
    elif ask is None and model and not choice.exact:
        with suppress(CockpitError):
            told, asked = asyncio.run(_asked(ctx, tokenizers, choice, model, text))
            choice, count = (told, asked) if told.exact else (choice, count)
    if as_json:
        output.emit(_json(model, choice, tokens, count))
        return 0
    if tokens is not None and len(tokens):
        output.say(_listed(tokens) if ids else _joined(tokens))
    output.say(_summary(choice, tokenizer, count))
    return 0


def _choice(ctx: Context, tokenizers: Tokenizers, model: str | None, encoding: str | None) -> Choice:
    if encoding:
        # Whether it is exact is a matter of a model: an encoding is what it is, and only Claude's are estimates.
        tokenizer = tokenizers.get(encoding)
        return Choice(encoding, tokenizer.exact, "as asked" if tokenizer.exact else "estimate", tokenizer.error)
    if model:
        return tokenizers.choose(str(parse_model(model, ctx.config.aliases)))
    return Choice(FALLBACK, True, MODEL_OF_NONE)


async def _asked(ctx: Context, tokenizers: Tokenizers, choice: Choice, model: str, text: str) -> tuple[Choice, int]:
    """The provider's count of the text as one message; where it gives none, ours of that message."""
    catalog = load_catalog(ctx.config)
    providers = ProviderRegistry(ctx.config.servers, os.environ, catalog)
    try:
        version = Version(messages=(literal("user", text),))
        count = await count_request(Asking(ctx.config, providers, tokenizers), model, version, Params())
    finally:
        await providers.aclose()
    why = f"one message, counted by {count.how}"
    return Choice(choice.encoding, count.exact, why, count.error), count.tokens


def _text(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise click.UsageError("Give a text, - for standard input, or --file: one of them.")
    if file is not None:
        data, where = file.read_bytes(), str(file)
    elif text == "-":
        data, where = sys.stdin.buffer.read(), "standard input"
    else:
        return text or ""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not UTF-8: byte {error.start} fits nowhere.") from None


def _json(model: str | None, choice: Choice, tokens: Tokens | None, count: int) -> Mapping[str, Any]:
    """`bytes` is hexadecimal; `text` is those bytes as UTF-8, with U+FFFD where a character is cut."""
    rows = None
    if tokens is not None:
        rows = [
            {"id": token, "text": piece.decode("utf-8", "replace"), "bytes": piece.hex()}
            for token, piece in zip(tokens.ids, _pieces(tokens), strict=True)
        ]
    return {
        "model": model,
        "encoding": choice.encoding,
        "exact": choice.exact,
        "count": count,
        "tokens": rows,
        "why": choice.why,
        "error": choice.error,
    }


def _joined(tokens: Tokens) -> str:
    """All tokens in a row, a bar after each; a line ends where the text's does."""
    drawn = (f"{shown(piece)}│" + ("\n" if piece.endswith(b"\n") else "") for piece in _pieces(tokens))
    return "".join(drawn).removesuffix("\n")


def _listed(tokens: Tokens) -> str:
    wide = max(len(str(token)) for token in tokens.ids)
    rows = zip(tokens.ids, _pieces(tokens), strict=True)
    return "\n".join(f"{token:>{wide}}  {shown(piece)}" for token, piece in rows)


def _pieces(tokens: Tokens) -> list[bytes]:
    return [tokens.bytes_of(at) for at in range(len(tokens))]


def shown(piece: bytes) -> str:
    """A token on a terminal: spaces and line ends as signs, part of a character as hexadecimal."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02X}⟩" for byte in piece)
    signs = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}
    return "".join(signs.get(letter, letter) for letter in text)


def _summary(choice: Choice, tokenizer: Tokenizer, count: int) -> str:
    about = "" if choice.exact else "≈ "
    noun = "token" if count == 1 else "tokens"
    error = f"; {choice.error}" if choice.error else ""
    why = "" if choice.why == MODEL_OF_NONE else f": {choice.why}"
    return f"{about}{grouped(count)} {noun}, {tokenizer.name}{why}{error}"
