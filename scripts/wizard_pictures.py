"""Pictures of the wizard's seven pages for the documentation, from a real run without a display.

The built-in microscope with a worm in two channels is calibrated and a model is trained on it for
a few minutes: uv run python scripts/wizard_pictures.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from PyQt6.QtWidgets import QApplication

from deepz_live.app.desk import Desk
from deepz_live.app.paths import find_profile
from deepz_live.gui.app import make_application
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.wizard.wizard import CalibrationWizard

PATIENCE_S = 1800.0
NAMES = ("microscope", "sample", "fields", "stack", "acquire", "check", "train")
CHANGES = {
    "name": "Built-in microscope, a worm in two channels",
    "channels": [{"name": "TexasRed", "exposure_ms": 40.0}, {"name": "FITC", "exposure_ms": 40.0}],
    "specimen": {"kind": "worm", "seed": 3, "photons": 4000},
    "camera": {"width_px": 256, "height_px": 256},
}


class Tour:
    """Walks through the wizard and keeps a picture of every page."""

    def __init__(self, app: QApplication, wizard: CalibrationWizard, out: Path) -> None:
        self.app, self.wizard, self.out = app, wizard, out

    def wait(self, until: Callable[[], bool]) -> None:
        """Live on until something is so; a fault on a page ends the tour."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            self.app.processEvents()
            time.sleep(0.01)
            page = self.wizard.currentPage()
            if page is not None and page.banner.text:
                raise SystemExit(page.banner.text)
            if time.monotonic() > end:
                raise SystemExit(f"Page {self.wizard.currentId() + 1} did not get on.")

    def rest(self, seconds: float) -> None:
        """Live on for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def next(self) -> None:
        """The next page, as soon as this one lets through."""
        self.wait(lambda: self.wizard.currentPage().isComplete())
        self.wizard.next()

    def picture(self) -> None:
        """Keep what is seen now."""
        number = self.wizard.currentId()
        self.rest(0.3)
        path = self.out / f"wizard_{number + 1}_{NAMES[number]}.png"
        self.wizard.grab().save(str(path))
        print(path)  # noqa: T201

    def walk(self, profile: Path, minutes: float) -> None:
        """All seven pages."""
        wizard = self.wizard
        wizard.microscope.open_profile(profile)
        self.wait(lambda: wizard.room.scope is not None)
        self.picture()
        self.next()
        self.wait(lambda: wizard.sample.verdict.text() != "")
        self.rest(2.0)
        self.picture()
        self.next()
        self.wait(lambda: wizard.fields._here is not None)
        wizard.fields.rows.setValue(1)
        wizard.fields.columns.setValue(3)
        wizard.fields.lay_grid()
        self.wait(lambda: len(wizard.room.order.fields) == 3)
        self.rest(2.0)
        self.picture()
        self.next()
        self.wait(lambda: wizard.stack.cost["planes"].text() != "")
        self.picture()
        self.next()
        wizard.acquire.begin()
        self.wait(lambda: wizard.acquire.whole_bar.value() > 200)
        self.wait(lambda: wizard.acquire.curve.points > 55)
        self.picture()
        self.next()
        self.wait(lambda: bool(wizard.check.stacks))
        self.picture()
        wizard.check.anyway.setChecked(True)
        self.next()
        self.wait(lambda: wizard.train.channel.count() == 2)
        wizard.train.minutes.setValue(minutes)
        wizard.train.begin()
        self.wait(lambda: wizard.train.bar.value() > 700)
        self.picture()


def main() -> None:
    """Walk, and leave the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--minutes", type=float, default=4.0, help="Training time.")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    app = make_application(offscreen=True)
    with tempfile.TemporaryDirectory() as folder:
        data = yaml.safe_load(find_profile("simulated").read_text(encoding="utf-8"))
        for key, value in CHANGES.items():
            data[key] = {**data[key], **value} if isinstance(data.get(key), dict) else value
        profile = Path(folder) / "worm.yaml"
        profile.write_text(yaml.safe_dump(data), encoding="utf-8")
        window = MainWindow(Desk(), recordings=Path(folder))
        window.show()
        window.actions_by_key["calibrate"].trigger()
        try:
            Tour(app, window.wizard, options.out).walk(profile, options.minutes)
        finally:
            window.close()


if __name__ == "__main__":
    main()
