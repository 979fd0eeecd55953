"""The PyTorch path of a layer, from what either of PyTorch's two exporters tells of its ONNX node."""

import ast
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

# What Brevitas puts between a layer and its operator.
_INNER = {"act_quant", "weight_quant", "bias_quant", "input_quant", "output_quant", "export_handler", "activation_impl"}
FUNCTIONS = {"Add", "Concat"}  # called in a forward, not modules of their own
_SCOPES = "pkg.torch.onnx.name_scopes"
_LONGEST = 10_000  # characters of a list of scopes


def layer_name(node: "NodeProto") -> str:
    """The path of a node's layer: `/fire2/expand3x3/Conv` is `fire2.expand3x3`, `/stem/stem.0/Conv` is `stem.0`.

    `/fire3/Add`, a call in a module's forward, is `fire3.add`. A node without a path is called by its operator, in
    lower case.
    """
    path, operator = _path(node)
    named = [part for part in path if part and part not in _INNER]
    # Inside a Sequential the older exporter repeats the path so far: /stem/stem.0/Conv.
    modules = [part for part, inner in zip_longest(named, named[1:], fillvalue="") if not inner.startswith(f"{part}.")]
    called = (operator or node.op_type).lower()
    if node.op_type in FUNCTIONS and (not modules or modules[-1].lower() != node.op_type.lower()):
        modules.append(called)
    return ".".join(modules) or called


def _path(node: "NodeProto") -> tuple[list[str], str]:
    """The modules around the operator, outermost first, and the operator.

    The older exporter (dynamo=False) names a node /module/module/Operator; the newer one lists the paths of all
    modules around it, ['', 'module', 'module.module', 'operator'], in the node's metadata.
    """
    scopes = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), "")
    try:
        around, operator = ["", *ast.literal_eval(scopes[:_LONGEST])][-2:]
        return around.split("."), operator.strip()
    except (ValueError, TypeError, AttributeError, SyntaxError, MemoryError, RecursionError):  # it tells nothing
        *path, operator = node.name.split("/")
        return path, operator
