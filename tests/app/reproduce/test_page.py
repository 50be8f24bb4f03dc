"""The page says plainly where ours is worse, shows the paper's words, and fetches nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deepz_live.app.reproduce.claims import ABSENT, CLAIMS
from tests.app.reproduce.fakes import Counted, run, step


def page_of(tmp_path: Path, **facts: str) -> str:
    return run(tmp_path, step("one", Counted(**facts))).page.read_text(encoding="utf-8")


def test_where_ours_is_worse_the_page_says_worse(tmp_path: Path):
    text = page_of(tmp_path, ours="99 s", verdict="worse")
    row = re.search(r'<tr class="worse" id="time.512">.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert '<td class="verdict">worse</td>' in row[0]
    assert "99 s" in row[0]
    assert "Mind the &lt;gap&gt;." in row[0]
    assert "1 worse" in text
    assert "worse</td>" not in page_of(tmp_path / "good", ours="0.1 s", verdict="better")


def test_a_row_holds_the_papers_number_its_words_and_how_ours_was_measured(tmp_path: Path):
    text = page_of(tmp_path)
    claim = CLAIMS["time.512"]
    for words in (claim.paper, claim.quote, "by a watch. On: a desk."):
        assert words in text
    for figure in ABSENT:
        assert figure in text


def test_it_needs_nothing_but_itself(tmp_path: Path):
    text = page_of(tmp_path)
    assert not re.search(r"<script|https?://|src=\"(?!data:)", text)
    assert text.count("data:image/png;base64,") == 1
    assert "How &lt;long&gt;?" in text


@pytest.mark.parametrize("part", ["<dt>Machine</dt>", "<dt>Run</dt><dd>quick", "s in all steps"])
def test_it_says_what_ran_where(tmp_path: Path, part: str):
    assert part in page_of(tmp_path)
