"""What is to be trained, as plain data that crosses to another process; needs no torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from deepz_live.config import Optics
from deepz_live.model.bundle import Bundle
from deepz_live.train.prepared import Box
from deepz_live.train.preset import NetworkName, Preset


@dataclass(frozen=True)
class TrainingOrder:
    """All that a training run needs.

    Attributes
    ----------
    init
        Bundle whose weights are started from.
    starts
        Bundles of which the one that knows the stacks best is started from; not beside ``init``.
    teacher
        Bundle of a generator whose planes a planes model learns beside the measured ones.
    targets
        Stacks of another modality to learn, one for each of ``stacks``.
    """

    stacks: tuple[Path, ...]
    out: Path
    preset: Preset
    network: NetworkName = "planes"
    optics: Optics = Optics()
    box: Box | None = None
    init: Bundle | None = None
    starts: tuple[Bundle, ...] = ()
    teacher: Bundle | None = None
    resume: bool = False
    targets: tuple[Path, ...] = ()

    @property
    def work(self) -> Path:
        """Folder for aligned stacks and checkpoints, beside the bundle."""
        return self.out.with_name(self.out.name + ".work")

    def fingerprint(self) -> str:
        """Same for a run that may be resumed: data, settings and network agree."""
        preset = self.preset.model_copy(update={"minutes": None, "steps": None})
        bundles = tuple(b.sha256 if b else None for b in (self.init, self.teacher, *self.starts))
        facts = (self.stacks, preset, self.network, self.box, bundles, self.targets)
        return hashlib.sha256(repr(facts).encode()).hexdigest()
