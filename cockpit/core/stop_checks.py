"""Stop strings judged before they are sent: the table of checks, a report per stop string and model. Sends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cockpit.core import stop_rules as rules
from cockpit.core import stop_texts as texts
from cockpit.core.samples import Sample
from cockpit.core.shots import find_shots
from cockpit.core.stats import clustered
from cockpit.core.stop_audit import BROKEN, StopsOf, hit_of, merged, sent_stops
from cockpit.core.stop_values import (
    Facts,
    Severity,
    StopCheck,
    StopFinding,
    StopReport,
    StopTarget,
    Variant,
)

__all__ = [
    "CHECKS",
    "Severity",
    "StopCheck",
    "StopFinding",
    "StopReport",
    "StopTarget",
    "Variant",
    "as_markdown",
    "check_stops",
]

OPENAI = "https://platform.openai.com/docs/api-reference/chat/create"
VLLM = "https://github.com/vllm-project/vllm"
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

CHECKS: tuple[StopCheck, ...] = (
    StopCheck(
        "S1",
        "How many",
        "The list has more stop strings than the API takes: 4 with OpenAI, 5 with Gemini. The request is refused.",
        OPENAI,
        rules.count,
    ),
    StopCheck(
        "S2",
        "Empty or blank",
        "A stop string is empty, or only whitespace where the API (Anthropic's) refuses that.",
        "https://github.com/BerriAI/litellm/issues/3286",
        rules.blank,
    ),
    StopCheck(
        "S3",
        "Taken at all",
        "The API has no stop strings (Responses), or its reasoning models refuse them.",
        "https://github.com/crewAIInc/crewAI/issues/2738",
        rules.supported,
    ),
    StopCheck(
        "S4",
        "Tokens",
        "How a stop string is split alone, and whether after likely text it begins inside another token.",
        f"{VLLM}/issues/3672",
        texts.split,
    ),
    StopCheck(
        "S5",
        "Swallowed by tokens",
        "Tokens of the vocabulary hold the stop string and text after it: generated, paid for, and cut off.",
        "https://github.com/EleutherAI/lm-evaluation-harness/issues/1268",
        texts.swallowed,
    ),
    StopCheck(
        "S6",
        "Special tokens",
        "A stop string is the text of a special token, which never comes as text and so is never matched.",
        "https://github.com/ggml-org/llama.cpp/issues/6772",
        texts.special,
    ),
    StopCheck(
        "S7",
        "Overlaps",
        "One stop string stands in another, twice in the list, or begins within another's end.",
        f"{VLLM}/blob/main/vllm/v1/engine/detokenizer.py",
        rules.overlap,
    ),
    StopCheck(
        "S8",
        "Too early",
        "A stop string stands inside a good answer, which it would cut short.",
        "https://github.com/google-gemini/deprecated-generative-ai-python/issues/592",
        texts.early,
    ),
    StopCheck(
        "S9",
        "Too late",
        "No stop string cuts where the prompt's next example would begin: the model may write one by itself.",
        "https://github.com/EleutherAI/lm-evaluation-harness/issues/1268",
        texts.late,
    ),
    StopCheck(
        "S10",
        "Nothing left",
        "Answers begin with the stop string, such as a line end, so that nothing of them is left.",
        "https://guidance.readthedocs.io/en/latest/example_notebooks/tutorials/token_healing.html",
        texts.leading,
    ),
    StopCheck(
        "S11",
        "On stored answers",
        "What the list would do to the answers that this model gave before.",
        f"{VLLM}/blob/main/vllm/v1/engine/detokenizer.py",
        texts.replay,
    ),
    StopCheck(
        "S12",
        "Told or not",
        "The API uses one word for a natural end and a stop string.",
        "https://platform.openai.com/docs/api-reference/chat/object",
        rules.verdict,
    ),
    StopCheck(
        "S13",
        "Prefill",
        "The answer's given beginning ends with whitespace, or the model takes none.",
        "https://github.com/langchain-ai/langchain/issues/35071",
        rules.prefill,
    ),
    StopCheck(
        "S14",
        "Reasoning",
        "The server may match a stop string in hidden reasoning and leave the answer empty.",
        f"{VLLM}/issues/14170",
        rules.reasoning,
    ),
    StopCheck(
        "S15",
        "Written another way",
        "Stored answers have the stop string with other blanks, line ends or case, which it does not match.",
        "https://docs.anthropic.com/en/api/complete",
        texts.instead,
    ),
)
"""S1 to S14 and their evidence are numbered as in the project's notes on stop strings."""


def as_markdown() -> str:
    """The table as `docs/stop-checks.md` has it."""
    head = (
        "# Stop checks\n\n"
        "What the stops screen and `cockpit stops` look at before anything is sent, and where each is known from.\n"
        "Written from the table in `cockpit/core/stop_checks.py`; a test keeps both equal.\n\n"
        "| check | what it finds | source |\n|---|---|---|\n"
    )
    return head + "".join(f"| {c.id} {c.title} | {c.what} | <{c.source}> |\n" for c in CHECKS)


REFUSALS = ("S1", "S2", "S3")
"""Checks whose errors mean that the API does not take the stop string."""


def check_stops(
    stops: Sequence[str],
    targets: Sequence[StopTarget],
    *,
    prompt: str = "",
    answers: Sequence[str] = (),
    samples: Sequence[Sample] = (),
    stops_of: StopsOf = sent_stops,
) -> list[StopReport]:
    """A report for each model and each stop string, in the order given. Blocks; call it in a thread.

    Args:
        stops: as they would be sent.
        targets: the models, with the tokenizer of each where it is loaded.
        prompt: as it will be sent; its worked examples are found in it.
        answers: gold answers; whatever cuts one of them short cuts too early.
        samples: stored answers; each model is judged by its own, and those that broke off do not count.
        stops_of: the stop strings that were set for a stored answer.
    """
    shots = find_shots(prompt)
    good = tuple(dict.fromkeys((*answers, *(shot.answer for shot in shots.shots if shot.answer.strip()))))
    reports = []
    for target in targets:
        own = [s for s in samples if s.model == target.model and s.ended not in BROKEN]
        facts = Facts(stops, target, prompt, good, shots, own)
        findings = _findings(facts)
        reports += [_report(stop, facts, findings, stops_of) for stop in dict.fromkeys(stops)]
    return reports


def _findings(facts: Facts) -> list[StopFinding]:
    found = [
        StopFinding(check.id, said.severity, said.stop, facts.model, said.sentence, check.source)
        for check in CHECKS
        for said in check.run(facts)
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _report(stop: str, facts: Facts, findings: Sequence[StopFinding], stops_of: StopsOf) -> StopReport:
    own = tuple(finding for finding in findings if finding.stop in (None, stop))
    refused = [f.sentence for f in own if f.severity == "error" and f.check in REFUSALS]
    answers = [sample.text for sample in facts.samples]
    tokenizer = facts.target.tokenizer
    hits, unclear, whole = _hits(stop, facts.samples, stops_of)
    low = clustered([(hits[place], n) for place, n in whole.items()])
    high = clustered([(hits[place] + unclear[place], n) for place, n in whole.items()])
    return StopReport(
        stop=stop,
        model=facts.model,
        allowed=not refused,
        reason=" ".join(refused),
        token_ids=texts.token_ids(tokenizer, stop),
        hits=low.k,
        n=low.n,
        rate=None if unclear.total() else low.value,
        low=low.low,
        high=high.high,
        cut_by_length=sum(s.ended == "length" and (not stop or stop not in s.text) for s in facts.samples),
        early=sum(texts.is_early(answer, stop) for answer in facts.answers) if stop else len(facts.answers),
        variants=texts.variants(stop, answers, tokenizer) if stop else (),
        findings=own,
        unclear=unclear.total(),
    )


Places = Counter[tuple[int, int]]


def _hits(stop: str, samples: Sequence[Sample], stops_of: StopsOf) -> tuple[Places, Places, Places]:
    """Per run and input: answers that a stop string ended or would have, those that nobody can tell, and all."""
    hits: Places = Counter()
    unclear: Places = Counter()
    whole: Places = Counter()
    for sample in samples:
        place = (sample.run_id, sample.key.input)
        sent = stops_of(sample)
        hit = hit_of(sample, sent)
        whole[place] += 1
        if stop and (hit == stop or stop in sample.text):
            hits[place] += 1
        elif stop in sent and (hit == "" or merged(sample, sent)):
            unclear[place] += 1
    return hits, unclear, whole
