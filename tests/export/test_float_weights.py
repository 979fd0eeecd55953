"""Float weights from other people's files: matched to our layers, refused with the tensor and the place."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import read_weights
from hwcodesign.nets.squeezenet import SqueezeNet
from tests.export.weight_files import NETWORK, dense, write_ncnn, write_safetensors

OTHER = SqueezeNet(base_e=16, incr_e=8, fire_modules=2, SR=0.5, conv1_filters=4, conv1_kernel=3,
                   pool_after=("conv1",)).describe((20, 20, 3), 5)  # fmt: skip


def same(found, wanted):
    return list(found) and all(
        np.array_equal(found[name].weight, wanted[name].weight) and np.array_equal(found[name].bias, wanted[name].bias)
        for name in wanted
    )


def torchvision(weights):
    """Names whose alphabetical order is not the order of execution."""
    names = {name: f"features.{3 + i}.{name.split('.')[-1]}" for i, name in enumerate(weights) if "fire" in name}
    names |= {"conv1": "features.0", "conv4": "classifier.1"}
    return {f"{names[n]}.{part}": getattr(w, part) for n, w in weights.items() for part in ("weight", "bias")}


@pytest.mark.parametrize("half", [True, False])
def test_ncnn(tmp_path, half):
    write_ncnn(tmp_path / "net.bin", dense(), half)
    assert same(read_weights(tmp_path / "net.bin", NETWORK), dense())


def test_ncnn_faults(tmp_path):
    path = tmp_path / "net.bin"
    write_ncnn(path, dense())
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(UserError, match=r"net.bin ends in the (weights|biases) of convrelu_7"):
        read_weights(path, NETWORK)
    path.write_bytes(whole + b"1234")
    with pytest.raises(UserError, match=r"4 bytes behind its last convolution"):
        read_weights(path, NETWORK)
    path.write_bytes(b"\x01" + whole[1:])
    with pytest.raises(UserError, match=r"convrelu_0 begin with the tag 0x1306b01 at byte 0"):
        read_weights(path, NETWORK)
    path.write_bytes(whole)
    with pytest.raises(UserError, match=r"is of another network: convrelu_1 .*\(1 convolutions before it match\)"):
        read_weights(path, OTHER)
    path.with_suffix(".param").unlink()
    with pytest.raises(UserError, match=r"there is no .*net.param beside it"):
        read_weights(path, NETWORK)


@pytest.mark.parametrize("names", ["ours", "torchvision's"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_state_dict(tmp_path, names, suffix):
    path = tmp_path / f"net{suffix}"
    tensors = torchvision(dense())
    if names == "ours":
        tensors = {f"{n}.{part}": getattr(w, part) for n, w in dense().items() for part in ("weight", "bias")}
    if suffix == ".pt":
        torch.save({"state_dict": {key: torch.from_numpy(value) for key, value in tensors.items()}}, path)
    else:
        write_safetensors(path, tensors)
    assert same(read_weights(path, NETWORK), dense())


class Anything:
    """A class of somebody's own."""


def test_python_objects_are_refused(tmp_path):
    path = tmp_path / "net.pt"
    torch.save({"model": Anything()}, path)
    with pytest.raises(UserError, match=r"holds Python objects, which could run anything"):
        read_weights(path, NETWORK)
    torch.save([1, 2], path)
    with pytest.raises(UserError, match=r"holds no state_dict"):
        read_weights(path, NETWORK)
    path.write_bytes(b"PK not a zip")
    with pytest.raises(UserError, match=r"cannot read .*net.pt"):
        read_weights(path, NETWORK)


def test_safetensors_faults(tmp_path):
    path = tmp_path / "net.safetensors"
    write_safetensors(path, torchvision(dense()))
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(UserError, match=r"the tensor .* lies at bytes .* truncated"):
        read_weights(path, NETWORK)
    path.write_bytes(whole[:30])
    with pytest.raises(UserError, match=r"no safetensors file, or truncated"):
        read_weights(path, NETWORK)


def test_weights_that_are_no_numbers_missing_ones_and_unknown_files(tmp_path):
    broken = dense()
    broken["conv1"].weight[0, 0, 0, 0] = np.nan
    write_ncnn(tmp_path / "net.bin", broken, half=False)
    with pytest.raises(UserError, match=r"weights of conv1 are not all finite"):
        read_weights(tmp_path / "net.bin", NETWORK)
    write_ncnn(tmp_path / "net.bin", {name: w for name, w in dense().items() if name != "conv4"})
    with pytest.raises(UserError, match=r"it has no weights for conv4"):
        read_weights(tmp_path / "net.bin", NETWORK)
    with pytest.raises(UserError, match=r"there is no file"):
        read_weights(tmp_path / "none.net", NETWORK)
    with pytest.raises(UserError, match=r"weights come from files named \*.net"):
        read_weights(tmp_path / "net.h5", NETWORK)
