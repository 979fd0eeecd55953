"""What a quantization has found so far is there again, and a damaged file is as none."""

import pytest
import torch

from hwcodesign.nets.network import Quantization
from hwcodesign.quantize.found_layers import FILE, FoundLayers
from hwcodesign.quantize.layerwise import quantize
from tests.quantize import small


def test_it_goes_on_behind_the_last_layer(tmp_path):
    net, bits = small.network(fire_modules=1, pool_after=()), Quantization(4, 4)
    whole: list[str] = []

    def work(done, on_layer=lambda progress: None):
        return quantize(net, small.weights(net), small.images(8), net.weight_bits(bits), net.activation_bits(bits),
                        on_layer=on_layer, done=done)  # fmt: skip

    def keep(progress):
        kept.keep(progress.layer, progress.found)
        whole.append(progress.layer)
        if len(whole) == 3:
            raise KeyboardInterrupt

    kept = FoundLayers(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        work({}, keep)
    again = FoundLayers(tmp_path)
    assert list(again.layers) == whole
    resumed, straight = work(again.layers), work({})
    assert resumed.steps == straight.steps
    for name, layer in straight.layers.items():
        assert torch.equal(resumed.layers[name].integers, layer.integers) and resumed.layers[name].error == layer.error
    again.forget()
    assert not FoundLayers(tmp_path).layers
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 no more")
    assert not FoundLayers(tmp_path).layers
