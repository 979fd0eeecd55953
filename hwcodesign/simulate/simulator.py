"""Builds a design for Verilator or Icarus with cocotb inside, and runs cocotb tests in it.

cocotb's own runner makes every signal of the design public to Python, which costs a factor of four in speed; here only
the ports of the top level are.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from hwcodesign.core import packages, tools
from hwcodesign.core.errors import UserError
from hwcodesign.simulate import verilator_runtime
from hwcodesign.simulate.verilator_setup import verilator

Name = Literal["verilator", "icarus"]
WAVE = "wave.fst"  # what a simulation built with `trace` writes into its folder
_BESIDE = (tools.GXX, tools.MAKE, tools.PERL)  # what Verilator and its makefile call
_PROGRAM = "simulation"
TOP_CLASS = "Vtop"  # what cocotb's main program for Verilator is written for


def require_tools() -> None:
    """Raises UserError, in one message, if anything that a simulation in Verilator needs is missing or too old."""
    faults = []
    needed: list[Callable[[], object]] = [partial(packages.require, "cocotb"), verilator]
    needed += [partial(tools.require, tool) for tool in _BESIDE]
    for ask in needed:
        try:
            ask()
        except UserError as error:
            faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))


@dataclass(frozen=True)
class Simulation:
    """A built simulation: the command that starts it in `folder`, and the name of its top module."""

    command: tuple[str, ...]
    folder: Path
    top: str


def build(
    folder: Path,
    top: str,
    sources: Sequence[Path],
    ports: Sequence[str],
    simulator: Name = "verilator",
    optimise: str = "-O1",
    trace: bool = False,
    parameters: Mapping[str, int | str] | None = None,
    defines: Sequence[str] = (),
) -> Simulation:
    """Compile `sources` in `folder`; Python will see the `ports` of module `top`.

    `optimise` is the C++ compiler's level: -O0 and -O1 build fast, -O3 runs fast. `parameters` are those of `top` (a
    string is a literal), `defines` preprocessor names; `trace` makes every run write all signals to WAVE. Raises
    UserError if a tool is missing or the design does not compile (the message ends with the compiler's last words).
    """
    folder.mkdir(parents=True, exist_ok=True)
    if simulator == "icarus":
        assert not (parameters or defines or trace), "kernel benches need none of these"
        return _build_icarus(folder, top, sources)
    settings = [f"-G{name}={value}" for name, value in (parameters or {}).items()]
    settings += [f"+define+{name}" for name in defines] + (["--trace-fst"] if trace else [])
    built = _build_verilator(folder, top, sources, ports, optimise, settings)
    return replace(built, command=(*built.command, "--trace", "--trace-file", WAVE)) if trace else built


def built_in(folder: Path, top: str) -> Simulation:
    """What `build` made of module `top` for Verilator, wherever its folder lies now."""
    return Simulation((str(folder / _PROGRAM),), folder, top)


def run(
    simulation: Simulation,
    module: str,
    environment: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run every cocotb test of the Python module `module`; what it prints goes to `on_line` and simulation.log.

    Raises UserError with the end of the log if a test fails.
    """
    from cocotb_tools.check_results import get_results

    folder, results = simulation.folder, simulation.folder / "results.xml"
    results.unlink(missing_ok=True)
    log = folder / "simulation.log"
    environment = {**_cocotb_environment(simulation.top, module, results), **(environment or {})}
    tools.run([*simulation.command, *arguments], folder, log, environment, on_line)
    tests, failures = get_results(results) if results.exists() else (0, 1)
    if failures or not tests:
        end = "\n".join(log.read_text().splitlines()[-40:])
        raise UserError(f"{failures} of {tests} tests in {module} failed, log in {log}:\n{end}")


def _build_verilator(
    folder: Path, top: str, sources: Sequence[Path], ports: Sequence[str], optimise: str, settings: Sequence[str]
) -> Simulation:
    from cocotb_tools import config

    program, make = verilator(), tools.require(tools.MAKE)
    tools.require(tools.GXX)
    # Where the tools run, names are relative: what a user's own folders are called does not reach Verilator's Makefile.
    public, relative = folder / "public.vlt", [os.path.relpath(source, folder) for source in sources]
    lines = (f'public_flat_rw -module "{top}" -var "{port}"\n' for port in ports)
    public.write_text("`verilator_config\n" + "".join(lines))
    libraries = config.libs_dir
    command = [
        program, "--cc", "--exe", "--vpi", "--prefix", TOP_CLASS, "--top-module", top, "--Mdir", ".",
        "--timescale", "1ns/1ps", "-o", _PROGRAM, "-CFLAGS", optimise, "-Wno-fatal",
        "-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator",
        *settings,
        config.share_dir / "lib" / "verilator" / "verilator.cpp", public.name, *relative,
    ]  # fmt: skip
    tools.run(command, folder, folder / "verilator.log")
    kept = verilator_runtime.runtime_folder(folder, optimise)
    verilator_runtime.fetch(kept, folder)
    # Verilator's Makefile refuses a folder whose path has a space; no rule of it names the folder.
    make_flags = [f"OPT_FAST={optimise}", "OPT_SLOW=-O0", f"OPT_GLOBAL={optimise}", "CURDIR=."]
    tools.run([make, "-j2", "-f", f"{TOP_CLASS}.mk", *make_flags], folder, folder / "make.log")
    verilator_runtime.keep(folder, kept)
    return built_in(folder, top)


def _build_icarus(folder: Path, top: str, sources: Sequence[Path]) -> Simulation:
    from cocotb_tools import config

    iverilog, vvp = tools.require(tools.ICARUS), tools.require(tools.VVP)
    program = folder / "simulation.vvp"
    tools.run([iverilog, "-g2012", "-s", top, "-o", program, *sources], folder, folder / "iverilog.log")
    return Simulation((str(vvp), "-m", config.lib_entry("vpi", "icarus"), str(program)), folder, top)


def _cocotb_environment(top: str, module: str, results: Path) -> dict[str, str]:
    import find_libpython
    from cocotb_tools import config

    return {
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": module,
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "TOPLEVEL_LANG": "verilog",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": ":".join(path or str(Path.cwd()) for path in sys.path),
        "GPI_USERS": f"{find_libpython.find_libpython()};{config.pygpi_entry_point()}",
    }
