"""The camera of the built-in microscope, as a Python device."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pymmcore_plus.experimental.unicore import CameraDevice

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated.bleaching import Bleaching
from deepz_live.acquire.simulated.drift import DriftPath
from deepz_live.acquire.simulated.scene import Point, Scene
from deepz_live.acquire.simulated.sensor import Sensor
from deepz_live.acquire.simulated.stage import SimulatedShutter, SimulatedXYStage, SimulatedZStage
from deepz_live.acquire.simulated.wheel import SimulatedFilterWheel
from deepz_live.config import Camera

INDEX_TAG, TIME_TAG, Z_TAG = "DeepzFrame", "DeepzTime-s", "DeepzZ-um"
_LONGEST_NAP_S = 0.05
Region = tuple[int, int, int, int]


class Readout(NamedTuple):
    """What of the sensor a frame shows: a region in pixels of the binned frame."""

    binning: int
    x: int
    y: int
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        return (self.height, self.width)


class View:
    """The sample as it lies before the camera now: stages, filter, shutter, drift.

    Each channel has a scene, made by ``scene_of`` when it is first looked at.
    """

    def __init__(
        self,
        scene_of: Callable[[str], Scene],
        z: SimulatedZStage,
        xy: SimulatedXYStage,
        wheel: SimulatedFilterWheel,
        shutter: SimulatedShutter,
        drift: DriftPath,
        bleaching: Bleaching,
        clock: Callable[[], float],
    ) -> None:
        self._scene_of = functools.cache(scene_of)
        self.z, self.xy, self.wheel, self.shutter = z, xy, wheel, shutter
        self.drift, self.bleaching, self.clock = drift, bleaching, clock
        self.lamp_on = True
        self.began_s = clock()

    @property
    def scene(self) -> Scene:
        """What the channel in the light path shows."""
        return self._scene_of(self.wheel.channel)

    @property
    def lit(self) -> bool:
        """Whether light reaches the camera."""
        return self.lamp_on and self.shutter.is_open and not self.wheel.turning

    def stage_um(self) -> Point:
        """(z, y, x) of the stages."""
        x, y = self.xy.place_um()
        return (self.z.height_um(), y, x)

    def drift_um(self, time_s: float) -> Point:
        """(dz, dy, dx) of the sample at a time of the microscope's clock."""
        return self.drift(time_s - self.began_s)


class SimulatedCamera(CameraDevice):
    """An sCMOS camera: exposure, frame rate, region of interest, noise, software binning.

    Region and binning may be changed at any time, in mid-stream too, as some cameras allow.

    Each frame's metadata hold its number, the time of its exposure on the injected clock and
    the stage's z then. A failure ends the stream and stays in ``fault``, because the core's
    acquisition thread tells nobody.

    Faults of single frames, for tests: from the exposure with the number ``fails_at`` (from 0) on
    it raises, at the one with the number ``sticks_at`` it waits until :meth:`free` is called.
    """

    def __init__(
        self,
        camera: Camera,
        view: View,
        *,
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__()
        self._camera, self._view, self._sleep = camera, view, sleep
        self._sensor = Sensor(camera)
        self._exposure_ms = camera.exposure_ms
        self._readout = self._whole(camera.binning)
        self._streamed = 0
        self.fault: Exception | None = None
        self.snapped = 0
        """Single frames taken so far."""
        self.fails_at: int | None = None
        self.sticks_at: int | None = None
        self._freed = threading.Event()

    def free(self) -> None:
        """Let an exposure that is stuck end."""
        self.sticks_at = None
        self._freed.set()

    def get_exposure(self) -> float:
        return self._exposure_ms

    def set_exposure(self, exposure: float) -> None:
        if not exposure > 0:
            raise MicroscopeError(f"Exposure {exposure:g} ms is not possible; give more than 0 ms.")
        self._exposure_ms = float(exposure)

    def shape(self) -> tuple[int, int]:
        return self._readout.shape

    def dtype(self) -> DTypeLike:
        return np.uint16

    def get_binning(self) -> int:
        return self._readout.binning

    def set_binning(self, binning: int) -> None:
        """Average so many pixels each way from the next frame on; it shows the whole sensor."""
        rows, columns = self._view.scene.shape
        if not 1 <= binning <= min(rows, columns):
            raise MicroscopeError(
                f"Binning {binning} leaves no pixel of the {columns} x {rows} pixels of the "
                "camera; choose a smaller one."
            )
        self._readout = self._whole(binning)

    def get_roi(self) -> Region:
        """(x, y, width, height) in pixels of the binned frame."""
        now = self._readout
        return (now.x, now.y, now.width, now.height)

    def set_roi(self, x: int, y: int, width: int, height: int) -> None:
        binning = self._readout.binning
        whole = self._whole(binning)
        rows, columns = whole.shape
        if min(x, y) < 0 or min(width, height) < 1 or x + width > columns or y + height > rows:
            raise MicroscopeError(
                f"Region x = {x}, y = {y}, {width} x {height} does not lie within the "
                f"{columns} x {rows} pixels of the camera; choose a smaller one."
            )
        self._readout = Readout(binning, x, y, width, height)

    def clear_roi(self) -> None:
        self._readout = self._whole(self._readout.binning)

    def _whole(self, binning: int) -> Readout:
        rows, columns = self._view.scene.shape
        return Readout(binning, 0, 0, columns // binning, rows // binning)

    def start_sequence(
        self, n: int | None, get_buffer: Callable[[Sequence[int], DTypeLike], NDArray[Any]]
    ) -> Iterator[Mapping[str, str]]:
        self.fault = None
        if n == 1:
            yield from self._snap(get_buffer)
            return
        try:
            yield from self._stream(n, get_buffer)
        except (MicroscopeError, ValueError, RuntimeError, OSError) as error:
            # Kept for the frame source: raised here, it would only end the core's thread.
            self.fault = error

    def _snap(
        self, get_buffer: Callable[[Sequence[int], DTypeLike], NDArray[Any]]
    ) -> Iterator[Mapping[str, str]]:
        if self.fails_at is not None and self.snapped >= self.fails_at:
            raise MicroscopeError("the camera's cable came loose")
        if self.snapped == self.sticks_at:
            self._freed.wait()
        self.snapped += 1
        self._sleep(self._exposure_ms / 1000)
        yield self._expose(get_buffer, 0)

    def _stream(
        self, n: int | None, get_buffer: Callable[[Sequence[int], DTypeLike], NDArray[Any]]
    ) -> Iterator[Mapping[str, str]]:
        clock = self._view.clock
        due = clock()
        index = 0
        while n is None or index < n:
            period = max(1 / self._camera.frame_rate_hz, self._exposure_ms / 1000)
            due = max(due + period, clock())
            while (left := due - clock()) > 0:
                self._sleep(min(left, _LONGEST_NAP_S))
            self._fail_if_asked(index)
            yield self._expose(get_buffer, index)
            index += 1

    def _expose(
        self, get_buffer: Callable[[Sequence[int], DTypeLike], NDArray[Any]], index: int
    ) -> Mapping[str, str]:
        readout = self._readout  # another thread may change it from here on
        buffer = get_buffer(readout.shape, np.uint16)
        time_s = self._view.clock()
        stage = self._view.stage_um()
        lit, drift = self._view.lit, self._view.drift_um(time_s)
        buffer[:] = self.render(readout, stage, drift, lit, time_s - self._view.began_s)
        if lit:
            self._view.bleaching.expose(stage[1:], self._exposure_ms / 1000)
        return {
            INDEX_TAG: str(index),
            TIME_TAG: repr(time_s),
            Z_TAG: repr(self._view.z.get_position_um()),
        }

    def render(
        self, readout: Readout, stage_um: Point, drift_um: Point, lit: bool, time_s: float
    ) -> NDArray[np.uint16]:
        """One frame ``(Y, X)`` uint16 as of this stage position, drift and time."""
        fresh = self._view.scene.electrons(stage_um, drift_um, self._exposure_ms, time_s)
        mean = self._view.bleaching.applied(fresh, stage_um[1:], self._exposure_ms)
        n, x, y, width, height = readout
        part = mean[y * n : (y + height) * n, x * n : (x + width) * n]
        return self._sensor.counts(part, n, lit=lit)

    def _fail_if_asked(self, index: int) -> None:
        limit = self._camera.fail_after_frames
        if limit is not None and index >= limit:
            raise MicroscopeError(
                f"the built-in camera broke down after {limit} frames, as camera.fail_after_frames "
                "asks"
            )
