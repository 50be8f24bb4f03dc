"""Checks of stacks on disk: which field is to be repeated, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.analysis.stack_check import Finding, Level, StackCheck, check_stack, worst
from deepz_live.app.stack_folder import RECORD, read_record, stack_files
from deepz_live.session.errors import StackError
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.stack import read_stack


@dataclass(frozen=True, slots=True)
class CheckedStack:
    """A stack on disk and what was found in it.

    Attributes
    ----------
    file
        The stack.
    field
        Number of its field, from 0.
    channel, role
        As recorded; the role is ``train`` for stacks without a record.
    check
        What was found.
    """

    file: Path
    field: int
    channel: str
    role: str
    check: StackCheck

    @property
    def name(self) -> str:
        """The stack as an operator calls it: fields are counted from 1."""
        return f"field {self.field + 1}, {self.channel}"

    @property
    def level(self) -> Level:
        return self.check.level

    def sentences(self, level: Level | None = None) -> list[str]:
        """Findings with the field's name and the cure; all, or those of one level."""
        wanted = [f for f in self.check.findings if level is None or f.level == level]
        return [_sentence(self.name, finding) for finding in wanted]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        facts = {"file": str(self.file), "field": self.field, "channel": self.channel}
        return {**facts, "role": self.role, **self.check.as_dict(), "say": self.sentences()}


def check_stacks(
    path: Path, *, tell: Callable[[str], None] = lambda _: None
) -> tuple[CheckedStack, ...]:
    """Check the stacks of a calibration folder, of any folder of TIFF stacks, or one stack.

    Where the folder has a ``calibration.json``, its entries give fields, channels and the
    camera, and what was found is written into them under ``check``.

    Parameters
    ----------
    path
        Folder or file.
    tell
        Called with a line for people before each stack.

    Raises
    ------
    StackError
        Nothing there, a stack that cannot be read or is too small to be checked, a damaged or
        unwritable ``calibration.json``.
    """
    folder = path if path.is_dir() else path.parent
    record = read_record(folder)
    checked = []
    for number, (file, entry) in enumerate(_stacks(path, record)):
        tell(f"Checking {file.name} …")
        checked.append(_checked(file, entry, number, record))
    if record is not None:
        _write(folder, record, checked)
    return tuple(checked)


def level_of(checked: tuple[CheckedStack, ...]) -> Level:
    """The worst of all stacks."""
    return worst(stack.level for stack in checked)


def _stacks(path: Path, record: dict[str, Any] | None) -> list[tuple[Path, dict[str, Any]]]:
    """Files and their entries; an entry whose file is gone is left out."""
    folder = path if path.is_dir() else path.parent
    entries = {} if record is None else {folder / e["file"]: e for e in record["fields"]}
    if not path.is_dir():
        return [(path, entries.get(path, {}))]
    recorded = [file for file in entries if file.is_file()]
    files = recorded or stack_files(path)
    if not files:
        raise StackError(
            f"{path} holds no TIFF stacks; give the folder of a calibration, or a stack."
        )
    return [(file, entries.get(file, {})) for file in files]


def _checked(
    file: Path, entry: Mapping[str, Any], number: int, record: Mapping[str, Any] | None
) -> CheckedStack:
    stack = read_stack(file)
    bits, offset = _camera(record)
    try:
        check = check_stack(
            stack.voxels,
            np.asarray(stack.z_um),
            pixel_size_um=stack.pixel_size_um,
            bits=bits,
            offset_counts=offset,
        )
    except ValueError as error:
        raise StackError(f"{file}: {error}") from error
    return CheckedStack(
        file,
        int(entry.get("field", number)),
        str(entry.get("channel", stack.channel)),
        str(entry.get("role", "train")),
        check,
    )


def _camera(record: Mapping[str, Any] | None) -> tuple[int | None, float | None]:
    """Bits and dark counts of the built-in camera; a profile does not know those of a real one."""
    profile = (record or {}).get("profile") or {}
    camera = profile.get("camera") or {}
    if profile.get("microscope") != "simulated" or not camera:
        return None, None
    # A stack as specimen has the ceiling of the camera that once took it.
    stands_in = (profile.get("specimen") or {}).get("kind") == "stack"
    return None if stands_in else camera.get("bit_depth"), camera.get("offset_counts")


def _write(folder: Path, record: dict[str, Any], checked: list[CheckedStack]) -> None:
    found = {stack.file.name: stack.check.as_dict() for stack in checked}
    fields = [
        {**entry, "check": found.get(Path(entry["file"]).name, entry.get("check"))}
        for entry in record["fields"]
    ]
    file = folder / RECORD
    try:
        replace_file(file, to_json({**record, "fields": fields}, indent=2))
    except OSError as error:
        raise StackError(
            f"The checks could not be written into {file} ({error.strerror or error}); "
            "make room on that disk and check again."
        ) from error


def _sentence(name: str, finding: Finding) -> str:
    if finding.level == "green" or not finding.cure:
        return f"{name}: {finding.text}"
    verb = "repeat" if finding.level == "red" else "look at"
    return f"{verb} {name}: {finding.text}; {finding.cure}"
