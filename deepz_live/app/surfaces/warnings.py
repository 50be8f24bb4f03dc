"""What speaks against a surface on this model: too steep, beyond its range, or none at all."""

from __future__ import annotations

from deepz_live.app.surfaces.slope import slope_warning
from deepz_live.image.coarse import coarse
from deepz_live.image.dpm import Surface, SurfaceError
from deepz_live.model.bundle import BundleFacts


def surface_warnings(
    surface: Surface, shape: tuple[int, int], pixel_size_um: float, facts: BundleFacts
) -> tuple[str, ...]:
    """Sentences for the operator, judged on few pixels: quick enough to follow a hand.

    ``shape`` is the frame's, in pixels.
    """
    try:
        found = coarse(surface, shape, pixel_size_um)
    except SurfaceError as error:
        return (str(error),)
    sentences = []
    pixel_um = pixel_size_um * found.step
    if (steep := slope_warning(found.heights_um, pixel_um, facts, found.pixel)) is not None:
        sentences.append(steep)
    low, high = facts.z_range_um
    least, most = float(found.heights_um.min()), float(found.heights_um.max())
    if least < low - 1e-3 or most > high + 1e-3:
        sentences.append(
            f"The surface reaches from {least:+.1f} to {most:+.1f} µm, beyond the model's "
            f"{low:+.1f} … {high:+.1f} µm: its last plane is shown there."
        )
    return tuple(sentences)
