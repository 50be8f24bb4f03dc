"""Pictures of the window for the documentation, from a real run without a display.

The built-in microscope and the shipped model are walked through as a newcomer would:
uv run python scripts/window_pictures.py [--out docs/images] [--only depth,trust]

Qt's offscreen platform has no OpenGL, so the rotating 3D view is left out. Started under a display
with OpenGL the script pictures that view alone, unless other stops are named. A display in memory
will do, with Mesa drawing:
xvfb-run -s "-screen 0 1600x1000x24" uv run python scripts/window_pictures.py --on-display
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()

import argparse  # noqa: E402 - the clock starts before anything heavy
import tempfile  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402
from pathlib import Path  # noqa: E402

import yaml  # noqa: E402
from PIL import Image  # noqa: E402
from PyQt6.QtCore import QRectF, Qt  # noqa: E402
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: E402

from deepz_live.app.analyze.neurons import analyze_neurons  # noqa: E402
from deepz_live.app.analyze.rehearsal import moving_worm, record  # noqa: E402
from deepz_live.app.desk import Desk  # noqa: E402
from deepz_live.app.paths import find_profile  # noqa: E402
from deepz_live.gui import theme  # noqa: E402
from deepz_live.gui.app import make_application  # noqa: E402
from deepz_live.gui.collector import collecting_on_gui_thread  # noqa: E402
from deepz_live.gui.main_window import MainWindow  # noqa: E402
from deepz_live.gui.neurons.part import NeuronsPart  # noqa: E402
from deepz_live.gui.tour.part import HelpPart  # noqa: E402
from deepz_live.gui.view_controller import ViewState  # noqa: E402
from deepz_live.gui.volume.panel import VolumePanel  # noqa: E402
from deepz_live.model.bundle import load_bundle, shipped_path  # noqa: E402
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut  # noqa: E402

PATIENCE_S = 600.0
SIZE = (1280, 760)


class Walk:
    """A newcomer's first session; every stop leaves a picture."""

    def __init__(self, app: QApplication, window: MainWindow, out: Path) -> None:
        self.app, self.window, self.out = app, window, out

    def wait(self, until: Callable[[], bool], what: str = "") -> None:
        """Live on until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            self.app.processEvents()
            time.sleep(0.01)
            if time.monotonic() > end:
                raise SystemExit(f"{what or 'Something'} did not come: {self.window.banner.text}")

    def rest(self, seconds: float) -> None:
        """Live on for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def pictured(self) -> None:
        """Every pane shows what it was asked for."""
        shown = self.window.shown
        before = shown.status().refocused if shown is not None else 0
        self.wait(
            lambda: (
                all(pane.picture is not None for pane in self.window.grid.panes)
                and (self.window.shown.status().refocused > before + 1)
            ),
            "A picture",
        )
        self.rest(0.3)

    def pictured_once(self) -> None:
        """The same where a replay stands still and no frame follows."""
        self.wait(
            lambda: all(pane.picture is not None for pane in self.window.grid.panes), "A picture"
        )
        self.rest(1.0)

    def do(self, key: str) -> None:
        """Choose from the menu; panels follow a moment later."""
        self.window.actions_by_key[key].trigger()
        self.rest(0.2)

    def show(self, *keys: str) -> None:
        """These panels and no others."""
        for key, dock in self.window.docks.items():
            dock.setVisible(key in keys)
        self.rest(0.2)

    def panes(self, *cuts: object) -> None:
        """Raw, and these."""
        self.window.view.show(ViewState((None, *cuts), 1, self.window.view.cross_at))

    def keep(
        self,
        name: str,
        widget: QWidget | None = None,
        method: Image.Quantize = Image.Quantize.MAXCOVERAGE,
    ) -> None:
        """A picture of the window, or of something in it; few colours, so that it is small."""
        path = self.out / f"window_{name}.png"
        (widget or self.window).grab().save(str(path))
        with Image.open(path) as image:
            few = image.convert("RGB").quantize(method=method, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        print(path, path.stat().st_size // 1024, "KB")  # noqa: T201

    def begin(self) -> None:
        """What comes without asking for anything."""
        desk, window = self.window.desk, self.window
        window.exchange(
            lambda: desk.open_both(find_profile("simulated"), shipped_path()),
            "Opening the built-in microscope …",
        )
        self.wait(lambda: window.shown is not None, "The microscope")
        inferred = [pane for pane in window.grid.panes if pane.cut is not None]
        self.wait(lambda: inferred[0].picture is not None, "The first refocused image")
        print(f"first image refocused after {time.monotonic() - BEGAN:.1f} s")  # noqa: T201
        self.pictured()

    def first(self) -> None:
        """The tour at its first step."""
        self.do("tour")
        self.rest(0.3)
        self.keep("first")
        part = next(part for part in self.window.parts if isinstance(part, HelpPart))
        if part.tour is not None:
            part.tour.go(2)
            self.rest(0.2)
            self.keep("tour")
            part.tour.end()
        self.rest(0.1)

    def depth(self) -> None:
        """The selected plane elsewhere."""
        self.window.view.select(1)
        self.window.view.turn(4.0)
        self.pictured()
        self.keep("depth")

    def focus(self) -> None:
        """Double click a bead."""
        size = self.window.grid.field
        self.window.grid.double_clicked.emit(0, (size[0] * 0.36, size[1] * 0.38))
        self.rest(1.0)
        self.pictured()
        self.keep("focus")

    def projections(self) -> None:
        """Maximum, depth in colour, both sections."""
        y, x = self.window.view.cross_at or (0.0, 0.0)
        self.panes(
            ProjectionCut("max"), ProjectionCut("depth"), SectionCut("xz", y), SectionCut("yz", x)
        )
        self.pictured()
        self.keep("projections")

    def surface(self) -> None:
        """Beads on a tilted slide, and the surface that was found, with its contour lines."""
        data = yaml.safe_load(find_profile("simulated").read_text(encoding="utf-8"))
        data["specimen"]["kind"] = "beads-tilted"
        profile = self.window.recordings / "tilted.yaml"
        profile.write_text(yaml.safe_dump(data), encoding="utf-8")
        self.open(profile)
        self.panes(PlaneCut(0.0), ProjectionCut("max"))
        self.show("surfaces")
        self.do("surface_auto")
        self.rest(2.0)
        self.wait(lambda: not self.window.bridge.busy)
        self.pictured()
        self.keep("surface")
        self.open(find_profile("simulated"))

    def open(self, profile: Path) -> None:
        """Another microscope, and its first pictures."""
        live = self.window.shown
        self.window.open_profile(profile)
        self.wait(lambda: self.window.shown is not live, "The microscope")
        self.pictured()

    def contrast(self) -> None:
        """Histogram of the selected pane."""
        self.panes(PlaneCut(0.0), ProjectionCut("max"))
        self.show("contrast")
        self.pictured()
        self.keep("contrast")

    def volume(self) -> None:
        """The rotating view, beside the same depths in colour."""
        self.panes(ProjectionCut("depth"))
        self.show("volume")
        dock = self.window.docks["volume"]
        self.window.resizeDocks([dock], [self.window.width() // 2], Qt.Orientation.Horizontal)
        panel = dock.widget()
        if not isinstance(panel, VolumePanel):
            raise SystemExit("The dock for 3D has another panel.")
        self.wait(lambda: panel.able, "OpenGL")
        self.wait(lambda: panel.cloud is not None, "The virtual stack")
        panel.turning.setChecked(False)
        panel.stretch.setValue(6)
        self.pictured()
        self.keep("volume", method=Image.Quantize.FASTOCTREE)  # many hues

    def trust(self) -> None:
        """A spot check against the stage."""
        self.show("trust")
        self.do("preset_recording")
        self.show("trust")
        before = self.window.shown
        self.do("spot_check")
        self.rest(3.0)
        self.wait(lambda: not self.window.bridge.busy, "The spot check")
        self.wait(lambda: self.window.shown is not None or before is None)
        self.pictured()
        self.keep("trust")

    def recording(self) -> None:
        """While it records, with a marker."""
        self.do("preset_recording")
        self.do("record")
        self.wait(lambda: self.window.record_bar.recording, "The recording")
        self.rest(4.0)
        self.do("marker")
        self.rest(1.0)
        self.keep("recording")
        self.do("record")
        self.wait(lambda: not self.window.record_bar.recording, "The end of the recording")

    def replay(self) -> None:
        """What was recorded, played."""
        folder = max(path for path in self.window.recordings.iterdir() if path.is_dir())
        live = self.window.shown
        self.window.open_replay(folder)
        self.wait(lambda: self.window.shown is not live, "The replay")
        self.show("drift", "markers")
        self.pictured()
        self.keep("replay")
        self.open(find_profile("simulated"))

    def neurons(self) -> None:
        """Neurons of a recorded worm over its replay: a cluster is marked."""
        folder, window = self.window.recordings / "worm", self.window
        worm = moving_worm(931, 256)
        record(worm, folder, channels=("TexasRed", "FITC"), rounds_hz=3.6, seconds=12)
        bundle = load_bundle(Path("worm_20x075"))
        analyze_neurons(folder, bundle, out=folder.with_name("worm_neurons"))
        for begin in (
            lambda: window.open_bundle(Path("worm_20x075")),
            lambda: window.open_replay(folder),
        ):
            live = window.shown
            begin()
            self.wait(lambda live=live: window.shown is not live, "The worm")
        part = next(part for part in window.parts if isinstance(part, NeuronsPart))
        self.wait(lambda: part.results is not None, "Its neurons")
        window.transport.play(False)
        window.transport.seek(40)
        self.show("neurons")
        self.panes(ProjectionCut("max"), PlaneCut(-3.0), PlaneCut(3.0))
        window.grid.show_rect(QRectF(60, 30, 196, 150))
        self.pictured_once()
        part.mark(part.results.members(2))
        self.rest(0.5)
        self.keep("neurons")
        window.open_bundle(shipped_path())
        self.open(find_profile("simulated"))

    def search(self) -> None:
        """Few panes, and the stage at hand."""
        self.do("preset_search")
        self.wait(lambda: self.window.docks["stage"].widget().filled, "The stage panel")
        self.pictured()
        self.keep("search")

    def light(self) -> None:
        """For a bright room."""
        self.do("preset_recording")
        self.do("other_theme")
        self.pictured()
        self.keep("light")
        self.do("other_theme")

    def keys(self) -> None:
        """The sheet under ``?``."""
        self.do("keys")
        part = next(part for part in self.window.parts if isinstance(part, HelpPart))
        self.rest(0.2)
        if part.sheet is not None:
            self.keep("keys", part.sheet)
            part.sheet.close()

    def trouble(self) -> None:
        """A move past the limits, kept in the panel."""
        microscope = self.window.desk.microscope
        if microscope is not None:
            self.window.bridge.call(
                lambda: microscope.move_z(5000.0), lambda _: None, self.window.fail
            )
        self.wait(lambda: self.window.banner.text != "", "The sentence")
        self.show("trouble", "drift")
        self.pictured()
        self.keep("trouble")


STOPS = (
    "first", "depth", "focus", "projections", "surface", "contrast", "trust", "recording",
    "replay", "neurons", "search", "light", "keys", "trouble",
)  # fmt: skip
ON_DISPLAY = ("volume",)
"""Stops that the offscreen platform cannot show."""


def walk(app: QApplication, out: Path, stops: Iterable[str]) -> None:
    """From the first look to the last."""
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(Desk(), recordings=Path(folder))
        window.resize(*SIZE)
        window.show()
        try:
            tour = Walk(app, window, out)
            tour.begin()
            for stop in stops:
                getattr(tour, stop)()
        finally:
            window.close()
            window.deleteLater()


def main() -> None:
    """Walk, and leave the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--only", help="Some stops, by name.")
    parser.add_argument("--on-display", action="store_true", help="Not offscreen; pictures 3D.")
    options = parser.parse_args()
    stops = ON_DISPLAY if options.on_display else STOPS
    options.out.mkdir(parents=True, exist_ok=True)
    app = make_application(offscreen=not options.on_display)
    theme.apply_theme(app, "dark")
    with collecting_on_gui_thread():
        walk(app, options.out, options.only.split(",") if options.only else stops)


if __name__ == "__main__":
    main()
