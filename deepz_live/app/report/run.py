"""The whole report: measure, write the page, keep a summary in the bundle."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

from deepz_live.app.paths import check_out
from deepz_live.app.quality import record_quality
from deepz_live.app.report.answers import known_psf
from deepz_live.app.report.beads import beads
from deepz_live.app.report.context import Context
from deepz_live.app.report.distances import distances
from deepz_live.app.report.outside import outside
from deepz_live.app.report.page import page
from deepz_live.app.report.pairs import Box
from deepz_live.app.report.pictures import pictures
from deepz_live.app.report.section import Section
from deepz_live.app.report.sinusoid import sinusoid
from deepz_live.model.bundle import Bundle, BundleError
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.train.targets import partners

PAGE, FACTS = "report.html", "report.json"


@dataclass(frozen=True)
class Report:
    """Where the page is, all that was measured, and the bundle as it is now."""

    page: Path
    facts: dict[str, Any]
    bundle: Bundle


def write_report(
    bundle: Bundle,
    stacks: Sequence[Path],
    out: Path,
    *,
    box: Box | None = None,
    targets: Sequence[Path] = (),
    series: bool = False,
    record: bool = True,
    note: Callable[[str], None] = lambda _: None,
    engine: Engine | None = None,
) -> Report:
    """Measure ``bundle`` on ``stacks`` and write ``report.html`` and ``report.json`` into ``out``.

    Parameters
    ----------
    stacks
        Mechanical z-stacks that the model was not trained on.
    box
        Part of every field.
    targets
        For a model whose planes are of another modality: that modality's stacks, one for each of
        ``stacks``, of the same file name or in the same order.
    series
        Also capture series on the built-in microscope (minutes).
    record
        Keep a summary in the bundle's facts. Its weights stay as they are, its identity changes.

    Raises
    ------
    RefocusError, StackError
        A stack that does not fit the model or cannot be read, or a model whose planes are of
        another modality without ``targets``; nothing is written then.
    FolderError
        ``out`` cannot be written into.
    BundleError
        The summary does not go into the bundle.
    """
    check_out(out)
    started = perf_counter()
    own = engine is None
    running = engine or open_engine(bundle)
    pairing = dict(zip(stacks, partners(stacks, targets), strict=True)) if targets else {}
    context = Context(running, stacks, box, note, targets=pairing)
    try:
        sections, measured = _measured(context, bundle, series)
    finally:
        if own:
            running.close()
    facts: dict[str, Any] = {
        "bundle": bundle.name,
        "weights_sha256": hashlib.sha256(bundle.onnx_path.read_bytes()).hexdigest(),
        "version": metadata.version("deepz-live"),
        "provider": measured["provider"],
        "stacks": measured["stacks"],
        "seconds": perf_counter() - started,
        "sections": {section.key: section.facts for section in sections},
    }
    out.mkdir(parents=True, exist_ok=True)
    _write(out / PAGE, page(bundle, sections, facts))
    _write(out / FACTS, json.dumps(_plain(facts), ensure_ascii=False, indent=1) + "\n")
    if record:
        note(f"Keeping the summary in {bundle.path}")
        bundle = _keep(bundle, measured, _summary(facts, sections))
    return Report(out / PAGE, facts, bundle)


def _measured(
    context: Context, bundle: Bundle, series: bool
) -> tuple[list[Section], dict[str, Any]]:
    for path in context.stacks:
        context.field(path)  # a stack that does not fit is refused before minutes are spent
    if context.targets:
        first, measured = distances(context)
        return [first, pictures(context), outside(context)], measured
    psf = known_psf(bundle.facts.optics, bundle.facts.pixel_size_um)
    context = replace(context, psf=psf)
    first, measured = distances(context)
    sections = [first, pictures(context), beads(context), outside(context), sinusoid(context)]
    if series:
        from deepz_live.app.report.series import all_series

        sections += all_series(context)
    return sections, measured


def _summary(facts: dict[str, Any], sections: Sequence[Section]) -> dict[str, Any]:
    kept = {section.key: section.summary for section in sections if section.summary}
    about = {key: facts[key] for key in ("version", "provider", "stacks")}
    plain: dict[str, Any] = _plain({**about, **kept})
    return plain


def _keep(bundle: Bundle, measured: dict[str, Any], summary: dict[str, Any]) -> Bundle:
    try:
        recorded = record_quality(bundle, measured, summary)
    except OSError as error:
        raise BundleError(
            f"The summary could not be written into {bundle.path} ({error.strerror}); the report "
            "itself is complete: make the folder writable, or leave the bundle alone with "
            "--no-record."
        ) from error
    return recorded


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _plain(value: Any) -> Any:
    """As JSON knows it: numbers of Python, NaN and infinity as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
