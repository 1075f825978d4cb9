"""Reports and decks as one HTML file that needs no network. Markdown in, HTML out; nothing of it is obeyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cockpit.core.log_refs import parse_target
from cockpit.core.report import Slide

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --ground: #fff; --line: #d0d7de; --accent: #0b67b2 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa4ae; --ground: #14171a; --line: #343b43; --accent: #6cb6ff } }
* { box-sizing: border-box }
body { margin: 0; font: 18px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
section { padding: 2.2rem 3rem; max-width: 80rem; margin: 0 auto; overflow-wrap: anywhere }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem }
h2 { font-size: 1.3rem } h3 { font-size: 1rem; color: var(--soft) }
h1 small { font-size: 1rem; font-weight: normal; color: var(--soft); margin-left: .6rem }
table { border-collapse: collapse; font-size: .9em } th, td { padding: .3em .8em; border-bottom: 1px solid var(--line) }
pre { padding: .8em; border: 1px solid var(--line); border-radius: 6px; overflow: auto; white-space: pre-wrap }
code { font: .88em ui-monospace, monospace } p, li { max-width: 62rem }
svg { width: 100%; max-width: 46rem; display: block; font-size: 13px }
svg text { fill: var(--ink) } svg rect { fill: var(--accent) }
svg path { stroke: var(--accent); stroke-width: 2; fill: none }
.from { border-bottom: 1px dotted var(--accent); cursor: help }
.deck section { display: none; min-height: 100vh } .deck section.on { display: block }
#at { position: fixed; right: 1.2rem; bottom: .8rem; color: var(--soft); font-size: .8rem }
@media print {
  .deck section { display: block; min-height: 0; break-after: page } .deck section:last-of-type { break-after: auto }
  #at { display: none } body { color: #000; background: #fff } }
"""
_PLAYER = """
const pages = [...document.querySelectorAll('section')], at = document.getElementById('at');
let here = 0, since = Date.now();
function show(to) {
  here = Math.min(Math.max(to, 0), pages.length - 1); since = Date.now();
  pages.forEach((page, i) => page.classList.toggle('on', i === here)); scrollTo(0, 0); tick();
}
function tick() {
  const seconds = Math.floor((Date.now() - since) / 1000), most = pages[here].dataset.minutes;
  const clock = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0');
  at.textContent = clock + (most !== '0' ? ' of ' + most + ':00' : '') + '   ' + (here + 1) + ' / ' + pages.length;
}
addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const to = { ArrowRight: here + 1, ArrowDown: here + 1, PageDown: here + 1, ' ': here + 1, j: here + 1, l: here + 1,
    ArrowLeft: here - 1, ArrowUp: here - 1, PageUp: here - 1, k: here - 1, h: here - 1, Home: 0, g: 0,
    End: pages.length - 1, G: pages.length - 1 }[event.key];
  if (to !== undefined) { event.preventDefault(); show(to); }
});
show(0); setInterval(tick, 1000);
"""


def page(title: str, text: str, charts: Mapping[str, str]) -> str:
    """One Markdown text as a whole HTML document; `charts` has the pictures it cites, as SVG by their target."""
    return _document(title, f"<section>{body(text, charts)}</section>", deck=False)


def deck(title: str, slides: Sequence[Slide], charts: Mapping[str, str]) -> str:
    """Slides with a small player: arrows, space, home and end; one slide a page in print."""
    parts = []
    for one in slides:
        minutes = f"<small>{one.minutes} min</small>" if one.minutes else ""
        head = f"<h1>{_escaped(one.title)}{minutes}</h1>"
        parts.append(f'<section data-minutes="{one.minutes}">{head}{body(one.body, charts)}</section>')
    return _document(title, "\n".join(parts), deck=True)


def body(text: str, charts: Mapping[str, str]) -> str:
    """Markdown as HTML: tags are shown as text, links of ours tell their source, pictures of ours are drawn; no other
    link or picture is live."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Our own sources look like an unknown scheme; every link is checked below and none becomes an address.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _link_open)

    def image(_: Any, tokens: Sequence[Any], index: int, *__: Any) -> str:
        return charts.get(str(tokens[index].attrGet("src") or "")) or escape(str(tokens[index].content))

    parser.add_render_rule("image", image)
    parser.add_render_rule("link_close", lambda *_: "</span>")
    return str(parser.render("".join(_shown(one) for one in text)))


def _link_open(_: Any, tokens: Sequence[Any], index: int, *__: Any) -> str:
    target = str(tokens[index].attrGet("href") or "")
    kind = "from" if parse_target(target) else "link"
    return f'<span class="{kind}" title="{escape(target)}">'


def _document(title: str, inside: str, *, deck: bool) -> str:
    player = f'<div id="at"></div><script>{_PLAYER}</script>' if deck else ""
    return (
        f'<!doctype html>\n<html lang="en"{" class=deck" if deck else ""}><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_escaped(title)}</title><style>{_STYLE}</style></head>\n<body>{inside}\n{player}</body></html>\n"
    )


def _escaped(text: str) -> str:
    return escape("".join(_shown(one) for one in text))


def _shown(char: str) -> str:
    """Control characters and lone surrogates as a sign, since a file can hold neither."""
    code = ord(char)
    return "\ufffd" if (code < 32 and char not in "\n\t") or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 else char
