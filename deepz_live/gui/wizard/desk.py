"""What the wizard asks of the program beneath it: plain data and one protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.new_profile import ProfileDraft
from deepz_live.train.progress import TrainingProgress

if TYPE_CHECKING:
    from deepz_live.acquire.cfg import CfgContents

Role = Literal["train", "validation", "test"]
Level = Literal["green", "amber", "red"]
Autofocus = Literal["image", "hardware", "none"]
ROLES: tuple[Role, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class ScopeFacts:
    """The open microscope as the pages need it.

    Attributes
    ----------
    shape
        ``(Y, X)`` of a frame in pixels.
    full_counts
        The highest value a pixel can have.
    channel_group
        Config group whose presets the channels are; None where the light is left alone.
    core
        The Micro-Manager core, for device widgets; None where there is none to show.
    """

    name: str
    shape: tuple[int, int]
    pixel_size_um: float
    full_counts: int
    channels: tuple[str, ...]
    channel: str
    exposure_ms: float
    optics: str
    z_limits_um: tuple[float, float]
    xy_limit_um: float
    has_xy: bool
    has_hardware_autofocus: bool
    channel_group: str | None = None
    core: Any = None

    @property
    def field_um(self) -> tuple[float, float]:
        """Height and width of a field of view, ``(y, x)`` in µm."""
        return self.shape[0] * self.pixel_size_um, self.shape[1] * self.pixel_size_um


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One picture ``(Y, X)`` in counts and where it was taken."""

    pixels: NDArray[np.generic]
    x_um: float
    y_um: float
    z_um: float


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """A channel that is captured, with its exposure."""

    name: str
    exposure_ms: float


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field of view: stage position of its centre, and what it is for."""

    x_um: float
    y_um: float
    role: Role = "train"


@dataclass(frozen=True, slots=True)
class StackChoice:
    """Full range and step of a z-stack, and how its middle is found; µm."""

    range_um: float
    step_um: float
    autofocus: Autofocus
    autofocus_range_um: float = 20.0

    @property
    def planes(self) -> int:
        """Planes of one stack, both ends included."""
        return int(self.range_um / self.step_um + 1e-6) + 1


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """All that is to be captured."""

    channels: tuple[ChannelChoice, ...]
    fields: tuple[FieldChoice, ...]
    stack: StackChoice


@dataclass(frozen=True, slots=True)
class Cost:
    """What a capture costs: time, disk, light (seconds of exposure a field)."""

    frames: int
    seconds: float
    disk_bytes: int
    exposure_s_per_field: float


@dataclass(frozen=True, slots=True)
class CaptureNews:
    """How far a capture is. ``curve`` is (z in µm, sharpness) of the field so far."""

    field: int
    fields: int
    plane: int
    planes: int
    seconds_left: float
    message: str
    channel: str = ""
    picture: NDArray[np.generic] | None = None
    curve: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was looked at in a stack, and the cure where it is not green."""

    level: Level
    about: str
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class CheckedStack:
    """A stack on disk and what was found in it."""

    file: str
    field: int
    channel: str
    role: str
    remarks: tuple[Remark, ...]

    @property
    def level(self) -> Level:
        """The worst of its remarks."""
        found = {remark.level for remark in self.remarks}
        return "red" if "red" in found else "amber" if "amber" in found else "green"


@dataclass(frozen=True, slots=True)
class TrainChoice:
    """What to train; ``init`` None starts from nothing, ``channel`` empty: there is but one."""

    preset: str
    model: str
    minutes: float
    init: Path | None = None
    channel: str = ""


class Run(Protocol):
    """A capture; all but :meth:`run` may be called from any thread."""

    def run(self, tell: Callable[[CaptureNews], None]) -> None:
        """Capture everything; blocks, and tells on threads of its own."""

    def abort(self) -> None:
        """End soon; focus and stage go back."""

    def pause(self) -> None:
        """Rest after the plane under way, in the dark."""

    def resume(self) -> None:
        """Go on."""

    def skip_field(self) -> None:
        """Leave this field out."""

    def retry_field(self) -> None:
        """Begin this field again."""


class Job(Protocol):
    """A training (``app.training.TrainingJob``)."""

    @property
    def running(self) -> bool:
        """Whether the process lives."""

    @property
    def error(self) -> str | None:
        """The sentence of a failure."""

    def start(self) -> None:
        """Start the process."""

    def poll(self) -> list[TrainingProgress]:
        """News; never waits."""

    def request_stop(self) -> None:
        """Stop soon, keep the best."""

    def close(self) -> None:
        """End it for good."""


class WizardDesk(Protocol):
    """The microscope and what is done with it.

    Calls block and are made one after the other beside the GUI thread, unless a docstring says
    that they are quick; those may be made anywhere. Errors are exceptions with one sentence.
    """

    def profiles(self) -> list[tuple[str, Path]]:
        """Name and file of the shipped profiles; quick."""

    def open_profile(self, path: Path) -> ScopeFacts:
        """Open another microscope."""

    def scope(self) -> ScopeFacts | None:
        """The open microscope; None where there is none."""

    def read_cfg(self, path: Path) -> CfgContents:
        """What a Micro-Manager ``.cfg`` holds."""

    def write_profile(self, path: Path, draft: ProfileDraft) -> None:
        """Write a profile that ``open_profile`` can read."""

    def order(self) -> CaptureOrder:
        """What the profile proposes for the open microscope."""

    def snap(self) -> Snapshot:
        """One picture with the present channel and exposure."""

    def set_channel(self, channel: ChannelChoice) -> None:
        """Switch the light path and set the exposure."""

    def auto_exposure(self, channel: ChannelChoice) -> tuple[float, str]:
        """An exposure in ms at which the picture uses the camera well, and a line on it."""

    def move_by(self, dx_um: float, dy_um: float, dz_um: float) -> None:
        """Move stage and focus from where they are."""

    def grid(self, rows: int, columns: int) -> list[FieldChoice]:
        """Fields side by side around the present position."""

    def scatter(self, count: int, radius_um: float) -> list[FieldChoice]:
        """Fields at random around the present position, none overlapping."""

    def overlapping(self, fields: Sequence[FieldChoice]) -> list[tuple[int, int]]:
        """Pairs of fields that share a part of the sample; quick."""

    def forbidden(self, order: CaptureOrder) -> str:
        """Why the stage may not go where the order wants it to; empty if it may. Quick."""

    def proposal(self) -> tuple[float, float, float]:
        """Step, full range and depth of field in µm that suit the objective; quick."""

    def cost(self, order: CaptureOrder) -> Cost:
        """Time, disk and light of a capture."""

    def save_plan(self, path: Path, order: CaptureOrder) -> None:
        """Write the plan as YAML."""

    def load_plan(self, path: Path) -> CaptureOrder:
        """Read a plan that was saved."""

    def make_run(self, out: Path, order: CaptureOrder) -> Run:
        """A capture into a new folder."""

    def continue_run(self, out: Path) -> Run:
        """Go on with a capture that was interrupted."""

    def repeat_run(self, out: Path, fields: Sequence[int]) -> Run:
        """Capture these fields of a finished capture again."""

    def check(self, stacks: Path, tell: Callable[[str], None]) -> list[CheckedStack]:
        """Look at every stack; tells which one it is looking at, on the same thread."""

    def channels_of(self, stacks: Path) -> tuple[str, ...]:
        """Channels of a calibration; a model knows one. None where nobody recorded them."""

    def presets(self) -> list[tuple[str, float]]:
        """Name and minutes of the training presets; quick."""

    def bundles(self) -> list[tuple[str, Path]]:
        """Trained models to start from; quick."""

    def make_job(self, stacks: Path, out: Path, choice: TrainChoice) -> Job:
        """A training process, not yet started."""

    def give_back(self) -> None:
        """The live view may stream again; called whenever the wizard needs the camera no more."""
