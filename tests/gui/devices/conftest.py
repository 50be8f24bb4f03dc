"""The real window over a microscope that answers: the built-in one, and Micro-Manager's demo."""

from __future__ import annotations

import pytest
import yaml
from pymmcore_plus import find_micromanager

from deepz_live.app.desk import Desk
from deepz_live.app.paths import find_profile
from deepz_live.gui.main_window import MainWindow

WAIT_MS = 60_000
SCOPES = ("simulated", "micromanager-demo")


@pytest.fixture(params=SCOPES)
def scope(request):
    if request.param == "micromanager-demo" and find_micromanager() is None:
        pytest.skip("there is no Micro-Manager here")
    return request.param


@pytest.fixture
def window(qtbot, tmp_path):
    window = MainWindow(Desk(), recordings=tmp_path / "recordings")
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def streaming(qtbot, window, tmp_path):
    """``streaming(name)``: the window streams from a shipped profile with a small sensor."""

    def make(name, **changes):
        data = yaml.safe_load(find_profile(name).read_text(encoding="utf-8"))
        if name == "simulated":
            changes = {"camera": {"width_px": 96, "height_px": 96}, **changes}
        for section, values in changes.items():
            data[section] = {**data[section], **values}
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        window.open_profile(path)
        qtbot.waitUntil(
            lambda: window.shown is not None or window.banner.text != "", timeout=WAIT_MS
        )
        assert window.banner.text == ""
        return window

    return make


@pytest.fixture
def panel(qtbot, window):
    """``panel(key)``: its device widgets, made."""

    def make(key):
        holder = window.docks[key].widget()
        window.docks[key].show()
        qtbot.waitUntil(lambda: holder.filled or window.banner.text != "", timeout=WAIT_MS)
        assert window.banner.text == ""
        return holder.widget()

    return make
