"""``calibration.json``: what was asked, what was taken, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.request import CalibrationRequest, Role
from deepz_live.config import Optics, Profile, Settings

RECORD = "calibration.json"


class StackEntry(Settings):
    """One stack in the folder."""

    file: str
    field: int
    """Number of its field, from 0."""
    name: str = ""
    x_um: float
    y_um: float
    focus_um: float
    """The height around which it was taken."""
    role: Role
    channel: str
    exposure_ms: float
    began: datetime
    check: dict[str, Any] | None = None
    """What the check of the stack found; None: not checked yet."""


class CalibrationRecord(Settings):
    """The whole of a calibration folder; rewritten after every stack."""

    version: Literal[2] = 2
    request: CalibrationRequest
    plan: dict[str, Any]
    """The useq plan."""
    optics: Optics
    profile: dict[str, Any]
    pixel_size_um: float
    exposure_ms: float
    versions: dict[str, str]
    began: datetime
    finished: bool = False
    fields: tuple[StackEntry, ...] = ()
    """One entry a stack, that is a field and channel, in the order of the plan."""
    skipped: tuple[int, ...] = ()
    """Fields that the operator left out."""

    def has(self, field: int, channel: str) -> bool:
        """Whether this stack was taken."""
        return any(entry.field == field and entry.channel == channel for entry in self.fields)

    def focus_of(self, field: int) -> float | None:
        """The height at which this field was taken in another channel."""
        return next((entry.focus_um for entry in self.fields if entry.field == field), None)

    def plus(self, entry: StackEntry) -> CalibrationRecord:
        """With one more stack, in place of an earlier take of it."""
        order = [setting.name for setting in self.request.channels]
        kept = [one for one in self.fields if one.file != entry.file]
        entries = sorted([*kept, entry], key=lambda one: (one.field, order.index(one.channel)))
        skipped = tuple(number for number in self.skipped if number != entry.field)
        return self.model_copy(update={"fields": tuple(entries), "skipped": skipped})

    def without(self, fields: Sequence[int]) -> CalibrationRecord:
        """As if these fields had not been taken."""
        kept = tuple(entry for entry in self.fields if entry.field not in fields)
        skipped = tuple(number for number in self.skipped if number not in fields)
        return self.model_copy(update={"fields": kept, "skipped": skipped, "finished": False})


def read_record(folder: Path) -> CalibrationRecord:
    """The record of a calibration folder.

    Raises
    ------
    MicroscopeError
        None there, or not readable.
    """
    file = folder / RECORD
    try:
        return CalibrationRecord.model_validate_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MicroscopeError(
            f"{folder} holds no {RECORD}, so there is no calibration to go on with; start one "
            "into a new folder."
        ) from None
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MicroscopeError(
            f"{file} is not the record of a calibration of this version ({reason}); start one "
            "into a new folder."
        ) from error


def write_record(folder: Path, record: CalibrationRecord) -> None:
    """Write it whole or not at all.

    Raises
    ------
    MicroscopeError
        No permission, disk full.
    """
    file = folder / RECORD
    part = file.with_name(RECORD + ".part")
    try:
        part.write_text(record.model_dump_json(indent=2), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise MicroscopeError(
            f"{file} could not be written ({error.strerror or error}); make room on that disk, "
            "then go on with --resume: the stacks taken so far are kept."
        ) from error


def public_profile(profile: Profile) -> dict[str, Any]:
    """The profile without the folders of this computer."""
    facts = profile.model_dump(mode="json", exclude={"folder"})
    if profile.specimen.path is not None:
        facts["specimen"]["path"] = profile.specimen.path.name
    for setting in facts["channels"]:
        if setting["bundle"] is not None:
            setting["bundle"] = Path(setting["bundle"]).name
    return facts
