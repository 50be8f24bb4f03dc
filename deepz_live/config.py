"""Profiles: which microscope, camera, stage, objective and limits; read from YAML.

Every model is frozen and refuses unknown keys, so that a typing error in a profile is an
error before a device moves. Names carry their unit (``_um``, ``_ms``, ``_s``, ``_nm``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

PositiveFloat = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(gt=0)]


class ProfileError(ValueError):
    """A profile that cannot be used: the sentence says which key, what it found, what it wants."""


class Settings(BaseModel):
    """Base of all settings: immutable, strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Optics(Settings):
    """Objective and light. Defaults are the paper's 20x/0.75 with 300 nm red beads."""

    na: PositiveFloat = 0.75
    magnification: PositiveFloat = 20.0
    immersion_index: PositiveFloat = 1.0
    sample_index: PositiveFloat = 1.33
    """Refractive index of the sample; a mismatch to the immersion makes the PSF asymmetric in z."""
    depth_um: Annotated[float, Field(ge=0)] = 20.0
    """Depth of the specimen below the cover slip: how strongly that mismatch acts."""
    emission_nm: PositiveFloat = 584.0
    pixel_size_um: PositiveFloat | None = 0.325
    """Pixel of the sensor in the sample plane, before binning; ``null``: as Micro-Manager or the
    stack file says."""
    mode: Literal["widefield", "confocal"] = "widefield"
    """Confocal: a scanned spot and a pinhole, so that light from other heights is kept out."""
    pinhole_au: PositiveFloat = 1.0
    """Diameter of the confocal pinhole in Airy units (1.22 λ / NA)."""
    excitation_nm: PositiveFloat = 560.0
    """Wavelength of the confocal spot that excites."""
    phase_mask: Literal["none", "double-helix"] = "none"
    """In the detection path; double helix: two lobes that turn with a point's height."""
    mask_range_um: PositiveFloat = 20.0
    """Of the built-in double helix: height each way over which its lobes make half a turn."""

    @model_validator(mode="after")
    def _mask_is_widefield(self) -> Optics:
        if self.phase_mask != "none" and self.mode == "confocal":
            raise ValueError(
                f"phase_mask is {self.phase_mask!r} but mode is 'confocal'; the built-in optics "
                "take a mask in wide field only: set mode: widefield"
            )
        return self


class Camera(Settings):
    """Camera settings; the noise figures are used by the built-in camera only."""

    width_px: PositiveInt = 512
    """Sensor width before binning."""
    height_px: PositiveInt = 512
    binning: PositiveInt = 1
    """``n``: each pixel of a frame is the mean of n x n sensor pixels and n times as wide."""
    exposure_ms: PositiveFloat = 20.0
    frame_rate_hz: PositiveFloat = 20.0
    offset_counts: Annotated[float, Field(ge=0)] = 100.0
    electrons_per_count: PositiveFloat = 0.46
    read_noise_e: Annotated[float, Field(ge=0)] = 1.6
    bit_depth: Annotated[int, Field(ge=8, le=16)] = 16
    noise: bool = True
    noise_seed: int = 0
    buffer_mb: PositiveInt = 256
    """Frames wait here between camera and program; an overflow is an error, never a silent loss."""
    timeout_s: PositiveFloat = 10.0
    """A camera that delivers nothing for so long, beyond its exposure, has failed."""
    fail_after_frames: PositiveInt | None = None
    """Rehearsal of a fault: the built-in camera breaks down after so many streamed frames."""


class Drift(Settings):
    """How the sample of the built-in microscope moves while nobody asked it to."""

    kind: Literal["none", "linear", "walk", "sine"] = "none"
    axial_um: Annotated[float, Field(ge=0)] = 3.0
    """Largest axial excursion: the drift stays within plus and minus this."""
    lateral_um: Annotated[float, Field(ge=0)] = 2.0
    period_s: PositiveFloat = 20.0
    """Time in which a linear or sine drift covers its excursion; the walk's time scale."""
    seed: int = 0


class KeepOut(Settings):
    """A rectangle of the xy stage that no field and no move may touch; µm, edges included."""

    x_min_um: float
    x_max_um: float
    y_min_um: float
    y_max_um: float

    @model_validator(mode="after")
    def _ordered(self) -> KeepOut:
        if not (self.x_min_um < self.x_max_um and self.y_min_um < self.y_max_um):
            raise ValueError(
                f"keep-out area x {self.x_min_um:g} … {self.x_max_um:g}, y {self.y_min_um:g} … "
                f"{self.y_max_um:g} µm is empty; give each minimum below its maximum"
            )
        return self


class Stage(Settings):
    """Focus stage. No move ever leaves ``z_min_um`` … ``z_max_um``, whoever asks."""

    z_min_um: float = -60.0
    z_max_um: float = 60.0
    z_start_um: float = 0.0
    speed_um_s: PositiveFloat = 2000.0
    settle_ms: Annotated[float, Field(ge=0)] = 2.0
    backlash_um: Annotated[float, Field(ge=0)] = 0.0
    """Play of the focus drive. A move down goes this far below its target and comes up again, so
    that every plane is reached from below; the built-in stage has this play."""
    timeout_s: PositiveFloat = 10.0
    """A stage that is under way for so long has stalled."""
    xy_limit_um: PositiveFloat = 5000.0
    keep_out: tuple[KeepOut, ...] = ()
    drift: Drift = Drift()

    @model_validator(mode="after")
    def _ordered(self) -> Stage:
        if not self.z_min_um <= self.z_start_um <= self.z_max_um:
            raise ValueError(
                f"stage limits {self.z_min_um:g} … {self.z_max_um:g} µm do not contain "
                f"z_start_um = {self.z_start_um:g} µm; set z_min_um <= z_start_um <= z_max_um"
            )
        return self


_DEPTH_UM = {"worm": 14.0, "filaments": 10.0, "mitochondria": 6.0, "nuclei": 16.0, "embryo": 20.0}
_PHOTONS = {
    "worm": 2000.0,
    "filaments": 1500.0,
    "mitochondria": 1000.0,
    "nuclei": 1500.0,
    "embryo": 1500.0,
}


class Specimen(Settings):
    """What the built-in microscope looks at."""

    kind: Literal[
        "beads-volume",
        "beads-flat",
        "beads-tilted",
        "beads-cylinder",
        "worm",
        "filaments",
        "mitochondria",
        "nuclei",
        "embryo",
        "stack",
    ] = "beads-volume"
    seed: int = 0
    density: PositiveFloat = 1.0
    """How many fibres, neurons, mitochondria, nuclei or cells: a multiple of the usual number."""
    tilt_deg: Annotated[float, Field(gt=-80, lt=80)] = 1.5
    """Of ``beads-tilted``: the surface rises along +x by its tangent, 0 at x = 0."""
    cylinder_radius_um: PositiveFloat = 3600.0
    """Of ``beads-cylinder``: the upper side of the paper's tube of 7.2 mm diameter."""
    cylinder_axis_um: float = 150.0
    """Where along x its axis (parallel to y) is; beside the field, so that the field is a slope."""
    beads_per_100um2: PositiveFloat = 0.19
    """Beads per 100 µm²; the default is the paper's ~13 in a 256² field of 0.325 µm pixels."""
    depth_um: PositiveFloat | None = None
    """Thickness of the sample around z = 0; ``null``: the kind's own (:attr:`thickness_um`)."""
    photons: PositiveFloat | None = None
    """Mean electrons at the brightest pixel of a bead, nucleus or filament in focus at 20 ms.

    ``null``: the kind's own (:attr:`peak_electrons`).
    """
    background_photons: Annotated[float, Field(ge=0)] = 20.0
    """Mean background electrons a pixel at 20 ms exposure."""
    bleach_s: PositiveFloat | None = None
    """Exposure after which 37 % (1/e) of a field's light is left; ``null``: nothing bleaches."""
    path: Path | None = None
    """Recorded z-stack (TIFF or OME-TIFF) for ``kind: stack``; relative to the profile's folder."""
    pixel_size_um: PositiveFloat | None = None
    z_step_um: PositiveFloat | None = None

    @property
    def thickness_um(self) -> float:
        """``depth_um``, or the usual thickness of this kind of sample."""
        return self.depth_um if self.depth_um is not None else _DEPTH_UM.get(self.kind, 20.0)

    @property
    def peak_electrons(self) -> float:
        """``photons``, or what this kind of sample usually gives."""
        return self.photons if self.photons is not None else _PHOTONS.get(self.kind, 8000.0)

    @model_validator(mode="after")
    def _stack_has_path(self) -> Specimen:
        if self.kind == "stack" and self.path is None:
            raise ValueError(
                "specimen.kind is 'stack' but specimen.path is missing; "
                "give a TIFF z-stack, e.g. --set specimen.path=my_stack.tif"
            )
        return self


class Calibration(Settings):
    """The z-stacks a model is trained on. Defaults: the paper's -20 … +20 µm in 0.5 µm steps."""

    range_um: PositiveFloat | None = 40.0
    """Full range around the focus; ``null``: all that the stack file or the stage offers."""
    step_um: PositiveFloat | None = 0.5
    fields: PositiveInt = 3
    field_spacing_um: PositiveFloat | None = None
    """Distance between fields; ``null``: one field of view, so that fields never overlap."""
    autofocus: bool | Literal["image", "hardware"] = True
    """Before each field; ``true`` and ``image``: by the sharpness of the image."""
    autofocus_range_um: PositiveFloat = 40.0


class ChannelSetting(Settings):
    """One colour channel: a preset of the channel group."""

    name: str
    exposure_ms: PositiveFloat | None = None
    """``null``: the camera's."""
    bundle: Path | None = None
    """The model this channel is refocused with; ``null``: the one that is open."""


class FilterWheel(Settings):
    """What changes the channel of the built-in microscope."""

    switch_ms: Annotated[float, Field(ge=0)] = 50.0
    """Time from one filter to another; no light passes meanwhile."""


class DeviceProperty(Settings):
    """One Micro-Manager device property and the value it is set to."""

    device: str
    name: str
    value: str


class MicroManager(Settings):
    """A microscope that Micro-Manager drives."""

    cfg: Path
    """The Micro-Manager ``.cfg``; a bare name is also looked for in the Micro-Manager folder."""
    camera: str | None = None
    """Device label; ``null`` keeps the one that the ``.cfg`` chose. The same for the next two."""
    focus: str | None = None
    xy_stage: str | None = None
    channel_group: str | None = None
    """Config group whose preset ``channel`` names; ``null``: the light path is left alone."""
    properties: tuple[DeviceProperty, ...] = ()
    """Device properties set after loading, in this order."""


class Profile(Settings):
    """One microscope with one sample and its limits: the content of ``configs/*.yaml``."""

    name: str
    microscope: Literal["simulated", "micromanager"] = "simulated"
    micromanager: MicroManager | None = None
    optics: Optics = Optics()
    camera: Camera = Camera()
    stage: Stage = Stage()
    specimen: Specimen = Specimen()
    channel: str = "TexasRed"
    channels: tuple[ChannelSetting, ...] = ()
    """Empty: ``channel`` alone, at the camera's exposure."""
    filter_wheel: FilterWheel = FilterWheel()
    calibration: Calibration = Calibration()
    folder: Path = Path()
    """Where the profile was read from; relative paths in it start here."""

    @model_validator(mode="after")
    def _has_microscope(self) -> Profile:
        if self.microscope == "micromanager" and self.micromanager is None:
            raise ValueError(
                "microscope is 'micromanager' but the section micromanager is missing; "
                "add micromanager.cfg with the path of your Micro-Manager .cfg"
            )
        return self

    @model_validator(mode="after")
    def _channels_differ(self) -> Profile:
        names = [setting.name for setting in self.channels]
        if len(set(names)) < len(names):
            raise ValueError(
                f"channels names {', '.join(names)}; give each channel once, with one exposure"
            )
        return self

    @property
    def all_channels(self) -> tuple[ChannelSetting, ...]:
        """``channels``, or the one ``channel`` where that is empty."""
        return self.channels or (ChannelSetting(name=self.channel),)

    def resolve(self, path: Path) -> Path:
        """``path`` as given if it exists from here or is absolute, else beside the profile."""
        return path if path.is_absolute() or path.exists() else self.folder / path


def load_profile(path: Path, overrides: dict[str, str] | None = None) -> Profile:
    """Read a profile and apply ``{"specimen.seed": "3"}``-like overrides (values are YAML).

    Raises
    ------
    ProfileError
        File missing, not YAML, unknown key, value out of range; the text names it.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError(
            f"Profile {path} does not exist; give the path of a .yaml file."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProfileError(f"Profile {path} is not readable YAML ({error}).") from error
    if not isinstance(data, dict):
        raise ProfileError(f"Profile {path} holds {type(data).__name__}, not keys and values.")
    for key, text in (overrides or {}).items():
        _set(data, key, yaml.safe_load(text))
    try:
        return Profile(**data, folder=path.parent.resolve())
    except (ValidationError, TypeError) as error:
        raise ProfileError(f"Profile {path}: {_sentence(error)}") from error


def _set(data: dict[str, Any], key: str, value: object) -> None:
    *parents, last = key.split(".")
    for name in parents:
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise ProfileError(f"--set {key}: {name!r} is a value, not a section.")
    data[last] = value


def _sentence(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return str(error)
    parts = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            known = ", ".join(_known_keys(item["loc"][:-1]))
            parts.append(f"unknown key {key!r}; known here: {known}")
        else:
            where = f"{key} = {item['input']!r}: " if key else ""
            parts.append(where + item["msg"].removeprefix("Value error, "))
    return "; ".join(parts) + "."


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Profile
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return sorted(set(model.model_fields) - {"folder"})
