"""What a daily update, a weekly deck and an idea's report say, as Markdown. Facts in, text out; looks nothing up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.core.log_draft import CONCLUDED, OBSERVED, plain_words, section, without
from cockpit.core.log_refs import blank_code

NOTHING = "- nothing"
LEAST_MINUTES = 1
_LINK = re.compile(r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(([^()\s]*)\)")


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
    return [Slide(title, agenda or "Nothing to show: no entries were written."), *slides]


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
