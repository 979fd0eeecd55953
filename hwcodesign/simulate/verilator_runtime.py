"""Verilator's own library, compiled once and kept: it takes most of the time that a small simulation takes to build.

The objects lie beside the repaired Verilator, by everything that their code depends on: Verilator's and g++'s versions,
the optimisation, and the settings that Verilator writes for the design (tracing, timing, coverage).
"""

import os
import re
import shutil
from pathlib import Path

from hwcodesign.core.tools import GXX, VERILATOR, find, version_of
from hwcodesign.simulate.verilator_setup import place, verilator

OBJECTS = "verilated*.o"


def runtime_folder(build: Path, optimise: str) -> Path:
    """Where the library's objects are kept for a design that Verilator has translated into the folder `build`."""
    settings = re.findall(r"^VM_\w+ = \d$", (build / "Vtop_classes.mk").read_text(), flags=re.MULTILINE)
    used = ((VERILATOR, verilator()), (GXX, find(GXX)))
    versions = [".".join(map(str, version_of(tool, path))) for tool, path in used]
    flags = "".join(setting[-1] for setting in settings)
    return place() / "share" / "verilator-objects" / "-".join([*versions, optimise.strip("-"), flags])


def fetch(kept: Path, build: Path) -> None:
    """Put the kept objects, if there are any, into `build`, newer than its makefile: make then finds them done."""
    for item in kept.glob(OBJECTS):
        shutil.copyfile(item, build / item.name)


def keep(build: Path, kept: Path) -> None:
    """Keep the objects of `build`; where the environment is not ours to write, they are compiled every time."""
    if kept.exists():
        return
    scratch = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        scratch.mkdir(parents=True)
        for item in build.glob(OBJECTS):
            shutil.copyfile(item, scratch / item.name)
        scratch.rename(kept)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
