"""A real window over a real live session, with a fake camera and a fake network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fakes import FakeCamera, FakeEngine, bead_volume

from deepz_live.app.depths import opening_view
from deepz_live.app.desk import Desk
from deepz_live.app.live import LiveSession
from deepz_live.gui.app import make_application
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.main_window import MainWindow

WAIT_MS = 20_000


@pytest.fixture(scope="session")
def volume():
    return bead_volume()


@pytest.fixture(scope="session")
def raw(volume):
    return np.random.default_rng(0).poisson(volume[len(volume) // 2]).astype(np.uint16)


@pytest.fixture(scope="session")
def qapp():
    return make_application(offscreen=True)


@pytest.fixture(autouse=True)
def collector(qapp):
    """As in the application: Qt objects are only ever deleted on this thread."""
    with collecting_on_gui_thread():
        yield


@pytest.fixture
def opened(qtbot, tmp_path, raw, volume):
    """``opened(engine=…, camera=…)`` gives a window that shows a running session."""
    windows = []

    def make(engine="working", camera=None, desk=None, wait=True, settings=None, **options):
        if engine == "working":
            engine = FakeEngine(volume)
        window = MainWindow(desk or Desk(), recordings=tmp_path / "recordings", settings=settings)
        windows.append(window)
        window.show()
        window.begin(
            lambda: LiveSession(
                camera or FakeCamera(raw), engine, request=opening_view(engine), **options
            )
        )
        if wait:
            qtbot.waitUntil(lambda: window.grid.raw.picture is not None, timeout=WAIT_MS)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    windows.clear()
