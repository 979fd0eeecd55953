"""Several outputs become one: each pixel has the first one's scores, then the second one's."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import Tensor, nn

from hwcodesign.core.errors import UserError
from hwcodesign.graph import interpreter
from hwcodesign.lower import lower, one_output
from tests.lower.equality import require_as_verified
from tests.lower.small import conv, export, relu


class TwoHeads(nn.Module):
    """Classes and boxes of every pixel, by separate layers of other bits."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.trunk, self.act = conv(2, padding=1), relu()
        self.classes, self.boxes = conv(4, 3), conv(4, 4, weight_bit_width=6, stride=stride)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.act(self.trunk(x))
        return self.classes(x), self.boxes(x)


def exported(path: Path, stride: int = 1) -> list[str]:
    export(lambda: TwoHeads(stride), path)
    return [tensor.name for tensor in onnx.load(str(path)).graph.output]


def test_every_score_of_both_is_exact(tmp_path: Path) -> None:
    names = exported(tmp_path / "model.onnx")
    joined = one_output(tmp_path / "model.onnx", ",".join(names), tmp_path)
    graph = lower(joined, tmp_path, input_scale=1.0).dataflow
    assert graph.score_map.shape == (6, 6, 7) == graph.output.shape
    assert require_as_verified(joined, graph).shape == (20, 6 * 6 * 7)


@pytest.mark.slow
def test_each_part_is_what_that_output_gives_alone(tmp_path: Path) -> None:
    names = exported(tmp_path / "model.onnx")
    both = lower(one_output(tmp_path / "model.onnx", ",".join(names), tmp_path), tmp_path, input_scale=1.0).dataflow
    frames = np.random.default_rng(0).integers(0, 256, (20, *both.input.shape))
    found = interpreter.run(both, frames).reshape(20, 6, 6, 7)
    for name, channels in zip(names, (slice(0, 3), slice(3, 7)), strict=True):
        alone = lower(one_output(tmp_path / "model.onnx", name, tmp_path), tmp_path, input_scale=1.0).dataflow
        assert np.array_equal(found[..., channels].reshape(20, -1), interpreter.run(alone, frames))


def test_outputs_of_other_sizes_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    names = exported(tmp_path / "model.onnx", stride=2)
    with pytest.raises(UserError, match="they have other pixels"):
        one_output(tmp_path / "model.onnx", ",".join(names), tmp_path)
    with pytest.raises(UserError, match=f"has no such output; it has {names[0]}, {names[1]}"):
        one_output(tmp_path / "model.onnx", f"{names[0]},masks", tmp_path)
