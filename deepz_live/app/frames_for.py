"""Frames from disk, as a model wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import same_pixel_size
from deepz_live.refocus.errors import RefocusError
from deepz_live.session.errors import StackError
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.importing import MissingSamplingError
from deepz_live.session.resampled import Resampled
from deepz_live.session.series import SeriesChoice, open_frames

Tell = Callable[[str], None]


def frames_for(
    bundle: Bundle, path: Path, choice: SeriesChoice, resample: bool, tell: Tell
) -> tuple[FrameSeries, dict[str, str]]:
    """The frames at ``path`` at the pixel size of ``bundle``, and notes for files made of them.

    Parameters
    ----------
    resample
        Bring frames of another pixel size to the model's.
    tell
        Gets sentences about what was assumed or changed.

    Raises
    ------
    RefocusError
        Another pixel size, and no ``resample``.
    StackError, SessionError
        They cannot be read, or are of several channels in turn.
    """
    wanted_um = bundle.facts.pixel_size_um
    notes: dict[str, str] = {}
    try:
        series = open_frames(path, choice)
    except MissingSamplingError:
        # An image that does not tell its pixel size is taken at its word by the operator.
        tell(
            f"Warning: {path.name} does not say its pixel size, and the model's {wanted_um:.4g} µm "
            "is assumed; give the right one with --pixel-size-um."
        )
        notes["pixel_size"] = "assumed to be the model's"
        series = open_frames(path, replace(choice, pixel_size_um=wanted_um))
    _check_one_channel(path, series)
    found_um = series.info.pixel_size_um
    if same_pixel_size(found_um, wanted_um):
        return series, notes
    if not resample:
        raise RefocusError(
            f"{path.name} has pixels of {found_um:.4g} µm, but the model was trained on "
            f"{wanted_um:.4g} µm; use a model trained at its pixel size, give the right size with "
            "--pixel-size-um if the file is wrong, or let the frames be resampled with --resample."
        )
    notes["resampled"] = f"from {found_um:.6g} to {wanted_um:.6g} µm"
    tell(
        f"Warning: frames are resampled {notes['resampled']}; how sharp they are and how they "
        "blur still is their own objective's, which the model may not know."
    )
    return Resampled(series, wanted_um), notes


def _check_one_channel(path: Path, series: FrameSeries) -> None:
    names = dict.fromkeys(facts.channel for facts in series.facts)
    if len(names) > 1:
        raise StackError(
            f"{path} holds frames of the channels {', '.join(names)} in turn; refocus such a "
            "session with `deepz-live replay`, which gives each channel its own model."
        )
