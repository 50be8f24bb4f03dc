"""Both networks keep what the paper and the design say about them."""

from __future__ import annotations

import pytest
import torch

from deepz_live.model.generator import DOWN_CHANNELS, Generator
from deepz_live.model.planes import PlanesNet, compress, expand

Z = tuple(float(z) for z in range(-4, 5))


def test_generator_at_width_one_has_the_papers_channels_and_size() -> None:
    network = Generator(1.0)
    for block, (inner, outer) in zip(network.body.down, DOWN_CHANNELS, strict=True):
        assert (block.first.out_channels, block.second.out_channels) == (inner, outer)
    count = sum(p.numel() for p in network.parameters())
    assert count == pytest.approx(17.4e6, rel=0.01)
    assert all(torch.all(m.bias == 0.1) for m in network.modules() if hasattr(m, "bias"))


def test_generator_maps_image_and_dpm_to_one_image() -> None:
    network = Generator(0.1).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 2, 32, 48)).shape == (2, 1, 32, 48)


def test_planes_model_gives_every_plane_in_one_pass() -> None:
    network = PlanesNet(Z, 0.1).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 32, 48)).shape == (2, len(Z), 32, 48)


def test_before_training_the_planes_model_hands_the_input_plane_through() -> None:
    torch.manual_seed(0)
    network = PlanesNet(Z, 0.5).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        planes = network(image)
    here, far = planes[0, len(Z) // 2], planes[0, 0]
    correlation = torch.corrcoef(torch.stack([here.ravel(), image.ravel()]))[0, 1]
    assert correlation > 0.9
    assert far.abs().mean() < 0.5 * here.abs().mean()


def test_compression_is_undone() -> None:
    values = torch.linspace(-0.1, 3.0, 50)
    torch.testing.assert_close(expand(compress(values)), values, rtol=1e-4, atol=1e-5)
    assert float(compress(torch.tensor(1.0))) == pytest.approx(1.0)


def test_what_lies_beyond_the_margin_does_not_matter() -> None:
    from deepz_live.train.run import receptive_margin

    for name, network in (("planes", PlanesNet(Z, 0.1)), ("generator", Generator(0.05))):
        margin = receptive_margin(network.multiple, name)
        channels = 1 if name == "planes" else 2
        wide = torch.rand(1, channels, 2 * margin + 5 * network.multiple, network.multiple)
        wide.requires_grad_(True)
        start = margin + 2 * network.multiple
        network.eval()(wide)[0, 0, start : start + network.multiple].sum().backward()
        rows = wide.grad[0].abs().sum((0, 2)).nonzero()
        assert int(rows.min()) >= start - margin
        assert int(rows.max()) < start + network.multiple + margin
