"""How to train, as data: ``configs/train/*.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from deepz_live.config import PositiveFloat, PositiveInt, Settings
from deepz_live.train.errors import TrainingError

NetworkName = Literal["planes", "generator"]
Weight = Annotated[float, Field(ge=0)]
AlphaOn = Literal["mae", "adversarial"]


class PlanesSettings(Settings):
    """What only the planes model reads."""

    levels: Annotated[int, Field(ge=2, le=6)] = 4
    """Resolutions of the network; each doubles how far it sees."""
    linear_weight: Weight = 0.0
    """Squared error on true intensities, beside that on compressed ones, whose weight is 1."""
    mae_weight: Weight = 0.0
    """Mean absolute error on true intensities."""
    ssim_weight: Weight = 0.0
    """1 - SSIM."""
    ssim_planes: PositiveInt = 4
    """Planes of every example whose SSIM a step takes: all would last as long as ten steps."""
    contrast_weight: Weight = 0.0
    """Squared difference of the standard deviations of a plane and its truth. The least squared
    error alone makes planes flatter than the truth, by the factor that they correlate with it."""
    adversarial_weight: Weight = 0.0
    """Fooling the discriminator with single planes; 0: there is no discriminator."""
    adversarial_planes: PositiveInt = 4
    """Planes of every example that the discriminator sees in one step."""
    teacher_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Distillation: share of the teacher's planes in the loss, beside the measured ones."""
    teacher_planes: PositiveInt = 4
    """Distillation: planes of every example that the teacher makes in one step."""


class GeneratorSettings(Settings):
    """What only the paper's generator reads."""

    adversarial: bool = False
    """With the discriminator (paper), or the mean absolute error alone."""
    alpha: Annotated[float, Field(gt=0)] = 0.02
    alpha_on: AlphaOn = "mae"
    """The term of Eq. 4 that alpha weighs: ``mae`` as printed, or ``adversarial``."""
    updates: PositiveInt = 1
    """Generator updates an iteration (paper: 6), on one batch."""


class DiscriminatorSettings(Settings):
    """The discriminator, for whichever network has one."""

    width: PositiveFloat | None = None
    """Factor on its channels; null: as the network's."""
    learning_rate: PositiveFloat = 3e-5
    updates: PositiveInt = 3
    """Discriminator updates an iteration (paper: 3)."""


class Preset(Settings):
    """Settings of a training run; each preset file explains its choices."""

    model: NetworkName = "planes"
    """The network that this preset is for, where the operator names none."""
    width: PositiveFloat
    """Factor on the network's channels; 1 is the full network."""
    minutes: PositiveFloat | None = None
    steps: PositiveInt | None = None
    """Length of the training; with both, what is reached first."""
    batch: PositiveInt
    crop_px: Annotated[int, Field(ge=32, multiple_of=16)]
    learning_rate: PositiveFloat
    schedule: Literal["cosine", "constant"] = "cosine"
    """``cosine``: the learning rate falls to nothing over the run, however long it is."""
    warmup_steps: PositiveInt = 100
    clip_norm: PositiveFloat | None = 1.0
    """Longest gradient; null: as long as it is."""
    validate_every: PositiveInt = 50
    validation_crops: PositiveInt = 24
    mix: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of training examples that are sums of two crops: fluorescence adds up. Planes only."""
    z_range_um: PositiveFloat | None = None
    """Largest refocus distance; null: 10 µm, or 40 % of the stack's depth if that is less."""
    region_px: PositiveInt = 256
    align: bool = True
    """Register the planes of every stack with StackReg first, as in the paper."""
    seed: int = 0
    planes: PlanesSettings = PlanesSettings()
    generator: GeneratorSettings = GeneratorSettings()
    discriminator: DiscriminatorSettings = DiscriminatorSettings()

    @model_validator(mode="after")
    def _ends(self) -> Preset:
        if self.minutes is None and self.steps is None:
            raise ValueError("minutes or steps must say when the training ends")
        return self


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
        key = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise TrainingError(f"Training preset {path}: {key}: {first['msg']}.") from error
