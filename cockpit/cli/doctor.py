"""`cockpit doctor`: looks at everything Cockpit stands on and says what is wrong and what helps. Mends nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import click

from cockpit import __version__, paths
from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.core.errors import CockpitError
from cockpit.store.db import Finding

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
PACKAGES = ("textual", "httpx", "aiohttp", "httpx-aiohttp", "sqlite-utils")


@click.command("doctor")
@click.option("--example-config", is_flag=True, help="Print a config file with every setting explained, and stop.")
@as_json
@pass_context
def doctor_command(ctx: Context, example_config: bool, as_json: bool) -> int:
    """Check files, database, config, keys, models and terminal. Exit status 1 if something is broken."""
    if example_config:
        from cockpit.cli.example_config import EXAMPLE

        output.say(EXAMPLE.rstrip("\n"))
        return 0
    of_config = [*_config(ctx), *_keymap(ctx), *_providers(ctx), *_backends(ctx)]
    findings = [*_files(ctx), *_database(ctx), *of_config, *_local(), *_around()]
    for finding in findings:
        if as_json:
            output.emit({"level": finding.level, "what": finding.what, "text": finding.text, "hint": finding.hint})
        else:
            line = f"{MARKS[finding.level]} {finding.what:<12} {finding.text} {finding.hint}"
            output.say(line.rstrip(), keep_newlines=False)
    broken = [finding for finding in findings if finding.level == "error"]
    if broken:
        names = ", ".join(dict.fromkeys(finding.what for finding in broken))
        output.complain(f"{len(broken)} found broken: {names}.")
    return 1 if broken else 0


def _files(ctx: Context) -> Iterator[Finding]:
    config = ctx.config.path
    there = "" if config.exists() else " (not there; `cockpit doctor --example-config` prints one)"
    yield Finding("ok", "files", f"config {config}{there}")
    yield Finding("ok", "files", f"database {ctx.db_path}")
    yield Finding("ok", "files", f"logs and yanked text in {paths.state_dir()}")


def _database(ctx: Context) -> Iterator[Finding]:
    from cockpit.store.db import check

    yield from check(ctx.db_path)


def _config(ctx: Context) -> Iterator[Finding]:
    from cockpit.cli.models import tables
    from cockpit.core.catalog import parse_model
    from themes import load_themes

    config = ctx.config
    problems = list(config.problems)
    catalog, registry = tables(ctx)
    problems += [f"[catalog] {problem}." for problem in catalog.problems]
    for name in [*config.aliases, *config.defaults.models]:
        try:
            registry.endpoint(parse_model(name, config.aliases).provider)
        except CockpitError as error:
            problems.append(error.sentence())
    themes, wrong = load_themes([paths.themes_dir(config.path)])
    problems += wrong
    if config.theme not in themes:
        problems.append(f"There is no theme {config.theme!r}; there are {', '.join(sorted(themes))}.")
    for problem in problems:
        yield Finding("error", "config", problem)
    if not problems:
        yield Finding("ok", "config", "Nothing wrong.")


def _keymap(ctx: Context) -> Iterator[Finding]:
    from cockpit.commands import COMMANDS
    from cockpit.keymap import merge

    keymap = merge(COMMANDS, ctx.config.keys, ctx.config.key_preset)
    for problem in keymap.problems:
        yield Finding("error", "key map", problem)
    if not keymap.problems:
        yield Finding("ok", "key map", f"{len(COMMANDS)} commands, no clash.")


def _providers(ctx: Context) -> Iterator[Finding]:
    """Whether keys are there; never what they are."""
    from cockpit.cli.models import tables

    _, registry = tables(ctx)
    for name in registry.names():
        if name == "local":
            continue
        hint = registry.key_hint(name)
        if registry.has_key(name):
            yield Finding("ok", "keys", f"{name}: {'key is set' if _is_set(hint) else 'needs no key'}.")
        else:
            configured = name in ctx.config.servers
            yield Finding("warning" if configured else "ok", "keys", f"{name}: no key.", f"To use it, {hint}.")


def _backends(ctx: Context) -> Iterator[Finding]:
    """Whether the places of the configuration where jobs can run answer."""
    import asyncio

    from cockpit.backends.registry import BackendRegistry

    async def ask(name: str) -> Finding:
        registry = BackendRegistry(ctx.config.backends)
        try:
            check = getattr(registry.get(name), "check", None)
            return Finding("ok", "jobs", f"{name}: {await check() if check else 'configured'}.")
        except CockpitError as error:
            return Finding("warning", "jobs", f"{name}: {error.sentence()}")
        finally:
            await registry.aclose()

    for name in ctx.config.backends:
        yield asyncio.run(ask(name))


def _is_set(hint: str) -> bool:
    return bool(os.environ.get(hint.removeprefix("set "), "").strip())


def _local() -> Iterator[Finding]:
    from importlib.util import find_spec

    from cockpit.providers import local, local_server

    if find_spec("xllamacpp") is None:
        yield Finding("warning", "local model", "Its runtime is not installed.", local.INSTALL)
        return
    try:
        yield Finding("ok", "local model", f"Weights in {local_server.weights()}.")
    except local_server.NotReady as error:
        yield Finding("warning", "local model", str(error), local.INSTALL)


def _around() -> Iterator[Finding]:
    """The terminal and the versions: facts to put into a bug report."""
    env = os.environ
    term = env.get("TERM", "")
    dumb = term in ("", "dumb")
    facts = f"TERM={term or 'not set'} COLORTERM={env.get('COLORTERM', 'not set')}"
    tmux = ", in tmux" if env.get("TMUX") else ""
    width, height = shutil.get_terminal_size()
    tty = sys.stdout.isatty()
    size = f", {width} × {height}" if tty else ", output is not a terminal"
    yield Finding("warning" if dumb and tty else "ok", "terminal", f"{facts}{tmux}{size}.")
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        yield Finding("warning", "terminal", f"Its encoding is {sys.stdout.encoding}.", "Set LANG to a UTF-8 locale.")
    editor = env.get("VISUAL") or env.get("EDITOR") or "vi"
    found = shutil.which(editor.split()[0])
    missing = Finding("warning", "editor", f"{editor} is not there.", "Set EDITOR.")
    yield Finding("ok", "editor", editor) if found else missing
    numbers = " ".join(f"{name} {_version(name)}" for name in PACKAGES)
    yield Finding("ok", "versions", f"cockpit {__version__}, Python {platform.python_version()}, {numbers}")
    yield Finding("ok", "system", platform.platform())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
