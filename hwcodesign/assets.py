"""Finds the folders that travel with the package: hls, boards, models, sim."""

from pathlib import Path

from hwcodesign.errors import UserError

_PACKAGE = Path(__file__).resolve().parent


def asset_folder(name: str) -> Path:
    """The folder `name` of a checkout, or of an installed wheel, whichever this package runs from.

    Raises UserError if neither is there (a broken installation).
    """
    for folder in (_PACKAGE.parent / name, _PACKAGE / "assets" / name):
        if folder.is_dir():
            return folder
    raise UserError(f"the folder {name!r} of the installation is missing: install hwcodesign again")
