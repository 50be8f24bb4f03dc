"""Range gained by the double helix: both trainings, and what comes back by defocus."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.app.helix.bound import bound_rows
from deepz_live.app.helix.picture import Shown, picture
from deepz_live.app.helix.scenes import MASKS, Fields, Mask, profile_of, scan
from deepz_live.app.helix.score import (
    FAINTEST,
    WANTED,
    FlatField,
    flat_field,
    flat_rows,
    good_range,
    volume_rows,
)
from deepz_live.app.helix.trainings import order_for, trained
from deepz_live.app.report.scenes import Shots, shoot
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import Engine, open_engine, planes_at
from deepz_live.session.files import replace_file, to_json
from deepz_live.train.errors import TrainingError

SHOWN_UM = (-16.0, -8.0, 8.0, 16.0)
"""Defocus of the frames in the picture."""
CRITERION = (
    f"at least {WANTED:g} of the beads found within 1 µm sideways and 2 µm along z, and at least "
    f"{WANTED:g} of what is found a bead, without a gap around focus; found: peaks above "
    f"{FAINTEST:g} of a bead's height in focus"
)

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is trained and tested; the same for both masks.

    Attributes
    ----------
    reach_um
        Refocus range either way, half the scans' depth, and the mask's ``mask_range_um``.
    train, flat, volume
        Fields to train on (beads in a volume as deep as the scans) and to test on.
    train_seed, test_seed
        Seeds of the first of each.
    side_px
        Side of the fields.
    steps, width
        Of the trainings that follow each other, each from the model of the one before; the first
        with the preset ``quick``, the others with ``transfer`` at half its rate.
    """

    reach_um: float = 20.0
    train: int = 6
    flat: int = 3
    volume: int = 3
    train_seed: int = 1201
    test_seed: int = 1971
    side_px: int = 384
    steps: tuple[int, ...] = (1500, 1000)
    width: float = 0.5


@dataclass(frozen=True)
class Comparison:
    """``facts`` as in :func:`compare_masks`, and a picture (PNG)."""

    facts: dict[str, Any]
    picture: bytes


def compare_masks(
    folder: Path, effort: Effort, *, init: Path | None = None, note: Note = lambda _: None
) -> Comparison:
    """Capture, train and test through the clear pupil and through the double helix.

    Scans and bundles stay in ``folder``: what is there is used, and a training that was stopped
    goes on.

    Parameters
    ----------
    init
        Bundle that both begin with; its width must be the effort's.

    Returns
    -------
    ``masks``: for each mask ``training``, ``bound`` (how well a lone bead can be placed at best),
    ``flat`` (a row a defocus), ``volume`` (a row a height)
    and ``range_um``, the defocus over which beads come back by ``criterion``, or None, and
    ``from_above_um``, the same of their places sideways alone;
    ``gained_um``: how much longer the double helix's ``range_um`` is.

    Raises
    ------
    TrainingError, BundleError, RefocusError, MicroscopeError, StackError
        As capturing, training and refocusing do.
    """
    _check(folder, effort, init)
    scans = folder / "scans"
    scan(
        [Fields("beads-volume", effort.train_seed, effort.train)],
        scans, effort.side_px, effort.reach_um, note,
    )  # fmt: skip
    masks: dict[str, Any] = {}
    shown: dict[Mask, list[Shown]] = {}
    for mask in MASKS:
        note(f"Training, mask {mask}")
        out, training = _trained(mask, folder, effort, init, note)
        note(f"Testing, mask {mask}")
        fields = [
            flat_field(mask, effort.test_seed + n, effort.side_px, effort.reach_um)
            for n in range(effort.flat)
        ]
        with closing(open_engine(load_bundle(out))) as engine:
            bound = bound_rows(
                profile_of(mask, "beads-flat", 0, effort.side_px, effort.reach_um),
                [-defocus for defocus in fields[0].defocus_um],
            )
            scores = _scores(engine, mask, fields, effort)
            masks[mask] = {"training": training, "bound": bound, **scores}
            shown[mask] = _shown(engine, fields[0])
    return Comparison(
        {
            "criterion": CRITERION,
            "effort": asdict(effort),
            "init": None if init is None else init.name,
            "masks": masks,
            "gained_um": _length(masks["double-helix"]) - _length(masks["none"]),
        },
        picture(shown, fields[0].pixel_um),
    )


def _check(folder: Path, effort: Effort, init: Path | None) -> None:
    """Raise where the folder holds scans and models of another order; leave a note of this one."""
    tested = {"flat", "volume", "test_seed"}
    known = {name: value for name, value in asdict(effort).items() if name not in tested}
    wanted = json.loads(json.dumps(known | {"init": None if init is None else init.name}))
    file = folder / "order.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(file, to_json(wanted, indent=1))
        return
    found = json.loads(file.read_text(encoding="utf-8"))
    if found != wanted:
        changed = [name for name in wanted if found.get(name) != wanted[name]]
        raise TrainingError(
            f"{folder} holds scans and models with another {', '.join(changed)}; choose a new "
            "folder."
        )


def _trained(
    mask: Mask, folder: Path, effort: Effort, init: Path | None, note: Note
) -> tuple[Path, list[dict[str, Any]]]:
    """The last bundle, and how each run went (empty where an earlier call made it)."""
    runs, out = [], folder
    for number, steps in enumerate(effort.steps):
        out = folder / f"run_{number}" / f"mask_{mask}"
        changes = {"z_range_um": effort.reach_um, "steps": steps, "width": effort.width}
        runs.append(trained(order_for(mask, folder / "scans", out, changes, init), note))
        init = out
    return out, runs


def _scores(engine: Engine, mask: Mask, fields: list[FlatField], effort: Effort) -> dict[str, Any]:
    flat = flat_rows(engine, fields)
    threshold = float(np.median([field.threshold for field in fields]))
    first = effort.test_seed + effort.flat
    shots = [_frame(mask, first + n, effort) for n in range(effort.volume)]
    volume = volume_rows(engine, shots, threshold, fields[0].pixel_um, effort.reach_um)
    above = [row["from_above"] | {"defocus_um": row["defocus_um"]} for row in flat]
    ranges = {"range_um": good_range(flat), "from_above_um": good_range(above)}
    return {"flat": flat, "volume": volume, **ranges}


def _frame(mask: Mask, seed: int, effort: Effort) -> Shots:
    return shoot(profile_of(mask, "beads-volume", seed, effort.side_px, effort.reach_um), [0.0])


def _shown(engine: Engine, field: FlatField) -> list[Shown]:
    rows = []
    for defocus in SHOWN_UM:
        if defocus not in field.defocus_um:
            continue
        frame = field.frames[field.defocus_um.index(defocus)]
        grid = engine.bundle.facts.z_planes_um
        back = planes_at(engine.volume(frame), grid, [-defocus])[0]
        rows.append(Shown(defocus, frame.astype(np.float32), back, field.focus))
    return rows


def _length(found: Mapping[str, Any]) -> float:
    """Length of a range in µm; 0 where there is none."""
    ends = found["range_um"]
    return 0.0 if ends is None else float(ends[1] - ends[0])
