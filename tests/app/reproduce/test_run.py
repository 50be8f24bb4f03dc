"""What is finished is not done again, what was broken off is, and a figure is asked for by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepz_live.app.reproduce.errors import ReproductionError
from deepz_live.app.reproduce.lab import open_lab
from deepz_live.app.reproduce.run import FOLDER, PAGE, STEPS, chosen
from deepz_live.app.reproduce.store import RECORD
from tests.app.reproduce.fakes import Counted, Effort, run, step


def test_a_finished_step_is_taken_from_the_folder(tmp_path: Path):
    measure = Counted()
    first = run(tmp_path, step("one", measure))
    again = run(tmp_path, step("one", measure))
    assert len(measure.calls) == 1
    assert [done.cached for done in (first.steps[0], again.steps[0])] == [False, True]
    assert again.steps[0].outcome == first.steps[0].outcome
    assert again.steps[0].seconds == first.steps[0].seconds
    assert again.steps[0].outcome.sections[0].pictures[0].png.startswith(b"\x89PNG")


def test_quick_and_full_lie_side_by_side(tmp_path: Path):
    measure = Counted()
    for quick in (True, False, True, False):
        run(tmp_path, step("one", measure), quick=quick)
    assert measure.calls == [Effort(1), Effort(9)]


def test_another_model_is_another_measurement(tmp_path: Path):
    with open_lab(tmp_path, tmp_path) as lab:
        depends = [lab.depends((name,), Effort(1)) for name in ("beads_20x075", "worm_20x075")]
        assert len({lab.store.path("one", one) for one in depends}) == 2
        assert lab.depends(("beads_20x075",), Effort(1)) == depends[0]


def test_after_a_kill_only_the_rest_is_done(tmp_path: Path):
    first, second = Counted(), Counted(claim="time.1536", broken=True)
    steps = (step("one", first), step("two", second))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, *steps)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert 'id="time.512"' in page  # what was done before the kill is on the page already
    assert 'id="time.1536"' not in page
    second.broken = False
    done = run(tmp_path, *steps)
    assert (len(first.calls), len(second.calls)) == (1, 2)
    assert [one.cached for one in done.steps] == [True, False]


def test_half_a_record_is_none(tmp_path: Path):
    measure = Counted()
    run(tmp_path, step("one", measure))
    (folder,) = (tmp_path / FOLDER).iterdir()
    (folder / "details_curve.png").unlink()
    run(tmp_path, step("one", measure))
    (folder / RECORD).write_text("{")
    run(tmp_path, step("one", measure))
    assert len(measure.calls) == 3


def test_what_may_be_there_next_time_is_not_kept(tmp_path: Path):
    measure = Counted(keep=False)
    for _ in range(2):
        run(tmp_path, step("one", measure))
    assert len(measure.calls) == 2


def test_within_a_step_a_kill_costs_one_seed(tmp_path: Path):
    made: list[int] = []

    def make(seed: int):
        if seed == 3 and made.count(3) == 0:
            made.append(seed)
            raise KeyboardInterrupt
        made.append(seed)
        return {"seed": seed}, {}

    def all_seeds() -> list[int]:
        with open_lab(tmp_path, tmp_path) as lab:
            records = [
                lab.remember(f"seed-{s}", (), {"seed": s}, lambda s=s: make(s)) for s in (1, 2, 3)
            ]
        return [record.facts["seed"] for record in records]

    with pytest.raises(KeyboardInterrupt):
        all_seeds()
    assert all_seeds() == [1, 2, 3]
    assert made == [1, 2, 3, 3]


def test_a_figure_is_asked_for_by_name(tmp_path: Path):
    one, two = Counted(), Counted(claim="time.1536")
    done = run(tmp_path, step("a", one, "fig1", "s1"), step("b", two, "fig2"), names=("S1",))
    assert [d.step.key for d in done.steps] == ["a"]
    assert not two.calls


def test_an_unknown_figure_is_a_sentence_that_names_the_known(tmp_path: Path):
    with pytest.raises(ReproductionError, match=r"called 'fig9'; choose of fig1, s1, s2, fig2"):
        chosen(["fig1", "fig9"])
    assert chosen([]) == list(STEPS)


def test_a_quick_run_says_what_it_left_out(tmp_path: Path):
    measure = Counted()
    done = run(tmp_path, step("one", measure, quick=None))
    assert not measure.calls
    assert done.steps[0].outcome.rows[0].verdict == "not run"
    assert "without --quick" in (tmp_path / PAGE).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReproductionError, match="choose a folder"):
        run(tmp_path / "file", step("one", Counted()))


def test_the_facts_hold_every_row_and_the_seconds(tmp_path: Path):
    done = run(tmp_path, step("one", Counted(ours="7 s")))
    facts = json.loads((tmp_path / "reproduce.json").read_text(encoding="utf-8"))
    assert facts["steps"]["one"]["rows"][0]["ours"] == "7 s"
    assert facts["steps"]["one"]["seconds"] == done.steps[0].seconds
    assert facts["quick"] is True
