"""``reproduce`` from the command line: one JSON object, one sentence where refused."""

from __future__ import annotations

from pathlib import Path


def test_an_unknown_figure_is_one_sentence_and_leaves_nothing(run, tmp_path: Path):
    done = run("reproduce", "fig1", "fig9", "--quick", "--out", tmp_path / "out")
    assert "There is nothing to reproduce called 'fig9'; choose of fig1" in done.sentence
    assert not (tmp_path / "out").exists()


def test_a_figure_by_name_leaves_page_and_json(run, tmp_path: Path):
    done = run("reproduce", "s11", "--quick", "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert list(done.facts["steps"]) == ["transfer"]
    assert done.facts["steps"]["transfer"]["rows"][0]["verdict"] == "not run"
    assert "not run" in (tmp_path / "out" / "reproduce.html").read_text(encoding="utf-8")
    assert "1 claims, worse than the paper in 0" in done.err


def test_help_names_every_figure(run):
    from deepz_live.app.reproduce.run import figures

    text = " ".join(run("reproduce", "--help").out.split())
    for name in figures():
        if not name.startswith("fig"):
            assert name in text
