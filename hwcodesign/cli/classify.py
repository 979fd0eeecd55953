"""`hwcodesign classify`: image files through a board."""

from pathlib import Path

import click

from hwcodesign.cli.options import board_options, designs_folder


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@board_options
@click.option("--resize", is_flag=True, help="Scale images of another size.")
def command(images: tuple[Path, ...], port: str, run: str | None, runs: Path, resize: bool) -> None:
    """Classify IMAGES on the board at a serial port.

    The board is asked which design it holds, and images are prepared as that design was trained.

    \b
    Examples:
      hwcodesign classify --port /dev/ttyUSB0 cat.png dog.png
      hwcodesign classify --port COM3 --run digits-squeezenet digit.png --resize
    """
    from rich.markup import escape
    from rich.table import Table

    from hwcodesign.core.progress import frames_bar
    from hwcodesign.core.terminal import console
    from hwcodesign.host import Accelerator
    from hwcodesign.host.images import read_images

    with Accelerator(port, designs_folder(run, runs)) as board:
        pixels = read_images(images, board.contract, resize)
        with frames_bar("classify", len(pixels)) as on_frames:
            scores, classes = board.predict(pixels, on_frames)
    contract = board.contract
    table = Table("image", *(["class"] if contract.names_classes else []), "score", box=None, header_style="bold")
    for path, row, best in zip(images, contract.score_map.real(scores), classes, strict=True):
        shown = row[best] if contract.classes > 1 else row
        named = [" ".join(map(str, best))] if contract.names_classes else []
        table.add_row(escape(str(path)), *named, " ".join(f"{score:.4g}" for score in shown))
    console().print(table)
