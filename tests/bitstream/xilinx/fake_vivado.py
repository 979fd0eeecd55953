"""A stand-in for `vivado -mode batch -source A.tcl B.tcl PROJECT.xpr`: runs the Tcl with fake_vivado.tcl's commands.

A real Vivado keeps its project in PROJECT.xpr; this one runs the project's script again when it opens it. The progress
of runs is kept.
"""

import os
import stat
import sys
import tkinter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def interpreter() -> Any:
    """Tcl that knows the commands."""
    tcl = tkinter.Tcl()
    os.environ.setdefault("FAKE_SLACK", "1.000")
    os.environ.setdefault("FAKE_STOP", "")
    tcl.eval(f"source {{{HERE / 'fake_vivado.tcl'}}}")
    return tcl


def install(folder: Path) -> None:
    """Put it into `folder` as the program `vivado`."""
    program = folder / "vivado"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def main(arguments: list[str]) -> None:
    if arguments == ["-version"]:
        print("Vivado v2023.2 (64-bit)")
        return
    assert arguments[:4] == ["-notrace", "-mode", "batch", "-source"], arguments
    tcl = interpreter()
    scripts = [name for name in arguments[4:] if name.endswith(".tcl")]
    for project in (Path(name) for name in arguments[4:] if name.endswith(".xpr")):
        scripts = [f"{project.stem}.tcl", *scripts]
        tcl.setvar("opened", "1")
    try:
        for script in scripts:
            tcl.eval(f"source {{{script}}}")
    except tkinter.TclError as error:
        print(f"ERROR: [Fake 1-1] {error}")
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
