"""Questions for files and folders; each kind is looked for where it was found the last time."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QWidget

from deepz_live.gui.settings.keeper import SettingsKeeper


class Asking:
    """The operator's answer as a path, or None."""

    def __init__(self, parent: QWidget, keeper: SettingsKeeper) -> None:
        self._parent, self._keeper = parent, keeper

    def profile(self) -> Path | None:
        """Which microscope."""
        beginning = self._keeper.folder("profile")
        path, _ = QFileDialog.getOpenFileName(
            self._parent, "Open profile", str(beginning or ""), "Profiles (*.yaml *.yml)"
        )
        return self._remembered("profile", path, Path(path).parent)

    def bundle(self) -> Path | None:
        """Which model."""
        return self.folder("Open bundle: the folder with rdf.yaml", "bundle", None)

    def folder(self, title: str, kind: str, otherwise: Path | None) -> Path | None:
        """A folder that exists, looked for beside the last one of its kind."""
        beginning = self._keeper.folder(kind, otherwise)
        path = QFileDialog.getExistingDirectory(self._parent, title, str(beginning or ""))
        return self._remembered(
            kind, path, Path(path) if kind == "recordings" else Path(path).parent
        )

    def images(self) -> Path | None:
        """Which image file."""
        beginning = self._keeper.folder("images")
        path, _ = QFileDialog.getOpenFileName(
            self._parent, "Open images", str(beginning or ""), "Images (*.tif *.tiff)"
        )
        return self._remembered("images", path, Path(path).parent)

    def where(self, title: str, proposal: Path, kinds: str) -> Path | None:
        """A file to write."""
        folder = self._keeper.folder("written", proposal.parent)
        path, _ = QFileDialog.getSaveFileName(
            self._parent, title, str(folder / proposal.name), kinds
        )
        return self._remembered("written", path, Path(path).parent)

    def _remembered(self, kind: str, path: str, folder: Path) -> Path | None:
        if not path:
            return None
        self._keeper.remember_folder(kind, folder)
        return Path(path)
