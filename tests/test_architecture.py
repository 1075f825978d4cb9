"""The rules of the house that no linter knows: sizes, hostile text, lazy imports. No exemptions, by design."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for top in ("cockpit", "widgets", "themes") for p in (ROOT / top).rglob("*.py"))
FUNCTION_LINES, CLASS_LINES, CLASS_METHODS, FILE_LINES = 40, 300, 25, 400
HEAVY = ("openai", "anthropic", "tiktoken", "httpx", "aiohttp", "plotext", "numpy", "click", "pydantic", "sqlite_utils")
LATE = (
    *("cockpit.runner", "cockpit.providers", "cockpit.screens.play_model", "cockpit.screens.dialogs"),
    *(f"cockpit.core.{name}" for name in ("catalog", "estimate", "limits", "live", "models", "samples", "sampling")),
    *("email", "importlib.resources", "statistics", "urllib.request"),
)
"""What sending or a dialog needs, or costs a few milliseconds for nothing: not before the first paint."""
STARTING = 90
"""Modules beside Textual's own that the first paint waits for; each costs about half a millisecond."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def docstring_lines(node: Function | ast.ClassDef) -> int:
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant)
    return (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0


def length(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or 0) - node.lineno + 1 - docstring_lines(node)


def definitions(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_sizes(path: Path) -> None:
    text = path.read_text()
    too_big = [f"{len(text.splitlines())} lines"] if len(text.splitlines()) > FILE_LINES else []
    for node in definitions(path):
        if isinstance(node, Function) and length(node) > FUNCTION_LINES:
            too_big.append(f"{node.name}: {length(node)} lines")
        if isinstance(node, ast.ClassDef):
            methods = sum(isinstance(n, Function) for n in node.body)
            if length(node) > CLASS_LINES or methods > CLASS_METHODS:
                too_big.append(f"class {node.name}: {length(node)} lines, {methods} methods")
    assert not too_big


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module without a docstring"


def calls(path: Path) -> set[str]:
    found = set()
    for node in definitions(path):
        if isinstance(node, ast.Call):
            target = node.func
            found.add(target.id if isinstance(target, ast.Name) else getattr(target, "attr", ""))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_plain_draws_static_text(path: Path) -> None:
    """A bare Static or Label parses markup, and `[/` in a model's answer then ends the program."""
    if path.name != "plain.py":
        assert not calls(path) & {"Static", "Label"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_task_without_an_owner(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"asyncio\.(create_task|ensure_future)\(|get_(running|event)_loop\(\)\.create_task\(", text)


@pytest.mark.parametrize("path", [p for p in SOURCES if "cli" not in p.parts], ids=name_of)
def test_only_the_command_line_prints(path: Path) -> None:
    if path.name != "__main__.py":
        assert "print" not in calls(path)


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_the_app_starts_without_heavy_packages() -> None:
    modules = imported_by("import cockpit.app, cockpit.screens.play")
    assert not sorted(modules & {*HEAVY, "textual.widgets._text_area", "textual.widgets._markdown"})


def test_the_first_paint_waits_for_little() -> None:
    bare = imported_by("import textual.app, textual.drivers.linux_driver; from textual.widgets import Static")
    start = "import cockpit.app, cockpit.config, cockpit.services, cockpit.screens.play"
    ours = imported_by(f"import textual.drivers.linux_driver; {start}") - bare
    assert not sorted(ours & {*LATE})
    assert len(ours) <= STARTING


@pytest.mark.parametrize("module", ["core.sampling", "store.db", "providers.registry", "runner", "cli.main"])
def test_nothing_below_the_screen_knows_textual(module: str) -> None:
    assert "textual" not in imported_by(f"import cockpit.{module}")


@pytest.mark.parametrize("widget", sorted(p.stem for p in (ROOT / "widgets").glob("*.py")))
def test_widgets_work_without_cockpit(widget: str) -> None:
    assert not [m for m in imported_by(f"import widgets.{widget}") if m.split(".")[0] in ("cockpit", "themes")]
