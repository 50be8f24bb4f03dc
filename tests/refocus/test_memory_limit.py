"""A real limit on memory, in a process of its own: right planes or a sentence, then right again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CHILD = """
import json
import resource
import sys
from pathlib import Path

import numpy as np

from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import RefocusError, open_engine

PROVIDER = sys.argv[1] if len(sys.argv) > 1 else None
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def address_space_mb():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() / 2**20


engine = open_engine(load_bundle(Path("beads_20x075")), provider=PROVIDER)
pixels = np.random.default_rng(0).integers(100, 4000, (640, 640)).astype(np.uint16)
wanted = engine.volume(pixels)
engine.close()
answers = []
for spare_mb in (8000, 130, 20):
    engine = open_engine(load_bundle(Path("beads_20x075")), provider=PROVIDER)
    limit = int((address_space_mb() + spare_mb) * 2**20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        told, found = "", engine.volume(pixels)
    except RefocusError as error:
        told, found = str(error), None
    resource.setrlimit(resource.RLIMIT_AS, UNLIMITED)
    if found is None:
        found = engine.volume(pixels)
    away = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    answers.append((told, float(away)))
    engine.close()
print(json.dumps(answers))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits memory so")
@pytest.mark.parametrize(("provider", "tolerance"), [((), 1e-2), (("CPU",), 1e-3)])
def test_under_a_real_limit_planes_are_right_or_the_sentence_says_what_to_do(provider, tolerance):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *provider], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    for told, away in answers:
        assert away < tolerance
        assert not told or told.endswith("choose a smaller region of the camera.")
    assert not answers[0][0]
    assert "too little memory to refocus 640 × 640 px" in answers[-1][0]
