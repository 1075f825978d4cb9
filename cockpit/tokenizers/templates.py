"""Chat templates that are known here: the local model's own, and OpenAI's as described. Text only; counts nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.prompts import Version

SMOLLM2_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""The template in SmolLM2's file, word for word; `smollm2` renders this one and no other."""
SMOLLM2_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def turns(version: Version) -> Iterator[tuple[str, str]]:
    """Role and text of everything that is sent but the prefill."""
    if version.system:
        yield "system", version.system
    for message in version.messages:
        yield message.role, message.content


def smollm2(version: Version) -> str | None:
    """What llama.cpp's server makes of a request with SmolLM2's template: a last turn of the assistant is left open.

    None where the server refuses the request: two turns of the assistant at the end.
    """
    said = list(turns(version))
    if version.prefill:
        said.append(("assistant", version.prefill))
    if [role for role, _ in said[-2:]] == ["assistant", "assistant"]:
        return None
    if not said or said[0][0] != "system":
        said.insert(0, ("system", SMOLLM2_SYSTEM))
    begun = said.pop()[1] if said[-1][0] == "assistant" else ""
    closed = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in said)
    return f"{closed}<|im_start|>assistant\n{begun}"


def chatml(version: Version) -> str:
    """OpenAI's chat models, as commonly described; the real template is not published.

    Source: https://github.com/openai/openai-python/blob/v0.28.1/chatml.md
    """
    closed = "".join(f"<|im_start|>{role}<|im_sep|>{text}<|im_end|>" for role, text in turns(version))
    return f"{closed}<|im_start|>assistant<|im_sep|>{version.prefill}"


def harmony(version: Version) -> str:
    """gpt-oss, without the system message that a server puts first: a system prompt is the developer's there.

    Source: https://cookbook.openai.com/articles/openai-harmony
    """
    parts = []
    for role, text in turns(version):
        if role == "system":
            parts.append(f"<|start|>developer<|message|># Instructions\n\n{text}<|end|>")
        elif role == "assistant":
            parts.append(f"<|start|>assistant<|channel|>final<|message|>{text}<|end|>")
        else:
            parts.append(f"<|start|>user<|message|>{text}<|end|>")
    begun = f"<|channel|>final<|message|>{version.prefill}" if version.prefill else ""
    return f"{''.join(parts)}<|start|>assistant{begun}"
