"""Facts of bundles made by hand, and a bundle sealed around a network of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import DESCRIPTION, ONNX, WEIGHTS, BundleFacts, seal


def facts_of(z_planes_um: tuple[float, ...], **changes: Any) -> BundleFacts:
    """A planes model of the default microscope; what a test cares about is in ``changes``."""
    usual: dict[str, Any] = {
        "network": "planes",
        "width": 0.1,
        "pixel_size_um": 0.325,
        "optics": Optics(),
        "channel": "TexasRed",
        "exposure_ms": 20.0,
        "normalization": Normalization(background_counts=0, scale_counts=1000),
        "intensity_counts": (0, 1000),
        "multiple": 1,
        "margin_px": 0,
    }
    return BundleFacts(z_planes_um=z_planes_um, **{**usual, **changes})


def write_sealed(folder: Path, facts: BundleFacts, write_network: Callable[[Path], None]) -> None:
    """A bundle that loads, in the new folder ``folder``; its network is the test's."""
    folder.mkdir()
    write_network(folder / ONNX)
    (folder / WEIGHTS).write_bytes(b"none")
    description = {"config": {"deepz_live": facts.model_dump(mode="json")}}
    (folder / DESCRIPTION).write_text(yaml.safe_dump(description), encoding="utf-8")
    seal(folder)
