"""The PyTorch path of a layer from the names of its parameters: for nodes that carry no path themselves.

PyTorch's exporters before version 1.13 call a node `Conv_12`, but its weights `fire2.expand3x3.weight`.
"""

from collections.abc import Mapping
from typing import Any

from onnx import NodeProto

_INNER = ("act_quant", "weight_quant", "bias_quant", "input_quant", "output_quant", "tensor_quant", "activation_impl")


def path_by_parameters(node: NodeProto, makers: Mapping[str, NodeProto], constants: Mapping[str, Any]) -> str | None:
    """`fire2.expand3x3` of the parameter `fire2.expand3x3.weight`; None for a node that has a path, or no parameters.

    Parameters are looked for behind the quantizers and reshapes of constants, but not behind the node's own input.
    """
    if "/" in node.name or node.metadata_props:
        return None
    for tensor in node.input[1:] or node.input:
        name = tensor
        while name in makers and makers[name].input:
            name = makers[name].input[0]
        if name in constants and "." in name:
            modules = name.split(".")[:-1]
            for inner in _INNER:
                modules = modules[: modules.index(inner)] if inner in modules else modules
            if modules:
                return ".".join(modules)
    return None
