"""`hwcodesign classify`: image files through a board."""

from pathlib import Path

import click

from hwcodesign.cli.options import board_options, designs_folder


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@board_options
@click.option("--resize", is_flag=True, help="Take images of another size where training knew one size alone.")
def command(images: tuple[Path, ...], port: str, run: str | None, runs: Path, resize: bool) -> None:
    """Classify IMAGES on the board at a serial port.

    The board is asked which design it holds, and images are prepared as that design was trained, to the byte. Classes
    have the names of the data set that it was trained on. A network of another task tells how anomalous each image is,
    or what is where in it.

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
    from hwcodesign.host.answers import answers
    from hwcodesign.host.images import read_images

    with Accelerator(port, designs_folder(run, runs)) as board:
        pixels = read_images(images, board.contract, resize)
        with frames_bar("classify", len(pixels)) as on_frames:
            predictions = board.predict(pixels, on_frames)
    found = answers(board.contract, pixels, predictions)
    named = any(best[0].name for best in found)
    table = Table("image", *(["class"] if named else []), "score", box=None, header_style="bold")
    for path, best in zip(images, found, strict=True):
        for rank, (name, score) in enumerate(best):
            table.add_row("" if rank else escape(str(path)), *([escape(name)] if named else []), f"{score:.4g}")
    console().print(table)
