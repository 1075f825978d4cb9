"""`cockpit report`: what was really done, told with numbers that are worked out again, and with nothing obeyed."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cockpit.core.figures import Figure
from cockpit.core.report import Slide
from cockpit.log_charts import by_model
from cockpit.log_figures import trace_all
from cockpit.report_pptx import as_pptx
from cockpit.store.db import open_store
from cockpit.store.scores import run_scores
from tests.cli.conftest import Cli

HOSTILE = (
    "<script>alert(1)</script> </style> [x](javascript:alert(1)) ![p](https://example.com/p.png)\n\n---\n\n"
    "<img src=x onerror=y> `unclosed [a](b"
)


class Seen(HTMLParser):
    """Tags, and every attribute that a browser would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.live: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.live += [one for one in attrs if one[0] in ("src", "href", "srcset", "data") or one[0].startswith("on")]


def worked(cli: Cli) -> None:
    cli.send("Say yes", "-m", "openai:fake-tok5", "-n", "4")
    cli("log", "add", "## What I conclude\n\nIt says yes.", "--title", "Yes", "--idea", "yes", "--cite", "run:1")
    cli("log", "add", HOSTILE, "--title", "<b>odd</b>")
    cli("step", "add", "try 8 examples", "--why", "zero-shot is unsure")
    cli("step", "add", "finetune", "--blocked-by", "labels")


def test_a_daily_has_its_three_parts_and_every_number_in_it_is_worked_out_again(cli: Cli) -> None:
    worked(cli)
    text = cli("report", "daily").out
    assert re.findall(r"(?m)^## (.*)$", text) == ["Last", "Next", "Blockers"]
    last, following, blockers = re.split(r"(?m)^## .*$", text)[1:]
    assert "It says yes." in last
    assert "run:1" in last
    assert "n = 4" in last
    assert "try 8 examples: zero-shot is unsure" in following
    assert "finetune: waits for labels" in blockers
    store = open_store(cli.db)
    found = trace_all(store.read(), text)
    store.close()
    assert found
    assert [one.ref.target for one in found if one.figure is None or one.changed] == []


def test_the_next_daily_begins_where_the_saved_one_ended(cli: Cli) -> None:
    worked(cli)
    assert "run:1" in cli("report", "daily", "--save").out
    last = re.split(r"(?m)^## .*$", cli("report", "daily").out)[1]
    assert last.strip() == "- nothing"
    (kept,) = [row for row in cli("log", "list", "--json").rows() if row["kind"] == "daily"]
    assert "run:1" in kept["cites"]


def test_slack_gets_its_own_marks(cli: Cli) -> None:
    worked(cli)
    out = cli("report", "daily", "--format", "slack").out
    assert "*Last*" in out
    assert "• " in out
    assert "## " not in out
    assert "](" not in out.split("*Next*")[0].replace(HOSTILE, "")


def test_a_deck_is_one_file_without_anything_live_and_the_concluded_comes_first(cli: Cli, tmp_path: Path) -> None:
    worked(cli)
    path = tmp_path / "deck.html"
    done = cli("report", "weekly", "--format", "html", "--out", str(path), "--question", "few-shot next?")
    assert done.status == 0
    text = path.read_text("utf-8")
    seen = Seen(text)
    assert (seen.tags.count("section"), seen.tags.count("script"), seen.tags.count("style")) == (5, 1, 1)
    assert seen.live == []
    assert "img" not in seen.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.index("<h1>Yes") < text.index("<h1>&lt;b&gt;odd")
    assert 'title="run:1?n"' in text
    marp = cli("report", "weekly", "--format", "marp", "--question", "few-shot next?").out
    assert marp.startswith("---\nmarp: true\n")
    assert len(re.findall(r"(?m)^---$", marp)) == 2 + 4


def test_an_ideas_report_goes_from_its_entries_to_the_conclusion_and_an_unknown_idea_is_told(cli: Cli) -> None:
    worked(cli)
    text = cli("report", "idea", "yes").out
    assert text.startswith("# yes\n")
    assert "It says yes." in text.split("## What was sampled")[0]
    bad = cli("report", "idea", "no")
    assert bad.status != 0
    assert "Ideas: yes." in bad.err


def test_the_rules_propose_each_step_once_with_the_reason(cli: Cli) -> None:
    cli.send("Say yes", "-m", "openai:fake-tok5", "-n", "12", "--stop", "never")
    (step,) = cli("step", "propose", "--json").rows()
    assert step["why"] == "stop never hit in 12 of 12"
    assert (step["rule"], step["about"]) == ("stop-never-hit", "run:1")
    cli("step", "done", str(step["step"]), "--drop")
    assert cli("step", "propose", "--json").rows() == []
    assert cli("step", "list", "--json").rows() == []


def test_a_chart_that_an_entry_cites_is_drawn_into_the_deck_and_no_other_picture_is(cli: Cli) -> None:
    cli.send("Say yes", "-m", "openai:fake-tok5", "-m", "openai:fake-tok9", "-n", "4")
    assert cli("score", "1", "--metric", "regex", "--pattern", ".").status == 0
    cli("log", "add", "![far](https://example.com/x.png) ![none](run:1?chart=score&score=no)", "--cite", "run:1")
    text = cli("report", "weekly", "--format", "html").out
    seen = Seen(text)
    assert (seen.tags.count("svg"), seen.tags.count("rect"), seen.tags.count("img")) == (1, 2, 0)
    store = open_store(cli.db)
    (metric,) = run_scores(store.read(), 1)
    rows = by_model(store.read(), 1, metric)
    store.close()
    assert [name for name, _ in rows] == ["openai:fake-tok5", "openai:fake-tok9"]
    assert all(f">{figure.words()}</text>" in text for _, figure in rows)
    assert "far none" in text


def test_a_meeting_as_powerpoint_has_every_slide_its_tables_and_charts_and_obeys_nothing(
    cli: Cli, tmp_path: Path
) -> None:
    from pptx import Presentation

    cli.send("Say yes", "-m", "openai:fake-tok5,openai:fake-tok3", "-n", "4")
    cli("log", "add", "## What I conclude\n\nIt says yes.", "--title", "Yes", "--idea", "yes", "--cite", "run:1")
    cli("log", "add", HOSTILE + "\n\n```\n\x1b[31mred\x9b\n```", "--title", "<b>odd</b> \x1b")
    path = tmp_path / "w.pptx"
    assert cli("report", "weekly", "--format", "pptx").status == 2, "it is no text to print"
    assert cli("report", "weekly", "--format", "pptx", "--out", str(path), "--question", "Enough?").status == 0
    pages = Presentation(str(path)).slides
    shapes = [shape for page in pages for shape in page.shapes]
    text = "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
    assert "Yes   (12 min)" in text and "Enough?" in text
    assert "<script>alert(1)</script>" in text and "\x1b" not in text
    assert any(shape.has_table and shape.table.cell(0, 0).text == "model" for shape in shapes)
    assert not [rel for page in pages for rel in page.part.rels.values() if rel.is_external], "no link leads out"


def test_a_picture_is_a_chart_of_its_own_in_powerpoint() -> None:
    from pptx import Presentation

    target = "run:1?chart=score&score=exact"
    body = f"![exact by model]({target})"
    data = as_pptx(
        [Slide("T", body)], {target: [("a", Figure(0.5, "share", 0.3, 0.7, 10)), ("b", Figure(0.25, "share"))]}
    )
    (page,) = Presentation(io.BytesIO(data)).slides
    (chart,) = [shape.chart for shape in page.shapes if shape.has_chart]
    assert list(chart.plots[0].series[0].values) == [0.5, 0.25]
    assert list(chart.plots[0].categories) == ["a: 50 % [30, 70], n = 10", "b: 25 %"]


def test_a_meeting_prepared_in_the_app_is_written_with_kept(cli: Cli) -> None:
    from cockpit.meeting import Meeting, keep

    for name in ("One", "Two"):
        cli("log", "add", "x", "--title", name)
    store = open_store(cli.db)
    try:
        store.write_now(lambda db: keep(db, "default", Meeting((2,), ("Why?",), 10)))
    finally:
        store.close()
    text = cli("report", "weekly", "--kept").out
    assert "Two (8 min)" in text and "Why?" in text and "One" not in text
    assert "One" in cli("report", "weekly").out


@pytest.mark.parametrize("report", [("daily",), ("weekly",), ("idea", "yes")])
@pytest.mark.parametrize("form", ["md", "html", "marp", "slack", "pptx"])
def test_every_report_is_written_in_every_form(cli: Cli, tmp_path: Path, report: tuple[str, ...], form: str) -> None:
    worked(cli)
    path = tmp_path / f"report.{form}"
    assert cli("report", *report, "--format", form, "--out", str(path)).status == 0
    data = path.read_bytes()
    begins = {"html": b"<!doctype html>", "marp": b"---\nmarp: true", "pptx": b"PK", "slack": b"*"}
    assert data.startswith(begins.get(form, b"#"))
    assert form == "pptx" or "yes" in data.decode().lower()
