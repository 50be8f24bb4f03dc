"""Are microscope and frame like those of the training?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deepz_live.app.trust.reason import Level, Reason, worst
from deepz_live.config import Optics
from deepz_live.image.appearance import appearance, farthest_out
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import check_frame, check_optics, same_pixel_size
from deepz_live.stream.frame import Frame, StreamInfo

AMBER_WIDTHS, RED_WIDTHS = 0.5, 2.0
"""How far outside the range of the model's own frames, in widths of that range."""

_NAMES = {
    "darkest": "darkest parts are",
    "background": "background is",
    "bright": "bright parts are",
    "brightest": "brightest spots are",
    "peak": "brightest pixels are",
    "fineness": "structures are",
    "peakedness": "contrast is",
}
_TOO_LOW = {"fineness": "coarser", "peakedness": "spread over more of the field"}
_TOO_HIGH = {"fineness": "finer", "peakedness": "in fewer spots"}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What differs from the training.

    ``differences`` are sentences; ``strangest`` is the number of :mod:`image.appearance` that lies
    farthest outside what the model knows, ``widths`` how far and ``above`` on which side.
    """

    differences: tuple[str, ...]
    same_pixels: bool
    strangest: str = ""
    widths: float = 0.0
    above: bool = False
    compared: bool = False


def compare_frame(
    bundle: Bundle, frame: Frame, info: StreamInfo, optics: Optics | None = None
) -> Likeness:
    """A frame, its stream and (where known) the microscope's optics beside the training's.

    ``info`` is that of the frame's channel. A few milliseconds a megapixel: not for every frame.
    """
    facts = bundle.facts
    differences = [*check_frame(bundle, frame, info)]
    if optics is not None:
        differences += check_optics(bundle, optics)
    same = same_pixel_size(info.pixel_size_um, facts.pixel_size_um)
    if facts.reference is None:
        return Likeness(tuple(differences), same)
    found = appearance(facts.normalization.forward(frame.pixels), facts.pixel_size_um)
    name, widths = farthest_out(found, facts.reference.appearance)
    above = bool(name) and found[name] > facts.reference.appearance[name][1]
    return Likeness(tuple(differences), same, name, widths, above, compared=True)


def judge_likeness(found: Likeness | None) -> Reason:
    """The level, with all that differs."""
    if found is None:
        return Reason("likeness", None, "The frame has not been compared with the training yet.")
    levels: list[Level] = ["green"]
    sentences: Sequence[str] = found.differences
    if sentences:
        levels.append("amber" if found.same_pixels else "red")
    if found.widths > AMBER_WIDTHS:
        levels.append("red" if found.widths > RED_WIDTHS else "amber")
        sentences = (*sentences, _strange(found))
    if not sentences:
        sentences = (
            "Pixel size, objective, exposure, channel and the look of the frame are like the "
            "training's."
            if found.compared
            else "Pixel size, objective, exposure, channel and brightness are like the "
            "training's; what its frames looked like the bundle does not say.",
        )
    return Reason("likeness", worst(levels), " ".join(sentences))


def _strange(found: Likeness) -> str:
    side = (_TOO_HIGH if found.above else _TOO_LOW).get(
        found.strangest, "brighter" if found.above else "darker"
    )
    return (
        f"The frame does not look like the model's own: its {_NAMES[found.strangest]} {side} than "
        f"in any of them ({found.widths:.1f} times their whole range beyond it)."
    )
