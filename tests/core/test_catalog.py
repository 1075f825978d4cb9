"""Names, the capabilities and prices table, its overrides, and what `resolve` refuses or leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cockpit.core.catalog import Catalog, ModelName, parse_model, resolve
from cockpit.core.errors import PlanError, UnknownModel
from cockpit.core.models import cost_usd
from cockpit.core.params import Params
from cockpit.core.ports import Usage
from cockpit.core.prompts import Version, single
from cockpit.core.runs import Target

CATALOG = Catalog.load()


def column(name: str, params: Params, version: Version | None = None, **more: Any) -> Target:
    def endpoint(provider: str) -> str:
        return f"https://{provider}"

    settings: dict[str, Any] = {"catalog": CATALOG, "aliases": {}, "endpoints": endpoint, **more}
    return resolve(name, params=params, version=version or single("hi"), **settings)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai:gpt-4o", ModelName("openai", "gpt-4o")),
        (" ollama:llama3.2:3b ", ModelName("ollama", "llama3.2:3b")),
        ("mini", ModelName("openai", "gpt-4o-mini")),
        ("small", ModelName("openai", "gpt-4o-mini")),
        ("openrouter:openai/gpt-4o:free", ModelName("openrouter", "openai/gpt-4o:free")),
    ],
)
def test_names_and_aliases(name: str, expected: ModelName) -> None:
    assert parse_model(name, {"mini": "openai:gpt-4o-mini", "small": "mini"}) == expected


@pytest.mark.parametrize("name", ["gpt-4o", "", ":", "openai:", ":gpt-4o", "loop", "dead"])
def test_names_that_lead_nowhere(name: str) -> None:
    aliases: Mapping[str, str] = {"loop": "loop2", "loop2": "loop", "dead": "nothing"}
    with pytest.raises(UnknownModel):
        parse_model(name, aliases)


def test_a_mistyped_alias_is_answered_with_close_ones() -> None:
    with pytest.raises(UnknownModel) as caught:
        parse_model("sonet", {"sonnet": "anthropic:claude-sonnet-4-5"})
    assert "sonnet" in caught.value.hint


def test_the_shipped_table_uses_only_known_names_and_says_its_date() -> None:
    assert CATALOG.problems == []
    assert len(CATALOG.dated) == len("2026-11-23")


@pytest.mark.parametrize(
    ("provider", "model", "refused"),
    [
        ("anthropic", "claude-opus-5-5", {"temperature", "top_p", "seed", "logprobs"}),
        ("anthropic", "claude-opus-5", {"temperature", "top_p", "seed", "logprobs"}),
        ("anthropic", "claude-opus-4-7", {"temperature", "top_p", "seed", "logprobs"}),
        ("anthropic", "claude-sonnet-4-5-20250929", {"seed", "logprobs", "reasoning_effort"}),
        ("openai", "gpt-4o-mini", {"reasoning_effort"}),
        ("openai", "gpt-5-mini", {"temperature", "top_p", "logprobs", "stop"}),
        ("openai", "o4-mini", {"temperature", "top_p", "logprobs", "stop"}),
        ("openai-responses", "gpt-4o", {"stop", "seed", "reasoning_effort"}),
        ("somewhere", "anything", {"reasoning_effort"}),
    ],
)
def test_what_models_take(provider: str, model: str, refused: set[str]) -> None:
    can = CATALOG.capabilities(provider, model)
    names = ("temperature", "top_p", "stop", "seed", "logprobs", "reasoning_effort")
    assert {n for n in names if not getattr(can, n)} == refused


def test_the_responses_api_keeps_its_own_limits_over_the_models() -> None:
    assert CATALOG.capabilities("openai", "gpt-5-chat-latest").stop
    assert not CATALOG.capabilities("openai-responses", "gpt-5-chat-latest").stop
    assert CATALOG.price("openai-responses", "gpt-4o") == CATALOG.price("openai", "gpt-4o")


def test_prices_are_known_unknown_or_nothing() -> None:
    price = CATALOG.price("openai", "gpt-4o-mini-2024-07-18")
    assert price is not None
    assert (price.input, price.output) == (0.15, 0.6)
    assert price.date
    assert cost_usd(Usage(1_000_000, 1_000_000, cached_tokens=500_000), price) == pytest.approx(0.075 + 0.0375 + 0.6)
    assert CATALOG.price("anthropic", "claude-opus-5-5") is None
    local = CATALOG.price("local", "smollm2")
    assert local is not None
    assert cost_usd(Usage(10, 10), local) == 0.0


def test_an_audio_model_does_not_get_its_text_siblings_price() -> None:
    assert CATALOG.price("openai", "gpt-4o-audio-preview") is None


def test_overrides_merge_on_top_and_unknown_names_are_reported() -> None:
    mine = {
        "openai": {"models": {"gpt-4o-mini": {"stop": False}, "gpt-9*": {"temprature": False}}},
        "mine": {"max_stops": 1, "models": {"big": {"price": {"input": 1.0, "output": 2.0}}}},
    }
    catalog = Catalog.load(mine)
    assert not catalog.capabilities("openai", "gpt-4o-mini").stop
    assert catalog.price("openai", "gpt-4o-mini") == CATALOG.price("openai", "gpt-4o-mini")
    assert catalog.capabilities("mine", "big").max_stops == 1
    assert catalog.price("mine", "big") is not None
    assert any("temprature" in problem for problem in catalog.problems)


def test_a_server_that_speaks_anthropic_takes_what_anthropic_takes() -> None:
    catalog = Catalog.load({}, {"proxy": "anthropic"})
    assert catalog.capabilities("proxy", "claude-opus-4-7").temperature is False
    assert catalog.capabilities("proxy", "x").default_max_tokens


def test_resolve_says_every_refusal_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        column("openai:o3", Params(temperature=0.5, stop=("x",), logprobs=1), single("hi", prefill="P"))
    for word in ("temperature", "stop", "logprobs", "prefill"):
        assert word in caught.value.message
    assert "override" in caught.value.hint


def test_leaving_out_is_recorded() -> None:
    target = column("openai:o3", Params(temperature=0.5, stop=("x",), max_tokens=9), unsupported="leave out")
    assert target.left_out == ("temperature", "stop")
    assert target.params == Params(max_tokens=9)


def test_what_must_not_be_left_out_still_refuses() -> None:
    with pytest.raises(PlanError, match="prefill"):
        column("anthropic:claude-opus-5", Params(), single("hi", prefill="P"), unsupported="leave out")
    with pytest.raises(PlanError, match="4 stop strings"):
        column("openai:gpt-4o", Params(stop=tuple("abcde")), unsupported="leave out")
    with pytest.raises(PlanError, match="whitespace"):
        column("anthropic:claude-sonnet-4-5", Params(stop=("\n",)), unsupported="leave out")
    with pytest.raises(PlanError, match="up to 1"):
        column("anthropic:claude-sonnet-4-5", Params(temperature=1.5), unsupported="leave out")


def test_values_that_are_wrong_everywhere_are_refused_in_words() -> None:
    with pytest.raises(PlanError, match="top_p"):
        column("openai:gpt-4o", Params(top_p=3.0))


@pytest.mark.parametrize(
    ("name", "params", "word"),
    [
        ("anthropic:claude-opus-4-5", Params(temperature=0.5, top_p=0.5), "not both"),
        ("openai:gpt-5.4", Params(temperature=0.5, reasoning_effort="high"), "effort none"),
        ("openai:gpt-5", Params(reasoning_effort="xhigh"), "minimal"),
    ],
)
def test_company_that_params_do_not_keep(name: str, params: Params, word: str) -> None:
    with pytest.raises(PlanError, match=word):
        column(name, params)


def test_a_column_knows_where_it_goes() -> None:
    target = column("openai:gpt-4o", Params(temperature=0.5), label="temperature 0.5")
    assert (target.provider, target.model, target.endpoint) == ("openai", "gpt-4o", "https://openai")
    assert target.price is not None
    assert "temperature 0.5" in target.title


def test_close_names() -> None:
    assert "gpt-4o-mini" in CATALOG.close("openai", "gpt-4o-mimi")
    assert "claude-opus-5-5" in CATALOG.close("anthropic", "claude-opus-5.5")
    assert CATALOG.suggestions("openai-responses") == CATALOG.suggestions("openai")
