"""The whole window with the network unplugged: nothing asks for it, nothing waits for it."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import os
import socket
import sys
import time
import traceback
from pathlib import Path

import yaml

asked = []


def refuse(*args, **_):
    asked.append(args[-1] if args else None)
    raise OSError("the network is unplugged")


class Unplugged(socket.socket):
    def connect(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            refuse(address)
        super().connect(address)

    connect_ex = connect


socket.socket = Unplugged
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse

from PyQt6.QtCore import QEventLoop

from deepz_live.app.desk import Desk
from deepz_live.app.paths import find_profile
from deepz_live.gui.app import make_application
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.main_window import MainWindow
from deepz_live.model.bundle import shipped_path

app = make_application(offscreen=True)
folder = Path(sys.argv[1])


def wait(until):
    end = time.monotonic() + 400
    while not until():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        assert time.monotonic() < end, window.banner.text


def walk(window):
    desk = window.desk
    data = yaml.safe_load(find_profile("simulated").read_text(encoding="utf-8"))
    data["camera"].update(width_px=96, height_px=96)
    profile = folder / "small.yaml"
    profile.write_text(yaml.safe_dump(data), encoding="utf-8")
    window.exchange(lambda: desk.open_both(profile, shipped_path()), "")
    wait(lambda: all(pane.picture is not None for pane in window.grid.panes))
    for key, dock in window.docks.items():
        dock.show()
        holder = dock.widget()
        if hasattr(holder, "filled"):
            wait(lambda: holder.filled)
    window.actions_by_key["keys"].trigger()
    window.actions_by_key["tour"].trigger()
    window.actions_by_key["other_theme"].trigger()
    window.actions_by_key["calibrate"].trigger()
    wait(lambda: window.wizard.room.scope is not None)
    page = window.wizard.microscope
    page.devices.click()
    wait(lambda: any(type(w).__name__ == "DevicesDialog" for w in app.topLevelWidgets()))
    page.make_cfg()
    wait(lambda: any(type(w).__name__ == "ConfigWizard" for w in app.topLevelWidgets()))
    next(w for w in app.topLevelWidgets() if type(w).__name__ == "ConfigWizard").close()
    next(w for w in app.topLevelWidgets() if type(w).__name__ == "DevicesDialog").close()


with collecting_on_gui_thread():
    window = MainWindow(Desk(), recordings=folder, settings=folder / "settings.json")
    window.show()
    try:
        walk(window)
    except BaseException:  # the window's threads would keep this process alive
        traceback.print_exc()
        os._exit(1)
    troubles = window.docks["trouble"].widget().log.troubles
    print("errors", [one.sentence for one in troubles if one.level == "error"])
    window.close()
    window.deleteLater()
    del window
print("asked", asked)
"""


def test_window_wizard_and_device_panels_open_without_a_network(tmp_path):
    """In a process of its own, so that no icon and no import of another test is at hand."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.strip().splitlines()[-2:] == ["errors []", "asked []"]
    assert (tmp_path / "settings.json").is_file()
