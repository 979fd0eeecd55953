"""Where quantizers start to clip: measured, shared, and never broken by a dead layer."""

import torch

from hwcodesign.nets.blocks import set_quantized
from hwcodesign.nets.build import quantized_module
from hwcodesign.nets.network import INPUT, Concat, Conv, GlobalAvgPool, Network, Quantization
from hwcodesign.training.activation_range import _best_clip, _some, set_ranges

NETWORK = Network("two", (4, 4, 1), 2, (
    Conv("left", INPUT, 2, quantizer="shared"), Conv("right", INPUT, 2, quantizer="shared"),
    Concat("concat", ("left", "right")), Conv("last", "concat", 2, quantizer="last.quantizer"),
    GlobalAvgPool("pool", "last"),
))  # fmt: skip


def test_a_clip_of_least_error():
    spread = torch.linspace(0, 15, 1000)
    assert 14 <= _best_clip(spread, 15) <= 15
    outlier = torch.cat([torch.linspace(0, 1, 100_000), torch.tensor([100.0])])
    assert _best_clip(outlier, 15) < 10  # a single value does not cost all others their resolution
    assert _best_clip(torch.zeros(5), 15) == 1.0


def test_shared_quantizers_see_all_their_layers():
    model = quantized_module(NETWORK, Quantization())
    set_quantized(model, False)
    with torch.no_grad():
        for name, gain in (("left", 1.0), ("right", 8.0)):
            model.get_submodule(name).weight.fill_(gain)
    pixels = 255 * torch.rand(16, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    set_ranges(model, [pixels])
    clip = 15 * float(model.get_submodule("shared").act_quant.scale())
    assert 6 < clip <= 8  # set by the larger of the two


def test_every_channel_of_a_large_map_is_seen():
    """2**20 elements and more are thinned out: by a step that would meet one channel only if it were the nearest."""
    for channels in (32, 48, 96):
        largest = torch.arange(1.0, channels + 1).reshape(1, channels, 1, 1)
        values = largest.expand(128, channels, 32, 32).contiguous(memory_format=torch.channels_last)
        assert values.numel() >= 1 << 20
        seen, counts = _some(values).unique(return_counts=True)
        assert seen.tolist() == largest.flatten().tolist()
        assert counts.max() <= counts.min() + 2
