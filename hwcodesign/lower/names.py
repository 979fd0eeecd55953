"""The PyTorch path of a layer, from the name that PyTorch's exporter gives to its ONNX node."""

from onnx import NodeProto

# What Brevitas puts between a layer and its operator.
_INNER = {"act_quant", "weight_quant", "bias_quant", "input_quant", "output_quant", "export_handler", "activation_impl"}
_FUNCTIONS = {"Add", "Concat"}


def layer_name(node: NodeProto) -> str:
    """`/fire2/expand3x3/Conv` is `fire2.expand3x3`; `/fire3/Add`, a call in a module's forward, is `fire3.add`.

    A node without a path is called by its operator, in lower case.
    """
    *path, operator = [part for part in node.name.split("/") if part] or [""]
    modules = [part for part in path if part not in _INNER]
    called = (operator or node.op_type).lower()
    if node.op_type in _FUNCTIONS and (not modules or modules[-1].lower() != node.op_type.lower()):
        modules.append(called)
    return ".".join(modules) or called
