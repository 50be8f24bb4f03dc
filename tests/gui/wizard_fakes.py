"""A microscope, a capture and a training that the wizard can be driven against."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from deepz_live.acquire.cfg import CfgContents
from deepz_live.gui.wizard.desk import (
    CaptureNews,
    CaptureOrder,
    ChannelChoice,
    CheckedStack,
    Cost,
    FieldChoice,
    Remark,
    ScopeFacts,
    Snapshot,
    StackChoice,
)

SHAPE = (64, 80)
FULL = 4095


class FakeRun:
    """Tells of one plane, then waits until it is told to end."""

    def __init__(self, fails=""):
        self.fails = fails
        self.calls = []
        self.ended = threading.Event()

    def run(self, tell):
        picture = np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(SHAPE)
        curve = ((-1.0, 2.0), (0.0, 5.0), (1.0, 3.0))
        tell(CaptureNews(1, 3, 3, 41, 65.0, "field 2 of 3: z-stack", "TexasRed", picture, curve))
        self.ended.wait(10)
        if self.fails or "abort" in self.calls:
            raise RuntimeError(self.fails or "The calibration was stopped.")

    def abort(self):
        self.calls.append("abort")
        self.ended.set()

    def __getattr__(self, name):
        if name in ("pause", "resume", "skip_field", "retry_field"):
            return lambda: self.calls.append(name)
        raise AttributeError(name)


class FakeJob:
    """A training whose news a test writes."""

    def __init__(self, out):
        self.out = out
        self.running = False
        self.error = None
        self.news = []
        self.stop_asked = self.closed = False

    def start(self):
        self.running = True

    def poll(self):
        news, self.news = self.news, []
        return news

    def request_stop(self):
        self.stop_asked = True

    def close(self):
        self.closed = True

    def end(self):
        """Leave a bundle, as a training does."""
        self.out.mkdir(parents=True)
        (self.out / "rdf.yaml").touch()
        self.running = False


class FakeDesk:
    """Remembers what it was asked; ``counts_per_ms`` is how bright the sample is."""

    def __init__(self, open_=True):
        self.open_ = open_
        self.calls = []
        self.counts_per_ms = 100.0
        self.exposure_ms = 10.0
        self.at = [0.0, 0.0, 0.0]
        self.runs = []
        self.jobs = []
        self.remarks = [Remark("green", "focus", "the focus is in the middle")]
        self.threads = set()
        self.fails = {}

    def _asked(self, name, *facts):
        self.calls.append((name, *facts))
        self.threads.add(threading.get_ident())
        if name in self.fails:
            raise RuntimeError(self.fails[name])

    def asked(self, name):
        return [call[1:] for call in self.calls if call[0] == name]

    def profiles(self):
        return [("simulated", Path("simulated.yaml"))]

    def open_profile(self, path):
        self._asked("open_profile", path)
        self.open_ = True
        return self.scope()

    def scope(self):
        if not self.open_:
            return None
        return ScopeFacts(
            name="fake scope",
            shape=SHAPE,
            pixel_size_um=0.5,
            full_counts=FULL,
            channels=("TexasRed", "FITC"),
            channel="TexasRed",
            exposure_ms=10.0,
            optics="20×/0.75 in air",
            z_limits_um=(-60.0, 60.0),
            xy_limit_um=1000.0,
            has_xy=True,
            has_hardware_autofocus=False,
        )

    def read_cfg(self, path):
        self._asked("read_cfg", path)
        return CfgContents(path, ("Camera",), ("Z",), ("XY",), {"Channel": ("FITC", "DAPI")}, {})

    def write_profile(self, path, draft):
        self._asked("write_profile", path, draft)

    def order(self):
        return CaptureOrder(
            (ChannelChoice("TexasRed", 10.0),),
            (FieldChoice(0, 0), FieldChoice(40, 0), FieldChoice(80, 0, "test")),
            StackChoice(40.0, 0.5, "image"),
        )

    def snap(self):
        self._asked("snap")
        rng = np.random.default_rng(0)
        pixels = rng.normal(100, 3, SHAPE)
        pixels[20:30, 20:30] += self.counts_per_ms * self.exposure_ms
        return Snapshot(np.clip(pixels, 0, FULL).astype(np.uint16), *self.at)

    def set_channel(self, channel):
        self._asked("set_channel", channel)
        self.exposure_ms = channel.exposure_ms

    def auto_exposure(self, channel):
        self._asked("auto_exposure", channel)
        return 19.5, "Good."

    def move_by(self, dx_um, dy_um, dz_um):
        self._asked("move_by", dx_um, dy_um, dz_um)
        self.at = [self.at[0] + dx_um, self.at[1] + dy_um, self.at[2] + dz_um]

    def grid(self, rows, columns):
        return [FieldChoice(40.0 * c, 32.0 * r) for r in range(rows) for c in range(columns)]

    def scatter(self, count, radius_um):
        return [FieldChoice(100.0 * n, 0.0) for n in range(count)]

    def overlapping(self, fields):
        return [
            (a, b)
            for b in range(len(fields))
            for a in range(b)
            if abs(fields[a].x_um - fields[b].x_um) < 40
            and abs(fields[a].y_um - fields[b].y_um) < 32
        ]

    def forbidden(self, order):
        return "Too far." if order.stack.range_um > 120 else ""

    def proposal(self):
        return 0.5, 40.0, 1.4

    def cost(self, order):
        frames = order.stack.planes * len(order.fields) * len(order.channels)
        return Cost(frames, frames * 0.05, frames * SHAPE[0] * SHAPE[1] * 2, 2.5)

    def save_plan(self, path, order):
        self._asked("save_plan", path, order)

    def load_plan(self, path):
        return self.order()

    def make_run(self, out, order):
        self._asked("make_run", out, order)
        self.runs.append(FakeRun())
        return self.runs[-1]

    def continue_run(self, out):
        self._asked("continue_run", out)
        return self.make_run(out, None)

    def repeat_run(self, out, fields):
        self._asked("repeat_run", out, tuple(fields))
        return self.make_run(out, None)

    def check(self, stacks, tell):
        self._asked("check", stacks)
        tell("field 1")
        return [CheckedStack("field_000.ome.tif", 0, "TexasRed", "train", tuple(self.remarks))]

    def channels_of(self, stacks):
        return ("TexasRed", "FITC")

    def presets(self):
        return [("quick", 20.0), ("gpu", 60.0)]

    def bundles(self):
        return [("beads_20x075", Path("beads_20x075"))]

    def make_job(self, stacks, out, choice):
        self._asked("make_job", stacks, out, choice)
        self.jobs.append(FakeJob(out))
        return self.jobs[-1]

    def give_back(self):
        self._asked("give_back")
