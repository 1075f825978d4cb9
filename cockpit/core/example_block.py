"""How examples become text or turns of a prompt. Rendering only: which examples, and how many, is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cockpit.core.errors import PlanError
from cockpit.core.examples import Example, Template
from cockpit.core.ladder import uses_examples
from cockpit.core.prompts import EXAMPLES, ROW_EXAMPLES, VARIABLE, Message, Version, fill, literal


def render_example(example: Example, template: Template) -> str:
    """One example as text; of `turns`, both turns with a line each that names the role, for reading.

    Variables in an example's own text are never expanded.
    """
    if template.kind == "custom":
        known = {"input": example.input, "output": example.answer, "label": example.label or ""}
        return fill(template.body, known)
    if template.kind == "xml":
        asked, answer = template.input_label, template.output_label
        return f"<{asked}>{example.input}</{asked}>\n<{answer}>{example.answer}</{answer}>"
    if template.kind == "turns":
        return f"user: {example.input}\nassistant: {example.answer}"
    return f"{_labelled(template.input_label, example.input)}\n{_labelled(template.output_label, example.answer)}"


def render_block(examples: Sequence[Example], template: Template) -> str:
    """The examples in their order with the template's separator between them; empty for none."""
    return template.separator.join(render_example(example, template) for example in examples)


def render_turns(examples: Sequence[Example]) -> tuple[Message, ...]:
    """A user and an assistant turn for each example, sent as they stand."""
    return tuple(turn for one in examples for turn in (literal("user", one.input), literal("assistant", one.answer)))


def apply(version: Version, examples: Sequence[Example], template: Template) -> Version:
    """The version with these examples in it.

    Turns go before the last user turn; a block becomes the version's own examples, which `{{examples}}` stands for.

    Raises:
        PlanError: the prompt has no `{{examples}}` for a block, or no user turn for turns to go before.
    """
    if template.kind == "turns":
        return _with_turns(version, render_turns(examples))
    check_place(version, template)
    return replace(version, examples=render_block(examples, template))


def apply_by_row(
    version: Version, by_row: Sequence[Sequence[Example]], template: Template
) -> tuple[Version, tuple[Mapping[str, str], ...]]:
    """One version for every input, and for each input the variables that hold its own examples.

    A block is the variable `row_examples`; turns are `example_1_input`, `example_1_output` and so on.

    Raises:
        PlanError: as `apply`; or turns where the inputs have different numbers of examples.
    """
    if template.kind != "turns":
        check_place(version, template)
        turns_now = (m if m.raw else replace(m, content=_to_row_variable(m.content)) for m in version.messages)
        renamed = replace(
            version,
            system=_to_row_variable(version.system),
            messages=tuple(turns_now),
            prefill=_to_row_variable(version.prefill),
        )
        return renamed, tuple({ROW_EXAMPLES: render_block(examples, template)} for examples in by_row)
    sizes = {len(examples) for examples in by_row}
    if len(sizes) > 1:
        raise PlanError(
            f"The inputs have between {min(sizes)} and {max(sizes)} examples, and turns must be as many for each.",
            hint="Give a number with -k, or use a set with another template.",
        )
    names = [(f"example_{at}_input", f"example_{at}_output") for at in range(1, max(sizes, default=0) + 1)]
    turns = [
        turn
        for asked, answer in names
        for turn in (Message("user", "{{" + asked + "}}"), Message("assistant", "{{" + answer + "}}"))
    ]
    values = [
        {name: text for pair, one in zip(names, examples, strict=True) for name, text in _pair(pair, one)}
        for examples in by_row
    ]
    return _with_turns(version, tuple(turns)), tuple(values)


def check_place(version: Version, template: Template) -> None:
    """See that the prompt has a place for these examples.

    Raises:
        PlanError: it has none.
    """
    if template.kind == "turns":
        _last_user(version)
    elif not uses_examples(version):
        raise PlanError(
            "The prompt has no place for the examples.",
            hint="Write {{examples}} where they go, or use a set whose template is turns.",
        )


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}" if label else text


def _pair(names: tuple[str, str], example: Example) -> tuple[tuple[str, str], tuple[str, str]]:
    return (names[0], example.input), (names[1], example.answer)


def _with_turns(version: Version, turns: tuple[Message, ...]) -> Version:
    at = _last_user(version)
    return replace(version, messages=(*version.messages[:at], *turns, *version.messages[at:]))


def _last_user(version: Version) -> int:
    places = [at for at, message in enumerate(version.messages) if message.role == "user"]
    if not places:
        raise PlanError("The prompt has no user turn for examples to stand before.")
    return places[-1]


def _to_row_variable(text: str) -> str:
    return VARIABLE.sub(lambda m: "{{" + ROW_EXAMPLES + "}}" if m[1] == EXAMPLES else m[0], text)
