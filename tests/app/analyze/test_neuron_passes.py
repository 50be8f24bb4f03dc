"""The two passes over a recording: a moving scene of known motion and brightness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from deepz_live.analysis.neurons import STILL, Masks, laid_back
from deepz_live.app.analyze.neuron_passes import first_pass, second_pass
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.rounds import rounds_of
from deepz_live.session.reader import read_session
from deepz_live.stream.frame import Frame, StreamInfo

SHAPE = (160, 192)
SHIFTS = np.array([(0, 0), (2, -3), (4, 1), (-3, 5), (1, 6), (5, -2)])
"""(y, x) pixels to which the scene has moved in each round."""
LOST = 3
GAINS = np.array([1.0, 1.4, 0.7, 1.1, 0.5, 1.3])
OFFSET = 100.0


def scene() -> np.ndarray:
    """Light ``(Y, X)`` of blobs in a dark field, with a margin of 20 pixels."""
    rng = np.random.default_rng(5)
    size = tuple(n + 40 for n in SHAPE)
    image = np.zeros(size)
    image[tuple(rng.integers(50, n - 50, 200) for n in size)] = rng.uniform(5e3, 4e4, 200)
    return ndimage.gaussian_filter(image, 2.2) + ndimage.gaussian_filter(image, 6) / 3


def moved(whole: np.ndarray, shift: np.ndarray) -> np.ndarray:
    y, x = 20 - shift
    return whole[y : y + SHAPE[0], x : x + SHAPE[1]]


class Doubled:
    """A stack of a frame and of twice the frame; remembers of which frames it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, np.ndarray]] = []

    def stack(self, place, pixels, matrix):
        self.asked.append((place, matrix))
        return np.stack([pixels, 2 * pixels])


@pytest.fixture
def session(tmp_path: Path):
    """Structure and activity in turn; the activity's light goes up and down as a whole."""
    rng, whole = np.random.default_rng(0), scene()
    info = StreamInfo(SHAPE, "uint16", 0.325, 10.0, "A", 20.0, "test", ("A", "B"))
    with offline_recording(tmp_path / "s", info, settings={}) as recording:
        for number, shift in enumerate(SHIFTS):
            light = moved(whole, shift)
            pictures = [light if number != LOST else np.full(SHAPE, 50.0), GAINS[number] * light]
            for turn, picture in enumerate(pictures):
                index = 2 * number + turn
                pixels = rng.poisson(OFFSET + picture).astype(np.uint16)
                recording.add(Frame(pixels, index, 3 + 0.2 * index, 0.0, 20.0, "AB"[turn]))
    return read_session(tmp_path / "s")


def test_frames_are_laid_on_the_first_and_a_lost_one_on_the_one_before(session):
    stacks = Doubled()
    seen = first_pass(session, rounds_of(session), stacks, 128, lambda _: None)
    assert seen.found == [number != LOST for number in range(6)]
    np.testing.assert_array_equal(seen.matrices[0], STILL)
    np.testing.assert_array_equal(seen.matrices[LOST], seen.matrices[LOST - 1])
    for number in (1, 2, 4, 5):
        middle = seen.matrices[number] @ [96, 80, 1]
        np.testing.assert_allclose(
            middle[:2] / middle[2], [96 + SHIFTS[number][1], 80 + SHIFTS[number][0]], atol=0.2
        )
    assert [place for place, _ in stacks.asked] == [0, 2, 4, 6, 8, 10]
    inside = np.s_[12:-12, 12:-12]
    light = moved(scene(), SHIFTS[0])[inside] + OFFSET
    assert np.abs(seen.flat[0][inside] / light - 1).mean() < 0.04
    np.testing.assert_allclose(seen.volume[1], 2 * seen.flat[0], rtol=0.02, atol=4)


def test_a_long_recording_asks_for_a_few_stacks_but_follows_every_frame(session):
    stacks = Doubled()
    seen = first_pass(session, rounds_of(session), stacks, 3, lambda _: None)
    assert len(stacks.asked) == 3
    assert len(seen.matrices) == 6


def test_each_neuron_is_read_where_it_moved_to(session):
    rounds, stacks = rounds_of(session), Doubled()
    seen = first_pass(session, rounds, stacks, 128, lambda _: None)
    labels = np.zeros((2, *SHAPE), np.int32)
    spots = [(40, 50), (90, 120)]
    for number, (y, x) in enumerate(spots, start=1):
        labels[0, y - 3 : y + 4, x - 3 : x + 4] = number
    labels[1, 100:110, 30:40] = 3
    masks = Masks(labels, np.zeros((3, 3)))
    flat = Masks(labels[:1], np.zeros((2, 3)))
    told = []
    read = second_pass(session, rounds, stacks, seen, masks, flat, told.append)
    np.testing.assert_allclose(read.times_s, 0.4 * np.arange(6))
    assert read.background == pytest.approx(OFFSET, abs=15)  # blobs end slowly
    kept = [number for number in range(6) if number != LOST]
    light = moved(scene(), SHIFTS[0])
    for row, (y, x) in enumerate(spots):
        own = light[y - 3 : y + 4, x - 3 : x + 4].mean()
        wanted = OFFSET + GAINS[kept] * own
        np.testing.assert_allclose(read.flat[row, kept], wanted, rtol=0.03)
    np.testing.assert_allclose(read.volume[:2], read.flat, rtol=1e-5)
    third = light[100:110, 30:40].mean()
    np.testing.assert_allclose(read.volume[2, kept], 2 * (OFFSET + GAINS[kept] * third), rtol=0.03)
    assert told[-1] == "B: what they do, frame 6 of 6"


def test_a_stack_is_made_of_the_frame_as_it_lies_on_the_first(session):
    rounds, stacks = rounds_of(session), Doubled()
    seen = first_pass(session, rounds, stacks, 128, lambda _: None)
    masks = Masks(np.ones((2, *SHAPE), np.int32), np.zeros((1, 3)))
    stacks.asked.clear()
    second_pass(session, rounds, stacks, seen, masks, Masks(masks.labels[:1], masks.centres),
                lambda _: None)  # fmt: skip
    assert [place for place, _ in stacks.asked] == [1, 3, 5, 7, 9, 11]
    for number, (place, matrix) in enumerate(stacks.asked):
        np.testing.assert_array_equal(matrix, seen.matrices[number])
        assert laid_back(session.frame(place).pixels, matrix).shape == SHAPE
