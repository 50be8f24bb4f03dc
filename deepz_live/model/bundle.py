"""A trained network on disk, with its optics, range, normalisation and measured quality.

A bundle is a BioImage.IO model folder. Our own facts stand in ``rdf.yaml`` under ``config:
deepz_live:``. ``SHA256SUMS`` lists every other file, so a changed byte is noticed before
anything is used; loading runs no pickled code and follows no path out of the folder.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from deepz_live.config import Optics, Settings
from deepz_live.image.normalization import Normalization

FORMAT: Literal[1] = 1
DESCRIPTION = "rdf.yaml"
ONNX = "model.onnx"
WEIGHTS = "weights.safetensors"
SUMS = "SHA256SUMS"
REQUIRED = (DESCRIPTION, ONNX, WEIGHTS)
SHIPPED = "beads_20x075"


class BundleError(ValueError):
    """A bundle that cannot be used: what is wrong with it and what to do."""


class DistanceQuality(Settings):
    """Agreement with the mechanical scan at one refocus distance, on images never trained on."""

    dz_um: float
    n: int
    mae: float
    rmse: float
    corr: float
    corr_detail: float
    ssim: float
    baseline: dict[str, float]
    """The same scores for the input as it is, not refocused."""
    mse: float | None = None
    mean: dict[str, float] | None = None
    """The same scores for the mean of all planes of the scan within the model's range."""
    same_depth: dict[str, float] | None = None
    """Where another modality is made: the same scores for the frames' own modality at the
    target's depth, which takes a move of the stage."""
    deconvolved: dict[str, float] | None = None
    """The same scores for what the known PSF makes of the input, on part of the field."""
    spread: dict[str, float] | None = None
    """Standard deviation of the network's scores over the ``n`` pairs of planes."""


class RoundTripQuality(Settings):
    """How well frames of the model's own kind come back from ``dz_um`` away.

    Correlation with the frame (:mod:`app.trust.round_trip`): mean and standard deviation over
    ``n`` frames.
    """

    dz_um: float = Field(gt=0)
    n: int
    corr: float
    spread: float


class Reference(Settings):
    """What the live view compares with: images of the model's own kind, never trained on.

    ``appearance`` is the smallest and largest of each number of :func:`image.appearance.appearance`
    over ``frames`` frames; ``round_trip`` is None where planes of another modality are made.
    """

    frames: int
    appearance: dict[str, tuple[float, float]]
    round_trip: RoundTripQuality | None = None


class BundleFacts(Settings):
    """What the live view must know about a network.

    ``z_planes_um`` is the z grid of the planes model; for a generator, which takes any distance,
    it is the grid that a virtual stack is made on. ``target_normalization`` belongs to the planes
    that come out where they are of another modality than the frames; None: the same.
    ``intensity_counts`` are the 0.1 and 99.99 percentiles of the training frames.
    """

    format: Literal[1] = FORMAT
    network: Literal["planes", "generator"]
    width: float = Field(gt=0)
    z_planes_um: tuple[float, ...] = Field(min_length=2)
    pixel_size_um: float = Field(gt=0)
    optics: Optics
    channel: str
    exposure_ms: float
    normalization: Normalization
    target_normalization: Normalization | None = None
    intensity_counts: tuple[float, float]
    multiple: int = Field(ge=1)
    margin_px: int = Field(ge=0)
    quality: tuple[DistanceQuality, ...] = ()
    reference: Reference | None = None
    training: dict[str, Any] = Field(default_factory=dict)
    evidence: dict[str, Any] = Field(default_factory=dict)
    """Summary of the last quality report (`deepz-live report`)."""

    @model_validator(mode="after")
    def _ascending(self) -> BundleFacts:
        if any(b <= a for a, b in zip(self.z_planes_um, self.z_planes_um[1:], strict=False)):
            raise ValueError("z_planes_um must ascend")
        return self

    @property
    def output_normalization(self) -> Normalization:
        """What brings the network's planes back to counts."""
        return self.target_normalization or self.normalization

    @property
    def z_range_um(self) -> tuple[float, float]:
        """Smallest and largest refocus distance, µm."""
        return self.z_planes_um[0], self.z_planes_um[-1]


@dataclass(frozen=True)
class Bundle:
    """A checked bundle.

    Attributes
    ----------
    path
        Its folder.
    facts
        What is known about the network.
    sha256
        Digest of all its files: the bundle's identity in sessions.
    """

    path: Path
    facts: BundleFacts
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def onnx_path(self) -> Path:
        return self.path / ONNX

    @property
    def weights_path(self) -> Path:
        return self.path / WEIGHTS

    def identity(self) -> dict[str, str]:
        """What a session records about the bundle that made its planes."""
        return {"name": self.name, "sha256": self.sha256}


def load_bundle(path: Path) -> Bundle:
    """Check and read a bundle: a folder, or the bare name of a shipped one.

    Raises
    ------
    BundleError
        Missing file, changed byte, data or link out of the folder, unreadable or incomplete facts.
    """
    if not path.is_dir() and path.name == str(path) and path.name in shipped_names():
        path = _shipped_folder() / path.name
    if not path.is_dir():
        raise BundleError(
            f"Bundle {path} does not exist; give the folder that training wrote, or the name of a "
            f"shipped one: {', '.join(shipped_names())}."
        )
    identity = _check_sums(path)
    _check_contained(path)
    try:
        text = (path / DESCRIPTION).read_text(encoding="utf-8")
        facts = BundleFacts.model_validate(yaml.safe_load(text)["config"]["deepz_live"])
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise BundleError(
            f"Bundle {path}: {DESCRIPTION} holds no readable config.deepz_live section "
            f"({error!r}); it was not written by `deepz-live train`, train it again."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BundleError(
            f"Bundle {path}: {DESCRIPTION} has {key!r} wrong ({first['msg']}); "
            "it was written by another version, train it again."
        ) from error
    return Bundle(path.resolve(), facts, identity)


def shipped_bundle() -> Bundle:
    """The bundle that comes with the package, trained on the built-in microscope's beads."""
    return load_bundle(shipped_path())


def shipped_path() -> Path:
    """Where it lies."""
    return _shipped_folder() / SHIPPED


def shipped_names() -> list[str]:
    """The bundles that come with the package, by name."""
    return sorted(sums.parent.name for sums in _shipped_folder().glob(f"*/{SUMS}"))


def _shipped_folder() -> Path:
    return Path(str(files("deepz_live.model") / "shipped"))


def seal(path: Path) -> str:
    """Write ``SHA256SUMS`` over all files of a bundle folder; returns the identity."""
    names = sorted(p.name for p in path.iterdir() if p.is_file() and p.name != SUMS)
    lines = [f"{_digest(path / name)}  {name}\n" for name in names]
    (path / SUMS).write_text("".join(lines), encoding="ascii", newline="\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _check_sums(path: Path) -> str:
    sums = path / SUMS
    missing = [name for name in (*REQUIRED, SUMS) if not (path / name).is_file()]
    if missing:
        raise BundleError(
            f"Bundle {path} lacks {', '.join(missing)}; copy the whole folder that training wrote."
        )
    lines = sums.read_text(encoding="ascii", errors="replace").splitlines()
    listed = [line.split("  ", 1) for line in lines if "  " in line]
    if not set(REQUIRED) <= {name for _, name in listed}:
        raise BundleError(f"Bundle {path}: {SUMS} does not list all files; copy the folder again.")
    for digest, name in listed:
        _check_file(path, name, digest)
    return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()


def _check_file(folder: Path, name: str, digest: str) -> None:
    file = folder / name
    if Path(name).name != name or file.is_symlink():
        raise BundleError(
            f"Bundle {folder}: {name!r} leads out of the folder; only use bundles whose files "
            "lie in the folder itself."
        )
    if not file.is_file():
        raise BundleError(f"Bundle {folder} lacks {name}; copy the whole folder again.")
    found = _digest(file)
    if found != digest:
        raise BundleError(
            f"Bundle {folder}: {name} has SHA-256 {found[:12]}…, but {digest[:12]}… was sealed in "
            "it, so the file was changed or damaged; copy the bundle again or train it again."
        )


def _check_contained(folder: Path) -> None:
    """Refuse ONNX whose weights lie in other files: then the sums would not cover them."""
    # In a tensor with external data stands the entry "location": its length, then the word.
    if b"\x08location" in (folder / ONNX).read_bytes():
        raise BundleError(
            f"Bundle {folder}: {ONNX} keeps weights in another file; only use bundles whose "
            f"{ONNX} holds all of its weights, as `deepz-live train` writes them."
        )


def _digest(path: Path) -> str:
    # Not hashlib.file_digest: text files must give the same digest on every platform, so they
    # are written with "\n" and .gitattributes keeps them so.
    return hashlib.sha256(path.read_bytes()).hexdigest()
