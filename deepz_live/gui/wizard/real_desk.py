"""The wizard's desk over the real rooms; with `orders` all of the wizard that knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.desk import Desk
from deepz_live.app.exposure import find_exposure
from deepz_live.app.new_profile import ProfileDraft, write_profile
from deepz_live.gui.wizard.desk import (
    CaptureOrder,
    ChannelChoice,
    CheckedStack,
    Cost,
    FieldChoice,
    Job,
    Remark,
    Run,
    ScopeFacts,
    Snapshot,
    TrainChoice,
)
from deepz_live.gui.wizard.orders import (
    WizardRun,
    field_choices,
    field_requests,
    order_of,
    request_of,
    words_of,
)

if TYPE_CHECKING:
    from deepz_live.acquire.cfg import CfgContents
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.config import Optics, Stage

USUAL_RANGE_UM = 40.0
"""The paper's -20 … +20 µm."""
USUAL_MINUTES = 20.0
"""For a preset that ends by steps."""


class RealWizardDesk:
    """See :class:`deepz_live.gui.wizard.desk.WizardDesk`.

    The camera is lent from ``desk`` at the first call that needs it, and given back when the
    wizard says so.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._facts: ScopeFacts | None = None
        self._xy_um, self._z_um = (0.0, 0.0), 0.0
        self._limits: Stage | None = None
        self._optics: Optics | None = None

    def profiles(self) -> list[tuple[str, Path]]:
        """The shipped ones, the built-in microscope first."""
        from deepz_live.app.paths import configs_folder

        files = sorted(configs_folder().glob("*.yaml"))
        files.sort(key=lambda file: file.stem != "simulated")
        return [(file.stem, file) for file in files]

    def open_profile(self, path: Path) -> ScopeFacts:
        """The live view streams from it first, so that it is known to work."""
        self._desk.open_profile(path)
        return self._look(self._open())

    def scope(self) -> ScopeFacts | None:
        """What is open in the live view."""
        microscope = self._desk.microscope
        return self._look(microscope) if microscope is not None else None

    def read_cfg(self, path: Path) -> CfgContents:
        """As text: no device is touched."""
        from deepz_live.acquire.cfg import read_cfg

        return read_cfg(path)

    def write_profile(self, path: Path, draft: ProfileDraft) -> None:
        """As YAML."""
        write_profile(path, draft)

    def order(self) -> CaptureOrder:
        """The profile's calibration, its last field for the test where it has several."""
        from deepz_live.acquire.request import default_request

        microscope = self._open()
        request = default_request(microscope.profile, microscope)
        order = order_of(request, microscope)
        if len(order.fields) < 2:
            return order
        last = FieldChoice(order.fields[-1].x_um, order.fields[-1].y_um, "test")
        return CaptureOrder(order.channels, (*order.fields[:-1], last), order.stack)

    def snap(self) -> Snapshot:
        """The shutter opens for this picture alone."""
        microscope = self._lent()
        pixels = microscope.snap().pixels
        self._xy_um, self._z_um = microscope.xy_um, microscope.z_um
        return Snapshot(pixels, *self._xy_um, self._z_um)

    def set_channel(self, channel: ChannelChoice) -> None:
        """The exposure follows."""
        microscope = self._lent()
        microscope.set_channel(channel.name)
        microscope.set_exposure(channel.exposure_ms)

    def auto_exposure(self, channel: ChannelChoice) -> tuple[float, str]:
        """A few pictures at different exposures."""
        microscope = self._lent()
        microscope.set_channel(channel.name)

        def snap(exposure_ms: float) -> NDArray[np.generic]:
            microscope.set_exposure(exposure_ms)
            return microscope.snap().pixels

        return find_exposure(snap, channel.exposure_ms, self._known.full_counts)

    def move_by(self, dx_um: float, dy_um: float, dz_um: float) -> None:
        """Within the limits."""
        microscope = self._lent()
        if dx_um or dy_um:
            x_um, y_um = microscope.xy_um
            microscope.move_xy(x_um + dx_um, y_um + dy_um)
            self._xy_um = microscope.xy_um
        if dz_um:
            microscope.move_z(microscope.z_um + dz_um)

    def grid(self, rows: int, columns: int) -> list[FieldChoice]:
        """The present place is its middle."""
        from deepz_live.acquire.request import field_size_um, grid_fields

        microscope = self._lent()
        width, height = field_size_um(microscope)
        x, y = microscope.xy_um
        first = (x - (columns - 1) * width / 2, y - (rows - 1) * height / 2)
        return list(field_choices(grid_fields(first, rows, columns, (width, height))))

    def scatter(self, count: int, radius_um: float) -> list[FieldChoice]:
        """In a square around the present place."""
        from deepz_live.acquire.request import field_size_um, random_fields

        microscope = self._lent()
        side = 2 * radius_um
        fields = random_fields(microscope.xy_um, count, (side, side), field_size_um(microscope))
        return list(field_choices(fields))

    def overlapping(self, fields: Sequence[FieldChoice]) -> list[tuple[int, int]]:
        """Edges may touch."""
        from deepz_live.acquire.request import overlapping

        height, width = self._known.field_um
        return overlapping(field_requests(fields), (width, height))

    def forbidden(self, order: CaptureOrder) -> str:
        """Asked of the numbers alone: no device is asked."""
        from deepz_live.acquire.errors import LimitError
        from deepz_live.acquire.limits import require_field, require_ways, require_z

        stage = self._limits
        if stage is None:
            return ""
        height, width = self._known.field_um
        half = order.stack.range_um / 2
        try:
            for number, place in enumerate(order.fields):
                require_field(number, (place.x_um, place.y_um), (width, height), stage)
            places = {n: (place.x_um, place.y_um) for n, place in enumerate(order.fields)}
            require_ways(self._xy_um, places, stage)
            for z_um in (self._z_um - half, self._z_um + half):
                require_z(z_um, stage)
        except LimitError as error:
            return str(error)
        return ""

    def proposal(self) -> tuple[float, float, float]:
        """Half the depth of field is the step; the range is the paper's, within the limits."""
        from deepz_live.acquire.request import proposed_step_um

        optics, stage = self._optics, self._limits
        if optics is None or stage is None:
            return 0.5, USUAL_RANGE_UM, 1.0
        room = 2 * min(stage.z_max_um - self._z_um, self._z_um - stage.z_min_um)
        depth = optics.emission_nm / 1000 * optics.immersion_index / optics.na**2
        span = min(USUAL_RANGE_UM, max(room, 1.0))
        return round(proposed_step_um(optics), 2), round(span, 1), depth

    def cost(self, order: CaptureOrder) -> Cost:
        """As ``calibrate`` reckons it."""
        from deepz_live.app.calibrate import estimate

        found = estimate(request_of(order), self._open())
        return Cost(found.frames, found.seconds, found.disk_bytes, found.exposure_s_per_field)

    def save_plan(self, path: Path, order: CaptureOrder) -> None:
        """A plan that other useq tools can run too."""
        from deepz_live.acquire.plan import calibration_plan, save_plan

        save_plan(calibration_plan(request_of(order), self._open()), path)

    def load_plan(self, path: Path) -> CaptureOrder:
        """Edited or not."""
        from deepz_live.acquire.plan import load_request

        return order_of(load_request(path), self._open())

    def make_run(self, out: Path, order: CaptureOrder) -> Run:
        """Refused here, before anything moves, where it leaves the limits."""
        from deepz_live.app.calibrate import CalibrationRun

        return WizardRun(CalibrationRun(self._lent(), out, request_of(order)))

    def continue_run(self, out: Path) -> Run:
        """At its first missing stack."""
        from deepz_live.app.calibrate import CalibrationRun

        return WizardRun(CalibrationRun(self._lent(), out, resume=True))

    def repeat_run(self, out: Path, fields: Sequence[int]) -> Run:
        """The other stacks stay."""
        from deepz_live.app.calibrate import CalibrationRun

        return WizardRun(CalibrationRun(self._lent(), out, resume=True, repeat=tuple(fields)))

    def check(self, stacks: Path, tell: Callable[[str], None]) -> list[CheckedStack]:
        """Findings are written into ``calibration.json`` as well."""
        from deepz_live.app.check import check_stacks

        return [
            CheckedStack(
                file=stack.file.name,
                field=stack.field,
                channel=stack.channel,
                role=stack.role,
                remarks=tuple(
                    Remark(found.level, found.about, found.text, found.cure)
                    for found in stack.check.findings
                ),
            )
            for stack in check_stacks(stacks, tell=tell)
        ]

    def channels_of(self, stacks: Path) -> tuple[str, ...]:
        """As recorded beside the stacks."""
        from deepz_live.app.calibrate import read_record

        if not (stacks / "calibration.json").is_file():
            return ()
        return tuple(dict.fromkeys(entry.channel for entry in read_record(stacks).fields))

    def presets(self) -> list[tuple[str, float]]:
        """The shipped ones, ``quick`` first."""
        from deepz_live.app.paths import configs_folder
        from deepz_live.train.preset import load_preset

        files = sorted((configs_folder() / "train").glob("*.yaml"))
        files.sort(key=lambda file: file.stem != "quick")
        return [(file.stem, load_preset(file).minutes or USUAL_MINUTES) for file in files]

    def bundles(self) -> list[tuple[str, Path]]:
        """The shipped ones."""
        from deepz_live.app.training import BEST
        from deepz_live.model.bundle import shipped_names

        known = [(name, Path(name)) for name in shipped_names()]
        return [("the shipped one that fits best", BEST), *known]

    def make_job(self, stacks: Path, out: Path, choice: TrainChoice) -> Job:
        """A process of its own."""
        from deepz_live.app.training import TrainingJob

        return TrainingJob(
            stacks,
            out,
            preset=choice.preset,
            model="generator" if choice.model == "generator" else "planes",
            minutes=choice.minutes,
            init=choice.init,
            channel=choice.channel or None,
        )

    def give_back(self) -> None:
        """The live view streams again."""
        self._desk.take_back()

    @property
    def _known(self) -> ScopeFacts:
        if self._facts is None:
            return self._look(self._open())
        return self._facts

    def _open(self) -> Microscope:
        """To be asked, while the live view may go on streaming from it."""
        microscope = self._desk.microscope
        return microscope if microscope is not None else self._desk.lend()  # which says why not

    def _lent(self) -> Microscope:
        """To take pictures and to move; the live view rests."""
        return self._desk.lend()

    def _look(self, microscope: Microscope) -> ScopeFacts:
        profile, core = microscope.profile, microscope.core
        self._limits, self._optics = profile.stage, profile.optics
        self._xy_um, self._z_um = microscope.xy_um, microscope.z_um
        self._facts = ScopeFacts(
            name=profile.name,
            shape=microscope.shape,
            pixel_size_um=microscope.pixel_size_um,
            full_counts=2 ** core.getImageBitDepth() - 1,
            channels=microscope.channels,
            channel=microscope.channel,
            exposure_ms=microscope.exposure_ms,
            optics=words_of(profile.optics),
            z_limits_um=(profile.stage.z_min_um, profile.stage.z_max_um),
            xy_limit_um=profile.stage.xy_limit_um,
            has_xy=bool(core.getXYStageDevice()),
            has_hardware_autofocus=bool(core.getAutoFocusDevice()),
            channel_group=microscope.channel_group,
            core=core,
        )
        return self._facts
