"""What is to be trained, as plain data that crosses to another process; needs no torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from deepz_live.config import Optics
from deepz_live.model.bundle import Bundle
from deepz_live.train.prepared import Box, Order
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

    def fingerprint(self, content: Order) -> str:
        """Same for a run that may be resumed: data, settings and network agree.

        ``content`` tells what is in the stacks. Where they lie and how they are called does not
        matter: a folder may have moved.
        """
        preset = self.preset.model_copy(update={"minutes": None, "steps": None})
        bundles = tuple(b.sha256 if b else None for b in (self.init, self.teacher, *self.starts))
        stacks, targets = (
            tuple(source.sha256 for source in sources)
            for sources in (content.sources, content.targets)
        )
        facts = (stacks, targets, content.through_mask, preset, self.network, self.box, bundles)
        return hashlib.sha256(repr(facts).encode()).hexdigest()
