"""The settings while the window is open: what changed is written a moment later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

from PyQt6.QtCore import QObject, QTimer

from deepz_live.gui.record_controller import Caller
from deepz_live.gui.settings.file import load_settings, save_settings
from deepz_live.gui.settings.model import Settings

PAUSE_MS = 1500
"""Changes that follow each other faster are written once."""


class SettingsKeeper(QObject):
    """Holds the settings and writes them beside the GUI thread.

    Parameters
    ----------
    path
        The file; with None nothing is read or remembered.
    bridge
        Runs the writing.
    failed
        Called with what kept the file from being written.
    """

    def __init__(
        self,
        path: Path | None,
        bridge: Caller,
        failed: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._path = path
        self._bridge = bridge
        self._failed = failed
        self._settings, self.troubles = (
            load_settings(path) if path is not None else (Settings(), ())
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.flush)

    @property
    def remembers(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @property
    def now(self) -> Settings:
        """The settings as they are."""
        return self._settings

    def change(self, **values: Any) -> None:
        """Other values for some keys; equal ones are no change."""
        fresh = self._settings.model_copy(update=values)
        if fresh != self._settings:
            self._settings = fresh
            if self._path is not None:
                self._timer.start()

    @overload
    def folder(self, kind: str, otherwise: Path) -> Path: ...

    @overload
    def folder(self, kind: str, otherwise: Path | None = None) -> Path | None: ...

    def folder(self, kind: str, otherwise: Path | None = None) -> Path | None:
        """Where files of ``kind`` were last looked for, if that place is still there."""
        known = self._settings.folders.get(kind)
        return known if known is not None and known.is_dir() else otherwise

    def remember_folder(self, kind: str, folder: Path) -> None:
        """Look there the next time."""
        self.change(folders={**self._settings.folders, kind: folder})

    def flush(self) -> None:
        """Write now what waits to be written."""
        self._timer.stop()
        path, settings = self._path, self._settings
        if path is not None:
            self._bridge.call(lambda: save_settings(path, settings), _nothing, self._failed)


def _nothing(_: object) -> None:
    pass
