"""Exports from the real window: what is seen goes into the file, and the window says so."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeCamera
from PyQt6.QtWidgets import QFileDialog

WAIT_MS = 20_000


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What the operator chooses in the next file dialogue; its title is kept."""
    chosen = {"name": "out.file", "titles": []}

    def ask(_parent, title, proposed, kinds):
        chosen["titles"].append(title)
        return (str(tmp_path / chosen["name"]) if chosen["name"] else "", kinds)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return chosen


def test_the_stack_is_of_the_frame_that_is_seen(qtbot, opened, raw, tmp_path, answers):
    window = opened()
    qtbot.waitUntil(lambda: window.live._result is not None, timeout=WAIT_MS)
    written = []
    window.export._write_stack = lambda *args: written.append(args)
    seen = window.live._frame
    window.actions_by_key["export_stack"].trigger()
    qtbot.waitUntil(lambda: len(written) == 1, timeout=WAIT_MS)
    frame, engine, path = written[0]
    assert frame.index >= seen.index
    assert frame.pixels.shape == raw.shape
    assert engine is window.live.live.engine
    assert path == tmp_path / "out.file"
    qtbot.waitUntil(lambda: "Wrote" in window.status_line._cursor.text(), timeout=WAIT_MS)


def test_the_drift_so_far_becomes_a_table(qtbot, opened, tmp_path, answers):
    window = opened()
    qtbot.waitUntil(lambda: len(window.live.drift_samples()) > 2, timeout=WAIT_MS)
    window.actions_by_key["export_drift"].trigger()
    file = tmp_path / "out.file"
    qtbot.waitUntil(file.is_file, timeout=WAIT_MS)
    rows = np.genfromtxt(file, delimiter=",", names=True)
    assert rows.dtype.names == ("time_s", "dz_um", "dy_um", "dx_um", "confidence")
    assert len(rows) > 2
    assert answers["titles"] == ["Export drift table"]


def test_nothing_is_written_where_the_operator_cancels(qtbot, opened, tmp_path, answers):
    window = opened()
    qtbot.waitUntil(lambda: window.live._result is not None, timeout=WAIT_MS)
    answers["name"] = ""
    written = []
    window.export._write_stack = lambda *args: written.append(args)
    window.actions_by_key["export_stack"].trigger()
    window.actions_by_key["export_drift"].trigger()
    assert answers["titles"] == ["Export virtual stack", "Export drift table"]
    assert not window.bridge.busy
    assert written == []


def test_without_a_model_the_banner_says_what_is_missing(opened, raw, answers):
    window = opened(None, camera=FakeCamera(raw))
    window.actions_by_key["export_stack"].trigger()
    assert "open a bundle" in window.banner.text
    assert answers["titles"] == []
