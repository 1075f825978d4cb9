"""A key never appears in the database, the logs, an export, an error or on the screen, whatever happens."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli

SECRET = "sk-very-secret-0987654321-DoNotPrint"
MODELS = (
    "openai:fake-tok3", "openai-responses:fake-tok3", "anthropic:fake-tok3", "openai:fake-err401", "openai:fake-err400",
    "anthropic:fake-err401", "openai-responses:fake-err403", "openai:fake-cut", "openai:fake-err429-99",
    "openai:fake-html-err500",
)  # fmt: skip


def test_the_key_is_nowhere(cli: Cli, tmp_path: Path) -> None:
    env = {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
    words = [word for model in MODELS for word in ("-m", model)]
    printed = []
    for command in (
        ("send", "--json", "--max-retries", "1", *words, "hi"),
        ("send", "--dry-run", *words, "hi"),
        ("run", "resume", "1"),
        ("run", "show", "1", "--json"),
        ("show", "1"), ("show", "1", "--curl"), ("show", "1", "--python"),
        ("export", "-o", str(tmp_path / "out.csv")), ("export", "-o", str(tmp_path / "out.eval")),
        ("doctor",), ("models",),
    ):  # fmt: skip
        done = cli.process(*command, **env)
        assert "Traceback" not in done.err, done.err
        printed += [done.out, done.err]
    assert any("fake-err401" in text for text in printed)
    assert SECRET not in "".join(printed)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert cli.db in files and tmp_path / "out.csv" in files
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
