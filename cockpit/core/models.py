"""What each model can take and what it costs: values and rules. The table itself is `cockpit/data/models.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cockpit.core.params import Params
from cockpit.core.ports import Usage
from cockpit.core.prompts import Version


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model's API accepts. The defaults are for an OpenAI-compatible server about which nothing is known."""

    temperature: bool = True
    top_p: bool = True
    temperature_and_top_p: bool = True
    """Whether both may be set in one request."""
    max_temperature: float = 2.0
    stop: bool = True
    max_stops: int | None = None
    whitespace_stop: bool = True
    """Whether a stop string may be whitespace only."""
    prefill: bool = True
    seed: bool = True
    logprobs: bool = True
    max_logprobs: int = 20
    n: bool = True
    reasoning_effort: bool = False
    efforts: tuple[str, ...] = ()
    """The efforts it takes; empty: not known, any is tried."""
    system: bool = True
    images: bool = False
    context: int | None = None
    max_output: int | None = None
    default_max_tokens: int | None = None
    """Sent when the person set none, for an API that requires one; the request shows it."""
    sampling_needs_effort_none: bool = False
    """temperature, top_p and logprobs are taken only with reasoning effort 'none'."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    reports_stop: bool = False
    """Whether the API tells a hit stop string from a natural end."""
    continue_final_message: bool = False
    """vLLM and SGLang continue a prefill only when asked to with this field."""
    api_version: str = ""
    """Sent as `anthropic-version`; the version decides which params the API takes."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, as listed on `date`."""

    input: float
    output: float
    cached_input: float | None = None
    date: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing a model cannot take: which param (or 'system', 'prefill') and the sentence to show."""

    what: str
    sentence: str
    can_leave_out: bool = True


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """Dollars for one request; None where the price or a count is unknown."""
    if price is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = usage.cached_tokens or 0
    rate = price.input if price.cached_input is None else price.cached_input
    fresh = usage.input_tokens - cached
    return (fresh * price.input + cached * rate + usage.output_tokens * price.output) / 1_000_000


def refusals(model: str, can: Capabilities, params: Params, version: Version) -> list[Refusal]:
    """Everything in this request that the model's API would refuse or ignore."""
    found = [
        Refusal(name, f"{model} does not take {name}.")
        for name in ("temperature", "top_p", "stop", "seed", "logprobs", "reasoning_effort")
        if params.is_set(name) and not getattr(can, name)
    ]
    named = {refusal.what for refusal in found}
    found += [r for r in _limits(model, can, params) if r.what not in named]
    if version.prefill and not can.prefill:
        found.append(Refusal("prefill", f"{model} does not take a prefill.", can_leave_out=False))
    if version.system and not can.system:
        found.append(Refusal("system", f"{model} does not take a system prompt.", can_leave_out=False))
    return found


def _limits(model: str, can: Capabilities, params: Params) -> list[Refusal]:
    """Params that are known to the API, with values or in company it refuses."""
    found = []
    both = params.temperature is not None and params.top_p is not None
    if both and not can.temperature_and_top_p:
        found.append(Refusal("top_p", f"{model} takes temperature or top_p, not both."))
    if params.temperature is not None and params.temperature > can.max_temperature:
        limit = f"{model} takes temperature up to {can.max_temperature:g}."
        found.append(Refusal("temperature", limit, can_leave_out=False))
    if can.max_stops is not None and len(params.stop) > can.max_stops:
        found.append(
            Refusal(
                "stop",
                f"{model} takes {can.max_stops} stop strings, not {len(params.stop)}.",
                can_leave_out=False,
            )
        )
    if not can.whitespace_stop and any(not stop.strip() for stop in params.stop):
        found.append(Refusal("stop", f"{model} refuses stop strings that are only whitespace.", can_leave_out=False))
    if params.logprobs is not None and params.logprobs > can.max_logprobs:
        found.append(Refusal("logprobs", f"{model} gives at most {can.max_logprobs} logprobs.", can_leave_out=False))
    effort = params.reasoning_effort
    if effort is not None and can.efforts and effort not in can.efforts:
        taken = ", ".join(can.efforts)
        found.append(Refusal("reasoning_effort", f"{model} takes reasoning_effort {taken}, not {effort}."))
    if can.sampling_needs_effort_none and params.reasoning_effort not in (None, "none"):
        found += [
            Refusal(name, f"{model} takes {name} only with reasoning_effort none.")
            for name in ("temperature", "top_p", "logprobs")
            if params.is_set(name)
        ]
    return found
