"""Pictures: input, refocused, truth and their differences; and a section along x and z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepz_live.app.report.context import Context, Image, sparse
from deepz_live.app.report.figures import image_rows
from deepz_live.app.report.pairs import Box, Field, label
from deepz_live.app.report.section import Picture, Section
from deepz_live.app.report.squares import busiest
from deepz_live.image.metrics import correlation

KEY, QUESTION = "pictures", "What does it look like?"
SHARES = (-0.8, -0.4, 0.4, 0.8)
SIDE_PX = 200
BAR_UM = 10.0
TRUTH = {False: "mechanical scan", True: "other modality's scan"}


def pictures(context: Context, shares: Sequence[float] = SHARES) -> Section:
    """From the first stack: planes brought into focus, and xz sections of both stacks.

    ``shares`` are the refocus distances shown, as shares of the model's reach.
    """
    path = context.stacks[0]
    context.note(f"Pictures of {label(path)}")
    field = context.field(path)
    box = busiest(field, SIDE_PX)
    rows, likeness = [], {}
    for share in shares:
        distance = share * context.reach_um
        source = field.middle - field.steps(distance)
        if not 0 <= source < len(field.voxels):
            continue
        plane = context.nearest_plane(distance)
        frame = field.normalised(source)[box]
        truth = field.wanted(field.middle)[box]
        made = context.normalised_volume(field, source)[plane][box]
        likeness[f"{distance:+g}"] = {
            "refocused": correlation(made, truth),
            "baseline": correlation(frame, truth),
        }
        corr = likeness[f"{distance:+g}"]
        rows.append((
            f"{distance:+g} µm",
            [
                (f"input, corr {corr['baseline']:.3f}", frame),
                (f"refocused (inferred), {corr['refocused']:.3f}", made),
                (TRUTH[field.crossmodal], truth),
                *_same_depth(field, box),
                ("|input - truth|", np.abs(frame - truth)),
                ("|refocused - truth|", np.abs(made - truth)),
            ],
        ))  # fmt: skip
    root = sparse(field.wanted(field.middle)[box])
    contrast = "square-root contrast" if root else "linear contrast"
    pixel = field.pixel_size_um
    return Section(
        KEY,
        QUESTION,
        f"Part of {label(path)}. Each row starts from a frame taken that far from the sharpest "
        "plane, and brings it there. Refocused pixels are inferred, not measured.",
        pictures=[
            Picture("examples", f"Refocused by the distance on the left; {contrast}, the same for "
                    "all pictures of a row.",
                    image_rows(rows, pixel_size_um=pixel, root=root, bar_um=BAR_UM)),
            Picture("sections", "Sections along x (across) and z (up), z stretched to square "
                    f"pixels: the virtual stack made from the one frame in the middle; {contrast}.",
                    _sections(context, field, root)),
        ],
        facts={"corr": likeness},
    )  # fmt: skip


def _same_depth(field: Field, box: Box) -> list[tuple[str, Image]]:
    """What the frames' own modality shows of the target plane, where that is not the truth."""
    if not field.crossmodal:
        return []
    return [("frames' modality, same depth", field.normalised(field.middle)[box])]


def _sections(context: Context, field: Field, root: bool) -> bytes:
    box = busiest(field, SIDE_PX)
    truth = field.wanted(field.middle)[box]
    row = box[0].start + int(np.unravel_index(np.argmax(truth), truth.shape)[0])
    source = field.middle
    steps = [field.steps(z) for z in field.facts.z_planes_um]
    low, high = (field.low, field.high) if field.crossmodal else (0, len(field.voxels) - 1)
    kept = [k for k, step in enumerate(steps) if low <= source + step <= high]
    virtual = context.normalised_volume(field, source)[kept, row, box[1]]
    scan = np.stack([field.wanted(source + steps[k])[row, box[1]] for k in kept])
    spacing = float(np.diff(field.facts.z_planes_um)[0])
    repeat = max(1, round(spacing / field.pixel_size_um))

    def upright(section: Image) -> Image:
        return np.repeat(section[::-1], repeat, axis=0)

    rows = [("", [("virtual stack, xz", upright(virtual)),
                  ("|virtual - truth|", upright(np.abs(virtual - scan))),
                  (f"{TRUTH[field.crossmodal]}, xz", upright(scan))])]  # fmt: skip
    return image_rows(rows, pixel_size_um=field.pixel_size_um, root=root, bar_um=BAR_UM)
