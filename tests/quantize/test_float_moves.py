"""Float ONNX files that move channels and pixels about: the same function, by nodes that hardware has."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import Channels, PixelShuffle, Requantize, Upsample, require_hardware
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, scores


def numbers(w: Writer, name: str, *values: int) -> str:
    return w.constant(name, np.array(values, dtype=np.int64))


def ended(w: Writer, path, x: str, channels: int):
    """The network with a mean and scores behind `x`, read."""
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    return read_model(w.save(path, w.linear("fc", x, channels, 5)))


def kinds(found) -> list[str]:
    return [type(node).__name__ for node in found.network.nodes]


def require_same(found, path, shape=(4, 2, 6, 6)) -> None:
    require_hardware(found.network)
    pixels = np.random.default_rng(0).random(shape)
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels), atol=1e-5)


def test_a_unit_that_splits_and_shuffles_channels(tmp_path):
    """ShuffleNet V2's: half of the channels go around, and both halves are interleaved behind it."""
    w = Writer((1, 2, 6, 6))
    x = w.node("Relu", "act", [w.conv("stem", "image", 8)])
    for unit in ("one", "two"):
        around = w.node("Split", f"{unit}.split", [x, numbers(w, f"{unit}.sizes", 4, 4)], 4, axis=1)
        w.nodes[-1].output.append(half := f"{unit}.half")
        w.channels[half] = 4
        y = w.node("Relu", f"{unit}.act", [w.conv(f"{unit}.b", w.conv(f"{unit}.a", half, 4, groups=4), 4, 1, pad=0)])
        x = w.node("Concat", f"{unit}.both", [around, y], 8, axis=1)
        x = w.node("Reshape", f"{unit}.groups", [x, numbers(w, f"{unit}.apart", 1, 2, 4, 6, 6)])
        x = w.node("Transpose", f"{unit}.turn", [x], perm=[0, 2, 1, 3, 4])
        x = w.node("Reshape", f"{unit}.flat", [x, numbers(w, f"{unit}.joined", 1, 8, 6, 6)], 8)
    path = tmp_path / "shuffle.onnx"
    found = ended(w, path, x, 8)
    require_same(found, path)
    picks = [node.picked for node in found.network.nodes if isinstance(node, Channels)]
    assert picks[:2] == [(4, 5, 6, 7), (0, 1, 2, 3)] and picks[-1] == (0, 4, 1, 5, 2, 6, 3, 7)
    assert sum(isinstance(node, Requantize) for node in found.network.nodes) == 2  # what goes around, as what it joins


def test_a_slice_that_two_read_is_taken_once(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.node("Relu", "act", [w.conv("stem", "image", 6)])
    bounds = [numbers(w, name, value) for name, value in (("from", 1), ("to", 5), ("axis", 1))]
    x = w.node("Slice", "middle", [x, *bounds], 4)
    x = w.node("Add", "sum", [w.conv("a", x, 3), w.conv("b", x, 3)], 3)
    path = tmp_path / "slice.onnx"
    found = ended(w, path, x, 3)
    require_same(found, path)
    assert [node.picked for node in found.network.nodes if isinstance(node, Channels)] == [(1, 2, 3, 4)]


def test_a_decoder_that_upsamples(tmp_path):
    w = Writer((1, 2, 6, 6))
    wide = w.node("Relu", "act", [w.conv("stem", "image", 4)])
    x = w.node("Relu", "low", [w.conv("down", wide, 6, stride=2)])
    x = w.node("Resize", "up", [x, "", w.constant("scales", np.array([1, 1, 2, 2], np.float32))], mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    x = w.node("Relu", "fine", [w.conv("after", w.node("Concat", "skip", [x, wide], 10, axis=1), 5)])
    path = tmp_path / "decoder.onnx"
    found = ended(w, path, x, 5)
    require_same(found, path)
    assert [node.factor for node in found.network.nodes if isinstance(node, Upsample)] == [2]


@pytest.mark.parametrize("mode, picked", [("CRD", []), ("DCR", [(0, 2, 4, 6, 1, 3, 5, 7)])])
def test_pixels_made_of_channels(mode, picked, tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.node("DepthToSpace", "grow", [w.conv("a", "image", 8)], 2, blocksize=2, mode=mode)
    x = w.node("Relu", "act", [x])  # moves in front of it
    path = tmp_path / "shuffle.onnx"
    found = ended(w, path, w.node("Relu", "end", [w.conv("b", x, 3)]), 3)
    require_same(found, path)
    assert [node.picked for node in found.network.nodes if isinstance(node, Channels)] == picked
    assert "PixelShuffle" in kinds(found) and "Requantize" not in kinds(found)
    shuffles = [node.factor for node in found.network.nodes if isinstance(node, PixelShuffle)]
    assert shuffles == [2]


def test_a_map_flattened_channels_last(tmp_path):
    """As TensorFlow flattens: the matrix takes its elements in that order."""
    w = Writer((1, 2, 6, 6))
    x = w.node("Relu", "act", [w.conv("stem", "image", 3, stride=2)])
    x = w.node("Flatten", "flat", [w.node("Transpose", "last", [x], perm=[0, 2, 3, 1])])
    path = w.save(tmp_path / "last.onnx", w.linear("fc", x, 27, 5))
    found = read_model(path)
    require_same(found, path)
    assert kinds(found) == ["Conv", "Conv"]


def test_what_has_no_hardware_is_told_by_its_path(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.node("Relu", "act", [w.conv("stem", "image", 4)])
    rows = [numbers(w, name, value) for name, value in (("from", 0), ("to", 3), ("axis", 2))]
    half = w.conv("half", w.node("Slice", "rows", [x, *rows], 4), 4)
    turned = w.conv("turned", w.node("Transpose", "turn", [x], perm=[0, 1, 3, 2]), 4)
    smooth = w.node("Resize", "smooth", [x, "", w.constant("scales", np.array([1, 1, 2, 2], np.float32))],
                    mode="linear")  # fmt: skip
    third = w.node("Resize", "third", [x, "", w.constant("part", np.array([1, 1, 1.5, 1.5], np.float32))],
                   mode="nearest")  # fmt: skip
    every = [
        w.node("GlobalAveragePool", name, [y], 4) for name, y in zip("abcd", (half, turned, smooth, third), strict=True)
    ]
    with pytest.raises(UserError) as refused:
        ended(w, tmp_path / "faults.onnx", w.node("Concat", "all", every, 16, axis=1), 16)
    for told in (
        "half: it reads what rows reorders", "turned: it reads what turn reorders", "smooth: it interpolates",
        "third: it upsamples by 1.5 x 1.5",
    ):  # fmt: skip
        assert f"\n  {told}" in str(refused.value)


def test_torchs_shuffle_is_the_same(tmp_path):
    """The order that nn.PixelShuffle has is that of the node."""
    from hwcodesign.nets.blocks import moved

    value = torch.arange(2 * 8 * 3 * 2, dtype=torch.float32).reshape(2, 8, 3, 2)
    assert torch.equal(moved(PixelShuffle("p", "x", 2), value), torch.nn.PixelShuffle(2)(value))
    up = moved(Upsample("u", "x", (2, 3)), value)
    assert torch.equal(up, value.repeat_interleave(2, 2).repeat_interleave(3, 3))
    assert torch.equal(moved(Channels("c", "x", (3, 0)), value), value[:, [3, 0]])
