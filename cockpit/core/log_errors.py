"""What the first error in a log looks like. A table of patterns with their sources; it reads no file."""

from __future__ import annotations

import re

PATTERNS: tuple[tuple[str, bytes], ...] = (
    ("a Python traceback", rb"^Traceback \(most recent call last\):"),
    ("a Python exception", rb"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit)(?:: .*)?$"),
    ("CUDA", rb"CUDA (?:error|out of memory)|CUDA_ERROR_|cudaError|NCCL (?:error|WARN)|device-side assert"),
    ("memory", rb"out of memory|Out Of Memory|oom-kill|OOM[- ]?[Kk]ill|MemoryError|Cannot allocate memory"),
    ("Slurm", rb"^(?:slurmstepd|srun|sbatch): error:|exceeded memory limit|DUE TO (?:TIME LIMIT|NODE FAILURE)"),
    ("a crash", rb"Segmentation fault|core dumped|Bus error|Illegal instruction|Aborted \(|panicked at|^Killed\s*$"),
    ("a log's level", rb"(?:^|[\s\[|:])(?:ERROR|FATAL|CRITICAL)(?:[\s\]|:]|$)|\"level\": ?\"(?:error|fatal)\""),
    ("an error", rb"^(?:[\w./-]+: )?(?:fatal |runtime |internal )?[Ee]rror[:!] |: error: |^[Ee]rror:"),
    ("a missing thing", rb"No such file or directory|command not found|Permission denied|No space left on device"),
    ("not a number", rb"\bloss\b[^\n]{0,40}\b(?:nan|NaN|inf)\b"),
)
"""What it is, and how a line with it looks: CPython's tracebacks, CUDA and NCCL, the kernel, Slurm, common loggers."""
ERROR = re.compile(b"|".join(b"(?:" + pattern + b")" for _, pattern in PATTERNS), re.MULTILINE)
"""Any of them, in bytes of whole lines."""
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")


def is_error(line: bytes) -> bool:
    """Whether a line says that something went wrong; colours do not hide it."""
    return ERROR.search(_COLOUR.sub(b"", line)) is not None


def find_errors(block: bytes) -> list[int]:
    """Where in a block of whole lines those begin that say that something went wrong."""
    if b"\x1b" not in block:
        starts = {block.rfind(b"\n", 0, match.start()) + 1 for match in ERROR.finditer(block)}
        return sorted(starts)
    found, at = [], 0
    for line in block.split(b"\n"):
        if is_error(line):
            found.append(at)
        at += len(line) + 1
    return found


def said_by(line: bytes) -> str:
    """What kind of error a line is, in words; empty where it is none."""
    clean = _COLOUR.sub(b"", line)
    return next((name for name, pattern in PATTERNS if re.search(pattern, clean, re.MULTILINE)), "")
