"""Files from elsewhere: dropped on the window or opened, they play like a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.elsewhere.drop import DropTarget
from deepz_live.gui.elsewhere.sampling import SamplingDialog
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.manifest import is_session
from deepz_live.session.series import Contents, SeriesChoice, look_at


class Taking(Protocol):
    """Another feature that knows what to do with a kind of folder."""

    def takes(self, path: Path) -> bool:
        """Whether it is of that kind."""

    def open(self, path: Path) -> None:
        """Do it."""


class ElsewherePart:
    """Finds out what a file is, asks for what it does not say, and plays it.

    What is dropped goes to ``others`` first, each of which takes its own kind.
    """

    menu = "&Session"
    docks: tuple[DockSpec, ...] = ()
    actions: Mapping[str, ActionSpec] = {
        "open_images": ActionSpec(
            "Open images…", "A TIFF or OME-TIFF, single or a series, as a replay", "", ("Ctrl+I",)
        ),
        "open_zarr": ActionSpec("Open OME-Zarr…", "The folder of an image, as a replay"),
    }

    def __init__(self, shop: Shop, others: Sequence[Taking] = ()) -> None:
        self._shop, self._others = shop, others
        self.dialog: SamplingDialog | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {
            "open_images": self.ask_file,
            "open_zarr": self.ask_folder,
        }
        window = shop.window()
        if window is not None:
            self._target = DropTarget(window)
            self._target.dropped.connect(self.drop)

    def use(self, live: LiveSession | None) -> None:
        """Whatever is shown, files can be dropped."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing follows single results."""

    def slow_tick(self) -> None:
        """Nothing changes by itself."""

    def ask_file(self) -> None:
        """Choose a file."""
        path = self._shop.asking.images()
        if path is not None:
            self.open(path)

    def ask_folder(self) -> None:
        """Choose the folder of a Zarr image."""
        path = self._shop.asking.folder("Open OME-Zarr: its folder", "images", None)
        if path is not None:
            self.open(path)

    def drop(self, path: Path) -> None:
        """Something was dropped on the window."""
        for other in self._others:
            if other.takes(path):
                other.open(path)
                return
        self.open(path)

    def open(self, path: Path) -> None:
        """A session plays at once; of an image file is asked what it does not say."""
        shop = self._shop
        if is_session(path):
            shop.exchange(lambda: shop.desk.open_replay(path), f"Opening {path.name} …")
            return
        shop.say(f"Looking into {path.name} …")
        shop.bridge.call(lambda: look_at(path), self._ask, self._failed)

    def play(self, path: Path, choice: SeriesChoice, resample: bool) -> None:
        """Play the file with these answers."""
        shop = self._shop
        shop.exchange(
            lambda: shop.desk.open_images(path, choice, resample=resample), f"Opening {path.name} …"
        )

    def _ask(self, contents: Contents) -> None:
        self._shop.say("")
        if self.dialog is not None:
            self.dialog.reject()
        live = self._shop.shown
        engine = live.engine if live is not None else None
        model_um = engine.bundle.facts.pixel_size_um if engine is not None else None
        dialog = SamplingDialog(contents, model_um, self._shop.window())
        dialog.chosen.connect(lambda choice, resample: self.play(contents.path, choice, resample))
        dialog.finished.connect(self._closed)
        self.dialog = dialog
        dialog.show()

    def _closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _failed(self, error: Exception) -> None:
        self._shop.say("")
        self._shop.fail(error)
