"""Reports and decks as one HTML file that needs no network. Markdown in, HTML out; nothing of it is obeyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cockpit.core.log_plain import writable
from cockpit.core.log_refs import parse_target
from cockpit.core.report import Slide

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --ground: #fff; --line: #d0d7de; --accent: #0b67b2 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa4ae; --ground: #14171a; --line: #343b43; --accent: #6cb6ff } }
* { box-sizing: border-box }
body { margin: 0; font: 18px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
section { padding: 2em 3em; max-width: 72em; margin: 0 auto; overflow-wrap: anywhere }
h1 { font-size: 1.8em; line-height: 1.2; margin: 0 0 .6em } h2 { font-size: 1.3em; margin: 1em 0 .4em }
h3 { font-size: 1em; color: var(--soft); margin: 1em 0 .3em; text-transform: none }
h1 small { font-size: .5em; font-weight: normal; color: var(--soft); margin-left: .8em; white-space: nowrap }
p, ul, ol, table, pre, svg { margin: 0 0 .7em } li { margin: .15em 0 } li p { margin: 0 } p, li { max-width: 58em }
table { border-collapse: collapse; font-size: .85em }
th { text-align: left; color: var(--soft); font-weight: 600 }
th, td { padding: .25em 1em .25em 0; border-bottom: 1px solid var(--line); vertical-align: top }
pre { padding: .6em .8em; border-left: 3px solid var(--line); overflow: auto; white-space: pre-wrap }
code { font: .86em/1.4 ui-monospace, monospace }
svg { width: 100%; max-width: 46em; display: block }
svg text { fill: var(--ink); font-size: 13px } svg rect { fill: var(--accent) }
svg path { stroke: var(--accent); stroke-width: 2; fill: none }
.from { border-bottom: 1px dotted var(--accent); cursor: help }
.deck { overflow: hidden }
.deck section { display: none; width: 100vw; height: 100vh; max-width: none; overflow: auto; padding: 2.4em 4em 2em;
  font-size: calc(var(--size, 20) * min(100vw / 1280, 100vh / 720)) }
.deck section.on { display: block }
.deck section.first { padding-top: 5em } .deck section.first h1 { font-size: 2.3em }
.deck section.measured { display: block; position: absolute; visibility: hidden; width: 1280px; height: auto;
  font-size: calc(var(--size, 20) * 1px) }
#at { position: fixed; right: 1.2rem; bottom: .6rem; color: var(--soft); font-size: .8rem; white-space: pre }
#at.over { color: #c0392b; font-weight: bold }
@page { size: 1280px 720px; margin: 0 }
@media print {
  .deck { overflow: visible }
  .deck section { display: block; width: 1280px; height: 719px; overflow: hidden; break-after: page;
    break-inside: avoid; font-size: calc(var(--size, 20) * 1px) }
  .deck section.long { height: auto; break-inside: auto }
  .deck section:last-of-type { break-after: auto }
  #at { display: none } :root { --ink: #000; --soft: #444; --ground: #fff; --line: #bbb; --accent: #0b67b2 } }
"""
_PLAYER = """
const pages = [...document.querySelectorAll('section')], at = document.getElementById('at');
let here = 0, since = Date.now();
for (const page of pages) {
  page.classList.add('measured');
  for (let size = 20; size >= 11; size -= .5) {
    page.style.setProperty('--size', size);
    if (page.scrollHeight <= 716) break;
  }
  page.classList.toggle('long', page.scrollHeight > 716);
  page.classList.remove('measured');
}
function show(to) {
  here = Math.min(Math.max(to, 0), pages.length - 1); since = Date.now();
  pages.forEach((page, i) => page.classList.toggle('on', i === here)); pages[here].scrollTop = 0; tick();
}
function tick() {
  const seconds = Math.floor((Date.now() - since) / 1000), most = Number(pages[here].dataset.minutes);
  const clock = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0');
  at.textContent = clock + (most ? ' of ' + most + ':00' : '') + '   ' + (here + 1) + ' / ' + pages.length;
  at.classList.toggle('over', most > 0 && seconds > 60 * most);
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
    """Slides with a small player: arrows, space, home and end; one slide a page in print. A dense slide is set in
    smaller type until it fits."""
    parts = []
    for at, one in enumerate(slides):
        minutes = f"<small>{one.minutes} min</small>" if one.minutes else ""
        head = f"<h1>{_escaped(one.title)}{minutes}</h1>"
        first = "" if at else ' class="first"'
        parts.append(f'<section{first} data-minutes="{one.minutes}">{head}{body(one.body, charts)}</section>')
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
    return str(parser.render(writable(text)))


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
    return escape(writable(text))
