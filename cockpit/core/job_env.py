"""A job's environment: what may be stored and what is secret, so only its name. Pure; reads no environment itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cockpit.core.errors import InputError

_SECRET_NAME = re.compile(
    r"(^|_)(API_?)?(KEYS?|TOKENS?|SECRETS?|PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDS?|CREDENTIALS?|AUTH|AUTHORIZATION"
    r"|COOKIES?|BEARER|PRIVATE|DSN|WEBHOOK|SIGNATURE|PAT)($|_)|(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(^|[^\w])(sk-[\w-]{8,}|hf_\w{8,}|gh[pousr]_\w{16,}|github_pat_\w+|glpat-[\w-]+|xox[abprs]-[\w-]+|(AKIA|ASIA)[A-Z0-9]{12,}"
    r"|AIza[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]+\.|-----BEGIN [A-Z ]*PRIVATE KEY)|://[^/\s:@]*:[^/\s@]+@"
)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_=-]{32,}\Z")
"""Long, with digits and letters of both cases and no blank: a key whatever its name, unless it is a path."""
_OF_THE_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COCKPIT_JOB", "COCKPIT_JOB_DIR"})
_RELEVANT = re.compile(
    r"(PATH|PYTHON\w*|VIRTUAL_ENV|CONDA_\w+|CUDA_\w+|NVIDIA_\w+|ROCR?_\w+|HIP_\w+|NCCL_\w+|TORCH\w*|PYTORCH_\w+|XLA_\w+|TF_\w+"
    r"|JAX_\w+|OMP_\w+|MKL_\w+|OPENBLAS_\w+|TOKENIZERS_\w+|TRANSFORMERS_\w+|HF_\w+|WANDB_\w+|TRACKIO_\w+|INSPECT_\w+|MLFLOW_\w+"
    r"|ACCELERATE_\w+|DEEPSPEED_\w+|RAY_\w+|SLURM_\w+|LD_LIBRARY_PATH|LD_PRELOAD|LANG|LC_ALL|TZ|TMPDIR|SEED|WORLD_SIZE|RANK"
    r"|LOCAL_RANK|MASTER_ADDR|MASTER_PORT|OPENAI_BASE_URL|ANTHROPIC_BASE_URL)\Z"
)
SHORTEST = 6
"""Shorter values are no secrets worth hiding, and would be found in every text."""


def secret(name: str, value: str) -> bool:
    """Whether a variable must be taken for a secret, by its name or its value."""
    if _SECRET_NAME.search(name) and name not in _OF_THE_SHELL:
        return True
    return bool(_SECRET_VALUE.search(value) or (_RANDOM.match(value) and "/" not in value))


def split(env: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What can be stored, and the names of the rest. What belongs to one shell alone is in neither."""
    kept = {n: v for n, v in env.items() if n not in _OF_THE_SHELL and not secret(n, v)}
    return kept, tuple(sorted(n for n, v in env.items() if n not in _OF_THE_SHELL and secret(n, v)))


def relevant(env: Mapping[str, str]) -> dict[str, str]:
    """What may change what a job computes: interpreters, GPUs, threads, frameworks. No secrets."""
    return {n: v for n, v in sorted(env.items()) if _RELEVANT.match(n) and not secret(n, v)}


def given(settings: Iterable[str], env: Mapping[str, str]) -> dict[str, str]:
    """The variables of `--env NAME=VALUE`.

    Raises:
        InputError: one is not of that form, or its value would have to be stored and is a secret.
    """
    found = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or not equals:
            raise InputError(f"{name!r} is no setting of a variable.", hint="Write --env NAME=VALUE.")
        if secret(name, value) and env.get(name) != value:
            raise InputError(
                f"{name} looks like a secret, and what is given with --env is stored.",
                hint=f"Export it instead: it is then passed on to the job and stored nowhere (export {name}=…).",
            )
        if not secret(name, value):
            found[name] = value
    return found


def refuse_secrets(argv: Iterable[str], env: Mapping[str, str]) -> None:
    """Make sure that a command, which is stored, holds no secret of the environment.

    Raises:
        InputError: it does; the value is not repeated.
    """
    values = {v: n for n, v in env.items() if len(v) >= SHORTEST and n not in _OF_THE_SHELL and secret(n, v)}
    for word in argv:
        for value, name in values.items():
            if value in word:
                raise InputError(
                    f"The command holds the value of {name}, and commands are stored.",
                    hint=f"Let the command read it: sh -c '… \"${name}\"'.",
                )


def scrub(text: str, env: Mapping[str, str]) -> str:
    """A text without the values of the environment's secrets."""
    for name, value in env.items():
        if len(value) >= SHORTEST and name not in _OF_THE_SHELL and secret(name, value):
            text = text.replace(value, f"${name}")
    return text
