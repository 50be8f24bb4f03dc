"""A closed window leaves no Python object behind that the next window could be mistaken for."""

from __future__ import annotations

import gc

from PyQt6 import sip
from PyQt6.QtCore import QEvent

from deepz_live.app.desk import Desk
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.main_window import MainWindow


def deleted_parts() -> dict[int, str]:
    """Python objects that stand for a part of a window which Qt has deleted, by identity."""
    return {
        id(part): type(part).__name__
        for part in gc.get_objects()
        if issubclass(type(part), sip.wrapper) and sip.isdeleted(part)
    }


def test_nothing_of_a_closed_window_outlives_the_block(qapp, tmp_path):
    before = deleted_parts()  # another test's window may wait for its last call yet
    with collecting_on_gui_thread():
        window = MainWindow(Desk(), recordings=tmp_path)
        window.show()
        qapp.processEvents()
        window.close()
        window.deleteLater()
        qapp.sendPostedEvents(window, QEvent.Type.DeferredDelete)
        del window
    assert [name for part, name in deleted_parts().items() if part not in before] == []
