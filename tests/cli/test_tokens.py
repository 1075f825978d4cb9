"""`cockpit tokens`: what it prints, what its JSON says, and that it needs no network and no database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.tokenizers.conftest import needs_gguf


def test_json_has_the_ids_texts_and_bytes(cli: Cli) -> None:
    (row,) = cli("tokens", "--json", "--model", "openai:gpt-5", "Hi 12 🦜").rows()
    assert (row["model"], row["encoding"], row["exact"]) == ("openai:gpt-5", "o200k_base", True)
    assert row["count"] == len(row["tokens"])
    assert [token["text"] for token in row["tokens"][:3]] == ["Hi", " ", "12"]
    assert row["tokens"][0] == {"id": 12194, "text": "Hi", "bytes": "4869"}
    assert bytes.fromhex("".join(token["bytes"] for token in row["tokens"])).decode() == "Hi 12 🦜"


def test_a_model_without_published_tokens_is_an_estimate_without_a_list(cli: Cli) -> None:
    (row,) = cli("tokens", "--no-ask", "--json", "-m", "anthropic:claude-opus-4-7", "Hi there").rows()
    assert row["tokens"] is None
    assert row["exact"] is False
    assert row["count"] > 0
    done = cli("tokens", "--no-ask", "-m", "anthropic:claude-opus-4-7", "Hi there")
    assert "≈" in done.out
    assert "estimate" in done.out


def test_the_provider_counts_where_there_is_a_key_unless_told_not_to(cli: Cli) -> None:
    """The fake counts words; our own count of this text is another."""
    asked = ("--json", "-m", "anthropic:fake", "unbelievable antidisestablishment")
    (own,) = cli.process("tokens", "--no-ask", *asked).rows()
    assert own["exact"] is False
    (row,) = cli.process("tokens", *asked).rows()
    assert (row["exact"], row["count"], row["tokens"]) == (True, 2, None)
    assert "count_tokens" in row["why"]
    assert cli("tokens", "--ask", "a").status == 2


def test_an_unknown_model_gets_a_list_that_says_it_is_not_its_own(cli: Cli) -> None:
    (row,) = cli("tokens", "--json", "-m", "vllm:some-model", "Hi there").rows()
    assert (row["encoding"], row["exact"], row["count"]) == ("o200k_base", False, 2)
    assert "no tokenizer is known" in cli("tokens", "-m", "vllm:some-model", "Hi").out


def test_plain_output_shows_what_is_invisible_and_how_it_was_counted(cli: Cli) -> None:
    done = cli("tokens", "-e", "cl100k_base", "a  b\n\tc\x1b[31m")
    assert "·" in done.out
    assert "↵" in done.out
    assert "\x1b" not in done.out
    assert done.out.splitlines()[-1].endswith("tokens, cl100k_base: as asked")


def test_ids_are_shown_one_token_a_line(cli: Cli) -> None:
    lines = cli("tokens", "--ids", "Hi there").out.splitlines()
    assert [line.split() for line in lines[:2]] == [["12194", "Hi"], ["1354", "·there"]]


def test_the_text_comes_from_a_file_or_standard_input_exactly(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"a\r\nb\n")
    (row,) = cli("tokens", "--json", "--file", str(file)).rows()
    assert "".join(token["text"] for token in row["tokens"]) == "a\r\nb\n"
    (piped,) = cli.process("tokens", "--json", "-", stdin=b"a\r\nb\n").rows()
    assert piped == row
    (dash,) = cli("tokens", "--json", "--", "-x").rows()
    assert dash["tokens"][0]["text"].startswith("-")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tokens",), "one of them"),
        (("tokens", "a", "--file", "b"), "one of them"),
        (("tokens", "-e", "nothing", "a"), "o200k_base"),
        (("tokens", "-e", "gpt2", "-m", "openai:gpt-5", "a"), "not both"),
        (("tokens", "-m", "nonsense", "a"), "nonsense"),
        (("tokens", "--file", "/no/such/file"), "/no/such/file"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(words: tuple[str, ...], said: str, cli: Cli) -> None:
    done = cli(*words)
    assert done.status in (1, 2)
    assert said in done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


def test_a_file_that_is_no_text_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"ab\xff\xfe")
    done = cli("tokens", "--file", str(file))
    assert done.status == 2
    assert "byte 2" in done.err


def test_an_empty_text_has_no_tokens(cli: Cli) -> None:
    (row,) = cli("tokens", "--json", "").rows()
    assert (row["count"], row["tokens"]) == (0, [])
    assert cli("tokens", "").out.startswith("0 tokens")


def test_no_database_is_opened(cli: Cli) -> None:
    assert cli.process("tokens", "Hi").status == 0
    assert not cli.db.exists()


def test_the_encodings_are_listed(cli: Cli) -> None:
    assert {"o200k_base", "cl100k_base", "claude-4.7"} <= set(cli("tokens", "-e", "?").out.split())


@needs_gguf
def test_the_local_model_uses_its_own_vocabulary(cli: Cli) -> None:
    (row,) = cli("tokens", "--json", "-m", "local:smollm2", "12 cats").rows()
    assert (row["encoding"], row["exact"], row["count"]) == ("smollm2", True, 3)
