"""Every way a request can fail, turned into one ProviderError with words a person can act on. Sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from cockpit.core.errors import FailureKind, ProviderError

LONGEST = 300
SHORTEST_SECRET = 4
"""Anything shorter is a stand-in for a key, and a part of ordinary words."""
TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]{0,500}>", re.S | re.I)
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.S | re.I)
SECRET_HEADER = re.compile(r"(?i)(authorization|x-api-key|api-key)(['\"]?\s*[:=]\s*)(['\"]?(?:bearer|basic)\s+\S+|\S+)")
BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=*-]{6,}")
USER_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")
KEY_SHAPE = re.compile(r"\b(?:sk|pk|gsk|xai|hf|AIza)[-_][\w*.-]{6,}")
NAMED_PARAM = re.compile(
    r"(?:[Uu]nsupported (?:parameter|value)|[Uu]nrecognized (?:request )?(?:argument|parameter)(?: supplied)?"
    r"|[Uu]nknown (?:parameter|field|name))[:\s]+['\"`]?([\w.]+)"
)
REFUSED_PARAM = re.compile(r"['\"`]([a-z_]{2,40})['\"`] (?:is|are) (?:not supported|deprecated|unsupported)")

BY_STATUS: dict[int, FailureKind] = {
    401: "auth",
    403: "auth",
    404: "not_found",
    408: "timeout",
    429: "rate_limit",
    504: "timeout",
}
BY_WORD: tuple[tuple[str, FailureKind], ...] = (
    ("insufficient_quota", "bad_request"),
    ("billing", "bad_request"),
    ("rate_limit", "rate_limit"),
    ("overloaded", "server"),
    ("authentication", "auth"),
    ("permission", "auth"),
    ("invalid_api_key", "auth"),
    ("not_found", "not_found"),
    ("timeout", "timeout"),
    ("invalid_request", "bad_request"),
    ("invalid_prompt", "bad_request"),
    ("context_length", "bad_request"),
    ("request_too_large", "bad_request"),
    ("exceed_context_size", "bad_request"),
)


@dataclass(slots=True)
class Place:
    """What an error has to know about the request: where it went, for which model, with which secrets."""

    provider: str
    url: str
    model: str = ""
    key_env: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secret value → what may be shown in its place."""
    near: tuple[str, ...] = ()
    """Known model names that look like the one asked for."""


def clean(text: str, place: Place) -> str:
    """One short line without markup, secrets or control characters."""
    if "<" in text and ">" in text:
        title = TITLE.search(text)
        text = title[1] if title else TAG.sub(" ", text)
    text = scrub(text, place.secrets)
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: LONGEST * 20]).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def scrub(text: str, secrets: Mapping[str, str]) -> str:
    """The text without any secret, whole or as servers quote part of one."""
    for value, shown in secrets.items():
        if len(value) >= SHORTEST_SECRET:
            text = text.replace(value, shown).replace(quote(value, safe=""), shown)
    text = SECRET_HEADER.sub(r"\1\2…", text)
    text = BEARER.sub("Bearer …", text)
    text = USER_IN_URL.sub("…@", text)
    return KEY_SHAPE.sub("…", text)


def from_response(
    status: int, body: bytes, place: Place, *, retry_after: float | None = None, request_id: str | None = None
) -> ProviderError:
    """The error behind an HTTP status that is not 2xx."""
    said = _said(body)
    kind = BY_STATUS.get(status) or ("server" if status >= 500 else "bad_request")
    if status == 429 and _no_credit(status, said):
        kind = "bad_request"
    message = clean(said.message, place) or _bare(status)
    hint = _hint(kind, status, said._replace(message=message), place)
    shown = message if str(status) in message[:20] else f"{status}: {message}"
    return ProviderError(
        kind,
        shown[:LONGEST],
        hint=hint,
        status=status,
        retry_after=retry_after,
        request_id=request_id,
    )


def from_event(error: Any, place: Place, *, request_id: str | None = None) -> ProviderError:
    """The error that a server reported inside a stream or a 200 answer."""
    said = _parts(error)
    code = error.get("code") if isinstance(error, Mapping) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    kind: FailureKind = "server"
    if status is not None:
        kind = BY_STATUS.get(status) or ("server" if status >= 500 else "bad_request")
    for part, named in BY_WORD:
        if part in said.word:
            kind = named
            break
    message = clean(said.message, place) or "the server reported an error without a message"
    hint = _hint(kind, status or 0, said._replace(message=message), place)
    return ProviderError(kind, message, hint=hint, status=status, request_id=request_id)


def no_key(place: Place) -> ProviderError:
    """No key to send."""
    return ProviderError("no_key", f"No API key for {place.provider}.", hint=f"Set {place.key_env} and start again.")


def password_in_url(place: Place) -> ProviderError:
    """The base URL holds a user or password, which would be sent and shown in ways nobody checks."""
    where = f"a key belongs in {place.key_env}" if place.key_env else "name a variable with key_env"
    return ProviderError(
        "bad_request",
        f"The base URL of {place.provider} holds a user or password.",
        hint=f"Take it out; {where}.",
    )


def cut(place: Place, request_id: str | None = None) -> ProviderError:
    """The stream ended before the answer did."""
    return ProviderError(
        "cut",
        f"{place.provider} broke off the answer before its end.",
        hint="What came is kept; retry the sample.",
        request_id=request_id,
    )


def not_an_answer(body: bytes, content_type: str, place: Place) -> ProviderError:
    """A 200 that is neither a stream nor the JSON it should be."""
    kind = content_type.partition(";")[0].strip() or "no content type"
    said = clean(body[:4000].decode("utf-8", "replace"), place)
    begins = f", beginning: {said[:120]}" if said else ""
    return ProviderError(
        "protocol",
        f"{place.url} answered with {clean(kind, place)[:60]} instead of a completion{begins}"[:LONGEST],
        hint="Check the base URL; it usually ends in /v1.",
    )


class Said(NamedTuple):
    """What an error's body says: the message, type and code in lower case, the parameter it names."""

    message: str = ""
    word: str = ""
    param: str = ""


def _said(body: bytes) -> Said:
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except ValueError:
        return Said(text)
    return _parts(data)


def _parts(data: Any) -> Said:
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, Mapping):
        return Said(data if isinstance(data, str) else "")
    inner = data.get("error", data)
    if isinstance(inner, str):
        return Said(inner)
    if not isinstance(inner, Mapping):
        inner = data
    said = next((inner[n] for n in ("message", "detail", "msg", "error_description") if inner.get(n)), "")
    if not isinstance(said, str):
        said = json.dumps(said)[:2000]
    word = " ".join(str(inner.get(n)) for n in ("type", "code", "status") if inner.get(n)).lower()
    return Said(said, word, str(inner.get("param") or ""))


def _bare(status: int) -> str:
    names = {401: "the key was refused", 403: "not allowed", 404: "not found", 429: "too many requests"}
    return f"{status}: {names.get(status, 'the server failed' if status >= 500 else 'the request was refused')}"


def _no_credit(status: int, said: Said) -> bool:
    return status == 402 or "insufficient_quota" in said.word or "billing" in said.word


def _hint(kind: FailureKind, status: int, said: Said, place: Place) -> str:
    if _no_credit(status, said):
        return f"The account behind {place.key_env or place.provider} has no credit left."
    if kind == "auth":
        return f"Check {place.key_env}." if place.key_env else f"Set key_env for {place.provider} in the config."
    if kind == "not_found":
        near = f" Close: {', '.join(place.near)}." if place.near else ""
        return f"Check the model name {place.model!r} and the base URL {place.url}.{near}"
    if kind == "bad_request":
        return _param_hint(said, place)
    if 300 <= status < 400:
        return f"The server redirects; set the base URL of {place.provider} to where it leads."
    return ""


def _param_hint(said: Said, place: Place) -> str:
    found = NAMED_PARAM.search(said.message) or REFUSED_PARAM.search(said.message)
    name = found[1].rstrip(".") if found else said.param
    if not name or name in ("messages", "input", "model"):
        return ""
    if found is None and "support" not in said.message and "deprecated" not in said.message:
        return ""
    return (
        f"{place.model} does not take {name} as sent: unset it, or record that in the config as "
        f'[catalog.{place.provider}.models."{place.model}"].'
    )


SAID: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset(
            {"ClientConnectorCertificateError", "SSLCertVerificationError", "ClientConnectorSSLError", "SSLError"}
        ),
        "TLS failed",
        "For a private authority, set SSL_CERT_FILE to its file.",
    ),
    (
        frozenset({"ProxyError", "ClientHttpProxyError", "ClientProxyConnectionError"}),
        "The proxy failed",
        "Check HTTPS_PROXY and NO_PROXY.",
    ),
)


def from_exception(error: BaseException, place: Place) -> ProviderError:
    """The error behind a failure of the network, as httpx and aiohttp raise them."""
    names = _names(error)
    said = clean(_deepest(error), place)
    if names & {"ClientConnectorDNSError", "gaierror"}:
        host = place.url.split("/")[2] if "//" in place.url else place.url
        return ProviderError("connection", f"The name {host} was not found.", hint="Is there a network?")
    for kinds, message, hint in SAID:
        if names & kinds:
            return ProviderError("connection", f"{message}: {said}"[:LONGEST], hint=hint)
    if names & {"ConnectionTimeoutError", "PoolTimeout"}:
        return ProviderError("timeout", f"{place.url} did not accept a connection in time.")
    if names & {"SocketTimeoutError", "ServerTimeoutError", "ReadTimeout", "TimeoutError"}:
        return ProviderError("timeout", f"{place.provider} sent nothing for too long.")
    if "ConnectionRefusedError" in names:
        return ProviderError(
            "connection", f"Nothing answers at {place.url}.", hint=f"Is the server running at {place.url}?"
        )
    if names & {"ClientPayloadError", "ServerDisconnectedError", "ClientOSError", "ConnectionResetError"}:
        return ProviderError("connection", f"{place.provider} closed the connection: {said}"[:LONGEST])
    if names & {"UnsupportedProtocol", "InvalidUrlClientError", "NonHttpUrlClientError", "InvalidURL", "InvalidUrl"}:
        return ProviderError("bad_request", f"{place.url} is not a URL to send to.", hint="Check the base URL.")
    return ProviderError("connection", f"{place.provider} could not be reached: {said}"[:LONGEST])


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        inner = getattr(at, "os_error", None)
        if isinstance(inner, BaseException):
            chain.append(inner)
        at = at.__cause__ or at.__context__
    return chain


def _names(error: BaseException) -> set[str]:
    return {type(e).__name__ for e in _chain(error)}


def _deepest(error: BaseException) -> str:
    return next((str(e) for e in reversed(_chain(error)) if str(e)), type(error).__name__)
