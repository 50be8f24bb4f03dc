"""From a session factory to a window on the screen, or off it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PyQt6.QtWidgets import QApplication

from deepz_live.app.desk import Desk
from deepz_live.app.live import LiveSession
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.theme import apply_theme
from deepz_live.gui.trouble.hook import mistakes_told


class WindowError(RuntimeError):
    """The window cannot be shown; the sentence says why."""


def make_application(*, offscreen: bool = False) -> QApplication:
    """The Qt application with its theme; an existing one is used again."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        app = existing
    else:
        if offscreen:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            qInstallMessageHandler(_without_platform_chatter)
        app = QApplication(sys.argv[:1])
    apply_theme(app)
    return app


def _without_platform_chatter(
    _kind: QtMsgType, _context: QMessageLogContext, message: str | None
) -> None:
    """Qt's messages to standard error, less those on what an offscreen window cannot do."""
    if message and not message.startswith("This plugin does not support"):
        sys.stderr.write(message + "\n")


def run_window(
    session_factory: Callable[[], LiveSession] | None,
    *,
    title: str = "deepz-live",
    seconds: float | None = None,
    screenshot: Path | None = None,
    offscreen: bool = False,
    desk: Desk | None = None,
    recordings: Path | None = None,
    settings: Path | None = None,
    prepare: Callable[[MainWindow], None] | None = None,
) -> LiveSession:
    """Show the window until it is closed (or for ``seconds``), then stop the session.

    Parameters
    ----------
    session_factory
        Makes the first session; called beside the GUI thread. The window starts and stops it.
        What the factory opened (microscope, engine) stays its caller's to close.
    seconds
        Counted from the moment the session streams.
    screenshot
        A PNG of the window is written there just before the end.
    offscreen
        Needs no display.
    desk
        With the open microscope in it, so that it can be calibrated.
    recordings
        Folder for recordings; by default ``deepz-live`` in the home folder.
    settings
        File of what the window remembers; whom it does not know yet is shown the tour. With None
        nothing is read or written.
    prepare
        Called with the window before it is shown.

    Returns
    -------
    LiveSession
        The session that ran last, stopped; its ``summary()`` is complete.

    Raises
    ------
    Exception
        Whatever kept the first session from starting.
    WindowError
        The window was closed before a session ran, or the picture could not be written.
    """
    app = make_application(offscreen=offscreen)
    desk = desk or Desk()

    def make_window() -> MainWindow:
        root = recordings or Path.home() / "deepz-live"
        return MainWindow(desk, recordings=root, title=title, settings=settings)

    with collecting_on_gui_thread():
        # In a function of its own, so that no name here keeps the window from being collected.
        error = _show(app, make_window, session_factory, seconds, screenshot, prepare)
    if error is not None:
        raise error
    if desk.live is None:
        raise WindowError("The window was closed before a session ran; nothing was recorded.")
    return desk.live


def _show(
    app: QApplication,
    make_window: Callable[[], MainWindow],
    session_factory: Callable[[], LiveSession] | None,
    seconds: float | None,
    screenshot: Path | None,
    prepare: Callable[[MainWindow], None] | None,
) -> Exception | None:
    """The window from its making to its end; what went wrong in between."""
    window = make_window()
    run = _Run(window, seconds, screenshot)
    apply_theme(app, window.keeper.now.theme)
    if prepare is not None:
        prepare(window)
    window.show()
    window.greet()
    if session_factory is not None:
        window.begin(session_factory)
    with mistakes_told(window.fail):
        app.exec()
    window.close()
    window.deleteLater()
    app.processEvents()
    return run.error


def run_headless_window(
    session_factory: Callable[[], LiveSession],
    *,
    seconds: float,
    screenshot: Path,
    title: str = "deepz-live",
    recordings: Path | None = None,
    desk: Desk | None = None,
) -> LiveSession:
    """:func:`run_window` without a display: ``seconds`` of the real event loop and a picture."""
    return run_window(
        session_factory,
        title=title,
        seconds=seconds,
        screenshot=screenshot,
        offscreen=True,
        recordings=recordings,
        desk=desk,
    )


class _Run:
    """Ends the event loop in time, with a picture; carries the first error out of it."""

    def __init__(self, window: MainWindow, seconds: float | None, screenshot: Path | None) -> None:
        self.error: Exception | None = None
        self._window = window
        self._seconds = seconds
        self._screenshot = screenshot
        self._timer = QTimer(window)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._end)
        window.session_changed.connect(self._started)
        window.first_failed.connect(self._failed)

    def _started(self) -> None:
        if self._seconds is not None and not self._timer.isActive():
            self._timer.start(int(self._seconds * 1000))

    def _failed(self, error: Exception) -> None:
        """With a time limit nobody is there to read the banner."""
        if self._seconds is not None:
            self.error = error
            self._window.close()

    def _end(self) -> None:
        if self._screenshot is not None:
            self._screenshot.parent.mkdir(parents=True, exist_ok=True)
            if not self._window.grab().save(str(self._screenshot)):
                self.error = WindowError(
                    f"The picture {self._screenshot} could not be written; give a writable folder."
                )
        self._window.close()
