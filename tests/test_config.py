"""The config: what is right holds, what is wrong falls back alone and is named by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.example_config import EXAMPLE
from cockpit.config import Config, load_config, parse_config
from cockpit.core.catalog import Catalog
from cockpit.core.limits import LimitSettings

HERE = Path("config.toml")


def lines_of(config: Config) -> list[int]:
    return [int(problem.split("line ")[1].split(":")[0]) for problem in config.problems]


def test_no_file_is_an_empty_config(tmp_path: Path) -> None:
    config = load_config(tmp_path / "none.toml")
    assert config == Config(path=tmp_path / "none.toml")
    assert config.defaults.n == 8 and config.unsupported == "refuse"


def test_the_example_is_right_and_sets_every_table() -> None:
    config = parse_config(EXAMPLE, HERE)
    assert config.problems == ()
    assert config.aliases["mini"] == "openai:gpt-4o-mini"
    assert config.servers["vllm"].key_env == "VLLM_API_KEY"
    assert config.limits["openai"] == LimitSettings(rpm=500, tpm=200000, start=8, max_concurrency=100)
    assert config.defaults.params.max_tokens == 256
    catalog = Catalog.load(config.overrides)
    assert catalog.problems == [] and catalog.price("openai", "my-finetune-3") is not None
    assert parse_config(EXAMPLE.replace("# ", "").replace("#", "# "), HERE) is not None


def test_wrong_values_fall_back_alone_and_are_named_by_line() -> None:
    text = """theme = 3
cap_usd = -1
projekt = "x"
unsupported = "leave out"
[defaults]
n = 4
temperature = 3.0
models = "one"
[servers.good]
base_url = "http://h:1/v1"
retries = 5
[servers.bad]
protocol = "openai"
[limits."openai:m"]
rpm = true
tpm = 7
"""
    config = parse_config(text, HERE)
    assert sorted(lines_of(config)) == [1, 2, 3, 7, 8, 11, 12, 15]
    assert config.theme == "cockpit-dark" and config.cap_usd is None and config.unsupported == "leave out"
    assert config.defaults.n == 4 and config.defaults.params.temperature is None
    assert set(config.servers) == {"good"}
    assert config.limits["openai:m"] == LimitSettings(tpm=7)


def test_broken_toml_gives_defaults_and_the_line() -> None:
    config = parse_config('theme = "x"\nn = = 3\n', HERE)
    assert config.theme == "cockpit-dark"
    assert len(config.problems) == 1 and "line 2" in config.problems[0]


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    config = parse_config('[servers.a]\nbase_url = "http://me:hunter2@h/v1"\n', HERE)
    assert not config.servers
    assert "line 2" in config.problems[0] and "hunter2" not in config.problems[0]


def test_project_from_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.toml"
    path.write_text('project = "filed"\n', "utf-8")
    assert load_config(path).project == "filed"
    monkeypatch.setenv("COCKPIT_PROJECT", "asked")
    assert load_config(path).project == "asked"


def test_a_file_that_is_no_text_gives_defaults(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert load_config(path).problems and load_config(tmp_path).problems


PLAIN = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.sampled_from(['"x"', '"a:b"', "1.5", "[]", '["x"]', "2020-01-01"]),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
KEYS = st.sampled_from(
    ["theme", "project", "cap_usd", "keys", "defaults", "defaults.n", "servers.a", "servers.a.base_url", "limits.x.rpm",
     "aliases.a", "catalog.openai", "defaults.stop", "servers.a.headers", "unsupported", "nothing"]
)  # fmt: skip


@given(st.lists(st.tuples(KEYS, PLAIN), max_size=4))
def test_no_content_ever_raises(pairs: list[tuple[str, object]]) -> None:
    text = "".join(f"{key} = {str(value).lower() if isinstance(value, bool) else value}\n" for key, value in pairs)
    assert isinstance(parse_config(text, HERE), Config)
