"""What holds for every part of the window: tips with units, no box that stops the work."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QSpinBox,
    QTabBar,
    QTableView,
    QWidget,
)

import deepz_live.gui

WAIT_MS = 20_000
INPUTS = (QAbstractSpinBox, QComboBox, QLineEdit, QAbstractSlider, QAbstractButton)


def made_by_qt(widget):
    """Parts that Qt puts into its own widgets, which a tip of the whole explains."""
    whole = widget.parentWidget()
    return (
        isinstance(widget, QScrollBar)
        or widget.objectName().startswith("qt_")
        or widget.inherits("QDockWidgetTitleButton")
        or isinstance(
            whole, QAbstractSpinBox | QComboBox | QTabBar | QHeaderView | QTableView | QLineEdit
        )
    )


def named(widget):
    return f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"


def test_every_input_has_a_tip_and_every_number_its_unit(opened):
    window = opened()
    window.actions_by_key["calibrate"].trigger()
    inputs = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, INPUTS) and not made_by_qt(widget)
    ]
    assert len(inputs) > 60
    assert [named(widget) for widget in inputs if not widget.toolTip()] == []
    numbers = [box for box in inputs if isinstance(box, QSpinBox | QDoubleSpinBox)]
    assert len(numbers) > 15
    assert [named(box) for box in numbers if not box.suffix().strip()] == []


def test_every_action_says_more_than_its_name(opened):
    for action in opened().actions_by_key.values():
        tip = action.toolTip().split(" (")[0]
        assert tip not in ("", action.text(), action.text().removesuffix("…"))


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value), node


def test_no_box_must_be_clicked_away():
    """What waits for an answer stops the hand at the stage; files are asked for by the hand."""
    modal = []
    for path in Path(deepz_live.gui.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "QMessageBox" not in source, path
        assert "QInputDialog" not in source, path
        for name, of, node in calls(ast.parse(source)):
            if name in ("exec", "exec_") and of != "app":
                modal.append((path.name, of))
            if name == "setModal" and ast.unparse(node.args[0]) != "False":
                modal.append((path.name, of))
    assert modal == []


def test_a_fault_during_the_live_view_opens_no_box(qtbot, qapp, opened):
    window = opened()
    window.fail(RuntimeError("The camera was unplugged; plug it in."))
    qapp.processEvents()
    assert qapp.activeModalWidget() is None
    assert window.banner.text == "The camera was unplugged; plug it in."
    seen = window.shown.latest_frame().index
    qtbot.waitUntil(lambda: window.shown.latest_frame().index > seen, timeout=WAIT_MS)
    window.docks["trouble"].show()
    panel = window.docks["trouble"].widget()
    window.banner.clear()
    assert "The camera was unplugged" in panel.list.item(0).text()


SCALED = """
import sys
from pathlib import Path

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel, QPushButton, QToolButton

from deepz_live.app.desk import Desk
from deepz_live.gui.app import make_application
from deepz_live.gui.main_window import MainWindow

app = make_application(offscreen=True)
window = MainWindow(Desk(), recordings=Path(sys.argv[1]))
window.resize(960, 540)  # what 1920 x 1080 holds at 200 %
window.show()
app.processEvents()
assert window.devicePixelRatioF() == float(sys.argv[2]), window.devicePixelRatioF()
assert (window.width(), window.height()) == (960, 540), window.size()
cut = []
for kind in (QPushButton, QToolButton, QLabel):
    for widget in window.findChildren(kind):
        if not widget.isVisible() or not widget.text():
            continue
        lines = widget.text().split("\\n")
        needs = max(widget.fontMetrics().horizontalAdvance(line) for line in lines)
        if widget.width() < needs and not (kind is QLabel and widget.wordWrap()):
            cut.append((kind.__name__, widget.text(), widget.width(), needs))
        if widget.height() < widget.fontMetrics().ascent():
            cut.append((kind.__name__, widget.text(), "height", widget.height()))
picture = window.grab()
print(picture.width(), picture.height(), cut)
window.close()
"""


@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_the_window_fits_a_full_hd_screen_at_every_scaling_and_cuts_no_words(tmp_path, scale):
    import os

    run = subprocess.run(
        [sys.executable, "-c", SCALED, str(tmp_path), scale],
        env={**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    factor = float(scale)
    assert run.stdout.strip() == f"{round(960 * factor)} {round(540 * factor)} []"
