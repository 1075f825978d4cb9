"""The reading list: BibTeX survives a round trip whatever is in it, ids are found, and keys say how a paper is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.papers import arxiv_ids, of_words, parse_bibtex, plain, to_bibtex
from cockpit.screens.log_papers import LogPapersScreen
from cockpit.store.papers import list_papers
from tests.cli.conftest import Cli
from tests.screens.test_jobs import seen
from tests.screens.test_log import log_on
from widgets.row_list import RowList

BIB = r"""
@comment{not, a = {paper}}
@string{acl = "Proceedings of " # {ACL}}
Words between entries are no entry.
@inproceedings{key:1,
  title = {A {BERT} model of \"{O}de and Erd\H{o}s, {\'e}l\`eve},
  author = "M{\"u}ller, J. and O'Neil, {\O}le",
  booktitle = acl # { 2020}, year = 2020, url = {https://arxiv.org/abs/2001.01234v3}, month = jan
}
@article(paren, title = {In (round) brackets}, doi = {10.1000/xyz.1})
@misc{vaswani, title={Attention}, eprint={1706.03762}, archivePrefix={arXiv}, primaryClass={cs.CL}}
@broken{never, title = {closed
"""


def test_a_bibtex_file_is_read_with_what_is_broken_in_it_told() -> None:
    found, problems = parse_bibtex(BIB)
    first, second, third = found
    assert first.title == "A BERT model of Öde and Erdős, élève"
    assert first.authors == "Müller, J. and O'Neil, Øle"
    assert (first.year, first.arxiv, first.kind) == ("2020", "2001.01234", "inproceedings")
    assert first.fields["booktitle"] == "Proceedings of ACL 2020"
    assert first.fields["month"] == "jan"
    assert (second.title, second.doi) == ("In (round) brackets", "10.1000/xyz.1")
    assert (third.arxiv, third.fields) == ("1706.03762", {"primaryclass": "cs.CL"})
    assert problems == ["Line 12: @broken is never closed."]


def test_what_is_written_is_read_again_as_it_was() -> None:
    found, _ = parse_bibtex(BIB)
    assert parse_bibtex(to_bibtex(found)) == (found, [])


@given(st.text(max_size=300))
def test_no_file_makes_reading_or_writing_fail(text: str) -> None:
    found, _ = parse_bibtex(f'@misc{{k, title = {{{text}}}, note = "{text}"}}\n{text}')
    again, problems = parse_bibtex(to_bibtex(found))
    assert len(again) == len(found)
    assert problems == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("arXiv:2301.12345v2 and https://arxiv.org/pdf/hep-th/9901001v1", ["2301.12345", "hep-th/9901001"]),
        ("see 1706.03762.", ["1706.03762"]),
        ("it cost 2301.12 dollars on 2026.11.24", []),
        ("10.1000/1706.03762", []),
    ],
)
def test_arxiv_ids_are_found_without_their_version(text: str, ids: list[str]) -> None:
    assert arxiv_ids(text) == ids


def test_a_line_is_an_id_a_doi_or_a_title() -> None:
    assert of_words("https://arxiv.org/abs/1706.03762v5").arxiv == "1706.03762"
    assert of_words("doi:10.18653/v1/2020.acl-main.1").doi == "10.18653/v1/2020.acl-main.1"
    assert of_words("Attention is all you need").title == "Attention is all you need"
    assert plain(r"Stra{\ss}e \& {\'E}cole") == "Straße & École"


def test_the_list_comes_in_and_goes_out_on_the_command_line(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    path.write_text(BIB, "utf-8")
    told = json.loads(cli("paper", "import", str(path), "--json").out)
    assert (told["read"], told["new"], len(told["problems"])) == (3, 3, 1)
    assert json.loads(cli("paper", "import", str(path), "--json").out)["new"] == 0
    assert json.loads(cli("paper", "add", "arXiv:1706.03762", "--json").out)["new"] is False, "it is there already"
    assert "(no title yet)" in cli("paper", "add", "2301.12345").out
    cli("paper", "note", "1", "their metric is ours", "--bears-on", "refusals: the metric")
    one = json.loads(cli("paper", "read", "1", "--how", "tangential", "--json").out)
    assert (one["how"], one["state"], one["ideas"]) == ("tangential", "read", ["refusals: the metric"])
    assert parse_bibtex(cli("paper", "export").out)[0][0].key == "paren", "what is read comes last"
    assert cli("paper", "read", "99").status != 0
    assert cli("paper", "drop", "2").status == 0
    assert "In (round)" not in cli("paper", "list").out


async def test_the_list_is_kept_with_keys_alone(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db", (80, 24)) as (app, pilot):
        await pilot.press("R")
        await seen(pilot, lambda: isinstance(app.screen, LogPapersScreen) and app.screen.query("#rows"))
        for line in ("Second [b]", "1706.03762"):
            await pilot.press("a")
            await seen(pilot, lambda: app.screen.is_modal)
            await pilot.press(*line, "enter")
            await seen(pilot, lambda: not app.screen.is_modal)
        db = app.services.store.read()
        await seen(pilot, lambda: app.screen.query_one("#rows", RowList).row(1) is not None)
        await pilot.press("j", "K")
        await seen(pilot, lambda: [one.paper.arxiv for one in list_papers(db, 1)] == ["1706.03762", ""])
        await pilot.press("g", "t")
        await seen(pilot, lambda: list_papers(db, 1)[0].state == "reading")
        await pilot.press("t")
        await seen(pilot, lambda: list_papers(db, 1)[1].state == "read")
        assert list_papers(db, 1)[1].how == "tangential"
        await pilot.press("g", "n")
        await seen(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"good", "enter")
        await seen(pilot, lambda: any(one.notes == "good" for one in list_papers(db, 1)))
