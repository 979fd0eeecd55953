"""SqueezeNet's ImageNet recipes on boards with all weights on the chip: does it fit, how fast at most, what it takes.

    python benchmarks/imagenet_boards.py [--bits 4,8] [--board zcu104] [--seconds 2]

Planned, from the recipes alone: frames per second at most, and block RAM, URAM, LUT and DSP, of which LUTs are
estimates. A recipe that does not fit as it is is planned with weights that the host loads into URAM, where the board
has some. Rows that are among the results are not made again.
"""

import json
from pathlib import Path
from typing import Any

import click

from benchmarks.history import record
from benchmarks.imagenet import with_bits
from hwcodesign.check.check import check_recipe
from hwcodesign.core.errors import UserError
from hwcodesign.recipe import load_recipe

RESULTS = Path(__file__).with_suffix(".json")
NETWORKS = ("squeezenet-v1.1-imagenet", "squeezenet-v1.0-imagenet")
BOARDS = ("zcu104", "kv260", "ultra96-v2")


def row_of(name: str, bits: str, board: str, seconds: float) -> dict[str, Any]:
    """What the check says at the highest frame rate, loaded weights included where they are needed to fit."""
    recipe, found = with_bits(load_recipe(name), bits), dict[str, Any]()
    for loads in (False, True):
        wishes = {"board": board, "frame_rate": "max", "solver_seconds": seconds, "load_weights": loads}
        try:
            report = check_recipe(recipe.model_copy(update={"hardware": recipe.hardware.with_wishes(wishes)}))
        except UserError as error:
            found = {"fits": False, "why": str(error).splitlines()[0]}
            continue
        said = report.summary()
        found = {key: said[key] for key in ("fits", "over", "used", "usable", "clock_mhz", "frame_rate", "proof")}
        found["loaded_weights"] = loads
        if report.fits:
            break
    return found


@click.command()
@click.option("--bits", multiple=True, default=("4,8", "4,4"), show_default=True, help=with_bits.__doc__)
@click.option("--board", "boards", multiple=True, default=BOARDS, show_default=True)
@click.option("--network", "networks", multiple=True, default=NETWORKS, show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="For the solver.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(
    bits: tuple[str, ...], boards: tuple[str, ...], networks: tuple[str, ...], seconds: float, results: Path
) -> None:
    """Print a row for every network, choice of bits and board."""
    for name in networks:
        for which in bits:
            for board in boards:
                key, rows = f"{name}, {which}, {board}", json.loads(results.read_text()) if results.exists() else {}
                if key not in rows:
                    rows[key] = row_of(name, which, board, seconds)
                    partial = results.with_suffix(".partial")
                    partial.write_text(json.dumps(rows, indent=1) + "\n")
                    partial.replace(results)
                    record("imagenet_boards", {f"{key}, frames per second": rows[key].get("frame_rate", 0.0)})
                print(f"{key:48} {_words(rows[key])}", flush=True)


def _words(row: dict[str, Any]) -> str:
    if "used" not in row:
        return f"does not fit: {row['why']}"
    used, usable = row["used"], row["usable"]
    parts = ("block_ram", "large_ram", "lut", "dsp")
    amounts = ", ".join(f"{part} {used[part]:,} of {usable[part]:,}" for part in parts if usable[part])
    verdict = "fits" if row["fits"] else f"does not fit ({', '.join(row['over'])})"
    loads = ", weights loaded" if row["loaded_weights"] else ""
    return f"{verdict} at {row['frame_rate']:,.1f} frames per second{loads}: {amounts}"


if __name__ == "__main__":
    main()
