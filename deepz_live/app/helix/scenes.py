"""The same beads at the same stage heights, through the double helix and the clear pupil."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deepz_live.app.report import scenes
from deepz_live.config import Profile
from deepz_live.session.stack import write_stack

Mask = Literal["none", "double-helix"]
MASKS: tuple[Mask, ...] = ("none", "double-helix")
STEP_UM = 0.5
_NOISE_APART = 500_000
"""Between the seeds of the two captures' noise, or both would have the same."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of beads.

    Attributes
    ----------
    kind
        ``beads-flat``, or ``beads-volume`` as deep as the scans are.
    """

    kind: Literal["beads-flat", "beads-volume"]
    first_seed: int
    count: int


def profile_of(mask: Mask, kind: str, seed: int, side_px: int, reach_um: float) -> Profile:
    """The built-in microscope before one field, with the mask or without."""
    base = Profile(name="double helix")
    changes: Mapping[str, Mapping[str, Any]] = {
        "optics": {"phase_mask": mask, "mask_range_um": reach_um},
        "specimen": {"kind": kind, "seed": seed, "depth_um": 2 * reach_um},
        "camera": {
            "noise_seed": seed + (_NOISE_APART if mask != "none" else 0),
            "width_px": side_px,
            "height_px": side_px,
        },
    }
    data = base.model_dump()
    return Profile.model_validate(data | {key: data[key] | new for key, new in changes.items()})


def scan(
    fields: Sequence[Fields],
    folder: Path,
    side_px: int,
    reach_um: float,
    note: Callable[[str], None] = lambda _: None,
) -> None:
    """Stacks of ± ``reach_um`` in ``folder / mask``; of one name: of one field.

    A stack that is there already is kept. The stage's heights are the same for both, where a
    real microscope would be focused once and not touched while the mask goes in.
    """
    count = round(reach_um / STEP_UM)
    heights = [float(n * STEP_UM) for n in range(-count, count + 1)]
    for part in fields:
        for seed in range(part.first_seed, part.first_seed + part.count):
            for mask in MASKS:
                path = folder / mask / f"{part.kind}_{seed}.ome.tif"
                if path.exists():
                    continue
                note(f"Scanning {part.kind} {seed}, mask {mask}")
                path.parent.mkdir(parents=True, exist_ok=True)
                profile = profile_of(mask, part.kind, seed, side_px, reach_um)
                write_stack(path, scenes.scan(profile, heights))
