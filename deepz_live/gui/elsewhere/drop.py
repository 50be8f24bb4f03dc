"""Files and folders dropped on the window."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PyQt6.QtWidgets import QWidget


class DropTarget(QObject):
    """Watches a widget; tells what was dropped on it, wherever inside."""

    dropped = pyqtSignal(object)
    """A path."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Take drags of a file or folder of this computer, and nothing else."""
        if isinstance(event, QDropEvent) and not isinstance(event, QDragEnterEvent):
            path = _path_of(event)
            if path is not None:
                event.acceptProposedAction()
                if not isinstance(event, QDragMoveEvent):
                    self.dropped.emit(path)
                return True
        if isinstance(event, QDragEnterEvent) and _path_of(event) is not None:
            event.acceptProposedAction()
            return True
        return super().eventFilter(watched, event)


def _path_of(event: QDropEvent) -> Path | None:
    """The first of the files that are dragged."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    local = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return Path(local[0]) if local else None
