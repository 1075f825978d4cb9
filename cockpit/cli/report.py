"""`cockpit report`: what was done, for others to read. Which facts, and in which words, is decided below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import TEXT, Context, as_json, pass_context
from cockpit.core.clock import utc_now
from cockpit.core.errors import InputError

if TYPE_CHECKING:
    import sqlite3

FORM = click.Choice(["md", "html", "marp", "slack", "pptx"])
OUT = click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")


@click.group("report")
def report_command() -> None:
    """Tell others what was done: a daily update, a weekly deck, an idea from its beginning."""


@report_command.command("daily")
@click.option("--format", "form", type=FORM, default="md", show_default=True)
@click.option("--save", is_flag=True, help="Keep it in the log; the next one begins where this one ends.")
@click.option("--post", is_flag=True, help="Post it to the webhook in $COCKPIT_REPORT_WEBHOOK, as Slack writes it.")
@OUT
@as_json
@pass_context
def daily_command(ctx: Context, /, form: str, save: bool, out: Path | None, *, post: bool, as_json: bool) -> int:
    """Last, Next, Blockers: drafted from what was done since the last daily that was saved."""
    from cockpit.log_drafts import local_day
    from cockpit.log_reports import daily_text
    from cockpit.store.log import Draft, add_entry
    from cockpit.store.projects import ensure_project

    _needs_file(form, out)
    now = utc_now()
    title = f"Daily update {local_day(now)}"
    with ctx.store() as store:
        text = daily_text(store.read(), ctx.project, now)
        if save:

            def keep(db: sqlite3.Connection) -> int:
                return add_entry(db, ensure_project(db, ctx.project), Draft(title, text, local_day(now)), kind="daily")

            store.write_now(keep)
    given = _give(_one(form, title, text, {}), "daily", form, out, as_json=as_json)
    if post:
        import asyncio

        from cockpit.core.report import as_slack
        from cockpit.webhook import post_report

        output.note(f"Posted to {asyncio.run(post_report(as_slack(f'# {title}') + as_slack(text)))}.")
    return given


@report_command.command("weekly")
@click.option("--format", "form", type=FORM, default="md", show_default=True)
@click.option("--entry", "entries", multiple=True, type=int, help="Show this entry; repeatable, in this order.")
@click.option("--kept", is_flag=True, help="As it was prepared in the app; other options add to it.")
@click.option("--question", "questions", multiple=True, type=TEXT, help="Where input is wanted; repeatable.")
@click.option("--minutes", type=click.IntRange(5, 600), help="Of the whole meeting; 30 if not given.")
@OUT
@as_json
@pass_context
def weekly_command(
    ctx: Context, /, form: str, out: Path | None, *, entries: tuple[int, ...], questions: tuple[str, ...],
    minutes: int | None, kept: bool, as_json: bool,
) -> int:  # fmt: skip
    """A meeting's agenda and slides: the week's results, next steps, questions."""
    from cockpit import meeting
    from cockpit.core.report import as_markdown, as_marp, as_slack
    from cockpit.log_charts import bars_in, charts_in
    from cockpit.report_html import deck

    _needs_file(form, out)
    with ctx.store() as store:
        db = store.read()
        left = meeting.kept(db, ctx.project) if kept else meeting.Meeting()
        wanted = meeting.Meeting(entries or left.chosen, (*left.questions, *questions), minutes or left.minutes)
        slides = meeting.slides(db, ctx.project, utc_now(), wanted)
        body = "\n\n".join(one.body for one in slides)
        charts = charts_in(db, body) if form == "html" else {}
        bars = bars_in(db, body) if form == "pptx" else {}
    if form == "pptx":
        from cockpit.report_pptx import as_pptx

        return _give(as_pptx(slides, bars), "weekly", form, out, as_json=as_json)
    makers: dict[str, Callable[[], str]] = {
        "md": lambda: as_markdown(slides), "marp": lambda: as_marp(slides),
        "html": lambda: deck(slides[0].title, slides, charts), "slack": lambda: as_slack(as_markdown(slides)),
    }  # fmt: skip
    return _give(makers[form](), "weekly", form, out, as_json=as_json)


@report_command.command("idea")
@click.argument("idea", type=TEXT)
@click.option("--format", "form", type=FORM, default="md", show_default=True)
@OUT
@as_json
@pass_context
def idea_command(ctx: Context, idea: str, form: str, out: Path | None, as_json: bool) -> int:
    """IDEA from its first message to what is concluded."""
    from cockpit.log_charts import charts_in
    from cockpit.log_reports import idea_text

    _needs_file(form, out)
    with ctx.store() as store:
        text = idea_text(store.read(), ctx.project, idea)
        charts = charts_in(store.read(), text) if form == "html" else {}
    return _give(_one(form, idea, text, charts), "idea", form, out, as_json=as_json)


def _needs_file(form: str, out: Path | None) -> None:
    if form == "pptx" and out is None:
        raise InputError("PowerPoint is no text to print.", hint="Say where: --out report.pptx")


def _one(form: str, title: str, text: str, charts: Mapping[str, str]) -> str | bytes:
    if form in ("marp", "pptx"):
        from cockpit.core.report import Slide, as_marp, split
        from cockpit.report_pptx import as_pptx

        slides = split(Slide(title, text))
        return as_marp(slides) if form == "marp" else as_pptx(slides, {})
    if form == "html":
        from cockpit.report_html import page

        return page(title, text, charts)
    if form == "slack":
        from cockpit.core.report import as_slack

        return as_slack(text)
    return text


def _give(text: str | bytes, report: str, form: str, out: Path | None, *, as_json: bool) -> int:
    """Print the report, or write it and say where.

    Raises:
        InputError: the file cannot be written.
    """
    if out is not None:
        try:
            out.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        except OSError as error:
            raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    if as_json:
        where = {"path": str(out)} if out is not None else {"text": text}
        output.emit({"report": report, "format": form, **where})
    elif out is not None:
        output.say(f"Written to {out}.")
    else:
        output.say(str(text).rstrip("\n"))
    return 0
