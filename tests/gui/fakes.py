"""Small stand-ins: sparse beads from numpy, a camera without a clock of its own, an engine."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.pace import ChannelPace
from deepz_live.stream.source import SourceError

Z_PLANES_UM = tuple(float(z) for z in np.arange(-10.0, 10.5, 1.0))
SHAPE = (192, 208)


def bead_volume(z_planes_um=Z_PLANES_UM, shape=SHAPE, beads=24, seed=1):
    """``(Z, Y, X)`` float32 counts: beads that blur with their distance in z."""
    rng = np.random.default_rng(seed)
    volume = np.full((len(z_planes_um), *shape), 100.0, np.float32)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    for _ in range(beads):
        y, x = rng.uniform(6, np.array(shape) - 6)
        z = rng.uniform(-8, 8)
        for plane, height in enumerate(z_planes_um):
            width = 1.6 + 0.7 * abs(height - z)
            r2 = ((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2)
            volume[plane] += 3000 / (width / 1.6) ** 2 * np.exp(-r2)
    return volume


class FakeCamera:
    """Hands out one noisy image again and again, numbered."""

    def __init__(self, pixels, *, rate_hz=60.0, skip=(), fail_at=None):
        self._pixels = pixels
        self._rate_hz = rate_hz
        self._skip = set(skip)
        self._fail_at = fail_at
        self._index = 0
        self._stopped = threading.Event()
        self.starts = 0

    @property
    def info(self):
        return StreamInfo(
            self._pixels.shape, "uint16", 0.325, self._rate_hz, "TexasRed", 20.0, "fake camera"
        )

    lost = 0
    finished = False

    def start(self):
        self.starts += 1
        self._stopped.clear()

    def read(self, timeout_s):
        self._stopped.wait(min(timeout_s, 1 / self._rate_hz))
        if self._stopped.is_set():
            return None
        while self._index in self._skip:
            self._index += 1
        if self._fail_at is not None and self._index >= self._fail_at:
            raise SourceError("The camera was unplugged; plug it in and open the profile again.")
        pixels = self._pixels.copy()
        pixels[0, 0] = self._index % 60000
        frame = Frame(pixels, self._index, time.monotonic(), 0.0, 20.0, "TexasRed")
        self._index += 1
        return frame

    def stop(self):
        self._stopped.set()


NAMES = ("TexasRed", "FITC")


class TwoChannels(FakeCamera):
    """The second channel is ``other``, or the first upside down and ten times as bright."""

    pace = ChannelPace(NAMES, 7.2, 0.05, 0.08, 0.01, (36, 36))

    def __init__(self, pixels, *, other=None, **options):
        super().__init__(pixels.astype(np.uint16), **options)
        self._other = (pixels[::-1] * 10 if other is None else other).astype(np.uint16)

    @property
    def info(self):
        return replace(super().info, channels=NAMES)

    def read(self, timeout_s):
        frame = super().read(timeout_s)
        if frame is None or frame.index % 2 == 0:
            return frame
        return replace(frame, pixels=self._other.copy(), channel="FITC")


class FakeEngine:
    """Knows the whole volume of a scene, whatever frame it is given."""

    provider = "fake"
    reason = "a test"

    def __init__(self, volume, z_planes_um=Z_PLANES_UM, *, fails=False):
        self._volume = volume
        self.fails = fails
        self.closed = False
        self.bundle = fake_bundle(z_planes_um)

    def volume(self, pixels):
        if self.fails:
            raise ValueError("The network failed on purpose.")
        return self._volume

    def surface(self, pixels, dpm):
        return self._volume[0]

    def close(self):
        self.closed = True


def fake_bundle(z_planes_um=Z_PLANES_UM):
    from deepz_live.config import Optics
    from deepz_live.image.normalization import Normalization

    facts = SimpleNamespace(
        z_planes_um=tuple(z_planes_um),
        z_range_um=(min(z_planes_um), max(z_planes_um)),
        pixel_size_um=0.325,
        network="planes",
        channel="TexasRed",
        exposure_ms=20.0,
        intensity_counts=(100.0, 3100.0),
        multiple=8,
        margin_px=8,
        normalization=Normalization(background_counts=100.0, scale_counts=3000.0),
        evidence={},
        target_normalization=None,
        optics=Optics(),
        quality=(),
        reference=None,
        sha256="0" * 64,
    )
    identity = {"path": "fake-bundle", "sha256": facts.sha256, "network": facts.network}
    return SimpleNamespace(
        facts=facts,
        path="fake-bundle",
        name="fake-bundle",
        sha256=facts.sha256,
        identity=lambda: identity,
    )


def record_session(folder, pixels, count=20, *, marked=(), **info):
    """A closed session of ``count`` frames, ten a second; frame i has a white bar at row 8 · i."""
    from deepz_live.app.analyze.offline import offline_recording
    from deepz_live.session.manifest import EVENTS

    facts = {"pixel_size_um": 0.325, "frame_rate_hz": 10.0, "channel": "TexasRed"} | info
    stream = StreamInfo(pixels.shape, "uint16", exposure_ms=20.0, origin="test", **facts)
    with offline_recording(folder, stream, settings={}) as recording:
        for index in range(count):
            recording.add(
                Frame(barred(pixels, index), index, index / 10, 0.0, 20.0, facts["channel"])
            )
    lines = [f'{{"kind": "marker", "index": {i}, "text": "{text}"}}' for i, text in marked]
    with (folder / EVENTS).open("a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))
    return folder


def barred(pixels, index):
    """``pixels`` with a white bar whose place tells ``index``."""
    own = pixels.copy()
    own[8 * index : 8 * index + 6] = 60000
    return own


def shown_bar(picture):
    """Which frame's bar is in the picture of a raw pane; None without one."""
    if picture is None:
        return None
    rows = np.asarray(picture).reshape(len(picture), -1).mean(axis=1)
    return int(np.argmax(rows)) // 8 if rows.max() > 200 else None
