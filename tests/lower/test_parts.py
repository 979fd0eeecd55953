"""Channels split off, shuffled and joined again are what the file means, and channels that become pixels.

Which part an operator takes.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwcodesign.lower import lower
from hwcodesign.lower.layout import LayoutError, moved
from hwcodesign.lower.parts import arranged, parts_of
from hwcodesign.lower.values import Affine
from tests.lower.equality import require_as_verified
from tests.lower.small import Does, average, conv, export, linear, norm, relu
from tests.lower.walking import node, problems, value, walk


def shuffle(x: Tensor, groups: int) -> Tensor:
    frames, channels, height, width = x.shape
    return x.view(frames, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


class ShuffleUnit(nn.Module):
    """Half of the channels through a layer, the other half around it, then both shuffled (ShuffleNet V2)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch, self.act = conv(2, 2, padding=1), relu()

    def forward(self, x: Tensor) -> Tensor:
        around, through = self.act(x).chunk(2, dim=1)
        return shuffle(torch.cat([around, self.act(self.branch(through))], dim=1), 2)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "shuffle unit, and a layer behind it": lambda: nn.Sequential(conv(2), ShuffleUnit(), conv(), relu(), *average()),
    "some channels to one layer, some to another": lambda: nn.Sequential(
        conv(2),
        relu(),
        Does(lambda x, a, b, q: q(a(x[:, 1:3])) + q(b(x[:, [3, 0]])), conv(2), conv(2), relu()),
        relu(),
        *average(),
    ),
    "a fully connected layer of a part": lambda: nn.Sequential(
        conv(2), relu(), Does(lambda x, a: a(x[:, :3, 1:4].flatten(1)), linear(3 * 3 * 6, 5))
    ),
    "pooled after a shuffle": lambda: nn.Sequential(
        conv(2), relu(), Does(lambda x: shuffle(x, 2)), nn.MaxPool2d(2), conv(), relu(), *average()
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_the_file_means(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(NETWORKS[name], path)
    graph = lower(path, tmp_path, input_scale=1.0).dataflow
    assert len(np.unique(require_as_verified(path, graph), axis=0)) > 10
    assert ("gather" in {layer.kind for layer in graph.layers}) == ("connected" not in name)


def in_words(x: Tensor, block: int) -> Tensor:
    """A pixel shuffle in ONNX's other order, as a file says it that has no operator for it."""
    frames, channels, height, width = x.shape
    parts = x.view(frames, block, block, channels // block**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(frames, channels // block**2, height * block, width * block)


def twice(x: Tensor, shuffle: nn.Module, quantizer: nn.Module) -> Tensor:
    return torch.cat([shuffle(x), quantizer(shuffle(x) + shuffle(x))], dim=1)


SHUFFLES: dict[str, Callable[[], nn.Module]] = {
    "in front of a quantizer, per channel before it": lambda: nn.Sequential(
        conv(2, 8, stride=2), norm(8), nn.PixelShuffle(2), relu(), conv(2, padding=1), relu(), *average()
    ),
    "in words, behind a quantizer, and at the end": lambda: nn.Sequential(
        conv(2, 18, stride=3), relu(), Does(lambda x: in_words(x, 3)), conv(2, 4), relu(), nn.PixelShuffle(2)
    ),
    "two that are joined, and the same twice": lambda: nn.Sequential(
        conv(2, 8, stride=2), relu(), Does(twice, nn.PixelShuffle(2), relu()), conv(), relu(), *average(),
    ),
    "a vector that becomes a map": lambda: nn.Sequential(
        nn.Flatten(), linear(128, 32), relu(), nn.Unflatten(1, (2, 4, 4)), conv(2), relu(), *average()
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if "two" in name else []) for name in SHUFFLES]
)
def test_channels_that_become_pixels(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(SHUFFLES[name], path)
    graph = lower(path, tmp_path, input_scale=1.0).dataflow
    assert len(np.unique(require_as_verified(path, graph), axis=0)) > 10
    kinds = [layer.kind for layer in graph.layers]
    assert kinds.count("depth_to_space") == 1 + ("the end" in name)
    assert ("gather" in kinds) == ("words" not in name)
    assert "thresholding" not in kinds or "twice" in name


def test_pixels_of_channels_with_scales_of_their_own_are_refused(tmp_path: Path) -> None:
    walked = walk(node("Conv"))
    scale = Affine(np.array([1.0, 1.0, 1.0, 2.0]), np.zeros(4))
    shuffled = replace(value((4, 2, 2), operation="act"), steps=(scale,))
    found = arranged(
        walked, node("Conv"), replace(shuffled, place=moved(node("DepthToSpace", blocksize=2), shuffled.place, []))
    )
    assert not found.known
    assert "it makes pixels of channels of act that have scales of their own" in problems(walked)


ELEMENTS = np.arange(24).reshape(1, 4, 3, 2)


def test_slices_by_inputs_and_by_attributes() -> None:
    several = node("Slice", ("x", "starts", "ends", "axes", "steps"))
    (found,) = parts_of(several, ELEMENTS, [np.array(numbers) for numbers in ([1, 2], [4, -9], [1, 2], [2, -1])])
    assert np.array_equal(found, ELEMENTS[:, 1:4:2, 2::-1])
    (found,) = parts_of(node("Slice", starts=[1, 0], ends=[3, 2], axes=[1, 3]), ELEMENTS, [])
    assert np.array_equal(found, ELEMENTS[:, 1:3, :, :2])


def test_splits_evenly_or_by_sizes() -> None:
    halves = parts_of(node("Split", ("x", "sizes"), axis=1), ELEMENTS, [np.array([1, 3])])
    assert [half.shape[1] for half in halves] == [1, 3] and np.array_equal(np.concatenate(halves, 1), ELEMENTS)


def test_a_part_of_the_batch_and_one_that_is_computed_are_refused() -> None:
    with pytest.raises(LayoutError, match="of the batch"):
        parts_of(node("Gather", ("x", "indices")), ELEMENTS, [np.array([0])])
    with pytest.raises(LayoutError, match="at run time"):
        parts_of(node("Gather", ("x", "indices"), axis=1), ELEMENTS, [None])
