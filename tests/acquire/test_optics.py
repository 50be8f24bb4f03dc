from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated import optics
from deepz_live.acquire.simulated.optics import psf_table
from deepz_live.config import Optics

CENTRE = (95.0, 95.0)


def image(height_um: float) -> np.ndarray:
    return psf_table(Optics()).image(height_um, (191, 191), CENTRE, 0.325)


def test_peak_in_focus_is_one() -> None:
    assert image(0.0).max() == pytest.approx(1.0, abs=1e-3)
    assert np.unravel_index(image(0.0).argmax(), (191, 191)) == (95, 95)


@pytest.mark.parametrize("height", [2.0, 4.0, 8.0])
def test_defocus_above_and_below_look_different(height: float) -> None:
    above, below = image(height), image(-height)
    difference = np.abs(above - below).sum() / (above + below).sum()
    assert difference > 0.25


@pytest.mark.parametrize("height", [-10.0, -4.0, 1.3, 6.0, 10.0])
def test_defocus_conserves_light(height: float) -> None:
    assert image(height).sum() == pytest.approx(image(0.0).sum(), rel=0.02)


def test_a_bead_moves_by_fractions_of_a_pixel() -> None:
    table = psf_table(Optics())
    spot = table.image(0.0, (41, 41), (20.3, 19.6), 0.325)
    rows, columns = np.mgrid[:41, :41]
    near = spot * (np.hypot(rows - 20.3, columns - 19.6) < 6)
    assert (near * rows).sum() / near.sum() == pytest.approx(20.3, abs=0.03)
    assert (near * columns).sum() / near.sum() == pytest.approx(19.6, abs=0.03)


def test_between_two_heights_the_table_is_linear() -> None:
    table = psf_table(Optics())
    low, high = table.at(4.0)[0], table.at(4.25)[0]
    np.testing.assert_allclose(table.at(4.0625)[0], 0.75 * low + 0.25 * high, atol=1e-6)


def test_damaged_or_unwritable_cache_is_computed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = np.ones((257, 1500), np.float32)
    calls: list[int] = []

    def compute(*_: object) -> np.ndarray:
        calls.append(1)
        return profiles

    file = tmp_path / "blocked" / "psf.npz"
    monkeypatch.setattr(optics, "_compute", compute)
    monkeypatch.setattr(optics, "_cache_file", lambda _: file)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    psf_table.__wrapped__(Optics())
    (tmp_path / "blocked").unlink()
    (tmp_path / "blocked").mkdir()
    file.write_bytes(b"PK not a zip")
    psf_table.__wrapped__(Optics())
    psf_table.__wrapped__(Optics())
    assert len(calls) == 2
    assert [path.name for path in file.parent.iterdir()] == ["psf.npz"]


def test_aperture_beyond_the_immersion_is_refused() -> None:
    with pytest.raises(MicroscopeError, match=r"na = 1\.4 .*immersion_index"):
        psf_table(Optics(na=1.4))
