"""Processes that train together divide a batch without a rest."""

from __future__ import annotations

import pytest

from deepz_live.train.errors import TrainingError
from deepz_live.train.share import is_first_process, own_share


def test_the_shares_of_all_processes_are_the_batch() -> None:
    shares = [own_share(list("abcdefg"), rank, 3) for rank in range(3)]
    assert sorted(one for share in shares for one in share) == list("abcdefg")


def test_a_process_without_an_example_is_told_so() -> None:
    with pytest.raises(TrainingError, match="batch of 2 leaves process 2 of 3"):
        own_share([1, 2], 2, 3)


def test_one_process_of_several_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert is_first_process()
    monkeypatch.setenv("RANK", "0")
    assert is_first_process()
    monkeypatch.setenv("RANK", "1")
    assert not is_first_process()
