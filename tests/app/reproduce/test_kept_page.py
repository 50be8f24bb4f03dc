"""The page that is kept under docs comes from one run, and its summary says what that found."""

from __future__ import annotations

import json

import pytest

from deepz_live.app.reproduce.claims import CLAIMS
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


@pytest.fixture(scope="module")
def facts() -> dict:
    return json.loads((DOCS / "reproduce" / "reproduce.json").read_text(encoding="utf-8"))


def test_the_page_and_its_summary_hold_every_row_of_the_run(facts: dict):
    page = (DOCS / "reproduce" / "reproduce.html").read_text(encoding="utf-8")
    summary = (DOCS / "reproduce.md").read_text(encoding="utf-8")
    rows = [row for step in facts["steps"].values() for row in step["rows"]]
    assert {row["claim"] for row in rows} == set(CLAIMS)
    for row in rows:
        claim = CLAIMS[row["claim"]]
        assert f'id="{row["claim"]}"' in page
        cells = (claim.figure, claim.says, claim.paper, row["ours"], row["verdict"])
        assert f"| {' | '.join(cells)} |" in summary


def test_the_page_is_small_enough_to_be_kept():
    kept = [path.stat().st_size for path in (DOCS / "reproduce").iterdir()]
    assert sum(kept) < 2e6
