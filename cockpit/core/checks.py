"""The prompt checks as one table, and running them. The rules are in the `check_*` files; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cockpit.core.check_end import answer_space, trailing_whitespace, unfinished_token
from cockpit.core.check_examples import example_format, long_example, separators
from cockpit.core.check_labels import label_words
from cockpit.core.check_text import Scene, look
from cockpit.core.check_unicode import hidden_characters
from cockpit.core.check_values import RANK, Checked, Finding, Fix, Found, Place, Severity, Target
from cockpit.core.check_window import window
from cockpit.core.check_wording import placeholders, repeated_instructions, stop_in_format, template_tokens

__all__ = ["CHECKS", "Check", "Checked", "Finding", "Fix", "Place", "Severity", "Target", "check_prompt", "check_table"]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: its name, what it looks for, how bad it can be, and where that is known from."""

    id: str
    title: str
    what: str
    severity: Severity
    source: str
    run: Callable[[Scene], Iterable[Found]]


CHECKS: tuple[Check, ...] = (
    Check(
        "placeholder",
        "Placeholder left unfilled",
        "A variable without a value, an examples block that no text sends, or text such as {name}, {{two words}} or "
        "[insert text] that nothing fills.",
        "error",
        "https://docs.claude.com/en/docs/build-with-claude/prompt-engineering/prompt-templates-and-variables",
        placeholders,
    ),
    Check(
        "trailing-whitespace",
        "Whitespace before the answer",
        "The prefill ends in whitespace: Claude's API refuses it, other models start their answer off its usual "
        "tokens. On a user turn it is a note.",
        "error",
        "https://towardsdatascience.com/the-art-of-prompt-design-prompt-boundaries-and-token-healing-3b2448b0be38",
        trailing_whitespace,
    ),
    Check(
        "unfinished-token",
        "Ends inside a token",
        "The prefill stops where one token would have gone on: inside a word, after an opening sign or 'http:', or "
        "where answers that are known merge with its end. A user turn is closed by the template and not looked at.",
        "warning",
        "https://arxiv.org/abs/2601.23223",
        unfinished_token,
    ),
    Check(
        "answer-space",
        "Space at the start of the answer",
        "Examples differ in what stands between cue and answer; or logprobs are asked for and answers will begin "
        "with a space, or without the one that the examples have.",
        "warning",
        "https://docs.mistral.ai/cookbook/concept-deep-dive-tokenization-boundaries",
        answer_space,
    ),
    Check(
        "separators",
        "Examples set apart in different ways",
        "Not every example is followed by the same blank lines or dividers, or one spells its cue otherwise "
        "('a:' for 'A:').",
        "warning",
        "https://arxiv.org/abs/2310.11324",
        separators,
    ),
    Check(
        "long-example",
        "One example far longer than the rest",
        "Of three or more examples, one has at least three times the others' median length and 200 characters more.",
        "note",
        "https://arxiv.org/abs/2202.12837",
        long_example,
    ),
    Check(
        "example-format",
        "Examples in another format than asked for",
        "The prompt asks for JSON, for one of some words, for one word or for a tag, and examples answer otherwise; "
        "an example has no answer; the prompt ends with another cue than the examples have.",
        "warning",
        "https://docs.claude.com/en/docs/build-with-claude/prompt-engineering/multishot-prompting",
        example_format,
    ),
    Check(
        "label-words",
        "Label words and their tokens",
        "With logprobs: labels that begin with the same token, or have different numbers of tokens. With max_tokens: "
        "a label that does not fit in it.",
        "warning",
        "https://blog.eleuther.ai/multiple-choice-normalization/",
        label_words,
    ),
    Check(
        "window",
        "Prompt and answer over the window",
        "The prompt's tokens and max_tokens are more than the model's window, or max_tokens more than it writes. "
        "A warning where the count is an estimate.",
        "error",
        "https://docs.claude.com/en/docs/build-with-claude/context-windows",
        window,
    ),
    Check(
        "repeated-instruction",
        "The same instruction twice",
        "An instruction in the system prompt or the last turn says, word order and small words aside, what another "
        "says. Examples, code and data are not looked at.",
        "note",
        "https://arxiv.org/abs/2402.14848",
        repeated_instructions,
    ),
    Check(
        "hidden-characters",
        "Invisible or look-alike characters",
        "Zero-width, control, direction and tag characters, spaces of other kinds, and words that mix Latin with "
        "letters that look Latin; not where a script or an emoji needs them.",
        "warning",
        "https://www.unicode.org/reports/tr39/",
        hidden_characters,
    ),
    Check(
        "stop-in-format",
        "A stop string inside the answers",
        "A stop string stands inside the examples' or the right answers, at their very beginning, or in words that "
        "the prompt asks to write before the answer goes on. A stop that only sets the examples apart is fine.",
        "error",
        "https://github.com/google-gemini/deprecated-generative-ai-python/issues/592",
        stop_in_format,
    ),
    Check(
        "template-token",
        "Text like a chat template's token",
        "Text such as <|im_end|> or [INST]: a warning where a model in use has it as a special token, else a note.",
        "warning",
        "https://github.com/ggml-org/llama.cpp/issues/24382",
        template_tokens,
    ),
)


def check_prompt(checked: Checked) -> list[Finding]:
    """Everything the checks find, worst first. Blocks for some milliseconds: call it off the event loop."""
    scene = look(checked)
    found = [
        Finding(check.id, one.severity, one.sentence, one.source or check.source, one.place, one.fix, one.model)
        for check in CHECKS
        for one in check.run(scene)
    ]
    return sorted(found, key=lambda finding: RANK[finding.severity])


def check_table() -> str:
    """The checks as the Markdown of docs/checks.md."""
    head = [
        "# Prompt checks",
        "",
        "What is looked at beside every prompt while it is written. Nothing is changed and nothing is held back: a",
        "finding names the place and, where a change is safe, offers it. Severity is the worst that a check gives.",
        "",
        "| check | severity | fires when | source |",
        "|---|---|---|---|",
    ]
    rows = [
        f"| **{check.title}** `{check.id}` | {check.severity} | {_cell(check.what)} | <{check.source}> |"
        for check in CHECKS
    ]
    return "\n".join([*head, *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;").replace("[", "\\[")
