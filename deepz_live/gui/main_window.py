"""The window: puts the views together and ties them to their controllers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QFileDialog,
    QMainWindow,
    QSizePolicy,
    QStatusBar,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.depths import FIXED_PLANES
from deepz_live.app.desk import Desk, DeskError
from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import TOOLBAR, fill_menus, make_actions
from deepz_live.gui.banner import Banner
from deepz_live.gui.bridge import Bridge
from deepz_live.gui.channel_dialog import ChannelDialog
from deepz_live.gui.display import Display
from deepz_live.gui.drift_plot import DriftPanel
from deepz_live.gui.export_controller import ExportController
from deepz_live.gui.knob import DepthKnob
from deepz_live.gui.live_controller import LiveController
from deepz_live.gui.look_bar import LookBar
from deepz_live.gui.pane_grid import PaneGrid
from deepz_live.gui.record_controller import RecordController
from deepz_live.gui.recorder import RecordBar
from deepz_live.gui.status_line import StatusLine
from deepz_live.gui.transport import TransportBar, TransportController, replay_of
from deepz_live.gui.view_controller import ViewController
from deepz_live.gui.wizard.real_desk import RealWizardDesk
from deepz_live.gui.wizard.wizard import CalibrationWizard

TICK_MS = 33
CLOSE_TIMEOUT_S = 40.0
KNOB_KEY_UM = 0.5


class MainWindow(QMainWindow):
    """One live session at a time; it is handed in through the desk, never fetched.

    Parameters
    ----------
    desk
        Opens and exchanges microscope, model and session, beside the GUI thread.
    recordings
        Folder in which recordings are made.
    clock
        Seconds, monotonic.
    """

    session_changed = pyqtSignal()
    first_failed = pyqtSignal(object)

    def __init__(
        self,
        desk: Desk,
        *,
        recordings: Path,
        title: str = "deepz-live",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.resize(1600, 950)
        self.desk = desk
        self.bridge = Bridge(self)
        self._make_views()
        self.display = Display(self.grid, clock)
        self.view = ViewController(self.knob)
        self.transport = TransportController(self.transport_bar)
        self.record = RecordController(self.record_bar, self.bridge, recordings, self.show_failure)
        self.actions_by_key = make_actions(self, self._deeds())
        self._lay_out()
        self.live = LiveController(self, clock)
        self.export = ExportController(
            self.live, self.bridge, self._ask_where, self._message, self.show_failure
        )
        self._connect()
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.live.tick)
        self._timer.start(TICK_MS)
        self.wizard: CalibrationWizard | None = None

    def begin(self, factory: Callable[[], LiveSession]) -> None:
        """Make and start the first session beside the GUI, then show it."""
        self._exchange(lambda: self.desk.begin(factory), "Starting …")

    def open_profile(self, path: Path) -> None:
        """Stream from another microscope."""
        self._exchange(lambda: self.desk.open_profile(path), f"Opening {path.name} …")

    def open_bundle(self, path: Path) -> None:
        """Refocus with another model."""
        self._exchange(lambda: self.desk.open_bundle(path), f"Opening {path.name} …")

    def open_replay(self, folder: Path) -> None:
        """Play a recorded session."""
        self._exchange(lambda: self.desk.open_replay(folder), f"Opening {folder.name} …")

    def show_failure(self, error: Exception) -> None:
        """The sentence in the banner; whatever ran, runs."""
        self.banner.show_error(str(error) or type(error).__name__)

    def use(self, live: LiveSession | None) -> None:
        """Show another session."""
        self.transport.use(replay_of(live))
        self.live.use(live)
        self.session_changed.emit()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Stop all threads; what is being recorded is closed readable."""
        if not self._closed:
            self._closed = True
            self._timer.stop()
            if self.wizard is not None:
                self.wizard.stop()
                self.bridge.call(self.wizard.finish, lambda _: None, self.show_failure)
            self.bridge.call(self.desk.close, lambda _: None, self.show_failure)
            self.bridge.wait(CLOSE_TIMEOUT_S)
        super().closeEvent(event)

    def _exchange(self, work: Callable[[], LiveSession], message: str) -> None:
        self._message(message)
        self.bridge.call(work, self._arrived, self._broken)

    def _arrived(self, live: LiveSession) -> None:
        self._message("")
        if not self._closed:
            self.banner.clear()
            self.use(live)

    def _broken(self, error: Exception) -> None:
        self._message("")
        if not self._closed:
            if self.desk.live is not self.live.live:
                self.use(self.desk.live)
            self.show_failure(error)
            if self.desk.live is None:
                self.first_failed.emit(error)

    def _message(self, text: str) -> None:
        self.status_line.show_cursor(text)

    def _make_views(self) -> None:
        self.banner = Banner()
        self.knob = DepthKnob()
        self.drift = DriftPanel()
        self.grid = PaneGrid(FIXED_PLANES, corner=self.drift, between=self.knob)
        self.transport_bar = TransportBar()
        self.record_bar = RecordBar()
        self.look_bar = LookBar()
        self.channel_bar = self.look_bar.channels
        self.status_line = StatusLine()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.grid, 1)
        column.addWidget(self.transport_bar)
        centre = QWidget()
        centre.setLayout(column)
        self.setCentralWidget(centre)
        self.addToolBar(self._toolbar())
        bar = self.menuBar()
        if bar is not None:
            fill_menus(bar, self.actions_by_key)
        status = QStatusBar()
        status.setSizeGripEnabled(False)
        status.addWidget(self.status_line, 1)
        self.setStatusBar(status)

    def _toolbar(self) -> QToolBar:
        bar = QToolBar("Main")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for key in TOOLBAR:
            if key:
                bar.addAction(self.actions_by_key[key])
            else:
                bar.addSeparator()
        bar.addSeparator()
        bar.addWidget(self.record_bar)
        stretch = QWidget()
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(stretch)
        bar.addWidget(self.look_bar)
        return bar

    def _connect(self) -> None:
        self.knob.turned.connect(self.view.turn)
        self.knob.turned.connect(lambda _: self.live.name_planes())
        self.grid.free.wheel_turned.connect(self._nudge)
        self.grid.hovered.connect(self.live.point)
        self.drift.reference_wanted.connect(self._set_reference)
        self.drift.compensate_wanted.connect(self.view.hold_still)
        self.drift.lock_wanted.connect(self.live.lock_focus)
        self.channel_bar.channel_wanted.connect(self.live.show_channel)
        self.record_bar.pressed.connect(self.record.toggle)
        self.look_bar.look_wanted.connect(lambda changes: self.display.set_look(**changes))
        self.look_bar.colours_wanted.connect(self.grid.set_colour_map)
        self.look_bar.spacing_wanted.connect(self._space)
        self.banner.dismissed.connect(self.live.dismiss)

    def _deeds(self) -> dict[str, Callable[[], None]]:
        return {
            "open_profile": self._ask_profile,
            "open_bundle": self._ask_bundle,
            "open_replay": self._ask_replay,
            "export_stack": lambda: self.export.stack(),
            "export_drift": lambda: self.export.drift(),
            "recordings": self._ask_recordings,
            "calibrate": self._calibrate,
            "quit": lambda: (self.close(), None)[1],
            "record": lambda: self.record.toggle(),
            "reference": self._set_reference,
            "focus_lock": lambda: self.live.toggle_focus_lock(),
            "channels": self._ask_channels,
            "fit": self.grid.fit,
            "zoom_in": lambda: self.grid.zoom(0.8),
            "zoom_out": lambda: self.grid.zoom(1.25),
            "deeper": lambda: self._turn_by(KNOB_KEY_UM),
            "shallower": lambda: self._turn_by(-KNOB_KEY_UM),
            "screenshot": self._ask_screenshot,
        }

    def _nudge(self, notches: int) -> None:
        self.view.nudge(notches)
        self.live.name_planes()

    def _turn_by(self, um: float) -> None:
        self.view.turn(self.view.free_um + um)
        self.live.name_planes()

    def _space(self, spacing_um: float) -> None:
        self.view.space(spacing_um)
        self.live.name_planes()

    def _set_reference(self) -> None:
        if self.live.live is not None:
            self.live.live.set_reference()

    def _calibrate(self) -> None:
        if self.wizard is None:
            self.wizard = self._make_wizard()
        self.wizard.open()

    def _make_wizard(self) -> CalibrationWizard:
        wizard = CalibrationWizard(
            RealWizardDesk(self.desk),
            self.bridge,
            lambda: self.record.root,
            self.open_bundle,
            self,
        )
        wizard.room.given_back.connect(self._follow_desk)
        return wizard

    def _follow_desk(self) -> None:
        """Show what streams now: the wizard had the camera, or opened another microscope."""
        if self.desk.live is not self.live.live and not self._closed:
            self.use(self.desk.live)

    def _ask_channels(self) -> None:
        microscope = self.desk.microscope
        if microscope is None:
            self.show_failure(DeskError("No microscope is open; open a profile first."))
            return
        names = microscope.channels
        if len(names) < 2:
            sentence = (
                f"This microscope has but one channel, {', '.join(names)}; name the group of its "
                "presets as micromanager.channel_group in the profile, to have several."
            )
            self.show_failure(DeskError(sentence))
            return
        live = self.live.live
        ticked = live.channels if live is not None and live.channels else names
        dialog = ChannelDialog(names, ticked, self)
        dialog.chosen.connect(self.stream_channels)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def stream_channels(self, names: tuple[str, ...]) -> None:
        """Take these channels in turn."""
        self._exchange(lambda: self.desk.open_channels(names), "Switching channels …")

    def _ask_profile(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open profile", "", "Profiles (*.yaml *.yml)")
        if path:
            self.open_profile(Path(path))

    def _ask_bundle(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open bundle: the folder with rdf.yaml")
        if path:
            self.open_bundle(Path(path))

    def _ask_replay(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Open session for replay", str(self.record.root)
        )
        if path:
            self.open_replay(Path(path))

    def _ask_recordings(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Folder for recordings", str(self.record.root)
        )
        if path:
            self.record.root = Path(path)

    def _ask_screenshot(self) -> None:
        path = self._ask_where("Save picture", "window.png", "PNG (*.png)")
        if path is not None:
            self.grab().save(str(path))

    def _ask_where(self, title: str, name: str, kinds: str) -> Path | None:
        path, _ = QFileDialog.getSaveFileName(self, title, str(self.record.root / name), kinds)
        return Path(path) if path else None
