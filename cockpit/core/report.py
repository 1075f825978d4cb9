"""What a daily update, a weekly deck and an idea's report say, as Markdown. Facts in, text out; looks nothing up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.core.log_draft import CONCLUDED, OBSERVED, plain_words, section, without
from cockpit.core.log_refs import blank_code

NOTHING = "- nothing"
LEAST_MINUTES = 1
LINES, WIDE = 26, 100
"""Lines, and characters of a line, that a slide holds at its smallest type."""
MOST = LINES * WIDE // 2
"""Characters of one line that are put on one slide."""
FEW = 4
"""Lines that are not worth a slide of their own: the type of the one before gets smaller."""
_LINK = re.compile(r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(([^()\s]*)\)")
_WORD = re.compile(rf"({_LINK.pattern})\s*|\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Slide:
    """One item of a meeting: Markdown under a title, with the minutes it may take (0 for what is not an item)."""

    title: str
    body: str
    minutes: int = 0


def daily(last: Sequence[str], following: Sequence[str], blockers: Sequence[str]) -> str:
    """A daily update: Markdown lines under Last, Next and Blockers; an empty part says so."""
    parts = (("Last", last), ("Next", following), ("Blockers", blockers))
    return "\n\n".join("\n".join([f"## {head}", "", *(lines or [NOTHING])]) for head, lines in parts) + "\n"


def by_weight(bodies: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Titles and bodies, the most decision-relevant first: concluded, then observed, then the rest; else as given."""
    return sorted(bodies, key=lambda one: (not section(one[1], CONCLUDED), not section(one[1], OBSERVED)))


def weekly(
    title: str, bodies: Sequence[tuple[str, str]], steps: Sequence[str], questions: Sequence[str], minutes: int
) -> list[Slide]:
    """A meeting's slides: the agenda, one a result (conclusion before evidence), next steps, questions.

    Args:
        bodies: title and Markdown of each result, in order.
        minutes: of the whole meeting; a fifth is left for steps and questions, the rest is shared evenly.
    """
    ends = [("Next steps, in order", steps), ("Where your input is wanted", questions)]
    tail = [(head, lines) for head, lines in ends if lines]
    spare = minutes // 5 if tail else 0
    each = max((minutes - spare) // max(len(bodies), 1), LEAST_MINUTES)
    slides = [Slide(name, _result(body), each) for name, body in bodies]
    share = max(spare // max(len(tail), 1), LEAST_MINUTES)
    slides += [Slide(head, "\n".join(lines), share) for head, lines in tail]
    agenda = "\n".join(f"{at}. {plain_words(one.title)} ({one.minutes} min)" for at, one in enumerate(slides, 1))
    first = Slide(title, agenda or "Nothing to show: no entries were written.")
    return [part for one in (first, *slides) for part in split(one)]


def split(one: Slide) -> list[Slide]:
    """A slide as several where it holds more than fits one, cut between blocks; the later ones say that they go on."""
    pages: list[list[str]] = [[]]
    room = LINES
    for block in _blocks(one.body):
        need = _lines(block)
        if need > room and pages[-1]:
            carried = [pages[-1].pop()] if re.match(r"#{1,6} ", pages[-1][-1]) and len(pages[-1]) > 1 else []
            pages.append(carried)
            room = LINES - sum(map(_lines, carried))
        pages[-1].append(block)
        room -= need
    if len(pages) > 1 and sum(map(_lines, pages[-1])) <= FEW:
        pages[-2:] = [pages[-2] + pages[-1]]
    bodies = ["\n\n".join(page) for page in pages]
    return [Slide(one.title, bodies[0], one.minutes), *(Slide(f"{one.title} (continued)", body) for body in bodies[1:])]


def _blocks(body: str) -> list[str]:
    """Markdown cut at blank lines outside code, and long blocks at lines, each part whole by itself."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in body.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        closes = bool(fence and mark and mark[1].startswith(fence) and not line.strip(" `~"))
        if mark and not fence:
            fence = mark[1]
            blocks.append([])
        if line.strip() or fence:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
        if closes:
            fence = ""
            blocks.append([])
    return [part for block in blocks if block for part in _cut(block)]


def _cut(block: list[str]) -> list[str]:
    if _lines("\n".join(block)) <= LINES:
        return ["\n".join(block)]
    mark = re.match(r" {0,3}(`{3,}|~{3,})", block[0])
    is_table = len(block) > 1 and "|" in block[1] and set(block[1]) <= set(" \t:|-")
    head = block[:1] if mark else block[:2] if is_table else []
    tail = [mark[1]] if mark else []
    lines = block[len(head) : -1 if mark and len(block) > 1 and block[-1].strip() == mark[1] else None]
    parts: list[list[str]] = [[]]
    room = float(LINES - len(head))
    for line in lines:
        for piece in _pieces(line):
            need = max(1, -(-len(piece) // WIDE))
            if need > room and parts[-1]:
                parts.append([])
                room = LINES - len(head)
            parts[-1].append(piece)
            room -= need
    return ["\n".join([*head, *part, *tail]) for part in parts]


def _pieces(line: str) -> list[str]:
    """A line in parts that fit half a slide, cut between words and never inside a link."""
    parts = [""]
    for found in _WORD.finditer(line):
        word = found[0]
        pieces = [word] if found[1] else [word[at : at + MOST] for at in range(0, len(word), MOST)]
        for piece in pieces:
            if parts[-1] and len(parts[-1]) + len(piece) > MOST:
                parts.append("")
            parts[-1] += piece
    return parts


def _lines(block: str) -> int:
    """About how many lines of a slide a block takes, with the space after it."""
    if block.startswith("!["):
        return 9
    return 1 + sum(max(1, -(-len(_LINK.sub(r"\1", line)) // WIDE)) for line in block.split("\n"))


def as_markdown(slides: Sequence[Slide]) -> str:
    """The slides as one document."""
    return "\n\n".join(f"{_heading(one)}\n\n{one.body}".rstrip() for one in slides) + "\n"


def as_marp(slides: Sequence[Slide]) -> str:
    """The slides as Marp reads them (https://marpit.marp.app/markdown): a head, and rules between slides."""
    pages = [f"{_heading(one)}\n\n{_no_rules(one.body)}".rstrip() for one in slides]
    return "---\nmarp: true\npaginate: true\n---\n\n" + "\n\n---\n\n".join(pages) + "\n"


def as_slack(text: str) -> str:
    """Markdown as Slack's mrkdwn (https://docs.slack.dev/messaging/formatting-message-text): bold headings, bullets,
    and a link of ours as its words with its source behind them."""
    lines = []
    for line in text.splitlines():
        safe = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        said = _LINK.sub(lambda found: f"{found[1]} ({found[2]})", safe)
        said = re.sub(r"\\([\\`*_\[\]#|])", r"\1", re.sub(r"\*\*(.+?)\*\*", r"*\1*", said))
        if head := re.match(r"#{1,6}\s+(.*)", said):
            said = f"*{head[1]}*"
        lines.append(re.sub(r"^(\s*)- ", r"\1• ", said))
    return "\n".join(lines) + "\n"


def _result(body: str) -> str:
    """Conclusion and observation first, then the evidence; a body without such parts as it is."""
    first = [section(body, name) for name in (CONCLUDED, OBSERVED)]
    if not any(first):
        return body.strip()
    rest = without(body, CONCLUDED, OBSERVED)
    lead = f"**{first[0]}**" if first[0] and "\n" not in first[0] and "*" not in first[0] else first[0]
    evidence = re.sub(r"(?m)^##\s", "### ", rest).strip()
    return "\n\n".join(part for part in (lead, first[1], evidence) if part)


def _heading(one: Slide) -> str:
    return f"# {plain_words(one.title)}" + (f" ({one.minutes} min)" if one.minutes else "")


def _no_rules(body: str) -> str:
    """A body in which no line outside code ends the slide."""
    lines, plain = body.split("\n"), blank_code(body).split("\n")
    rule = re.compile(r"\s{0,3}(?:-\s*){3,}$|\s{0,3}(?:_\s*){3,}$|\s{0,3}(?:\*\s*){3,}$")
    return "\n".join("" if rule.match(seen) else line for line, seen in zip(lines, plain, strict=True))
