"""`hwcodesign quantize`: from float weights to a network for hardware, without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hwcodesign.cli.options import BATCH, DATA, GATE, PLANNING, job_options, make_job
from hwcodesign.core.errors import UserError

if TYPE_CHECKING:
    from hwcodesign.recipe import LayerBitsTable

    Layers = Mapping[str, LayerBitsTable]

_BITS = click.IntRange(2, 8)


@click.command()
@job_options(*BATCH, *DATA, *PLANNING, *GATE)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="A recipe's float weights: *.net *.bin *.safetensors *.pt *.onnx *.pt2.",
)
@click.option(
    "--calibration", type=click.Path(path_type=Path), help="Folder of unlabelled images; DATA/calibration if not given."
)
@click.option(
    "--calibration-images", "count", type=click.IntRange(1), help="How many of them.  [default: 256, or all there are]"
)
@click.option("--weight-bits", type=_BITS, help="Of all weights (quantization.weight_bits).")
@click.option("--activation-bits", type=_BITS, help="Of all activations (quantization.activation_bits).")
@click.option("--layer", "layers", multiple=True, metavar="NAME=W[,A]", help="Bits of one layer or module: conv10=8,8.")
@click.option(
    "--equalization",
    type=click.FloatRange(0, 1),
    help="How alike channels are made: 0 not, 1 wholly.  [default: 1 where activations have no more bits than the "
    "weights that read them, else 0.5]",
)
@click.option(
    "--accuracy-drop",
    "drop",
    type=click.FloatRange(0, 100, max_open=True),
    help="Raise bits until all but so many percent of the calibration images keep the float network's class.",
)
@click.option(
    "--reconstruct",
    type=click.IntRange(0, 1_000_000),
    default=0,
    metavar="STEPS",
    help="Train each block for so many steps against the float network's, before any --distil.",
)
@click.option(
    "--distil", type=click.IntRange(0, 10_000), default=0, help="Epochs of training against the float network after it."
)
@click.option("--float/--no-float", "measure_float", default=True, help="Measure the float network, too.")
def command(
    weights: Path | None,
    calibration: Path | None,
    count: int | None,
    equalization: float | None,
    drop: float | None,
    reconstruct: int,
    distil: int,
    measure_float: bool,
    **options: Any,
) -> None:
    """Quantize a float network layer by layer with some unlabelled images: a recipe's, or one from elsewhere.

    Every layer is fitted to what the float network gives, from the inputs that the quantized layers before it leave.
    The result takes the place of a training: hwcodesign run RECIPE --from lower goes on from it. Weights: Deep
    Compression's file (*.net), ncnn's (*.bin with its *.param), or tensors by name (*.safetensors, *.pt). A network
    from elsewhere is an ONNX file or a torch.export program (--model *.onnx *.pt2); its recipe is written to
    RUNS/NAME.toml. It takes pixels of 0 to 1, unless data.mean and data.divisor (of 0 to 255) say otherwise.

    \b
    Examples:
      hwcodesign quantize squeezenet-v1.0-imagenet --weights squeezenet-v1.0.net --data FOLDER
      hwcodesign quantize squeezenet-v1.1-imagenet --weights v11.ncnn.bin --data FOLDER --weight-bits 8
      hwcodesign quantize my-recipe.toml --weights my.safetensors --data FOLDER --layer conv1=8 --layer conv10=4,8
      hwcodesign quantize my-recipe.toml --weights my.safetensors --data FOLDER --weight-bits 3 --accuracy-drop 5
      hwcodesign quantize my-recipe.toml --weights my.safetensors --data FOLDER --activation-bits 4 --reconstruct 150
      hwcodesign quantize --model resnet.onnx --data FOLDER --board zcu104 --set data.divisor=64 --distil 5
    """
    from dataclasses import replace
    from shlex import quote

    from hwcodesign.core.input_file import require_file
    from hwcodesign.core.terminal import console
    from hwcodesign.flow.pipeline import run_job
    from hwcodesign.job import QuantizeRequest
    from hwcodesign.quantize.from_weights import with_stored_scales
    from hwcodesign.quantize.table import accuracy_table, table

    changes, model = _changes(options), options["model"]
    if (model is None) == (weights is None) or (model is None) == (options["recipe"] is None):
        raise UserError("give a recipe, which says what the network is, and its weights (hwcodesign quantize RECIPE "
                        "--weights FILE), or a whole float network (--model FILE)")  # fmt: skip
    if model is not None:
        require_file(model)
        if not (options["data"] or calibration or "data.dataset" in dict(options["changes"])):
            raise UserError("--model needs images such as the network was trained with: --data FOLDER, or unlabelled "
                            "ones, --calibration FOLDER; --set data.dataset=digits takes scikit-learn's")  # fmt: skip
        options |= _recipe_of(model, options, changes)
        weights = options.pop("weights")
    assert weights is not None
    require_file(weights)
    job = make_job(**options)
    job.recipe.require_task("classify", "hwcodesign quantize")
    network = job.recipe.describe()
    if (distil or drop is not None) and network.shapes[network.nodes[-1].name][:2] != (1, 1):
        raise UserError("--distil and --accuracy-drop go by the classes that images are given, and this network gives "
                        "a map of scores, which names none: leave them out; --reconstruct needs none")  # fmt: skip
    layers = _merged(job.recipe.quantization.layers, changes.get("layers", {}))
    quantization = job.recipe.quantization.model_copy(update=changes | {"layers": layers})
    recipe = with_stored_scales(job.recipe.model_copy(update={"quantization": quantization}))
    request = QuantizeRequest(
        weights, calibration, count or QuantizeRequest.images, equalization, reconstruct, distil, fewer=count is None
    )
    if drop is not None:
        recipe = _with_enough_bits(recipe, request, job.data_folder, drop)
        if model is not None:
            from hwcodesign.start.float_recipe import rewrite_bits

            rewrite_bits(Path(options["recipe"]), recipe, model)
    job = replace(job, recipe=recipe, quantize=request)
    report = run_job(job, console(), last="export")
    bits = recipe.describe().weight_bits(recipe.quantization.to_quantization())
    console().print(table(report["train"]["layers"], bits))
    if report["reference"].get("top1") is not None:  # of images without labels, and of maps of scores, nobody knows
        rows = {"quantized": report["reference"]}
        if measure_float:
            from hwcodesign.quantize.float_network import accuracy

            rows = {"float": accuracy(recipe, weights, job.data_folder)} | rows
        console().print(accuracy_table(rows, report["reference"]["images"]))
    if model is not None:
        data = f" --data {quote(str(options['data']))}" if options["data"] else ""
        click.echo(f"next: hwcodesign run {quote(options['recipe'])} --from lower{data}")


def _recipe_of(model: Path, options: dict[str, Any], bits: dict[str, Any]) -> dict[str, Any]:
    """Write the recipe of somebody's float network; what that changes of the options of a job, and its weights."""
    from hwcodesign.core.names import made_legal
    from hwcodesign.quantize.exported_program import to_onnx
    from hwcodesign.quantize.float_file import read_model
    from hwcodesign.start.float_recipe import float_recipe, write_recipe

    if options["board"] is None:
        raise UserError("--model needs --board NAME too (say --board ulx3s-85f)")
    name, runs = made_legal(model.stem), options["runs"]
    source, path = model, runs / f"{name}.toml"
    if model.suffix == ".pt2":  # PyTorch takes long for it: once
        runs.mkdir(parents=True, exist_ok=True)
        source = to_onnx(model, runs / f"{name}.onnx")
    changes = dict(options["changes"]) | {f"quantization.{key}": value for key, value in bits.items()}
    tables = float_recipe(name, read_model(source), options["data"], options["board"], changes)
    write_recipe(path, tables, model)
    return {"recipe": str(path), "model": None, "weights": source, "changes": ()}


def _with_enough_bits(recipe: Any, request: Any, data_folder: Path | None, drop: float) -> Any:
    """The recipe with the bits that keep the float network's answers; says what was tried."""
    from hwcodesign.quantize.accuracy_drop import Round, raised
    from hwcodesign.quantize.float_file import read_weights
    from hwcodesign.quantize.from_weights import calibration_images

    def say(tried: Round) -> None:
        bits = sorted(tried.weight_bits.values())
        of_weights = f"weights of {bits[0]} to {bits[-1]} bits, {sum(bits) / len(bits):.1f} on average"
        kept = f"{100 * tried.kept:.1f} % of the calibration images keep their class"
        click.echo(f"{of_weights}, activations of {tried.activation_bits}: {kept}")

    weights, images = read_weights(request.weights, recipe.describe()), calibration_images(recipe, request, data_folder)
    return raised(recipe, weights, images, drop, request.equalization, say)


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    """What --weight-bits, --activation-bits and --layer change of [quantization]; takes them out of `options`."""
    from hwcodesign.recipe import LayerBitsTable

    bits = {key: value for key in ("weight_bits", "activation_bits") if (value := options.pop(key)) is not None}
    layers = {}
    for text in options.pop("layers"):
        name, _, numbers = text.partition("=")
        parts = numbers.split(",")
        if not name or len(parts) > 2 or not all(part.isdecimal() and 2 <= int(part) <= 8 for part in parts):
            raise UserError(f"--layer {text}: say NAME=BITS or NAME=WEIGHTS,ACTIVATIONS with 2 to 8 bits: conv10=4,8")
        if name in layers:
            raise UserError(f"--layer {text}: {name} is there twice: say which bits are meant")
        layers[name] = LayerBitsTable(weight_bits=int(parts[0]), activation_bits=int(parts[1]) if parts[1:] else None)
    return bits | ({"layers": layers} if layers else {})


def _merged(recipes: "Layers", given: "Layers") -> "Layers":
    """The bits of the recipe's layers with those that were given in their place."""
    found = dict(recipes)
    for name, bits in given.items():
        there = found.get(name)
        found[name] = there.model_copy(update=bits.model_dump(exclude_none=True)) if there else bits
    return found
