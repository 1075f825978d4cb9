"""What the documents say is what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.main import cockpit
from cockpit.commands import COMMANDS, key_table
from cockpit.config import load_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMAND_LINES = re.findall(r"^cockpit ([a-z]+)(?: (list|show|resume|export))?", README, re.M)


def test_the_key_table_is_the_registry() -> None:
    assert (ROOT / "docs" / "keys.md").read_text().strip() == key_table().strip(), "run `make docs`"


def test_the_example_configuration_holds(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", README, re.S)
    assert shown and tomllib.loads(shown[1])
    path = tmp_path / "config.toml"
    path.write_text(shown[1])
    config = load_config(path)
    assert not config.problems
    assert config.theme == "cockpit-light"
    assert set(config.keys) <= {command.id for command in COMMANDS}


@pytest.mark.parametrize(("verb", "then"), COMMAND_LINES)
def test_every_command_line_shown_exists(verb: str, then: str) -> None:
    words = [verb, then, "--help"] if then else [verb, "--help"]
    assert CliRunner().invoke(cockpit, words).exit_code == 0


def test_the_makefile_has_what_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("run", "test", "check", "bench", "shots"):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "ARCHITECTURE.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (ROOT / link).exists(), f"{page.name}: {link}"


def test_architecture_fits_its_size() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150
