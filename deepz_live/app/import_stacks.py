"""Stacks from elsewhere made into a calibration folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from deepz_live.acquire.request import CalibrationRequest, FieldRequest
from deepz_live.app.calibrate.record import CalibrationRecord, StackEntry, write_record
from deepz_live.config import ChannelSetting, Optics
from deepz_live.image.focus import sharpness
from deepz_live.session.errors import StackError, too_large
from deepz_live.session.importing import import_stack
from deepz_live.session.stack import Stack, write_stack


def import_files(
    files: Sequence[Path],
    out: Path,
    *,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    channel: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Path, ...]:
    """Import each of ``files`` as a field of view, or none; the stacks written are returned.

    ``out`` becomes a calibration folder as a calibration leaves it: OME-TIFF stacks and
    ``calibration.json``. Where each field was, and with which optics, is unknown: the record
    holds the pixel size and otherwise the usual optics.

    Parameters
    ----------
    files
        Stacks of one microscope, see :func:`~deepz_live.session.importing.import_stack`.
    out
        New or empty folder.
    pixel_size_um, z_step_um, channel
        As for :func:`~deepz_live.session.importing.import_stack`, for all files.
    tell
        Called with a line for people before each file.

    Raises
    ------
    MissingSamplingError, StackError
        A file cannot be imported, or the files differ in sampling.
    MicroscopeError
        The record cannot be written.
    """
    entries: list[StackEntry] = []
    first: Stack | None = None
    with ExitStack() as undone:  # what failed in the middle can be asked for again, there
        if not out.exists():
            undone.callback(_remove_empty, out)
        for number, file in enumerate(files):
            tell(f"Importing {file} …")
            try:
                stack = import_stack(
                    file, pixel_size_um=pixel_size_um, z_step_um=z_step_um, channel=channel
                )
                first = first or stack
                _check_alike(stack, first)
                out.mkdir(parents=True, exist_ok=True)
                name = _name(stack, number)
                undone.callback((out / name).unlink, missing_ok=True)
                entries.append(_write(stack, out, name, number))
            except MemoryError as error:  # the planes fit, but not what is computed of them
                raise too_large(file, error) from error
        if first is None:
            raise StackError("No file was given to import; give at least one z-stack.")
        write_record(out, _record(files, first, entries))
        undone.pop_all()
    return tuple(out / entry.file for entry in entries)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # somebody else put something there meanwhile, or it was never made
        folder.rmdir()


def _check_alike(stack: Stack, first: Stack) -> None:
    found, wanted = ((s.pixel_size_um, s.z_step_um, s.channel) for s in (stack, first))
    if not np.allclose(found[:2], wanted[:2], rtol=0.01) or found[2] != wanted[2]:
        raise StackError(
            f"{stack.source} has pixel, z step and channel {found}, but {first.source} has "
            f"{wanted}; import stacks of one microscope and channel together."
        )


def _name(stack: Stack, number: int) -> str:
    letters = (letter if letter.isalnum() or letter in "-+" else "-" for letter in stack.channel)
    return f"field_{number:03d}_{''.join(letters)}.ome.tif"


def _write(stack: Stack, out: Path, name: str, number: int) -> StackEntry:
    write_stack(out / name, stack)
    return StackEntry(
        file=name,
        field=number,
        name=Path(stack.source).name,
        x_um=0.0,
        y_um=0.0,
        focus_um=float(stack.z_um[int(np.argmax(sharpness(stack.voxels)))]),
        role="train",
        channel=stack.channel,
        exposure_ms=stack.exposure_ms,
        began=datetime.now(UTC),
    )


def _record(
    files: Sequence[Path], first: Stack, entries: Sequence[StackEntry]
) -> CalibrationRecord:
    channel = ChannelSetting(name=first.channel, exposure_ms=first.exposure_ms or None)
    return CalibrationRecord(
        request=CalibrationRequest(
            fields=tuple(FieldRequest(x_um=0.0, y_um=0.0, name=file.name) for file in files),
            channels=(channel,),
            range_um=max(float(first.z_um[-1] - first.z_um[0]), first.z_step_um),
            step_um=first.z_step_um,
            autofocus="none",
        ),
        plan={},
        optics=Optics(pixel_size_um=first.pixel_size_um),
        profile={"name": "imported", "channel": first.channel},
        pixel_size_um=first.pixel_size_um,
        exposure_ms=first.exposure_ms,
        versions={"imported from": ", ".join(file.name for file in files)},
        began=entries[0].began,
        finished=True,
        fields=tuple(entries),
    )
