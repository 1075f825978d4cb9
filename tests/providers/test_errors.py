"""Bodies of every shape become one short sentence without secrets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.providers.errors import LONGEST, Place, clean, from_event, from_response, scrub

SECRET = "sk-verysecret-1234567890"
PLACE = Place("openai", "https://h/v1", "gpt-x", "OPENAI_API_KEY", {SECRET: "$OPENAI_API_KEY"})


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "type": "t"}},
        {"type": "error", "error": {"type": "t", "message": "no"}},
        {"error": "no"},
        {"message": "no"},
        {"detail": "no"},
        [{"error": {"message": "no", "code": 400}}],
        {"detail": [{"msg": "no"}]},
    ],
)
def test_messages_are_found(body: object) -> None:
    assert "no" in from_response(400, json.dumps(body).encode(), PLACE).message


def test_a_page_is_reduced_to_its_title() -> None:
    page = b"<html><head><title>502 Bad\nGateway</title></head><body><h1>x</h1></body></html>"
    assert from_response(502, page, PLACE).message == "502 Bad Gateway"


def test_quota_is_not_a_rate_limit() -> None:
    body = json.dumps({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})
    error = from_response(429, body.encode(), PLACE)
    assert not error.retryable
    assert "credit" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {SECRET}.",
        "Incorrect API key provided: sk-very************7890.",
        "got header Authorization: Bearer abcdef123456 here",
        '{"headers": {"authorization": "Bearer abcdef123456"}}',
        "x-api-key: abcdef123456",
        "url?key=sk-verysecret-1234567890",
    ],
)
def test_keys_are_taken_out(text: str) -> None:
    said = clean(text, PLACE)
    for part in (SECRET, "sk-very", "abcdef123456"):
        assert part not in said


@given(st.text(), st.text())
def test_whatever_a_server_says_is_short_clean_and_without_the_key(before: str, after: str) -> None:
    said = from_response(500, f"{before}{SECRET}{after}".encode("utf-8", "replace"), PLACE).message
    assert SECRET not in said
    assert len(said) <= LONGEST
    assert said.isprintable()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: (
            st.lists(s) | st.dictionaries(st.sampled_from(["error", "message", "type", "code", "detail", "param"]), s)
        ),
    )
)
def test_no_body_breaks_the_mapping(data: object) -> None:
    assert from_response(400, json.dumps(data).encode(), PLACE).message
    assert from_event(data, PLACE).message


def test_codes_inside_streams_decide_the_kind() -> None:
    assert from_event({"message": "m", "code": 400}, PLACE).kind == "bad_request"
    assert from_event({"message": "m", "type": "rate_limit_error"}, PLACE).kind == "rate_limit"
    assert from_event({"message": "m", "code": "context_length_exceeded"}, PLACE).kind == "bad_request"


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Unsupported parameter: 'temperature' is not supported with this model.", "temperature"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"),
        ("Unrecognized request argument supplied: logprobs", "logprobs"),
    ],
)
def test_refused_params_are_named(message: str, name: str) -> None:
    hint = from_response(400, json.dumps({"error": {"message": message}}).encode(), PLACE).hint
    assert f"take {name} " in hint


def test_scrubbing_leaves_other_words_alone() -> None:
    assert scrub("the task is risky", {}) == "the task is risky"
