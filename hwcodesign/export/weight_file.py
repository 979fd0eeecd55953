"""Float weights from a file: Deep Compression's, ncnn's, safetensors, or a PyTorch state_dict."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.export import deep_compression, ncnn, state_dict
from hwcodesign.export.float_weights import Weights, in_order
from hwcodesign.nets.network import Network


def read_weights(path: Path, network: Network) -> dict[str, Weights]:
    """The weights of every convolution of `network`, by its name.

    `.net` is Deep Compression's format, `.bin` ncnn's with its `.param` beside it, `.safetensors` and `.pt` or `.pth`
    hold tensors by name. Raises UserError if the file is missing, damaged, or of another network: which tensors.
    """
    readers: dict[str, Callable[[Path, Network], dict[str, Weights]]] = {
        ".net": deep_compression.read,
        ".bin": lambda path, network: in_order(path, network, ncnn.read(path)),
        ".safetensors": state_dict.read,
        ".pt": state_dict.read,
        ".pth": state_dict.read,
    }
    if path.suffix not in readers:
        raise UserError(f"{path}: weights come from files named {', '.join(f'*{suffix}' for suffix in readers)}")
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    found = readers[path.suffix](path, network)
    for name, weights in found.items():
        if weights.bias.shape != weights.weight.shape[:1]:
            raise UserError(f"{path}: the biases of {name} have the shape {weights.bias.shape}; it has "
                            f"{len(weights.weight)} filters, with one each")  # fmt: skip
        if not (np.isfinite(weights.weight).all() and np.isfinite(weights.bias).all()):
            raise UserError(f"{path}: the weights of {name} are not all finite numbers")
    return found
