"""The folder that ``analyze neurons`` left, read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.neuron_files import FACTS, MOTION, NEURONS, TRACES, Followed
from deepz_live.session.table import read_table

Floats = NDArray[np.float64]
Table = dict[str, Floats]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Recording(_Facts):
    """Which recording it was: when it began (UTC), its frames, their size and pixels."""

    started_utc: str
    frames: int
    shape: tuple[int, int]
    pixel_size_um: float


class Origin(_Facts):
    """Of what neurons were found: ``session`` is where the recording lay then."""

    session: str
    recording: Recording


@dataclass(frozen=True, slots=True, eq=False)
class NeuronResults:
    """Neurons of one recording; they are numbered from 1, here their indices from 0.

    Attributes
    ----------
    positions_um
        ``(N, 3)`` (z, y, x): z above the focal plane, as inferred; y and x from the centre of the
        first pixel of the first structure frame.
    deviation
        ``(N,)`` standard deviation of ΔF / F₀ over time.
    active, cluster
        ``(N,)``; the cluster is 1 … k, 0 for neurons that are not active or in no group.
    relative
        ``(N, T)`` ΔF / F₀ at ``followed.times_s``.
    followed
        How the sample lay in each round.
    """

    folder: Path
    origin: Origin
    positions_um: Floats
    deviation: Floats
    active: NDArray[np.bool_]
    cluster: NDArray[np.int_]
    relative: Floats
    followed: Followed

    def __len__(self) -> int:
        return len(self.positions_um)

    @property
    def clusters(self) -> tuple[int, ...]:
        """The clusters that there are, from 1; then 0, if a neuron is in none."""
        names = np.unique(self.cluster).tolist()
        return (*(name for name in names if name), *(name for name in names if not name))

    def members(self, cluster: int) -> tuple[int, ...]:
        """Indices of the neurons in a cluster (0: in none)."""
        return tuple(np.flatnonzero(self.cluster == cluster).tolist())


def is_results(path: Path) -> bool:
    """Whether ``path`` is a folder that ``analyze neurons`` left."""
    return (path / FACTS).is_file()


def read_origin(folder: Path) -> Origin:
    """Of which recording the neurons in ``folder`` are.

    Raises
    ------
    AnalysisError
        There is no such file, it is damaged, or does not say so.
    """
    if not is_results(folder):
        raise AnalysisError(
            f"{folder} holds no {FACTS}; give the folder that `deepz-live analyze neurons` left."
        )
    try:
        return Origin.model_validate_json((folder / FACTS).read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "text"
        raise _unreadable(folder, f"{FACTS}, {where}: {problem['msg']}") from error
    except OSError as error:
        raise _unreadable(folder, str(error)) from error


def read_results(folder: Path) -> NeuronResults:
    """Read the neurons of the virtual stacks, with their traces.

    Raises
    ------
    AnalysisError
        No such results, a table is missing or damaged, or they do not fit each other.
    """
    origin = read_origin(folder)
    try:
        neurons, traces, motion = (
            read_table(folder / f"{name}.csv") for name in (NEURONS, TRACES, MOTION)
        )
        return _fitted(folder, origin, neurons, traces, motion)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, str(error)) from error
    except KeyError as error:
        raise _unreadable(folder, f"there is no column {error}") from error


def _fitted(
    folder: Path, origin: Origin, neurons: Table, traces: Table, motion: Table
) -> NeuronResults:
    times_s, count = traces.pop("time_s"), len(neurons["neuron"])
    if list(traces) != [f"neuron_{number}" for number in range(1, count + 1)]:
        raise ValueError(f"{count} neurons have {len(traces)} traces")
    if len(motion["time_s"]) != len(times_s) or len(times_s) == 0:
        raise ValueError(f"{len(motion['time_s'])} rounds have {len(times_s)} times")
    places = np.column_stack([neurons[name] for name in ("z_um", "y_um", "x_um")])
    cells = [motion[f"m{row}{column}"] for row in (1, 2, 3) for column in (1, 2, 3)]
    whole = (places, *cells, motion["structure_frame"], motion["activity_frame"])
    if not all(np.isfinite(values).all() for values in (*whole, neurons["cluster"])):
        raise ValueError("a place is missing")
    frames = np.concatenate([motion["structure_frame"], motion["activity_frame"]])
    if frames.min() < 0 or frames.max() >= origin.recording.frames:
        raise ValueError(f"{MOTION}.csv names frames beyond the {origin.recording.frames} recorded")
    return NeuronResults(
        folder=folder,
        origin=origin,
        positions_um=places,
        deviation=neurons["sd_df_f0"],
        active=neurons["active"] > 0,
        cluster=neurons["cluster"].astype(int),
        relative=np.array(list(traces.values())).reshape(count, len(times_s)),
        followed=Followed(
            structure=motion["structure_frame"].astype(int),
            activity=motion["activity_frame"].astype(int),
            times_s=times_s,
            found=motion["found"] > 0,
            matrices=np.column_stack(cells).reshape(-1, 3, 3),
        ),
    )


def _unreadable(folder: Path, why: str) -> AnalysisError:
    return AnalysisError(
        f"The neurons in {folder} cannot be read ({why}); let `deepz-live analyze neurons` make "
        "them again."
    )
