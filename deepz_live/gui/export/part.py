"""Files for other programs: virtual stack, current view, movie, drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from deepz_live.app.drift_history import KEPT
from deepz_live.app.export import ExportError, Movie, export_drift, export_movie, export_stack
from deepz_live.app.export.names import files_of
from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.export.jobs import JobPanel, Jobs
from deepz_live.gui.export.movie_dialog import MovieDialog, MovieWish, Span
from deepz_live.gui.export.paint import colours_in, panel_of
from deepz_live.gui.export.view import export_view, view_facts
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.reader import read_session

STACK = ("Export virtual stack", "virtual_stack.ome.tif", "OME-TIFF (*.ome.tif)")
ZARR = ("Export virtual stack", "virtual_stack.zarr", "OME-Zarr (*.zarr)")
DRIFT = ("Export drift table", "drift.csv", "Tables (*.csv)")
VIEW = ("Export view", "view.png", "PNG (*.png)")
MOVIE = ("Export movie", "movie.mp4", "MP4 (*.mp4)")
NO_FRAME = "There is no frame with a model yet; open a bundle and let a frame arrive."


class ExportPart:
    """Asks where to, writes beside the GUI, says what was written."""

    menu = "E&xport"
    actions: Mapping[str, ActionSpec] = {
        "export_stack": ActionSpec(
            "Virtual stack as OME-TIFF…", "All planes of this frame", "", ("Ctrl+S",)
        ),
        "export_zarr": ActionSpec("Virtual stack as OME-Zarr…", "All planes of this frame"),
        "export_view": ActionSpec(
            "View as PNG…", "The panes as they are, with scale bars", "", ("Ctrl+Shift+P",)
        ),
        "export_movie": ActionSpec(
            "Movie…",
            "Chosen panes over time, as MP4; channels as they are overlaid",
            "",
            ("Ctrl+Shift+M",),
        ),
        "export_drift": ActionSpec("Drift table…", "Time, z, y, x and confidence as CSV"),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._live: LiveSession | None = None
        self._results: tuple[RefocusResult, ...] = ()
        self.panel = JobPanel()
        self.jobs = Jobs(self.panel, shop.bridge, shop.say, shop.fail)
        self.docks = (DockSpec("export", "Export", self.panel, "bottom"),)
        self.dialog: MovieDialog | None = None
        self.write_stack: Callable[..., None] = export_stack
        self.write_movie: Callable[..., Path] = export_movie
        self.deeds: Mapping[str, Callable[[], None]] = {
            "export_stack": lambda: self.stack(STACK),
            "export_zarr": lambda: self.stack(ZARR),
            "export_view": self.view,
            "export_movie": self.ask_movie,
            "export_drift": self.drift,
        }

    def use(self, live: LiveSession | None) -> None:
        """Another session, or none: nothing of it was seen yet."""
        self._live, self._results = live, ()
        if self.dialog is not None:
            self.dialog.reject()  # its frames are gone

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """What is seen now."""
        self._results = results

    def slow_tick(self) -> None:
        """Nothing changes by itself."""

    def close(self) -> None:
        """Stop what is being written."""
        self.jobs.close()

    def stack(self, where: tuple[str, str, str]) -> None:
        """All planes of the frame that is seen; of overlaid channels a file each, by name."""
        engines = self._engines()
        if not engines:
            self._shop.fail(ExportError(NO_FRAME))
            return
        frames = [result.frame for result in self._results]
        path = self._shop.ask_where(*where)
        if path is None:
            return
        try:
            files = files_of(path, [frame.channel for frame in frames])
        except ExportError as error:
            self._shop.fail(error)
            return

        def write() -> None:
            for frame, file in zip(frames, files, strict=True):
                self.write_stack(frame, engines[frame.channel], file)

        self._write(files, write)

    def drift(self) -> None:
        """All drift that is kept."""
        live = self._live
        samples = live.drift_table(KEPT) if live is not None else None
        if samples is None or not len(samples):
            self._shop.fail(
                ExportError("No drift was measured yet; set a reference and let some frames pass.")
            )
            return
        path = self._shop.ask_where(*DRIFT)
        if path is not None:
            self._write([path], lambda: export_drift(samples, path))

    def view(self) -> None:
        """The panes as they are."""
        live = self._live
        if live is None:
            self._shop.fail(ExportError("Nothing is shown yet; open a profile or a session."))
            return
        grid = self._shop.grid
        # An image may go to another thread, a pixmap may not.
        picture, facts = grid.grab().toImage(), view_facts(live, grid, self._results)
        path = self._shop.ask_where(*VIEW)
        if path is not None:
            self._write([path], lambda: export_view(picture, facts, path))

    def ask_movie(self) -> None:
        """Choose panes and frames of a replay, or of what was recorded."""
        try:
            stretches = self._stretches()
        except ExportError as error:
            self._shop.fail(error)
            return
        if self.dialog is not None:
            self.dialog.reject()
        titles = [pane.title for pane in self._shop.grid.panes]
        dialog = MovieDialog(titles, stretches, self._shop.view.compensate, self._shop.window())
        dialog.chosen.connect(self.movie)
        dialog.finished.connect(self._closed)
        self.dialog = dialog
        dialog.show()

    def movie(self, wish: MovieWish) -> None:
        """Make the movie; the view goes on meanwhile."""
        engines = self._engines()
        if not engines:
            self._shop.fail(ExportError(NO_FRAME))
            return
        path = self._shop.ask_where(*MOVIE)
        if path is None:
            return
        series, movie, write = self._series(), self._planned(wish), self.write_movie
        first, *others = engines
        openers = {channel: _another(engines[channel]) for channel in others}

        def work(progress: Callable[[int, int], None], stop: Callable[[], bool]) -> Path:
            return write(
                series(),
                _another(engines[first]),
                path,
                movie,
                engines=openers,
                progress=progress,
                stop=stop,
            )

        self.jobs.run(f"Movie {path.name}", work)

    def _planned(self, wish: MovieWish) -> Movie:
        shop, channels = self._shop, self._channels()
        panels = tuple(
            panel_of(shop.grid.panes[number], shop.display, shop.grid, channels, shop.view.range_um)
            for number in wish.panes
            if number < len(shop.grid.panes)
        )
        first, last = wish.span if wish.span is not None else (0, None)
        return Movie(
            panels=panels,
            columns=wish.columns,
            first=first,
            last=last,
            channel=channels[0] if len(channels) == 1 else None,
            overlay=tuple(colours_in(shop.display, channels).items()) if channels[1:] else (),
            compensate=wish.compensate,
            frame_rate_hz=wish.frame_rate_hz,
        )

    def _channels(self) -> tuple[str, ...]:
        """What the panes show: one channel, or several over each other."""
        return tuple(result.frame.channel for result in self._results)

    def _stretches(self) -> list[tuple[str, Span | None]]:
        """What can be shown; raises ExportError where nothing is at rest yet."""
        if not self._engines():
            raise ExportError(NO_FRAME)
        transport = self._shop.transport
        replay = transport.replay
        if replay is None:
            self._recorded()
            return [("the recording so far", None)]
        found: list[tuple[str, Span | None]] = [(f"all {len(replay)}", None)]
        if transport.span is not None:
            first, last = transport.span
            found.insert(0, (f"from A to B: {first + 1} … {last + 1}", transport.span))
        return found

    def _series(self) -> Callable[[], FrameSeries]:
        replay = self._shop.transport.replay
        if replay is not None:
            series = replay.series
            return lambda: series
        folder = self._recorded()
        return lambda: read_session(folder)

    def _recorded(self) -> Path:
        live = self._live
        folder = live.status().session if live is not None else None
        if folder is None:
            raise ExportError(
                "A movie is made of recorded frames; record (R) some, or open a recording."
            )
        return folder

    def _engines(self) -> dict[str, Engine]:
        """The network of each channel that is seen; empty where nothing refocused is."""
        live = self._live
        if live is None or live.engine is None:
            return {}
        return {name: live.engines.get(name, live.engine) for name in self._channels()}

    def _closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _write(self, files: Sequence[Path], work: Callable[[], Any]) -> None:
        shop, names = self._shop, ", ".join(file.name for file in files)
        shop.say(f"Writing {names} …")

        def failed(error: Exception) -> None:
            shop.say("")
            shop.fail(error)

        said = str(files[0]) if len(files) == 1 else f"{names} in {files[0].parent}"
        shop.bridge.call(work, lambda _: shop.say(f"Wrote {said}."), failed)


def _another(engine: Engine) -> Callable[[], Engine]:
    """Starts the same network once more: ``engine`` belongs to the live view's thread."""
    return partial(open_engine, engine.bundle, prefer=engine.provider)
