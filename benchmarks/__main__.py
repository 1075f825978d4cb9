"""`make bench`: everything, or the parts named; `--write` puts the results into benchmarks/README.md."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from benchmarks import jobs, report, requests, screen, search, tokens
from benchmarks.servers import fake_server

README = Path(__file__).parent / "README.md"
BETWEEN = re.compile(r"(<!-- results -->\n).*(<!-- /results -->)", re.S)


def _on_server(part: Callable[[str], list[report.Row]]) -> list[report.Row]:
    with fake_server() as url:
        return part(url)


PARTS: dict[str, tuple[str, Callable[[], list[report.Row]]]] = {
    "screen": ("The screen", lambda: _on_server(screen.run)),
    "requests": ("A request", lambda: _on_server(requests.run)),
    "search": ("The database", search.run),
    "tokens": ("Tokens", tokens.run),
    "jobs": ("Jobs", jobs.run),
}


def main() -> None:
    """Run the parts, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which; all when none is named")
    parser.add_argument("--write", action="store_true", help="put the results into benchmarks/README.md")
    asked = parser.parse_args()
    sections = [(PARTS[name][0], PARTS[name][1]()) for name in asked.parts or PARTS]
    text = report.markdown(sections)
    print(text)
    if asked.write:
        README.write_text(BETWEEN.sub(lambda m: f"{m[1]}{text}\n{m[2]}", README.read_text()))


if __name__ == "__main__":
    main()
