"""The `cockpit` command's first step: open the app at once, or hand over to the command line. No work of its own.

Click is imported only for a command: what the app does not need must not delay its first paint.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

OPTIONS = ("--db", "--config", "--project")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cockpit`; the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = app_options(given)
    if options is None:
        from cockpit.cli.main import run

        return run(given)
    return open_app(options.get("--db"), options.get("--config"), options.get("--project"))


def app_options(arguments: Sequence[str]) -> dict[str, str] | None:
    """The values of --db, --config and --project if there is nothing else; else None: it is a command."""
    found: dict[str, str] = {}
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name not in OPTIONS:
            return None
        if not equals:
            following = next(rest, None)
            if following is None:
                return None
            value = following
        if not value:
            return None
        found[name] = value
    return found


def open_app(db: str | None, config: str | None, project: str | None, *, demo: bool = False) -> int:
    """Open the app and stay until the person leaves; the exit status."""
    reason = no_terminal()
    if reason:
        sys.stderr.write(f"cockpit: {reason}\n")
        return 2
    # Read once, when textual is imported: keys wait for the next frame, so frames are short.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    import gc

    # Imports make no garbage worth looking for; the app freezes what they left and collects again once it is up.
    gc.disable()
    try:
        return _open(db, config, project, demo=demo)
    finally:
        gc.enable()


def no_terminal() -> str:
    """Why no app can be drawn here, in words; empty if it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "the app needs a terminal. For scripts there are commands: cockpit --help"
    if os.environ.get("TERM") == "dumb":
        return "the app cannot draw on this terminal (TERM=dumb). There are commands: cockpit --help"
    return ""


def _open(db: str | None, config: str | None, project: str | None, *, demo: bool) -> int:
    from cockpit import paths
    from cockpit.config import load_config
    from cockpit.core.errors import CockpitError

    settings = load_config(Path(config).expanduser() if config else None)
    try:
        from cockpit.app import run_app

        where = Path(db).expanduser() if db else paths.db_path()
        return run_app(settings, where, project=project or settings.project, demo=demo)
    except CockpitError as error:
        from widgets.visible import visible

        sys.stderr.write(f"cockpit: {visible(error.sentence(), newlines='mark')}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
