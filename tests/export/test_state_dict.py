"""Tensors by name: PyTorch's files and safetensors, matched to our layers; nothing in them is run."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.export.state_dict import write
from hwcodesign.export.weight_file import read_weights
from tests.export.weight_files import NETWORK, dense, same, write_safetensors


def torchvision(weights):
    """Names whose alphabetical order is not the order of execution."""
    names = {name: f"features.{3 + i}.{name.split('.')[-1]}" for i, name in enumerate(weights) if "fire" in name}
    names |= {"conv1": "features.0", "conv4": "classifier.1"}
    return {f"{names[n]}.{part}": getattr(w, part) for n, w in weights.items() for part in ("weight", "bias")}


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


def test_what_is_written_is_read_by_all(tmp_path):
    path = tmp_path / "net.safetensors"
    assert write(path, dense()) == path.stat().st_size
    assert same(read_weights(path, NETWORK), dense())
    with pytest.raises(UserError, match="cannot write"):
        write(tmp_path / "nowhere" / "net.safetensors", dense())


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


@pytest.mark.parametrize("names", ["ours", "torchvision's"])
def test_more_layers_than_the_network_has_and_odd_biases_are_told(tmp_path, names):
    path = tmp_path / "net.safetensors"
    tensors = torchvision(dense())
    if names == "ours":
        tensors = {f"{n}.{part}": getattr(w, part) for n, w in dense().items() for part in ("weight", "bias")}
    write_safetensors(path, tensors | {"other.weight": np.ones((5, 3, 1, 1), np.float32)})
    with pytest.raises(UserError, match=r"is of another network: .*(nothing more|where the network has)"):
        read_weights(path, NETWORK)
    first = next(name for name in tensors if name.endswith(".bias"))
    write_safetensors(path, tensors | {first: np.ones(1, np.float32)})
    with pytest.raises(UserError, match=r"the biases of conv1 have the shape \(1,\); it has 4 filters"):
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
