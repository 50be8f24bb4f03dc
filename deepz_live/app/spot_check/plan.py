"""Where a spot check goes."""

from __future__ import annotations

from deepz_live.config import Stage
from deepz_live.model.bundle import BundleFacts

PARTS = (-0.8, -0.4, -0.2, 0.2, 0.4, 0.8)
"""Of the model's reach to either side: near, half-way and far, short of its ends."""
FEWEST = 2


class SpotCheckError(RuntimeError):
    """A spot check that cannot be made or says nothing; the sentence says why."""


def check_distances(facts: BundleFacts, z_um: float, stage: Stage) -> tuple[float, ...]:
    """Refocus distances to check from focus ``z_um``: planes of the model, ascending.

    Those that would leave the stage's limits are left out.

    Raises
    ------
    SpotCheckError
        A model of another modality, or hardly any place to go.
    """
    if facts.target_normalization is not None:
        raise SpotCheckError(
            "This model makes planes of another modality than the camera sees, so the camera "
            "cannot check them; measure it with `deepz-live report --target`."
        )
    low, high = facts.z_range_um
    wanted = [part * (high if part > 0 else -low) for part in PARTS]
    planes = sorted({min(facts.z_planes_um, key=lambda z: abs(z - dz)) for dz in wanted} - {0.0})
    inside = tuple(dz for dz in planes if stage.z_min_um <= z_um + dz <= stage.z_max_um)
    if len(inside) < FEWEST:
        raise SpotCheckError(
            f"From {z_um:g} µm the stage's limits of {stage.z_min_um:g} … {stage.z_max_um:g} µm "
            f"leave room for {len(inside)} of {len(planes)} planes; focus further away from the "
            "limits and check again."
        )
    return inside
