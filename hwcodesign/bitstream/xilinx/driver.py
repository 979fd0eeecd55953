"""The folder for a Zynq board: bitstream, contract, self-test, and the part of this package that a host needs.

A board needs no more than PYNQ and numpy, so the driver is a copy of the modules that `hwcodesign.host` imports.
"""

import shutil
from modulefinder import ModuleFinder
from pathlib import Path

from hwcodesign.core.interface import WEIGHTS
from hwcodesign.host.contract import CONTRACT, SELFTEST

DRIVER = "driver"
_ROOT = Path(__file__).resolve().parents[3]  # where the package lies
_ROOMS = ("__init__", "core", "host")
_MODULES = ("hwcodesign.host.accelerator", "hwcodesign.host.answers", "hwcodesign.host.images")
_EXAMPLE = '''\
"""Classifies images on this board: sudo -E python3 classify.py IMAGE...; without an image, the self-test."""

import sys
from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.host import Accelerator
from hwcodesign.host.answers import answers
from hwcodesign.host.images import read_images

BITSTREAM = Path(__file__).resolve().parent / {file!r}


def main(paths):
    with Accelerator(str(BITSTREAM)) as board:
        if not paths:
            print(f"all scores of {{board.selftest()}} images are right")
            return
        contract = board.contract
        images = read_images([Path(path) for path in paths], contract, resize=True)
        for path, best in zip(paths, answers(contract, images, board.predict(images))):
            print(path)
            for name, score in best:
                print(f"    {{score:10.4g}}  {{name}}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(f"error: {{error}}")
'''


def write_driver(handed_over: Path, name: str, folder: Path) -> Path:
    """Write DRIVER in `folder` for `<name>.bit`; what the host must know is copied from the folder `handed_over`."""
    driver = folder / DRIVER
    for module in host_modules():
        target = driver / module.relative_to(_ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, target)
    for file in (CONTRACT, SELFTEST, WEIGHTS):
        if (handed_over / file).exists():
            shutil.copyfile(handed_over / file, driver / file)
    (driver / "classify.py").write_text(_EXAMPLE.format(file=f"{name}.bit"))
    return driver


def host_modules() -> list[Path]:
    """The files of this package that a host imports, sorted."""
    package = _ROOT / "hwcodesign"
    others = [f"hwcodesign.{place.stem}" for place in package.iterdir() if place.stem not in _ROOMS]
    finder = ModuleFinder(path=[str(_ROOT)], excludes=others)  # the package's own functions import them when used
    for name in _MODULES:
        finder.import_hook(name)
    ours = [module for name, module in finder.modules.items() if name.split(".")[0] == "hwcodesign"]
    return sorted(Path(module.__file__) for module in ours)  # type: ignore[attr-defined]


def installation(name: str, built: bool) -> str:
    """How the driver gets onto the board and is used; paths are relative to the bitstream's folder."""
    first = "" if built else f"once {name}.bit and {name}.hwh are built, copy them into {DRIVER}; then "
    return (
        f"{first}copy the folder {DRIVER} to the board (PYNQ 3.0 or newer; scp -r {DRIVER} xilinx@pynq:) and run there "
        f"sudo -E python3 {DRIVER}/classify.py: the self-test, or with image files their classes"
    )
