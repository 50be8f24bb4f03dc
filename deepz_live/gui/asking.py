"""Questions for files and folders."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QWidget


class Asking:
    """The operator's answer as a path, or None."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def profile(self) -> Path | None:
        """Which microscope."""
        path, _ = QFileDialog.getOpenFileName(
            self._parent, "Open profile", "", "Profiles (*.yaml *.yml)"
        )
        return Path(path) if path else None

    def bundle(self) -> Path | None:
        """Which model."""
        return self.folder("Open bundle: the folder with rdf.yaml", "")

    def folder(self, title: str, beginning: Path | str) -> Path | None:
        """A folder that exists."""
        path = QFileDialog.getExistingDirectory(self._parent, title, str(beginning))
        return Path(path) if path else None

    def where(self, title: str, proposal: Path, kinds: str) -> Path | None:
        """A file to write."""
        path, _ = QFileDialog.getSaveFileName(self._parent, title, str(proposal), kinds)
        return Path(path) if path else None
