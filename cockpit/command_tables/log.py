"""The commands of the Log pane and of the screen that edits an entry. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

SHOWN = frozenset({"check", "trace", "history", "steps", "predictions", "daily", "weekly", "pace", "papers"})
"""Commands that show something about the entry, or open a screen."""

YANKED = {"yank": "yank_entry('Markdown')", "slack": "yank_entry('slack')", "post": "yank_entry('post')"}

ACTIONS = {
    "run": "start('run')",
    "job": "start('job')",
    "next": "turn(1)",
    "back": "turn(-1)",
    "tangential": "read('tangential')",
    "direct": "read('direct')",
    "notes": "note('notes')",
    "ideas": "note('ideas')",
    "first": "end('first')",
    "last": "end('last')",
    **{name: f"meet('{name}')" for name in ("question", "minutes", "present", "write", "save")},
}


def _pane(name: str, keys: str, title: str, text: str) -> Command:
    action = f"show_entry('{name}')" if name in SHOWN else YANKED.get(name, f"{name}_entry")
    return Command(f"log.{name}", keys, title, text, "log", action, footer=True, group="Log")


def _edit(name: str, keys: str, title: str, text: str) -> Command:
    return Command(
        f"log-edit.{name}", keys, title, text, "log-edit", name, footer=True, typing=True, group="Writing an entry"
    )


def _opened(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, ACTIONS.get(name, name), footer=True, group=group)
        for name, keys, title, text in rows
    )


STEPS = _opened(
    "log-steps",
    "Next steps",
    ("run", "enter", "Start", "Put it in Play, ready to be sent; what is sent there carries it out and closes it."),
    ("job", "b", "As a job", "Open the job form for it; the job that is submitted carries it out and closes it."),
    ("add", "a", "Add", "Propose an experiment: what, then why."),
    ("close", "x", "Done", "Close the step by its result: run:12, job:7, or words."),
    ("drop", "D", "Drop", "It will not be done; a rule does not propose it again."),
    ("earlier", "K", "Earlier", "One place up."),
    ("later", "J", "Later", "One place down."),
)
PREDICTIONS = _opened(
    "log-predictions",
    "Predictions",
    ("add", "a", "Add", "Predict: a claim, then its probability."),
    ("yes", "y", "Happened", "It happened."),
    ("no", "n", "Did not", "It did not happen."),
    ("reopen", "u", "Take back", "Take the outcome back."),
)
WEEKLY = _opened(
    "log-weekly",
    "Weekly meeting",
    ("present", "p", "Present", "Show the slides here, full screen, with a timer for each item."),
    ("write", "w", "Write", "Write the slides to a file: HTML, Marp, Markdown, PowerPoint."),
    ("save", "s", "Save", "Save the meeting as an entry of the log."),
    ("trace", "t", "Trace", "Work out every figure of the slides again, and show what it comes from."),
    ("question", "a", "Question", "Add a question where input is wanted."),
    ("minutes", "m", "Minutes", "How long the meeting is; items share it."),
    ("earlier", "K", "Earlier", "Show this result one place earlier."),
    ("later", "J", "Later", "Show this result one place later."),
    ("older", "o", "Older", "List entries of the last three months too, or of the week alone."),
)
PACE = _opened(
    "log-pace",
    "Velocity",
    ("log", "enter", "Log it", "Write the entry about this result."),
    ("mode", "m", "Mode", "Choose the project's phase: explore, execute, write; the header reminds of what it needs."),
)
PAPERS = _opened(
    "log-papers",
    "Papers",
    ("add", "a", "Add", "Add an arXiv id or address, a DOI, or a title."),
    ("tangential", "t", "Tangential", "Read it tangentially: abstract, figure 1, stop. Again: it has been read."),
    ("direct", "d", "Direct", "Read all of it. Again: it has been read."),
    ("notes", "n", "Notes", "Keep notes on it."),
    ("ideas", "I", "Bears on", "Which ideas it bears on, and how."),
    ("unread", "u", "Unread", "It is still to be read."),
    ("earlier", "K", "Earlier", "One place up."),
    ("later", "J", "Later", "One place down."),
    ("bibtex", "y", "BibTeX", "Copy the list as BibTeX."),
    ("drop", "D", "Drop", "Take it off the list, with its notes."),
)
PRESENT = _opened(
    "present",
    "Presenting",
    ("next", "right,l,space", "Next", "To the next slide."),
    ("back", "left,h", "Back", "To the slide before."),
    ("overview", "o", "Overview", "Go to a slide by its title."),
    ("timer", "t", "Timer", "This item's time begins again."),
    ("trace", "T", "Trace", "Work out this slide's figures again, and show what they come from."),
    ("blank", "b", "Blank", "Show nothing for a while, or the slide again."),
    ("first", "0", "First", "To the first slide."),
    ("last", "dollar_sign", "Last", "To the last slide."),
)

COMMANDS: tuple[Command, ...] = (
    _pane("new", "n", "New", "Write an entry about nothing in particular; ctrl+l writes about what is in front."),
    _pane("edit", "e", "Edit", "Edit this entry; every edit is kept."),
    _pane("check", "c", "Check", "Would a stranger understand it? What is missing, and what the database can fill in."),
    _pane("trace", "t", "Trace", "Work out every figure again, and show the answers and points it comes from."),
    _pane("history", "h", "History", "Every edit of this entry, the latest first."),
    _pane("yank", "y", "Yank", "Copy the entry as Markdown."),
    _pane("slack", "Y", "Slack", "Copy the entry as Slack writes it."),
    _pane(
        "daily", "d", "Daily", "A daily update, drafted from what was done since the last one: Last, Next, Blockers."
    ),
    _pane("steps", "S", "Steps", "What to try next, in order; rules propose after each run, with their reason."),
    _pane("predictions", "P", "Predictions", "What you expected, what happened, and how good you are at it."),
    _pane(
        "filter",
        "slash",
        "Search",
        "Find entries: words, idea:x, tag:x, model:x, kind:daily, since:2026-11, cites:run:12.",
    ),
    _pane("post", "p", "Post", "Post the entry to the webhook in $COCKPIT_REPORT_WEBHOOK; asks first."),
    _pane("weekly", "W", "Weekly", "Prepare the weekly meeting: choose results, ask questions, present, write a deck."),
    _pane("pace", "V", "Velocity", "Runs, results, bits and hours by week, and results that are not logged yet."),
    _pane("papers", "R", "Papers", "The reading list: tangentially or directly, and which idea a paper bears on."),
    _pane("clear", "escape", "All", "Back to the list; there, take the search away."),
    _edit("submit", "ctrl+j,ctrl+enter", "Save", "Save the entry."),
    _edit("fill", "ctrl+g", "Fill in", "Put what a stranger would miss and the database knows into the entry."),
    _edit("take", "tab", "Complete", "While a citation is typed (run: and some letters): put the marked one in."),
    _edit("candidate", "ctrl+n", "Next", "While a citation is typed: to the next thing that it may mean."),
    _edit("discard", "ctrl+r", "Throw away", "Throw this draft away; what was saved before stays."),
    *STEPS,
    *PREDICTIONS,
    *WEEKLY,
    *PACE,
    *PAPERS,
    *PRESENT,
)
