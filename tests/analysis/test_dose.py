"""Light for planes seen, against arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.dose import light_lost, scan_dose, virtual_dose


def test_one_exposure_shows_all_planes_and_a_scan_needs_one_for_each():
    seen = virtual_dose(100, 41, 20.0, 10.0, irradiance_mw_cm2=50.0)
    scan = scan_dose(100, 41, 20.0, move_ms=5.0, irradiance_mw_cm2=50.0)
    assert (seen.exposures, scan.exposures) == (100, 4100)
    assert seen.exposure_s == pytest.approx(2.0)
    assert scan.exposure_s == pytest.approx(82.0)
    assert scan.per_plane_s == pytest.approx(0.020)
    assert scan.per_plane_s / seen.per_plane_s == pytest.approx(41)
    assert seen.energy_j_cm2 == pytest.approx(0.1)
    assert scan.per_plane_j_cm2 == pytest.approx(0.001)
    assert scan.volumes_per_s == pytest.approx(1000 / (41 * 25))
    assert virtual_dose(3, 41, 20.0, 10.0).energy_j_cm2 is None


def test_bleaching_is_read_from_how_the_light_falls():
    exposure = np.full(50, 20.0)
    signal = 100 + 900 * np.exp(-np.arange(50) * 0.020 / 3.0)
    assert light_lost(signal, exposure, 100.0) == pytest.approx(1 - np.exp(-1 / 3))
    assert light_lost(signal[:2], exposure[:2], 100.0) is None
    assert light_lost(np.full(5, 90.0), exposure[:5], 100.0) is None
