"""A profile for a Micro-Manager ``.cfg``, from what only a person knows about the microscope."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from deepz_live.config import Profile, ProfileError

_HEAD = """\
# {name}: a microscope that Micro-Manager drives with {cfg}.
# stage: no move ever leaves these limits. calibration: the z-stacks a model is trained on.
# Every key that can be set is explained in the shipped profiles simulated and micromanager-demo.

"""


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """What a profile is made of; device labels None: as the ``.cfg`` says.

    ``pixel_size_um`` None: Micro-Manager knows it from the objective.
    """

    name: str
    cfg: Path
    camera: str | None
    focus: str | None
    xy_stage: str | None
    channel_group: str | None
    channel: str
    na: float
    magnification: float
    immersion_index: float
    sample_index: float
    emission_nm: float
    pixel_size_um: float | None
    z_min_um: float
    z_max_um: float
    exposure_ms: float


def write_profile(path: Path, draft: ProfileDraft) -> None:
    """Write ``draft`` as a YAML profile that ``load_profile`` reads.

    Raises
    ------
    ProfileError
        A value that no profile may have, or a file that cannot be written.
    """
    facts = _facts(path, draft)
    try:
        Profile(**facts)
    except ValidationError as error:
        parts = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ProfileError(
            f"The profile {path.name} cannot be written: {'; '.join(parts)}; change that value."
        ) from error
    text = _HEAD.format(name=draft.name, cfg=draft.cfg.name)
    text += yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ProfileError(
            f"The profile could not be written to {path} ({error.strerror or error}); choose a "
            "folder that exists and can be written to."
        ) from error


def _facts(path: Path, draft: ProfileDraft) -> dict[str, Any]:
    low, high = draft.z_min_um, draft.z_max_um
    devices = {"camera": draft.camera, "focus": draft.focus, "xy_stage": draft.xy_stage}
    return {
        "name": draft.name,
        "microscope": "micromanager",
        "channel": draft.channel,
        "micromanager": {
            "cfg": _beside(draft.cfg, path),
            **{key: label for key, label in devices.items() if label is not None},
            "channel_group": draft.channel_group,
        },
        "optics": {
            "na": draft.na,
            "magnification": draft.magnification,
            "immersion_index": draft.immersion_index,
            "sample_index": draft.sample_index,
            "emission_nm": draft.emission_nm,
            "pixel_size_um": draft.pixel_size_um,
        },
        "camera": {"exposure_ms": draft.exposure_ms},
        "stage": {
            "z_min_um": low,
            "z_max_um": high,
            "z_start_um": min(max(0.0, low), high) if low <= high else low,
        },
        "calibration": {"autofocus": True},
    }


def _beside(cfg: Path, profile: Path) -> str:
    """The ``.cfg`` relative to the profile's folder where it lies in it: both can move together."""
    full, folder = cfg.resolve(), profile.resolve().parent
    if full.is_relative_to(folder):
        return full.relative_to(folder).as_posix()
    return os.fspath(full) if cfg.exists() else cfg.as_posix()
