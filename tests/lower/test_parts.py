"""Channels split off, shuffled and joined again are what the file means; which part an operator takes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwcodesign.lower import lower
from hwcodesign.lower.layout import LayoutError
from hwcodesign.lower.parts import parts_of
from tests.lower.equality import require_as_verified
from tests.lower.small import Does, average, conv, export, linear, relu
from tests.lower.walking import node


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
