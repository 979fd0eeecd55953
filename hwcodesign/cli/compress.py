"""`hwcodesign compress`: float weights pruned, shared among few values, and counted in bytes."""

from pathlib import Path

import click


@click.command()
@click.argument("recipe")
@click.option(
    "--weights", required=True, type=click.Path(path_type=Path), help="Float weights: *.net *.bin *.safetensors *.pt."
)
@click.option("--keep", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="The share of weights to keep.")
@click.option("--bits", type=click.IntRange(2, 8), help="Of a code: a layer's weights share 2^bits - 1 values.")
@click.option("--fixed-point", type=click.IntRange(2, 8), help="Bits of a weight, in steps of a power of two instead.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the result in Deep Compression's format (*.net).")
@click.option("--data", type=click.Path(path_type=Path), help="Measure before and after on these held-out images.")
def command(
    recipe: str, weights: Path, keep: float, bits: int | None, fixed_point: int | None, out: Path | None,
    data: Path | None,
) -> None:  # fmt: skip
    """Compress the float weights of RECIPE's network, and say what they take.

    Without an option of its own it counts what the file holds. A result goes into quantize as weights of any file do.

    \b
    Examples:
      hwcodesign compress squeezenet-v1.0-imagenet --weights squeezenet-v1.0.net
      hwcodesign compress squeezenet-v1.0-imagenet --weights squeezenet-v1.0.net --bits 6 --out six.net --data FOLDER
      hwcodesign compress squeezenet-v1.1-imagenet --weights v11.ncnn.bin --keep 0.4 --bits 8 --out pruned.net
    """
    from hwcodesign.core.errors import UserError
    from hwcodesign.core.terminal import console
    from hwcodesign.export import deep_compression
    from hwcodesign.quantize import compression
    from hwcodesign.quantize.compression_table import is_squeezenet, table
    from hwcodesign.quantize.float_file import read_weights
    from hwcodesign.recipe import load_recipe

    if bits and fixed_point:
        raise UserError("--bits shares values, --fixed-point rounds them: give one of the two")
    if out and out.suffix != ".net":
        raise UserError(f"--out {out}: Deep Compression's files are named *.net, so that they are read as such")
    loaded = load_recipe(recipe)
    network = loaded.describe()
    given = read_weights(weights, network)
    made = compression.pruned(given, keep) if keep < 1 else dict(given)
    if fixed_point:
        made = compression.fixed_point(made, fixed_point)
    elif bits or keep < 1 or weights.suffix != ".net":
        made = compression.shared(made, bits or compression.MOST_CODE_BITS)
    after = compression.size_of(made, bits or fixed_point or compression.MOST_CODE_BITS)
    before = compression.size_of(compression.shared(given, compression.MOST_CODE_BITS), compression.MOST_CODE_BITS)
    console().print(table(before, after, is_squeezenet(network)))
    if out:
        click.echo(f"{out}: {deep_compression.write(out, network, made):,} bytes")
    if data:
        from hwcodesign.quantize.float_network import accuracies
        from hwcodesign.quantize.table import accuracy_table

        rows, images = accuracies(loaded, {"float": given, "compressed": made}, data)
        console().print(accuracy_table(rows, images))
