"""How long does the window's thread not answer (JSON)?

    uv run python bench/gui.py [--seconds 30] [--size 512] [--rate 30] [--panes 6]
        [--only NAME] [--json]

The real window, off the screen, shows a camera's frames and refocused pictures in ``--panes`` panes
that all change at ``--rate``, while the shipped model refocuses on the CPU as fast as it can. A
thread asks the window's thread for an answer every few milliseconds; ``block_ms`` are the times
until it came (percentiles and the longest), what an operator feels. ``tick_ms``: the display's own
updates.

The pictures come from a store, because no CPU gives 30 stacks a second: so the window has the work
that a fast card gives it and the contention of a busy processor at once. The floor in the same
run, ``floor_ms``: the same window without a session.

Then everything that changes view, panes or panels is done ``--times`` times. ``operations`` has for
each, in ms: ``call``, how long the window's thread was in it (the longest); ``block``, the longest
time without an answer from its beginning until half a second later (median and longest over the
times: a tick that fell into it counts as well); ``first``, the block of the first time, when what
it shows is made; ``cpu``, which does not depend on who else wants the cores: the longest that the
window's thread *computed* without looking for new events.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from parts.camera import NumberedCamera
from PyQt6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer, pyqtSignal

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.depths import opening_view
from deepz_live.app.desk import Desk
from deepz_live.app.live import LiveSession
from deepz_live.app.paths import find_profile
from deepz_live.config import load_profile
from deepz_live.gui.app import make_application
from deepz_live.gui.collector import collecting_on_gui_thread
from deepz_live.gui.layout.docks import show_dock
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.view_controller import ViewState
from deepz_live.model.bundle import load_bundle, shipped_bundle
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.view import RefocusResult

ASK_EVERY_S = 0.004
STORED = 4


class Playing(LiveSession):
    """A session whose network runs as ever, but each frame of the camera is shown with planes."""

    def __init__(self, camera: NumberedCamera, engine) -> None:
        super().__init__(camera, engine, request=opening_view(engine))
        rng = np.random.default_rng(2)
        self._stored = [
            rng.gamma(2.0, 400.0, (12, *camera.info.shape)).astype(np.float32)
            for _ in range(STORED)
        ]
        self._shown: RefocusResult | None = None

    def latest_result(self, _channel: str | None = None) -> RefocusResult | None:
        """A result of the newest frame."""
        frame = self.latest_frame()
        if frame is not None and (self._shown is None or self._shown.frame is not frame):
            planes, cuts = self._stored[frame.index % STORED], self.view().cuts
            self._shown = RefocusResult(
                frame=frame,
                cuts=cuts,
                images=tuple(picture(cut, plane) for cut, plane in zip(cuts, planes, strict=False)),
                drift=None,
                warnings=(),
                digest=0,
                latency_s=0.0,
            )
        return self._shown


def picture(cut, plane):
    """A stored plane, or as much of it as a section shows."""
    if isinstance(cut, SectionCut):
        return plane[:41] if cut.axis == "xz" else plane[:, :41]
    return plane


class Prober(QObject):
    """Asks the window's thread for an answer again and again; keeps how long each took."""

    asked = pyqtSignal(float)

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float] = []
        self._answered = threading.Event()
        self._stop = threading.Event()
        self.asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="prober", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._answered.clear()
            self.asked.emit(time.perf_counter())
            while not self._answered.wait(0.05):
                if self._stop.is_set():
                    return
            time.sleep(ASK_EVERY_S)

    def _answer(self, asked_at: float) -> None:
        self.waits_s.append(time.perf_counter() - asked_at)
        self._answered.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--panes", type=int, default=6)
    parser.add_argument("--times", type=int, default=5, help="of each operation")
    parser.add_argument("--only", default="", help="operations whose names contain this")
    parser.add_argument("--model", type=Path, help="another bundle than the shipped one")
    parser.add_argument("--json", action="store_true", help="one line, for programs")
    args = parser.parse_args()
    bundle = shipped_bundle() if args.model is None else load_bundle(args.model)
    app = make_application(offscreen=True)
    with (
        TemporaryDirectory() as folder,
        closing(open_engine(bundle)) as engine,
        collecting_on_gui_thread(),
    ):
        report = measure(app, engine, Path(folder), args)
    print(json.dumps(report, indent=None if args.json else 1))


def measure(app, engine, folder: Path, args: argparse.Namespace) -> dict:
    with open_microscope(load_profile(find_profile("simulated"))) as microscope:
        return measure_at(app, engine, microscope, folder, args)


def measure_at(app, engine, microscope, folder: Path, args: argparse.Namespace) -> dict:
    window = MainWindow(Desk(microscope=microscope), recordings=folder)
    window.show()
    camera = NumberedCamera(args.size, args.rate, None)
    try:
        floor = probe(app, args.seconds / 3)
        leave = app.exit  # quit() would close the window
        window.session_changed.connect(leave)
        window.first_failed.connect(lambda _: leave())
        window.begin(lambda: Playing(camera, engine))
        app.exec()
        window.session_changed.disconnect(leave)
        show_panes(window, args.panes)
        probe(app, 2.0)  # the first pictures make what later ones use
        ticks_s = time_ticks(window)
        began, before = time.monotonic(), window.live.live.status()
        blocks = probe(app, args.seconds)
        elapsed_s, after = time.monotonic() - began, window.live.live.status()
        panes = len(window.grid.panes)
        done = operations(app, window, args)
    finally:
        window.close()
        window.deleteLater()
    return {
        "size": args.size,
        "rate_hz": args.rate,
        "panes": panes,
        "block_ms": milliseconds(blocks),
        "floor_ms": milliseconds(floor),
        "ticks_per_s": round(len(ticks_s) / elapsed_s, 1),
        "tick_ms": milliseconds(ticks_s),
        "camera_per_s": round((after.captured - before.captured) / elapsed_s, 1),
        "network_stacks_per_s": round((after.refocused - before.refocused) / elapsed_s, 2),
        "longest_block_ms": max((one["block"]["max"] for one in done.values()), default=0.0),
        "longest_cpu_ms": max((one["cpu"]["max"] for one in done.values()), default=0.0),
        "operations": done,
    }


def show_panes(window: MainWindow, count: int) -> None:
    """Raw, the maximum, a section, and planes for the rest."""
    cuts = (ProjectionCut("max"), SectionCut("xz", 0.0))
    planes = tuple(PlaneCut(float(depth)) for depth in range(count - 3))
    window.view.show(ViewState((None, *planes, *cuts)[:count], 1, window.view.cross_at))


def operations(app, window: MainWindow, args: argparse.Namespace) -> dict:
    """Each thing that an operator does to view, panes and panels: how long it blocks."""
    view, grid, actions = window.view, window.grid, window.actions_by_key

    def act(*keys: str):
        return [actions[key].trigger for key in keys]

    def toggle(key: str):
        dock = window.docks[key]
        return [lambda: show_dock(dock), dock.hide]

    table = {
        "turn the depth": [lambda: view.turn(3.0), lambda: view.turn(-3.0)],
        "wheel over a pane": [lambda: view.nudge(1, 1), lambda: view.nudge(1, -1)],
        "select a pane": [lambda: view.select(2), lambda: view.select(1)],
        "show a projection": [
            lambda: view.set_cut(1, ProjectionCut("depth")),
            lambda: view.set_cut(1, PlaneCut(0.0)),
        ],
        "show a section": [
            lambda: view.set_cut(1, SectionCut("yz", 100.0)),
            lambda: view.set_cut(1, PlaneCut(0.0)),
        ],
        "undo, redo": act("undo", "redo"),
        "one pane more, less": [lambda: view.add(PlaneCut(1.0)), lambda: view.remove(args.panes)],
        "zoom, fit": [lambda: grid.zoom(0.5), grid.fit],
        "colour map": [lambda: grid.set_colour_map("viridis"), lambda: grid.set_colour_map("gray")],
        "sample search, recording": act("preset_search", "preset_recording"),
        "float and dock a panel": [
            lambda: window.docks["drift"].setFloating(True),
            lambda: window.docks["drift"].setFloating(False),
        ],
        "dark / light": act("other_theme", "other_theme"),
        "sheet of keys": act("keys", "keys"),
        **{f"panel {dock.windowTitle()}": toggle(key) for key, dock in window.docks.items()},
    }
    done = {}
    for name, deeds in table.items():
        if args.only not in name:
            continue
        calls, blocks, passes = [], [], []
        for _ in range(args.times):
            for deed in deeds:
                call_s, waits_s, longest_s = timed(app, deed)
                calls.append(call_s)
                blocks.append(max(waits_s, default=call_s))
                passes.append(longest_s)
        calls_ms, blocks_ms = 1000 * np.array(calls), 1000 * np.array(blocks)
        passes_ms = 1000 * np.array(passes)
        done[name] = {
            "call": round(float(calls_ms.max()), 1),
            "block": {
                "p50": round(float(np.median(blocks_ms)), 1),
                "max": round(float(blocks_ms.max()), 1),
            },
            "first": round(float(blocks_ms[0]), 1),
            "cpu": {
                "p50": round(float(np.median(passes_ms)), 1),
                "max": round(float(passes_ms.max()), 1),
            },
        }
        show_panes(window, args.panes)
    return done


class Passes(QObject):
    """The longest that this thread computed between two looks for new events."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_s = 0.0
        self._began_s = time.thread_time()
        self._dispatcher = QAbstractEventDispatcher.instance()
        self._dispatcher.awake.connect(self._turn)
        self._dispatcher.aboutToBlock.connect(self._turn)

    def stop(self) -> float:
        self._dispatcher.awake.disconnect(self._turn)
        self._dispatcher.aboutToBlock.disconnect(self._turn)
        return self.longest_s

    def _turn(self) -> None:
        now_s = time.thread_time()
        self.longest_s = max(self.longest_s, now_s - self._began_s)
        self._began_s = now_s


def timed(app, deed) -> tuple[float, list[float], float]:
    """Seconds in ``deed``; the waits for an answer, and the longest pass, while it and its
    consequences run."""
    took: list[float] = []
    passes = Passes()

    def run() -> None:
        began = time.perf_counter()
        deed()
        took.append(time.perf_counter() - began)

    QTimer.singleShot(50, run)
    waits_s = probe(app, 0.55)
    return took[0], waits_s, passes.stop()


def time_ticks(window: MainWindow) -> list[float]:
    """From now on, how long each of the display's updates takes."""
    times_s: list[float] = []
    tick = window.live.tick

    def timed() -> None:
        began = time.perf_counter()
        tick()
        times_s.append(time.perf_counter() - began)

    window._timer.timeout.disconnect()
    window._timer.timeout.connect(timed)
    return times_s


def probe(app, seconds: float) -> list[float]:
    """Run the window for so long; how long each answer took, in seconds."""
    prober = Prober()
    QTimer.singleShot(round(seconds * 1000), app.exit)
    prober.start()
    app.exec()
    prober.stop()
    return prober.waits_s


def milliseconds(times_s: list[float]) -> dict:
    """Percentiles and the longest, of at least one."""
    times_ms = 1000 * np.array(times_s or [0.0])
    p50, p95, p99 = np.percentile(times_ms, (50, 95, 99))
    return {
        "p50": round(float(p50), 2),
        "p95": round(float(p95), 2),
        "p99": round(float(p99), 2),
        "max": round(float(times_ms.max()), 2),
        "count": len(times_s),
    }


if __name__ == "__main__":
    main()
