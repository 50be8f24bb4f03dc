"""The training's preview in the wizard: what its columns are is written over them."""

from __future__ import annotations

import numpy as np
from PyQt6.QtWidgets import QLabel

from deepz_live.gui.wizard.preview import COLUMNS, Preview
from deepz_live.session.png import write_png


def test_each_column_of_the_picture_has_its_name_over_it(qtbot, tmp_path):
    preview = Preview()
    qtbot.addWidget(preview)
    preview.resize(500, 400)
    preview.show()
    assert "after the first validation" in preview.picture.text()
    file = tmp_path / "preview.png"
    write_png(file, np.full((60, 4 * 60), 200, np.uint8))
    preview.show_picture(file)
    labels = [label for label in preview.findChildren(QLabel) if label.text() in COLUMNS]
    assert [label.text() for label in labels] == list(COLUMNS)
    qtbot.waitUntil(lambda: all(label.isVisible() for label in labels))
    shown = preview.picture.pixmap().width()
    centres = [label.geometry().center().x() / shown for label in labels]
    assert np.allclose(centres, [0.125, 0.375, 0.625, 0.875], atol=0.06)
    preview.show_picture(tmp_path / "gone.png")
    assert not any(label.isVisible() for label in labels)
