"""Float networks and float weights from files of every kind that is read."""

import tempfile
from dataclasses import replace
from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.export import weight_file
from hwcodesign.export.float_weights import Weights, in_order
from hwcodesign.lower.read import read_network
from hwcodesign.nets.network import Network
from hwcodesign.quantize.exported_program import to_onnx
from hwcodesign.quantize.float_graph import FloatNetwork, float_network

MODELS = (".onnx", ".pt2")  # files that say what the network is, too


def read_model(path: Path) -> FloatNetwork:
    """The float network in an ONNX file or a `torch.export` program.

    Raises UserError if it is neither, damaged, quantized already, or has layers without hardware (all listed, by path).
    """
    if path.suffix not in MODELS:
        raise UserError(f"{path}: a float network comes as {' or '.join('*' + suffix for suffix in MODELS)}; weights "
                        "alone (*.safetensors, *.pt) go with a recipe: --weights")  # fmt: skip
    if path.suffix == ".onnx":
        return float_network(read_network(path, quantized=False))
    with tempfile.TemporaryDirectory() as folder:
        file = read_network(to_onnx(path, Path(folder) / "exported.onnx"), quantized=False)
    return float_network(replace(file, path=path))


def read_weights(path: Path, network: Network) -> dict[str, Weights]:
    """The weights of every convolution of `network`, by its name: from a float network's file, or one of weights alone.

    Raises UserError as `read_model` and `export.weight_file.read_weights` do.
    """
    if path.suffix not in MODELS:
        return weight_file.read_weights(path, network)
    found = read_model(path)
    if [(c.name, c.filters, c.kernel) for c in found.network.convolutions] == [
        (c.name, c.filters, c.kernel) for c in network.convolutions
    ]:
        return dict(found.weights)
    return in_order(path, network, list(found.weights.items()))
