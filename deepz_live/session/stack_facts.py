"""What OME-XML says about a z-stack: optics, places, the time of each plane, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.config import Optics

if TYPE_CHECKING:
    from deepz_live.session.stack import Stack

NAMESPACE = "deepz-live/acquisition"
_PIXEL_TYPES = {"float32": "float", "float64": "double"}
_IMMERSION = ((1.01, "Air"), (1.37, "Water"), (1.49, "Glycerol"), (1.6, "Oil"))


@dataclass(frozen=True, slots=True, eq=False)
class StackFacts:
    """How a stack was taken.

    Attributes
    ----------
    began
        When the first exposure began, with its time zone.
    plane_s
        ``(Z,)`` when the exposure of each plane began, seconds after ``began``.
    x_um, y_um
        Place of the xy stage.
    optics
        As in the profile.
    emission_nm
        Of this channel; None where unknown.
    microscope
        Name of the profile.
    versions
        Of what took the pictures.
    read_back
        Whether the stage said where it stood at each plane; else its z is as commanded.
    """

    began: datetime
    plane_s: NDArray[np.float64]
    x_um: float
    y_um: float
    optics: Optics
    emission_nm: float | None
    microscope: str
    versions: Mapping[str, str]
    read_back: bool = True


def stack_xml(stack: Stack, facts: StackFacts, name: str) -> bytes:
    """OME-XML of a stack whose planes follow each other in one file."""
    from ome_types import OME, to_xml

    ome = OME.model_validate(
        {
            "creator": f"deepz-live {facts.versions.get('deepz-live', '')}".strip(),
            "instruments": [{"id": "Instrument:0", "objectives": [_objective(facts.optics)]}],
            "images": [
                {
                    "id": "Image:0",
                    "name": name,
                    "description": f"z-stack of {facts.microscope}",
                    "acquisition_date": facts.began,
                    "instrument_ref": {"id": "Instrument:0"},
                    "objective_settings": {
                        "id": "Objective:0",
                        "refractive_index": facts.optics.immersion_index,
                    },
                    "pixels": _pixels(stack, facts),
                    "annotation_refs": [{"id": "Annotation:0"}],
                }
            ],
            "structured_annotations": [_annotation(facts)],
        }
    )
    return to_xml(ome).encode()


def _pixels(stack: Stack, facts: StackFacts) -> dict[str, Any]:
    planes, rows, columns = stack.voxels.shape
    dtype = stack.voxels.dtype.name
    channel: dict[str, Any] = {"id": "Channel:0:0", "name": stack.channel, "samples_per_pixel": 1}
    confocal = facts.optics.mode == "confocal"
    channel["acquisition_mode"] = "LaserScanningConfocalMicroscopy" if confocal else "WideField"
    if facts.emission_nm is not None:
        channel |= {"emission_wavelength": facts.emission_nm, "emission_wavelength_unit": "nm"}
    return {
        "id": "Pixels:0",
        "dimension_order": "XYZCT",
        "type": _PIXEL_TYPES.get(dtype, dtype),
        "size_x": columns,
        "size_y": rows,
        "size_z": planes,
        "size_c": 1,
        "size_t": 1,
        "physical_size_x": stack.pixel_size_um,
        "physical_size_y": stack.pixel_size_um,
        "physical_size_z": stack.z_step_um,
        "channels": [channel],
        "tiff_data_blocks": [{"ifd": 0, "plane_count": planes}],
        "planes": [_plane(stack, facts, number) for number in range(planes)],
    }


def _plane(stack: Stack, facts: StackFacts, number: int) -> dict[str, Any]:
    return {
        "the_z": number,
        "the_c": 0,
        "the_t": 0,
        "delta_t": float(facts.plane_s[number]),
        "delta_t_unit": "s",
        "exposure_time": float(stack.exposure_ms),
        "exposure_time_unit": "ms",
        "position_x": facts.x_um,
        "position_x_unit": "µm",
        "position_y": facts.y_um,
        "position_y_unit": "µm",
        "position_z": float(stack.z_um[number]),
        "position_z_unit": "µm",
    }


def _objective(optics: Optics) -> dict[str, Any]:
    medium = next((name for top, name in _IMMERSION if optics.immersion_index < top), "Other")
    return {
        "id": "Objective:0",
        "lens_na": optics.na,
        "nominal_magnification": optics.magnification,
        "immersion": medium,
    }


def _annotation(facts: StackFacts) -> Any:
    from ome_types.model import Map, MapAnnotation

    values = {f"optics.{key}": f"{value}" for key, value in facts.optics.model_dump().items()}
    values |= {f"version.{key}": text for key, text in facts.versions.items()}
    values["z positions"] = "read back from the stage" if facts.read_back else "as commanded"
    pairs = [Map.M(k=key, value=text) for key, text in values.items()]
    return MapAnnotation(id="Annotation:0", namespace=NAMESPACE, value=Map(ms=pairs))
