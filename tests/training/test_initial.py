"""Initial weights: their distributions, and those of another run."""

import math

import onnx
import pytest
import torch
from onnx.numpy_helper import to_array

from hwcodesign.core.errors import UserError
from hwcodesign.nets.build import quantized_module
from hwcodesign.nets.network import INPUT, Conv, GlobalAvgPool, Network, Quantization
from hwcodesign.recipe import TrainTable, find_recipe, load_recipe
from hwcodesign.training.initial import initialise
from hwcodesign.training.network import build


def model(classes: int = 4, filters: int = 64):
    torch.manual_seed(3)
    return quantized_module(
        Network("small", (8, 8, 3), classes, (
            Conv("conv1", INPUT, filters, 3, pad=1, quantizer="conv1.quantizer"),
            Conv("conv2", "conv1", classes, quantizer="conv2.quantizer"),
            GlobalAvgPool("pool", "conv2"),
        )), Quantization(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "deviation"), [("gaussian", 0.01), ("xavier", math.sqrt(2 / (27 + 9 * 64))), ("msra", math.sqrt(2 / 27))]
)
def test_distributions(how, deviation):
    network = model()
    initialise(network, TrainTable(initial=how))
    weight = network.conv1.weight
    assert abs(float(weight.std()) / deviation - 1) < 0.05
    if how == "xavier":  # uniform: it ends where a normal distribution would not
        assert float(weight.abs().max()) <= math.sqrt(3) * deviation


def test_pytorchs_own_is_left_alone():
    network = model()
    before = network.conv1.weight.clone()
    initialise(network, TrainTable())
    assert torch.equal(network.conv1.weight, before)


def saved(tmp_path, network, **table) -> TrainTable:
    state = {"recipe": {}, "model": network.state_dict(), "history": [{"quantized": False}]}
    torch.save(state, tmp_path / "other.pt")
    return TrainTable(start_from=str(tmp_path / "other.pt"), **table)


def test_transfer_to_other_classes_keeps_all_but_the_last_layer(tmp_path):
    other = model(classes=7)
    table = saved(tmp_path, other)
    network = model(classes=4)
    last = network.conv2.weight.clone()
    initialise(network, table)
    assert torch.equal(network.conv1.weight, other.conv1.weight)
    assert torch.equal(network.conv2.weight, last)


def test_a_float_network_of_other_classes_does_not_teach(tmp_path):
    assert initialise(model(), saved(tmp_path, model(), distillation=0.5))
    with pytest.raises(UserError, match="its last layer is not this network's"):
        initialise(model(), saved(tmp_path, model(classes=7), distillation=0.5))
    assert initialise(model(), saved(tmp_path, model(classes=7), distillation=0.5, float_epochs=1))


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    table = saved(tmp_path, model(filters=32))
    with pytest.raises(UserError, match=r"conv1.weight has the shape \(64, 3, 3, 3\) here, and there shape \(32, 3, 3"):
        initialise(model(), table)
    torch.save({"recipe": {}, "model": {}}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="there nothing of that name"):
        initialise(model(), table)


def test_pixels_stay_as_the_recipe_has_them(tmp_path):
    network = model()
    network.pixels.divisor.fill_(64.0)
    initialise(network, saved(tmp_path, model()))
    assert network.pixels.divisor == 64.0


def test_a_checkpoint_that_is_not_there():
    with pytest.raises(UserError, match=r"there is no checkpoint nowhere\.pt"):
        initialise(model(), TrainTable(start_from="nowhere.pt"))


def test_a_network_that_ships_begins_one_of_other_bits_and_classes():
    """Its weights, and where its quantizers clip, by its recipe's name or its file."""
    recipe = load_recipe("cifar10-squeezenet", {"quantization.weight_bits": 3, "data.classes": 4})
    file = find_recipe("cifar10-squeezenet").with_suffix("") / "model.onnx"
    for start in ("cifar10-squeezenet", str(file)):
        network = quantized_module(recipe.describe(), recipe.quantization.to_quantization())
        last = network.conv8.weight.clone()
        assert initialise(network, TrainTable(start_from=start)) == []  # it is no float network, and teaches nothing
        stored = {tensor.name: to_array(tensor) for tensor in onnx.load(file).graph.initializer}
        own = network.state_dict()
        same = [key for key, value in stored.items() if key in own and not key.startswith(("conv8", "pixels"))]
        assert len(same) > 50 and all(torch.equal(own[key], torch.from_numpy(stored[key].copy())) for key in same)
        assert torch.equal(network.conv8.weight, last)  # of other classes


def test_starts_that_are_none(tmp_path):
    shipped = "cifar10-mobilenet, cifar10-squeezenet, "
    with pytest.raises(UserError, match=f"that recipe comes without trained weights; with them: {shipped}"):
        initialise(model(), TrainTable(start_from="squeezenet-v1.1"))
    with pytest.raises(UserError, match="did you mean 'cifar10-squeezenet'"):
        initialise(model(), TrainTable(start_from="cifar10-squeezenett"))
    foreign = tmp_path / "foreign.onnx"  # a quantizer called as a layer, whose numbers are not in the file
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, []) for name in "xszby"]
    quantizer = onnx.helper.make_node("Quant", list("xszb"), ["y"], "/conv1/Quant", domain="qonnx.custom_op.general")
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([quantizer], "g", values[:4], values[4:])), foreign)
    with pytest.raises(UserError, match=r"conv1\.weight has the shape .* and there nothing of that name"):
        initialise(model(), TrainTable(start_from=str(foreign)))
    (tmp_path / "damaged.onnx").write_bytes(b"\xff" * 50)
    with pytest.raises(UserError, match=r"damaged\.onnx is no ONNX file"):
        initialise(model(), TrainTable(start_from=str(tmp_path / "damaged.onnx")))
    with pytest.raises(UserError, match=r"conv1\.weight has the shape .* and there shape \(32, 3, 3, 3\)"):
        initialise(model(), TrainTable(start_from="cifar10-squeezenet"))


def test_a_network_that_ships_goes_on_with_the_steps_that_it_had():
    """Of signed quantizers, too, and of those that layers share; weights and batch norms see above."""
    network = build(load_recipe("resnet-8"))
    initialise(network, TrainTable(start_from="resnet-8"))
    graph = onnx.load(find_recipe("resnet-8").with_suffix("") / "model.onnx").graph
    stored = {tensor.name: to_array(tensor) for tensor in graph.initializer}
    steps = {node.name: float(stored[node.input[1]].flat[0]) for node in graph.node if node.op_type == "Quant"}
    for layer, quantizer in network.network.quantizers.items():
        step = network.get_submodule(quantizer).act_quant.scale()
        assert float(step.detach()) == steps[f"/{layer.replace('.', '/')}/Quant"]
