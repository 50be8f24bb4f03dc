"""The readable part of a bundle: ``rdf.yaml`` (BioImage.IO) and a README with the quality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from deepz_live.model.bundle import DESCRIPTION, ONNX, BundleFacts, seal

QUALITY_COLUMNS = ("corr", "corr_detail", "rmse", "ssim")


def finish_bundle(folder: Path, facts: BundleFacts) -> str:
    """(Re)write description, README and checksums of a bundle folder; returns its identity."""
    (folder / "README.md").write_text(readme(facts), encoding="utf-8", newline="\n")
    write_description(folder, facts)
    return seal(folder)


def write_description(folder: Path, facts: BundleFacts) -> None:
    """Write ``rdf.yaml`` in BioImage.IO model format 0.5, our facts under ``config``."""
    test_input = np.load(folder / "test_input.npy")
    test_output = np.load(folder / "test_output.npy")
    document = {
        "format_version": "0.5.4",
        "type": "model",
        "name": f"Deep-Z {facts.network} model {facts.channel}",
        "description": "Refocuses one wide-field fluorescence image onto other planes.",
        "documentation": "README.md",
        "license": "GPL-3.0-or-later",
        "authors": [{"name": "deepz-live"}],
        "cite": [
            {
                "text": "Wu et al., Three-dimensional virtual refocusing of fluorescence "
                "microscopy images using deep learning, Nature Methods 2019",
                "doi": "10.1038/s41592-019-0622-5",
            }
        ],
        "tags": ["fluorescence-light-microscopy", "refocusing", "deep-z"],
        "inputs": [_tensor("image", test_input.shape, facts, "test_input.npy")],
        "outputs": [_tensor("planes", test_output.shape, facts, "test_output.npy")],
        "weights": {"onnx": {"source": ONNX, "opset_version": 18}},
        "config": {"deepz_live": facts.model_dump(mode="json")},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (folder / DESCRIPTION).write_text(text, encoding="utf-8", newline="\n")


def readme(facts: BundleFacts) -> str:
    """What this network is for and how good it is, for people."""
    low, high = facts.z_range_um
    lines = [
        f"# Refocusing bundle: {facts.network}, channel {facts.channel}",
        "",
        f"Refocuses {low:+g} … {high:+g} µm in {len(facts.z_planes_um)} planes; trained at "
        f"{facts.pixel_size_um:g} µm pixels, NA {facts.optics.na:g}, {facts.exposure_ms:g} ms.",
        "Refocused pixels are inferred, not measured.",
        "",
    ]
    if facts.training:
        lines += ["## How it was trained", ""]
        lines += [
            f"- {key.replace('_', ' ')}: {_in_words(value)}"
            for key, value in facts.training.items()
            if value is not None
        ]
        lines.append("")
    if facts.quality:
        lines += _quality_table(facts)
    if facts.evidence:
        lines += _evidence(facts.evidence)
    return "\n".join(lines)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    if isinstance(value, list) and len(value) > 4:
        return f"{len(value)}, from {value[0]} to {value[-1]}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _quality_table(facts: BundleFacts) -> list[str]:
    others = {"input": [row.baseline for row in facts.quality]}
    for name, key in (
        ("mean", "mean"),
        ("same depth", "same_depth"),
        ("PSF", "deconvolved"),
    ):
        known = [scores for row in facts.quality if (scores := getattr(row, key)) is not None]
        if len(known) == len(facts.quality):
            others[name] = known
    titles = [f"{c} | " + " | ".join(others) for c in QUALITY_COLUMNS]
    rows = [
        "## Measured quality",
        "",
        "Against the mechanical scan, on images that were not trained on; beside each score, the "
        "same for answers without a network: the input as it is"
        + (", the mean of the scan's planes" if "mean" in others else "")
        + (", the frames' own modality at that depth" if "same depth" in others else "")
        + (", the best that the known point spread function makes of the frame" if "PSF" in others
           else "") + ".",
        "",
        "| dz (µm) | n | " + " | ".join(titles) + " |",
        "|" + " --- |" * (2 + len(QUALITY_COLUMNS) * (1 + len(others))),
    ]  # fmt: skip
    for index, row in enumerate(facts.quality):
        cells = [f"{row.dz_um:+g}", str(row.n)]
        for column in QUALITY_COLUMNS:
            digits = 4 if column == "rmse" else 3
            values = [getattr(row, column), *(scores[index][column] for scores in others.values())]
            cells += [f"{value:.{digits}f}" for value in values]
        rows.append("| " + " | ".join(cells) + " |")
    return [*rows, ""]


def _evidence(evidence: dict[str, Any]) -> list[str]:
    """The numbers that the last report kept, one line each."""
    lines = ["## From the last report", ""]
    for key, value in evidence.items():
        lines += _lines(key.replace("_", " "), value)
    return [*lines, ""]


def _lines(name: str, value: object) -> list[str]:
    if not isinstance(value, dict):
        return [f"- {name}: {_short(value)}"]
    found = []
    for key, item in value.items():
        words = f"{name}, {str(key).replace('_', ' ')}"
        found += _lines(words, item) if isinstance(item, dict) else [f"- {words}: {_short(item)}"]
    return found


def _short(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return "; ".join(" ".join(str(v) for v in item.values()) for item in value) or "none"
        return ", ".join(str(item) for item in value) or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _tensor(name: str, shape: tuple[int, ...], facts: BundleFacts, file: str) -> dict[str, object]:
    channels = shape[1]
    kind = "image" if name == "image" else "plane"
    axes: list[dict[str, object]] = [
        {"type": "batch"},
        {"type": "channel", "channel_names": [f"{kind}{i}" for i in range(channels)]},
    ]
    for axis, length in zip("yx", shape[2:], strict=True):
        size: object = {"min": length, "step": facts.multiple}
        if name == "planes":
            size = {"tensor_id": "image", "axis_id": axis}
        axes.append(
            {
                "type": "space",
                "id": axis,
                "size": size,
                "unit": "micrometer",
                "scale": facts.pixel_size_um,
            }
        )
    return {"id": name, "axes": axes, "test_tensor": {"source": file},
            "data": {"type": "float32"}}  # fmt: skip
