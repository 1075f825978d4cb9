"""What a job's results depend on, captured where it starts: code, machine, interpreter, packages. Starts no job.

Each part may be unknown, and is then left out: a missing git or a broken interpreter stops nothing. The interpreter
that is asked is the one that the job's own command would use.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DIFF_BYTES = 1_000_000
UNTRACKED = 200
NETWORK = ("nfs", "cifs", "smb", "afs", "9p", "ceph", "lustre", "gpfs", "beegfs", "fuse.sshfs", "fuse.gluster")
ASK_S = 10.0
_PACKAGES = """import importlib.metadata as m, json, sys
found = sorted({f"{d.metadata['Name']}=={d.version}" for d in m.distributions() if d.metadata['Name']})
print(json.dumps([sys.executable, sys.version.split()[0], found]))"""


@dataclass(frozen=True, slots=True)
class Capture:
    """What was found."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """host, system, cpus, gpus; git: root, commit, branch, dirty, untracked; python: path, version."""
    diff: str = ""
    """Uncommitted changes of tracked files, as git prints them; cut at a megabyte, which it then says."""
    packages: str = ""
    """One 'name==version' a line."""


def capture(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> Capture:
    """Everything that can be found out in a few hundred milliseconds. Blocks; never raises."""
    git, diff = code(cwd, env)
    python, packages = interpreter(argv, cwd, env)
    facts: dict[str, Any] = {
        "host": platform.node(), "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }  # fmt: skip
    facts |= {"gpus": found} if (found := gpu_names()) else {}
    facts |= {"git": git} if git else {}
    facts |= {"python": python} if python else {}
    return Capture(facts, diff, "\n".join(packages))


def code(cwd: str, env: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The repository that a directory is in, and its uncommitted diff; empty where it is in none."""
    root = _git(cwd, env, "rev-parse", "--show-toplevel").strip()
    if not root:
        return {}, ""
    commit = _git(cwd, env, "rev-parse", "--verify", "-q", "HEAD").strip()
    branch = _git(cwd, env, "symbolic-ref", "-q", "--short", "HEAD").strip()
    base = ["HEAD"] if commit else ["--cached"]
    diff = _git(root, env, "diff", "--no-ext-diff", "--no-textconv", "--no-color", *base)
    new = [n for n in _git(root, env, "ls-files", "--others", "--exclude-standard", "-z").split("\0") if n]
    if len(diff) > DIFF_BYTES:
        diff = diff[:DIFF_BYTES] + f"\n[cut: {len(diff)} characters in all]\n"
    facts = {"root": root, "commit": commit, "branch": branch, "dirty": bool(diff or new), "untracked": new[:UNTRACKED]}
    return facts | ({"untracked_n": len(new)} if len(new) > UNTRACKED else {}), diff


def interpreter(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The Python that a command would use, and what is installed for it; empty where it uses none that can be found."""
    path = find_python(argv, cwd, env)
    if not path:
        return {}, []
    try:
        answer = json.loads(_run([path, "-c", _PACKAGES], cwd, {**env, "PYTHONSAFEPATH": "1"}))
        return {"path": answer[0], "version": answer[1]}, answer[2]
    except (ValueError, IndexError, TypeError):
        return {"path": path}, []


def find_python(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> str:
    """The path of a command's interpreter: itself, that of its first line, or that of the active environment."""
    command = shutil.which(str(Path(cwd, argv[0])) if "/" in argv[0] else argv[0], path=env.get("PATH"))
    if command and Path(command).name.startswith("python"):
        return command
    if command:
        with suppress(OSError), Path(command).open("rb") as file:
            line = file.readline(500).decode("utf-8", "replace")
            if line.startswith("#!") and "python" in line:
                words = line[2:].split()
                return (shutil.which(words[-1], path=env.get("PATH")) or "") if "env" in words[0] else words[0]
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        python = Path(env.get(name, "") or "/nowhere", "bin", "python")
        if python.is_file():
            return str(python)
    return ""


def network_disk(path: Path, mounts: str | None = None) -> str:
    """The kind of network file system that a path is on ('nfs4'), whose locks may lie after a crash; empty if on none.

    Args:
        mounts: in the format of /proc/self/mountinfo, which is read where none are given.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        except OSError:
            return ""
    best, kind = -1, ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        words = head.split()
        point = words[4].replace("\\040", " ") if len(words) > 4 else ""
        if point and len(point) >= best and path.is_relative_to(point) and tail:
            best, kind = len(point), tail.split()[0]
    return kind if kind.startswith(NETWORK) else ""


def gpu_names() -> list[str]:
    """This machine's NVIDIA GPUs in the order of their numbers, as its driver lists them; empty where there is none."""
    if not Path("/proc/driver/nvidia/gpus").is_dir() and not shutil.which("nvidia-smi"):
        return []
    lines = _run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], "/", os.environ).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _git(cwd: str, env: Mapping[str, str], *words: str) -> str:
    # The repository is the person's own, and still may not run a program of its choice because a job is looked at.
    quiet = {**env, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    return _run(["git", "-c", "core.fsmonitor=", "-c", "core.quotepath=off", *words], cwd, quiet)


def _run(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> str:
    """What a program prints; empty where it fails."""
    try:
        done = subprocess.run(
            argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_S, check=False
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
