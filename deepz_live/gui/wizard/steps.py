"""The seven pages by number and name."""

from __future__ import annotations

from enum import IntEnum


class Step(IntEnum):
    """Ids of the pages, in their order."""

    MICROSCOPE = 0
    SAMPLE = 1
    FIELDS = 2
    STACK = 3
    ACQUIRE = 4
    CHECK = 5
    TRAIN = 6


NAMES = {
    Step.MICROSCOPE: "Microscope",
    Step.SAMPLE: "Sample and channels",
    Step.FIELDS: "Fields",
    Step.STACK: "Stack",
    Step.ACQUIRE: "Acquire",
    Step.CHECK: "Check",
    Step.TRAIN: "Train",
}
