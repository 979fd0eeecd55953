"""Layer names, from both of PyTorch's exporters."""

import pytest
from onnx import helper

from hwcodesign.core.layer_name import layer_name


@pytest.mark.parametrize(
    ("operator", "name", "wanted"),
    [
        ("Conv", "/fire2/expand3x3/Conv", "fire2.expand3x3"),
        ("Conv", "/0/1/Conv", "0.1"),
        ("Conv", "/layer2/down/down.0/Conv", "layer2.down.0"),
        ("Conv", "/a/ab/Conv", "a.ab"),
        ("Quant", "/3/act_quant/export_handler/Quant", "3"),
        ("Add", "/fire3/Add", "fire3.add"),
        ("Add", "/Add_1", "add_1"),
        ("Add", "/fire3/add/Add", "fire3.add"),
        ("Concat", "/fire2/concat/Concat", "fire2.concat"),
        ("MaxPool", "/MaxPool", "maxpool"),
        ("Conv", "", "conv"),
    ],
)
def test_names_with_slashes(operator: str, name: str, wanted: str) -> None:
    assert layer_name(helper.make_node(operator, [], [], name=name)) == wanted


@pytest.mark.parametrize(
    ("operator", "scopes", "wanted"),
    [
        ("Conv", "['', 'fire2', 'fire2.expand3x3', 'conv2d']", "fire2.expand3x3"),
        ("Quant", "['', '3', '3.act_quant', '3.act_quant.export_handler', '_symbolic_2']", "3"),
        ("Add", "['', 'add']", "add"),
        ("Concat", "['', 'fire2', 'cat']", "fire2.cat"),
        ("MaxPool", "['', 'max_pool2d']", "max_pool2d"),
    ],
)
def test_names_by_scopes(operator: str, scopes: str, wanted: str) -> None:
    node = helper.make_node(operator, [], [], name="node_1")
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=scopes)
    assert layer_name(node) == wanted
