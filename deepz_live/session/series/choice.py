"""What somebody chooses of an image file, and which of its images are frames then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deepz_live.session.errors import StackError
from deepz_live.session.series.contents import Contents
from deepz_live.session.stack import channel_number
from deepz_live.session.tiff_series import incomplete


@dataclass(frozen=True, slots=True)
class SeriesChoice:
    """What a file does not say itself, or says wrongly; None leaves it to the file.

    Attributes
    ----------
    pixel_size_um, interval_s
        Of a pixel; between two frames.
    channel
        Number or name, of a file with several.
    plane
        Which plane of a z-stack, from 0: each time shows that one.
    planes_are_times
        The planes are times that were saved as slices.
    """

    pixel_size_um: float | None = None
    interval_s: float | None = None
    channel: int | str | None = None
    plane: int | None = None
    planes_are_times: bool = False


def places(contents: Contents, choice: SeriesChoice) -> tuple[tuple[int, ...], ...]:
    """Where the frames lie along all axes but Y and X, in the order of time.

    Raises
    ------
    StackError
        A z-stack, several channels, or other axes, and nothing that says which image is meant; or
        an image that is meant is missing.
    """
    others = contents.axes[:-2]
    moving = _time_axis(contents, choice)
    fixed: dict[str, int] = {}
    for axis in others:
        count = contents.count(axis)
        if axis == moving or count == 1:
            fixed[axis] = 0
        elif axis == "C":
            fixed[axis] = channel_number(contents.path, contents.channel_names, choice.channel)
        elif axis == "Z":
            fixed[axis] = _plane(contents, choice)
        else:
            raise StackError(
                f"{contents.path} holds axes {contents.axes} of shape {contents.shape}: axis "
                f"{axis} is neither time nor channel nor z; save one of its {count} parts as a "
                "file of its own."
            )
    count = contents.count(moving) if moving else 1
    found = tuple(
        tuple(time if axis == moving else fixed[axis] for axis in others) for time in range(count)
    )
    if lacking := contents.absent.intersection(found):
        raise StackError(incomplete(contents.path, len(lacking), count))
    return found


def chosen_channel(contents: Contents, choice: SeriesChoice) -> tuple[int, str]:
    """Number and name of the chosen channel; ``""`` where the file has but one without a name."""
    names: Sequence[str] = contents.channel_names
    several = len(names) > 1
    number = channel_number(contents.path, names, choice.channel) if several else 0
    return number, names[number]


def _time_axis(contents: Contents, choice: SeriesChoice) -> str:
    """The axis along which time goes; empty for a single image."""
    if contents.count("T") > 1:
        return "T"
    as_times = choice.planes_are_times or not contents.named
    if contents.count("Z") > 1 and choice.plane is None and as_times:
        return "Z"
    return ""


def _plane(contents: Contents, choice: SeriesChoice) -> int:
    count = contents.count("Z")
    if choice.plane is None:
        raise StackError(
            f"{contents.path} is a z-stack of {count} planes, and refocusing starts from single "
            "planes; choose one (--plane N, from 0), or say that the planes are times which were "
            "saved as slices (--planes-are-times)."
        )
    if not 0 <= choice.plane < count:
        raise StackError(
            f"{contents.path} has planes 0 … {count - 1}; there is no plane {choice.plane}."
        )
    return choice.plane
