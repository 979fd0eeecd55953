"""Finds the folders that travel with the package: hls, boards, models, sim."""

from collections.abc import Iterable
from pathlib import Path

from hwcodesign.core.errors import UserError

_PACKAGE = Path(__file__).resolve().parents[1]


def asset_folder(name: str) -> Path:
    """The folder `name` of a checkout, or of an installed wheel, whichever this package runs from.

    Raises UserError if neither is there (a broken installation).
    """
    for folder in (_PACKAGE.parent / name, _PACKAGE / "assets" / name):
        if folder.is_dir():
            return folder
    raise UserError(f"the folder {name!r} of the installation is missing: install hwcodesign again")


def hls_source(module: str, hls: Path | None = None, more: Iterable[Path] = ()) -> Path:
    """The SystemVerilog file of `module`: in one of the folders `more`, or in one of those of `hls/` (or a copy of it).

    Raises UserError if there is none, or if it is there twice.
    """
    own = [path for path in (place / f"{module}.sv" for place in more) if path.is_file()]
    if own:
        return own[0]
    folder = hls or asset_folder("hls")
    found = list(folder.glob(f"*/{module}.sv"))
    if len(found) != 1:
        raise UserError(f"{folder} has {len(found)} files {module}.sv; exactly one is needed: install hwcodesign again")
    return found[0]
