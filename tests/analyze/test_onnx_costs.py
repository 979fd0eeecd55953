"""ONNX and QONNX files cost what the networks cost that they came from; what cannot be counted is said."""

import onnx
import pytest
import torch
from torch import nn

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.onnx_costs import onnx_costs
from hwcodesign.analyze.onnx_graph import read_graph
from hwcodesign.core.errors import UserError
from hwcodesign.core.layer_name import layer_name
from hwcodesign.nets import metaparameters
from hwcodesign.nets.build import float_module, quantized_module
from hwcodesign.nets.network import Quantization


def exported(model, path, *shape, **options):
    torch.onnx.export(model.eval(), torch.zeros(*shape), str(path), dynamo=False, **options)
    return path


def same(total, network):
    ours = costs(network)
    assert (total.parameters, total.operations, total.activations) == (
        ours.parameters,
        ours.operations,
        ours.activations,
    )
    figures = [(layer.kind, layer.window, layer.in_shapes, layer.out_shape, layer.parameters, layer.operations)
               for layer in (*total.layers, *ours.layers)]  # fmt: skip
    assert figures[: len(total.layers)] == figures[len(total.layers) :]


@pytest.mark.parametrize(
    ("name", "values", "image"),
    [
        ("nin", {"filters": (16, 24, 32, 40)}, (114, 114, 3)),  # the pools round up
        ("squeezenet", {"bypass": "complex", "base_e": 16, "incr_e": 16}, (96, 96, 3)),
        ("zynqnet", {"width": 0.25}, (64, 64, 3)),
        ("lenet", {}, (32, 32, 1)),
    ],
)
def test_a_file_costs_what_its_network_costs(tmp_path, name, values, image):
    network = metaparameters(name, values).describe(image, 10)
    path = exported(float_module(network), tmp_path / "net.onnx", 1, image[2], *image[:2])
    result = onnx_costs(read_graph(path))
    same(result.costs, network)
    assert result.uncounted == ()
    named = {layer.name for layer in result.costs.layers}
    assert {conv.name for conv in network.convolutions} <= named


class ExportableNorm(torch.autograd.Function):
    """Local response normalisation as the one ONNX node that Caffe's models have; PyTorch exports it in pieces."""

    @staticmethod
    def forward(ctx, values):
        return nn.functional.local_response_norm(values, 5)

    @staticmethod
    def symbolic(graph, values):
        return graph.op("LRN", values, size_i=5).setType(values.type())


def test_alexnet_with_its_normalisation(tmp_path):
    network = metaparameters("alexnet", {}).describe((99, 99, 3), 10)
    model = float_module(network)
    for name in ("norm1", "norm2"):
        norm = nn.Module()
        norm.forward = ExportableNorm.apply
        setattr(model, name, norm)
    same(onnx_costs(read_graph(exported(model, tmp_path / "alexnet.onnx", 1, 3, 99, 99))).costs, network)


@pytest.mark.parametrize("recipe", ["digits-squeezenet", "zynqnet-nano"])
def test_a_quantized_file_costs_what_its_network_costs(tmp_path, recipe):
    from brevitas.export import export_qonnx

    from hwcodesign.recipe import load_recipe

    network = load_recipe(recipe).describe()
    height, width, channels = network.input_shape
    pixels = torch.zeros(1, channels, height, width)
    model = quantized_module(network, Quantization()).eval()
    export_qonnx(model, pixels, str(tmp_path / "net.onnx"), dynamo=False, opset_version=13)
    total, ours = onnx_costs(read_graph(tmp_path / "net.onnx")).costs, costs(network, Quantization())
    same(total, network)
    assert {conv.name for conv in network.convolutions} <= {layer.name for layer in total.layers}
    bits = [(layer.parameter_bits, layer.activation_bits) for layer in (*total.layers, *ours.layers)]
    assert bits[: len(total.layers)] == bits[len(total.layers) :]


class Foreign(nn.Module):
    """Padding computed in the graph, groups, a fully connected layer, and something no rule counts."""

    def __init__(self):
        super().__init__()
        self.grouped = nn.Conv2d(4, 8, (3, 1), stride=2, groups=2, bias=False)
        self.dense = nn.Linear(8 * 4 * 4, 5)

    def forward(self, image):
        values = self.grouped(nn.functional.pad(image, (0, 0, 1, 1)))
        return torch.cumsum(self.dense(values.flatten(1)), 1)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_foreign_network_is_counted_per_image(tmp_path, batch):
    path = exported(Foreign(), tmp_path / "net.onnx", batch, 4, 8, 8)
    result = onnx_costs(read_graph(path))
    grouped, dense = result.costs.layers
    assert (grouped.name, grouped.window, grouped.out_shape) == ("grouped", "3x1/2", (4, 4, 8))
    assert (grouped.parameters, grouped.operations) == (8 * 2 * 3, 2 * 8 * 2 * 3 * 16)
    assert (dense.name, dense.kind, dense.parameters, dense.operations) == ("dense", "fully connected", 645, 1280)
    assert result.uncounted == ("CumSum",)


def test_a_dynamic_axis_is_named_and_can_be_given(tmp_path):
    path = exported(
        Foreign(),
        tmp_path / "net.onnx",
        1,
        4,
        8,
        8,
        input_names=["image"],
        dynamic_axes={"image": {0: "batch", 2: "rows"}},
    )
    with pytest.raises(
        UserError, match=r"axis 0 \(batch\) of the input 'image' has no fixed size; .* --shape 1x4x224x8"
    ):
        read_graph(path)
    with pytest.raises(UserError, match=r"--shape 1x4x8 has 3 axes, but the input 'image' of .* has 4"):
        read_graph(path, (1, 4, 8))
    fixed = onnx_costs(read_graph(path, (1, 4, 8, 8))).costs
    assert fixed.operations == 2 * 8 * 2 * 3 * 16 + 1280
    with pytest.raises(UserError, match=r"/grouped/Conv has weights for 4 channels, but its input has 5"):
        onnx_costs(read_graph(path, (1, 5, 8, 8)))
    with pytest.raises(UserError, match=r"/dense/Gemm has weights for 128 channels, but its input has 160"):
        onnx_costs(read_graph(path, (1, 4, 10, 8)))


class SequenceFirst(nn.Module):
    """A projection at each of 16 positions, on (positions, batch, features) as transformers compute it."""

    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(32, 32)

    def forward(self, x):
        return self.q_proj(x.transpose(0, 1)).transpose(0, 1)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("model", [SequenceFirst(), nn.Sequential(nn.Linear(32, 32))])
def test_a_projection_is_counted_at_every_position(tmp_path, model, batch):
    path = exported(model, tmp_path / "net.onnx", batch, 16, 32)
    result = onnx_costs(read_graph(path))
    (layer,) = result.costs.layers
    assert (layer.out_shape, layer.operations) == ((16, 32), 2 * 16 * 32 * 32)
    assert result.uncounted == (), "a bias is part of its layer"


def test_the_operator_whose_shape_is_unknown_is_named(tmp_path):
    """NonZero gives as many elements as there are: of a file with fixed shapes, nobody says to fix them."""
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"], "/gate/NonZero"),
        helper.make_node("Cast", ["places"], ["real"], "/gate/Cast", to=number),
        helper.make_node("Transpose", ["real"], ["rows"], "/gate/Transpose", perm=[1, 0]),
        helper.make_node("MatMul", ["rows", "fc.weight"], ["y"], "/fc/MatMul"),
    ]
    ends = [helper.make_tensor_value_info("x", number, [1, 4]), helper.make_tensor_value_info("y", number, None)]
    weights = helper.make_tensor("fc.weight", number, [2, 3], [1.0] * 6)
    graph = helper.make_graph(nodes, "gated", ends[:1], ends[1:], [weights])
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    with pytest.raises(UserError, match=r"what NonZero in gate\S* gives cannot be worked out") as error:
        onnx_costs(read_graph(path))
    assert "fixed" not in str(error.value)


def test_layers_are_named_as_run_names_them(tmp_path):
    path = exported(
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(98, 3)), tmp_path / "net.onnx", 1, 1, 9, 9
    )
    named = [layer_name(node) for node in onnx.load(path).graph.node if node.op_type in ("Conv", "Gemm")]
    assert [layer.name for layer in onnx_costs(read_graph(path)).costs.layers] == named


def test_weights_that_are_no_matrix(tmp_path):
    values = [
        onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 3][:d]) for n, d in (("x", 2), ("y", 1))
    ]
    weights = onnx.numpy_helper.from_array(torch.zeros(3).numpy(), "w")
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"], "/dense/MatMul")
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:], [weights])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)]), tmp_path / "net.onnx")
    with pytest.raises(UserError, match=r"/dense/MatMul has weights of shape \[3\], no matrix"):
        onnx_costs(read_graph(tmp_path / "net.onnx"))


def test_an_attribute_that_is_missing_is_told(tmp_path):
    """Of another domain's operator ONNX's own checks do not ask for it."""
    ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 2, 4, 4]) for n in ("x", "y")]
    domain = "qonnx.custom_op.general"
    pool = onnx.helper.make_node("MaxPool", ["x"], ["y"], "/pool/MaxPool", domain=domain)
    graph = onnx.helper.make_graph([pool], "g", ends[:1], ends[1:])
    sets = [onnx.helper.make_opsetid("", 13), onnx.helper.make_opsetid(domain, 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=sets), tmp_path / "net.onnx")
    with pytest.raises(UserError, match="/pool/MaxPool is a MaxPool without its kernel_shape"):
        onnx_costs(read_graph(tmp_path / "net.onnx"))
