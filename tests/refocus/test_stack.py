"""Planes made counts of one by one are those of the whole volume, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.normalization import Normalization
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut
from deepz_live.refocus.drift import DriftEstimator
from deepz_live.refocus.stack import ArrayStack, as_stack
from deepz_live.refocus.view import Shift, ViewRequest, digest, make_view

Z_UM = tuple(np.arange(-5.0, 5.1, 1.0).tolist())
INVERSE = Normalization(background_counts=161.3, scale_counts=15163.4)


@pytest.fixture
def planes():
    return np.random.default_rng(0).normal(0.1, 0.3, (len(Z_UM), 33, 50)).astype(np.float32)


@pytest.fixture
def stack(planes):
    return ArrayStack(planes, Z_UM, INVERSE)


def test_counts_are_those_of_the_normalisation(stack, planes):
    np.testing.assert_array_equal(stack.counts(), INVERSE.inverse(planes))


def test_what_is_looked_at_is_that_part_of_the_counts(stack):
    counts = stack.counts()
    np.testing.assert_array_equal(stack.planes([-5.0, 0.0, 5.0]), counts[[0, 5, 10]])
    np.testing.assert_array_equal(stack.projection("max"), counts.max(axis=0))
    np.testing.assert_allclose(stack.projection("mean"), counts.mean(axis=0), atol=0.01)
    np.testing.assert_array_equal(stack.brightest()[0], counts.max(axis=0))
    np.testing.assert_array_equal(stack.brightest()[1], np.take(Z_UM, counts.argmax(axis=0)))
    np.testing.assert_array_equal(stack.section("xz", 7), counts[:, 7])
    np.testing.assert_array_equal(stack.section("yz", 9), counts[:, :, 9].T)
    rows, columns = slice(2, 6), slice(1, 9)
    np.testing.assert_array_equal(stack.window(rows, columns), counts[:, rows, columns])
    np.testing.assert_array_equal(stack.sampled(4), counts[:, ::4, ::4])
    np.testing.assert_array_equal(stack.surface(np.full((33, 50), 2.0)), counts[7])


def test_digest_of_a_stack_is_that_of_its_volume(stack):
    assert digest(stack) == digest(stack.counts())


def test_looking_leaves_the_stack_as_it_is(stack, planes):
    before = planes.copy()
    request = ViewRequest((PlaneCut(-1.0), PlaneCut(0.5), ProjectionCut("depth")))
    make_view(stack, Z_UM, 0.325, request, Shift(0.5, 1.5, -2.0))
    stack.counts()[...] = 0
    stack.planes([0.0])[...] = 0
    np.testing.assert_array_equal(planes, before)


def test_view_of_a_stack_is_the_view_of_its_volume(stack):
    request = ViewRequest((PlaneCut(-1.0), PlaneCut(0.5), ProjectionCut("max")))
    shift = Shift(0.25, 1.5, -2.0)
    lazy = make_view(stack, Z_UM, 0.325, request, shift)
    whole = make_view(stack.counts(), Z_UM, 0.325, request, shift)
    for ours, wanted in zip(lazy.images, whole.images, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1)


def test_drift_does_not_depend_on_the_unit():
    rng = np.random.default_rng(1)
    spots = rng.random((len(Z_UM), 64, 64)).astype(np.float32) ** 20
    moved = np.roll(spots, (2, 3), axis=(1, 2))
    samples = []
    for inverse in (None, INVERSE):
        drift = DriftEstimator(Z_UM, 0.65)
        drift.set_reference(ArrayStack(spots, Z_UM, inverse))
        samples.append(drift.measure(ArrayStack(moved, Z_UM, inverse)))
        counts = ArrayStack(moved, Z_UM, inverse).counts()
        assert as_stack(counts, Z_UM).shape == moved.shape
    assert samples[0] == samples[1]
    assert samples[0].dy_um == pytest.approx(1.3, abs=0.1)
