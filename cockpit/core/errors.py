"""Everything that can go wrong, as one tree. Each error can be shown to a person as it is.

CockpitError
├── ConfigError      the configuration, a theme or the key map
├── StoreError       the database: newer, locked, read-only, corrupt, full
├── InputError       a file or value that a person gave us
├── PlanError        a run that must not start: a parameter the model cannot take, an unfilled variable
├── JobError         one job that cannot be started, asked or stopped
│   └── Unreachable  the place where jobs run does not answer
├── UnknownModel     a model name that leads nowhere
└── ProviderError    one request to one model
"""

from __future__ import annotations

from typing import Literal

FailureKind = Literal[
    "no_key",  # no API key to send
    "auth",  # the key was refused
    "not_found",  # no such model or route
    "bad_request",  # the API refused the request as it stands
    "rate_limit",  # 429
    "server",  # 5xx
    "timeout",  # no byte in time, or the deadline passed
    "connection",  # refused, unreachable, name not found
    "cut",  # the stream broke off before its end
    "protocol",  # the reply is not what the API promises
    "cap",  # the spend cap of the run was reached before this request
    "unavailable",  # the local model or an extra is not installed
    "bug",  # our own fault
]

RETRYABLE: frozenset[str] = frozenset({"rate_limit", "server", "timeout", "connection"})


class CockpitError(Exception):
    """Something a person has to know: what happened, and what to do about it."""

    def __init__(self, message: str, *, hint: str = "", title: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.title = title

    def sentence(self) -> str:
        """The message and the way out, on one line."""
        return f"{self.message} {self.hint}".strip()


class ConfigError(CockpitError):
    """A configuration file, theme or key map that cannot be used as written."""


class StoreError(CockpitError):
    """The database cannot be opened or written."""


class InputError(CockpitError):
    """A file or value given by a person is malformed."""


class PlanError(CockpitError):
    """A run that would not do what was asked, refused before anything is sent."""


class JobError(CockpitError):
    """A job cannot be started, asked, stopped or changed as it stands."""


class Unreachable(JobError):
    """The place where jobs run does not answer: nothing is known of what was asked of it, and it may be asked again."""


class UnknownModel(CockpitError):
    """A model name with no provider behind it."""


class ProviderError(CockpitError):
    """One request failed.

    `retry_after` is in seconds, as the server asked; `status` is the HTTP status, if there was one.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: FailureKind = kind
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later. 408 and 409 count, as in the vendors' own clients."""
        return self.kind in RETRYABLE or self.status in (408, 409)
