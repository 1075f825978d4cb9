"""Posting JSON to somebody's webhook, with retries. Its URL is a secret: never written, never in a message."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cockpit.core.errors import InputError

TRIES = 3
WAIT_S = 2.0
"""Before the second try; it grows by as much."""
TIMEOUT_S = 10.0
REPORT_ENV = "COCKPIT_REPORT_WEBHOOK"
"""The variable with the URL that reports are posted to."""


async def post_json(url: str, body: Mapping[str, Any], *, wait_s: float = WAIT_S) -> str:
    """Post it, three times if need be; why it did not arrive, empty where it did."""
    import httpx

    problem = "the variable with its URL is not set" if not url else ""
    if url and not url.startswith(("https://", "http://")):
        problem = "its URL does not begin with http:// or https://"
    if problem:
        return problem
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        for attempt in range(1, TRIES + 1):
            try:
                answer = await client.post(url, json=dict(body))
                if answer.is_success:
                    return ""
                problem = f"it answered {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    break
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = type(error).__name__
            if attempt < TRIES:
                await asyncio.sleep(wait_s * attempt)
    return problem


def report_host() -> str:
    """The host that reports are posted to.

    Raises:
        InputError: the variable with the URL is not set, or holds none.
    """
    try:
        host = urlsplit(os.environ.get(REPORT_ENV, "")).hostname
    except ValueError:
        host = None
    if not host:
        raise InputError(f"${REPORT_ENV} holds no URL.", hint="Put the webhook's https:// address there.")
    return host


async def post_report(text: str, *, wait_s: float = WAIT_S) -> str:
    """Post a text in Slack's mrkdwn to the webhook of reports; the host that took it.

    Raises:
        InputError: there is no such webhook, or it did not take it.
    """
    host = report_host()
    problem = await post_json(os.environ[REPORT_ENV], {"text": text}, wait_s=wait_s)
    if problem:
        raise InputError(f"Not posted to {host}: {problem}.")
    return host
