"""What a calibration leaves in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.plan import plan_facts
from deepz_live.acquire.request import CalibrationRequest
from deepz_live.acquire.sequence import Plane
from deepz_live.app.calibrate.record import RECORD, CalibrationRecord, public_profile
from deepz_live.session.stack import Stack, write_stack
from deepz_live.session.stack_facts import StackFacts


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The planes of one stack and how they were taken."""

    channel: str
    exposure_ms: float
    step_um: float
    planes: list[Plane]
    began: datetime
    read_back: bool


def write_taken(out: Path, file: str, taken: Taken, microscope: Microscope) -> None:
    """Write the stack. Raises :class:`StackError`."""
    profile, (x_um, y_um) = microscope.profile, microscope.xy_um
    optics, own = profile.optics, taken.channel == profile.channel
    stack = Stack(
        voxels=np.stack([plane.pixels for plane in taken.planes]),
        pixel_size_um=microscope.pixel_size_um,
        z_step_um=taken.step_um,
        channel=taken.channel,
        exposure_ms=taken.exposure_ms,
        z_um=np.array([plane.z_um for plane in taken.planes]),
        source=profile.name,
    )
    about = StackFacts(
        began=taken.began,
        plane_s=np.array([plane.time_s - taken.planes[0].time_s for plane in taken.planes]),
        x_um=x_um,
        y_um=y_um,
        optics=optics,
        # The profile knows the emission of its own channel only.
        emission_nm=optics.emission_nm if own else None,
        microscope=profile.name,
        versions=microscope.versions,
        read_back=taken.read_back,
    )
    write_stack(out / file, stack, about)


def stack_file(field: int, channel: str, request: CalibrationRequest) -> str:
    """Name of a stack's file; no two of a request share one, not even where case does not count."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for setting in request.channels:
        part = plain = _file_part(setting.name)
        number = 2
        while part.casefold() in taken:
            part, number = f"{plain}-{number}", number + 1
        taken.add(part.casefold())
        names.setdefault(setting.name, part)
    return f"field_{field:03d}_{names[channel]}.ome.tif"


def make_folder(out: Path) -> bool:
    """Make the folder, or clear away what a kill left half written; whether it is new.

    Raises
    ------
    MicroscopeError
        It cannot be written to.
    """
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for part in out.glob("*.part"):
            part.unlink()
    except OSError as error:
        raise MicroscopeError(
            f"Folder {out} cannot be used ({error.strerror or error}); choose one that can be "
            "written to."
        ) from error
    return new


def remove_folder(out: Path) -> None:
    """Take away a folder made for nothing."""
    (out / RECORD).unlink(missing_ok=True)
    if not any(out.iterdir()):
        out.rmdir()


def blank_record(
    request: CalibrationRequest, plan: Any, microscope: Microscope
) -> CalibrationRecord:
    """The record of a calibration that begins now."""
    profile = microscope.profile
    return CalibrationRecord(
        request=request,
        plan=plan_facts(plan),
        optics=profile.optics,
        profile=public_profile(profile),
        pixel_size_um=microscope.pixel_size_um,
        exposure_ms=microscope.exposure_ms,
        versions=microscope.versions,
        began=datetime.now(UTC),
    )


def refuse_other(
    out: Path, found: CalibrationRecord, request: CalibrationRequest | None, resume: bool
) -> None:
    """Raise :class:`MicroscopeError` where ``out`` holds another calibration."""
    if not resume:
        raise MicroscopeError(
            f"{out} holds a calibration already; go on with it (--resume) or choose a new folder."
        )
    if request is not None and request != found.request:
        raise MicroscopeError(
            f"The calibration in {out} was begun with other fields, channels or planes than are "
            "asked for now; go on with its own plan, or choose a new folder."
        )


def _file_part(channel: str) -> str:
    """A channel's name as part of a file name on every system."""
    return "".join(letter if letter.isalnum() or letter in "-+" else "-" for letter in channel)
