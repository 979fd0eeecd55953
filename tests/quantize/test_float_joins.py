"""Sums and concatenations of float ONNX files."""

from hwcodesign.nets.network import Add, Requantize
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import residual


def test_what_is_joined_shares_a_quantizer(tmp_path):
    network = read_model(residual(tmp_path / "float.onnx")).network
    by_name = {node.name: node for node in network.nodes}
    again = next(node for node in network.nodes if isinstance(node, Requantize))
    assert by_name["layer1.add"].inputs == ("layer1.conv2", again.name)
    assert again.input == "pool" and again.quantizer == by_name["layer1.conv2"].quantizer
    assert by_name["layer2.conv2"].quantizer == by_name["layer2.down"].quantizer
    assert by_name["branch.a"].quantizer == by_name["branch.b"].quantizer and by_name["fc"].quantizer is None
    assert isinstance(by_name["layer2.add"], Add) and not by_name["layer2.add"].relu
    signed = {by_name[name].quantizer for name in ("layer1.conv2", "layer2.conv2", "layer2.add")}
    assert network.signed_quantizers == signed
