"""How to train, as data: ``configs/train/*.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from deepz_live.config import PositiveFloat, PositiveInt, Settings
from deepz_live.train.errors import TrainingError


class Preset(Settings):
    """Settings of a training run; each preset file explains its choices."""

    width: PositiveFloat
    """Factor on the network's channels; 1 is the full network."""
    minutes: PositiveFloat
    batch: PositiveInt
    crop_px: Annotated[int, Field(ge=32, multiple_of=16)]
    learning_rate: PositiveFloat
    warmup_steps: PositiveInt = 100
    validate_every: PositiveInt = 50
    validation_crops: PositiveInt = 24
    linear_weight: Annotated[float, Field(ge=0)] = 0.0
    """Planes model: weight of the squared error on true intensities beside the compressed ones."""
    mix: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of training examples that are sums of two crops: fluorescence adds up."""
    levels: Annotated[int, Field(ge=2, le=6)] = 4
    """Planes model: resolutions of the network; each doubles how far it sees."""
    z_range_um: PositiveFloat | None = None
    """Largest refocus distance; null: 10 µm, or 40 % of the stack's depth if that is less."""
    region_px: PositiveInt = 256
    align: bool = True
    """Register the planes of every stack with StackReg first, as in the paper."""
    seed: int = 0


def load_preset(path: Path) -> Preset:
    """Read one preset file; raises :class:`TrainingError` with the key that is wrong."""
    try:
        return Preset.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise TrainingError(
            f"Training preset {path.stem!r} does not exist; known presets: {known}."
        ) from None
    except yaml.YAMLError as error:
        raise TrainingError(f"Training preset {path} is not readable YAML ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise TrainingError(f"Training preset {path}: {key}: {first['msg']}.") from error
