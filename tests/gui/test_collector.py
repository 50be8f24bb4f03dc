"""A closed window leaves no Python object behind that the next window could be mistaken for."""

from __future__ import annotations

import gc

from PyQt6 import sip
from PyQt6.QtCore import QEvent

from deepz_live.app.desk import Desk
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.main_window import MainWindow


def deleted_parts() -> list[str]:
    """Python objects that stand for a part of a window which Qt has deleted."""
    return [
        type(part).__name__
        for part in gc.get_objects()
        if issubclass(type(part), sip.wrapper) and sip.isdeleted(part)
    ]


def test_nothing_of_a_closed_window_outlives_the_block(qapp, tmp_path):
    with collecting_on_gui_thread():
        window = MainWindow(Desk(), recordings=tmp_path)
        window.show()
        qapp.processEvents()
        window.close()
        window.deleteLater()
        qapp.sendPostedEvents(window, QEvent.Type.DeferredDelete)
        del window
    assert deleted_parts() == []
