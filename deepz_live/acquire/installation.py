"""What Micro-Manager installation pymmcore-plus finds on this machine."""

from __future__ import annotations

import re
from pathlib import Path

from pymmcore_plus import find_micromanager

TEST_ADAPTERS = "mm_test_adapters"
"""The package that brings the demo camera; it drives no hardware."""


def micromanager_folders() -> list[Path]:
    """The folders with device adapters, the one that is used first; empty where none is found."""
    return [Path(folder) for folder in find_micromanager(return_first=False) or []]


def is_demo_only(folder: Path) -> bool:
    """Whether ``folder`` holds the demo adapters alone."""
    return TEST_ADAPTERS in folder.parts


def adapter_names(folder: Path) -> list[str]:
    """Names of the device adapters in ``folder``, as a ``.cfg`` calls them."""
    pattern = re.compile(r"^(?:lib)?mmgr_dal_(.+?)(?:\.so(?:\.\d+)*|\.dylib|\.dll)?$")
    matches = (pattern.match(path.name) for path in folder.iterdir())
    return sorted({match.group(1) for match in matches if match})
