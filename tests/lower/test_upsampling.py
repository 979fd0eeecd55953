"""Upsampling by the nearest neighbour is what the file means, in front of a quantizer or behind it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from hwcodesign.lower import lower
from tests.lower.equality import require_as_verified
from tests.lower.small import average, conv, export, norm, relu

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "behind a quantizer": lambda: nn.Sequential(
        conv(2, stride=2), relu(), nn.Upsample(scale_factor=2), conv(padding=1), relu(), *average()
    ),
    "before a quantizer, whose thresholds go in front of it": lambda: nn.Sequential(
        conv(2, stride=2), norm(4, falling=True), nn.Upsample(scale_factor=(1, 3)), relu(), conv(), relu(), *average()
    ),
    "to a size": lambda: nn.Sequential(conv(2, stride=3), relu(), nn.Upsample(size=(4, 6)), conv(), relu(), *average()),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "to a size" else []) for name in NETWORKS]
)
def test_what_the_file_means(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(NETWORKS[name], path)
    graph = lower(path, tmp_path, input_scale=1.0).dataflow
    assert len(np.unique(require_as_verified(path, graph), axis=0)) > 10
    assert [layer.kind for layer in graph.layers].count("upsample") == 1
    assert "thresholding" not in {layer.kind for layer in graph.layers}
