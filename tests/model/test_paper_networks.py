"""The paper's networks, block by block, against convolutions done by scipy."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import correlate

from deepz_live.model.discriminator import CHANNELS, SLOPE, Discriminator
from deepz_live.model.discriminator import Block as DiscriminatorBlock
from deepz_live.model.generator import UP_CHANNELS, DownBlock, Generator, UpBlock


def by_hand(image: np.ndarray, layer: torch.nn.Conv2d) -> np.ndarray:
    """A 3x3 convolution, borders replicated, of ``(C, Y, X)``."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.stack(
        [
            sum(correlate(x, k, mode="nearest") for x, k in zip(image, kernels, strict=True)) + b
            for kernels, b in zip(weight, bias, strict=True)
        ]
    )


def random_image(channels: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(channels, 9, 10)).astype(np.float32)


def run(block: torch.nn.Module, image: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return block(torch.from_numpy(image)[None])[0].numpy()


def test_a_down_block_adds_its_input_padded_with_channels_of_zeros() -> None:
    block, x = DownBlock(3, 4, 7), random_image(3)
    y = np.maximum(by_hand(np.maximum(by_hand(x, block.first), 0), block.second), 0)
    np.testing.assert_allclose(run(block, x)[:3], x + y[:3], atol=1e-5)
    np.testing.assert_allclose(run(block, x)[3:], y[3:], atol=1e-5)


def test_an_up_block_has_no_residual() -> None:
    block, x = UpBlock(6, 4, 3), random_image(6)
    y = np.maximum(by_hand(np.maximum(by_hand(x, block.first), 0), block.second), 0)
    np.testing.assert_allclose(run(block, x), y, atol=1e-5)


def test_a_discriminator_block_halves_the_image_in_its_second_convolution() -> None:
    block, x = DiscriminatorBlock(2, 3, 4), random_image(2)
    y = by_hand(x, block.first)
    y = by_hand(np.where(y > 0, y, SLOPE * y), block.second)[:, ::2, ::2]
    np.testing.assert_allclose(run(block, x), np.where(y > 0, y, SLOPE * y), atol=1e-5)


def test_the_up_path_has_the_papers_channels_and_takes_the_skipped_ones() -> None:
    network = Generator(1.0)
    for block, enlarge, (inner, outer) in zip(
        network.body.up, network.body.enlarge, reversed(UP_CHANNELS), strict=True
    ):
        assert (block.first.in_channels, block.first.out_channels) == (2 * outer, inner)
        assert block.second.out_channels == enlarge.out_channels == outer
        assert enlarge.stride == (2, 2)
    assert (network.head.in_channels, network.head.out_channels) == (48, 1)


def test_the_discriminator_at_width_one_has_the_papers_channels() -> None:
    with torch.device("meta"):
        network = Discriminator(1.0)
    found = [(b.first.out_channels, b.second.out_channels) for b in network.blocks]
    assert tuple(found) == CHANNELS
    assert all(b.first.stride == (1, 1) and b.second.stride == (2, 2) for b in network.blocks)
    assert all(b.first.padding_mode == "replicate" for b in network.blocks)
    assert (network.hidden.in_features, network.hidden.out_features) == (3072, 3072)
    assert (network.score.in_features, network.score.out_features) == (3072, 1)


def test_the_discriminator_scores_images_of_any_size_between_0_and_1() -> None:
    network = Discriminator(0.02)
    for side in (32, 80):
        scores = network(torch.rand(3, 1, side, side))
        assert scores.shape == (3,)
        assert ((scores > 0) & (scores < 1)).all()
    assert all((m.bias == 0.1).all() for m in network.modules() if hasattr(m, "bias"))
