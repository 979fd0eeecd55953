"""`hwcodesign compress`: float weights pruned, shared, rounded or of low rank; trained on; and counted in bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hwcodesign.core.errors import UserError

if TYPE_CHECKING:
    from hwcodesign.export.float_weights import Weights
    from hwcodesign.quantize.fine_tuning import Lessons
    from hwcodesign.recipe import Recipe

_SUFFIXES = (".net", ".safetensors")


@click.command()
@click.argument("recipe")
@click.option(
    "--weights", required=True, type=click.Path(path_type=Path), help="Float weights: *.net *.bin *.safetensors *.pt."
)
@click.option("--keep", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="The share of weights to keep.")
@click.option("--bits", type=click.IntRange(2, 8), help="Of a code: a layer's weights share 2^bits - 1 values.")
@click.option("--fixed-point", type=click.IntRange(2, 8), help="Bits of a weight, in steps of a power of two instead.")
@click.option(
    "--svd", "energy", type=click.FloatRange(0, 1, min_open=True),
    help="Low rank instead: each layer keeps this share of its weights' energy.",
)  # fmt: skip
@click.option("--svd-weights", type=click.IntRange(1), help="Low rank with so many weights in all these layers.")
@click.option("--rank", "ranks", multiple=True, metavar="LAYER=RANK", help="Low rank of one layer.")
@click.option("--epochs", type=click.IntRange(0, 10_000), default=0, help="To train on for, with what was left.")
@click.option("--distil", is_flag=True, help="Train on without labels, against the answers before the compression.")
@click.option("--out", type=click.Path(path_type=Path), help="The result: Deep Compression's *.net, or *.safetensors.")
@click.option("--data", type=click.Path(path_type=Path), help="Images to train with, and to measure before and after.")
@click.option("--images", type=click.IntRange(1), help="Measure on so many of them; all, if not given.")
def command(
    recipe: str,
    weights: Path,
    keep: float,
    bits: int | None,
    fixed_point: int | None,
    energy: float | None,
    svd_weights: int | None,
    ranks: tuple[str, ...],
    epochs: int,
    distil: bool,
    out: Path | None,
    data: Path | None,
    images: int | None,
) -> None:
    """Compress the float weights of RECIPE's network, and say what they take.

    Without an option of its own it counts what the file holds. --keep prunes the smallest weights, --bits lets the
    others share few values; with --epochs the network trains on behind each of both, with its zeros and its shared
    values kept. A result goes into quantize as weights of any file do; with --svd it is a network of its own, whose
    recipe is written beside it. The digits need no --data.

    \b
    Examples:
      hwcodesign compress squeezenet-v1.0-imagenet --weights squeezenet-v1.0.net
      hwcodesign compress squeezenet-v1.0-imagenet --weights squeezenet-v1.0.net --bits 6 --out six.net --data FOLDER
      hwcodesign compress squeezenet-v1.1-imagenet --weights v11.ncnn.bin --keep 0.4 --bits 8 --out pruned.net
      hwcodesign compress squeezenet-v1.1-imagenet --weights v11.ncnn.bin --svd 0.9 --data FOLDER --images 250
      hwcodesign compress fashion-squeezenet --weights float.pt --keep 0.2 --bits 5 --epochs 5 --data FOLDER
      hwcodesign compress fashion-squeezenet --weights float.pt --keep 0.2 --epochs 5 --distil --data FOLDER
    """
    from hwcodesign.data.folder import unlabelled_alone
    from hwcodesign.quantize import compression
    from hwcodesign.quantize.float_file import read_weights
    from hwcodesign.recipe import load_recipe

    _require_one_way(bits, fixed_point, energy, svd_weights, ranks, keep, epochs, out)
    if distil and not epochs:
        raise UserError("--distil says how to train on: give --epochs, too")
    if out and out.suffix not in _SUFFIXES:
        raise UserError(f"--out {out}: results are named {' or '.join(f'*{s}' for s in _SUFFIXES)}, so that they are "
                        "read as such: *.net is Deep Compression's format")  # fmt: skip
    loaded = load_recipe(recipe)
    loaded.require_task("classify", "hwcodesign compress")
    given = read_weights(weights, loaded.describe())
    if energy or svd_weights or ranks:
        made = _low_rank(loaded, given, energy, svd_weights, ranks, out)
    else:
        lessons = _lessons(loaded, given, data, distil) if epochs else None
        made = compression.pruned(given, keep) if keep < 1 else dict(given)
        if lessons and keep < 1:
            made = _trained_on(loaded, made, lessons, epochs)
        if fixed_point:
            made = compression.fixed_point(made, fixed_point)
        elif bits or (keep < 1 and (out is None or out.suffix == ".net")) or weights.suffix != ".net":
            made = compression.shared(made, bits or compression.MOST_CODE_BITS)
            if lessons and bits:
                made = _trained_on(loaded, made, lessons, epochs, shared=True)
        _say_sizes(loaded, given, made, bits or fixed_point or compression.MOST_CODE_BITS)
        if out:
            click.echo(f"{out}: {_written(out, loaded, made):,} bytes")
    if (data and not unlabelled_alone(data)) or loaded.data.dataset == "digits":
        from hwcodesign.core.terminal import console
        from hwcodesign.quantize.float_network import accuracies
        from hwcodesign.quantize.table import accuracy_table

        rows, count = accuracies(loaded, {"float": given, "compressed": made}, data, images)
        console().print(accuracy_table(rows, count))


def _require_one_way(
    bits: int | None, fixed_point: int | None, energy: float | None, svd_weights: int | None, ranks: tuple[str, ...],
    keep: float, epochs: int, out: Path | None,
) -> None:  # fmt: skip
    """Raise UserError for options that contradict each other."""
    if bits and fixed_point:
        raise UserError("--bits shares values, --fixed-point rounds them: give one of the two")
    low_rank = bool(energy) + bool(svd_weights) + bool(ranks)
    if low_rank and out and out.suffix != ".safetensors":
        raise UserError(f"--out {out}: layers of low rank are a network of its own: name it *.safetensors, and its "
                        "recipe is written beside it")  # fmt: skip
    if low_rank > 1:
        raise UserError("--svd, --svd-weights and --rank each choose the ranks: give one of the three")
    if low_rank and (bits or fixed_point or keep < 1 or epochs):
        raise UserError("layers of low rank are not pruned, shared, rounded or trained on here: give --svd, "
                        "--svd-weights or --rank alone")  # fmt: skip
    if epochs and not bits and keep == 1:
        raise UserError("--epochs trains on what --keep or --bits has left: give one of these, too")


def _low_rank(
    recipe: "Recipe", given: "Mapping[str, Weights]", energy: float | None, most: int | None, ranks: tuple[str, ...],
    out: Path | None,
) -> "dict[str, Weights]":  # fmt: skip
    """The weights that two convolutions are together; prints a line for each layer, and writes the network of both."""
    from hwcodesign.core.terminal import console
    from hwcodesign.quantize import low_rank
    from hwcodesign.quantize.compression_table import rank_table

    layers = low_rank.decomposed(recipe.describe(), given)
    if energy:
        chosen = low_rank.ranks_by_energy(layers, energy)
    elif most:
        chosen = low_rank.ranks_by_size(layers, most)
    else:
        chosen = dict(_rank(text) for text in ranks)
        low_rank.require_ranks(layers, chosen)
    made, parameters = low_rank.low_rank(given, layers, chosen)
    before = sum(w.weight.size + w.bias.size for w in given.values())
    console().print(rank_table(layers, chosen, before, parameters))
    if out:
        from hwcodesign.start.low_rank_recipe import write_low_rank

        path = write_low_rank(out, recipe, given, layers, chosen)
        click.echo(f"{out}, and its recipe {path}: hwcodesign quantize {path} --weights {out}")
    return made


def _rank(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not name or not number.isdecimal():
        raise UserError(f"--rank {text}: say LAYER=RANK, a whole number: fire2.expand3x3=16")
    return name, int(number)


def _lessons(recipe: "Recipe", given: "Mapping[str, Weights]", data: Path | None, distil: bool) -> "Lessons":
    """What to train on with. Raises UserError if it is not there."""
    from hwcodesign.data import load_dataset
    from hwcodesign.job import QuantizeRequest
    from hwcodesign.quantize.fine_tuning import Lessons
    from hwcodesign.quantize.from_weights import FEWEST_IMAGES, calibration_images

    if distil:
        request = QuantizeRequest(Path(), images=FEWEST_IMAGES)
        return Lessons(calibration_images(recipe, request, data, whole=True), None, given)
    dataset = load_dataset(recipe.data, data)
    return Lessons(dataset.train_images, dataset.train_labels, given)


def _trained_on(
    recipe: "Recipe", weights: "Mapping[str, Weights]", lessons: "Lessons", epochs: int, shared: bool = False
) -> "dict[str, Weights]":
    from hwcodesign.core.terminal import console
    from hwcodesign.quantize.fine_tuning import Tuned, fine_tuned

    what = "shared values" if shared else "weights left"
    whose = "have the right class" if lessons.labels is not None else "keep their class"

    def say(now: Tuned) -> None:
        console().print(f"{what}, epoch {now.epoch} of {epochs}: {100 * now.right:.1f} % of the images held apart "
                        f"{whose}, loss {now.loss:.4f}")  # fmt: skip

    return fine_tuned(recipe, weights, lessons, epochs, shared, say)


def _say_sizes(recipe: "Recipe", given: Any, made: Any, bits: int) -> None:
    from hwcodesign.core.terminal import console
    from hwcodesign.quantize import compression
    from hwcodesign.quantize.compression_table import is_squeezenet, table

    most = compression.MOST_CODE_BITS
    before = compression.size_of(compression.shared(given, most), most)
    after = compression.size_of(compression.shared(made, most), bits)
    console().print(table(before, after, is_squeezenet(recipe.describe())))


def _written(out: Path, recipe: "Recipe", made: "dict[str, Weights]") -> int:
    from hwcodesign.export import deep_compression, state_dict

    if out.suffix == ".net":
        return deep_compression.write(out, recipe.describe(), made)
    return state_dict.write(out, made)
