"""The paper's passages are its own words, and each claim is answered by one step."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from deepz_live.app.reproduce.claims import CLAIMS
from deepz_live.app.reproduce.run import STEPS
from tests.conftest import REPOSITORY

PAPER = REPOSITORY.parent / "shared" / "paper" / "deep-z.txt"


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def paper() -> str:
    if not PAPER.is_file():
        pytest.skip("the paper is not here: ../shared/paper is missing")
    return flat(Path(PAPER).read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", CLAIMS)
def test_a_passage_stands_in_the_paper_word_for_word(paper: str, key: str):
    assert flat(CLAIMS[key].quote) in paper


def test_every_claim_is_answered_by_one_step():
    answered = Counter(claim for step in STEPS for claim in step.claims)
    assert answered == Counter(CLAIMS.keys())


def test_steps_have_names_of_their_own():
    assert len({step.key for step in STEPS}) == len(STEPS)
    assert not {step.key for step in STEPS if not step.figures}
