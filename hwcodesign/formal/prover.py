"""Proves the properties of a module with Yosys, its SMT-based model checker and the solver Yices.

A bounded proof tries every input sequence of so many clocks from reset on. Induction goes on from there to all times:
any so many clocks in which the properties hold are followed by one in which they hold. A search for the cover
statements shows that the bounded proof is long enough to see what it is about.
"""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hwcodesign.core import tools
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError

# Assumptions and assertions that the properties share.
_SHARED = ("reset_first", "stream_rules", "stream_assumptions", "in_order", "keeps_going")


@dataclass(frozen=True)
class Proof:
    """What is to be proven: the properties of `module`, one of those in `hls/formal/`, with parameters of theirs.

    `sources`: the modules that it consists of. `depth`: clocks of the bounded proof. `images`: contents of the memory
    files that it reads, by name. `free_checksum`: the checksum is any number, see free_crc32.sv.
    """

    module: str
    sources: tuple[str, ...]
    depth: int = 20
    parameters: Mapping[str, int] = field(default_factory=dict)
    induction: bool = False
    images: Mapping[str, str] = field(default_factory=dict)
    free_checksum: bool = False

    @property
    def properties(self) -> str:
        """The module that states them."""
        return f"{self.module}_properties"

    @property
    def name(self) -> str:
        """The module and its parameters, for tables and tests."""
        return " ".join([self.module, *(f"{key}={value}" for key, value in self.parameters.items())])


@dataclass(frozen=True)
class Verdict:
    """How a proof ended. `failed`: the first assertion that does not hold (file and line), empty if all do."""

    failed: str
    always: bool  # by induction
    reached: bool  # the cover statements, within the depth


def prove(proof: Proof, folder: Path, hls: Path | None = None, cover: bool = True) -> Verdict:
    """Prove it in `folder`, of the kernels in `hls` if not of our own; leaves logs and the trace of a failure there.

    Raises UserError if a tool is missing or fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _model(proof, folder, hls or asset_folder("hls"))
    failed = _check(proof, folder, "bounded")
    if failed:
        return Verdict(failed, always=False, reached=False)
    always = proof.induction and not _check(proof, folder, "induction", "-i")
    return Verdict("", always, not (cover and _check(proof, folder, "cover", "-c")))


def _model(proof: Proof, folder: Path, hls: Path) -> None:
    """Write model.smt2: the module with its properties, flat, memories as registers, as a transition system."""
    names = [*_SHARED, proof.properties, *(["free_crc32"] if proof.free_checksum else []), *proof.sources]
    for name in names:
        shutil.copyfile(hls_source(name, hls), folder / f"{name}.sv")
    for name, contents in proof.images.items():
        (folder / name).write_text(contents)
    values = "".join(f" -chparam {key} {value}" for key, value in proof.parameters.items())
    commands = [
        f"read_verilog -sv -formal -defer {' '.join(f'{name}.sv' for name in names)}",
        f"hierarchy -check -top {proof.properties}{values}",
        "proc",
        "memory_collect",
        "memory_map",
        "flatten",
        "opt -keepdc -fast",
        "async2sync",
        "chformal -lower",
        "dffunmap",
        "opt_clean",
        "write_smt2 -wires model.smt2",
    ]
    (folder / "model.ys").write_text("\n".join(commands) + "\n")
    tools.run([tools.require(tools.YOSYS), "-q", "model.ys"], folder, folder / "model.log")


def _check(proof: Proof, folder: Path, name: str, *mode: str) -> str:
    """Run the model checker; what failed, empty if nothing did."""
    solver = tools.require(tools.YICES)
    log = folder / f"{name}.log"
    command = [str(tools.require(tools.SMTBMC)), "-s", "yices", *mode, "-t", str(proof.depth)]
    path = f"{solver.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        tools.run([*command, "--dump-vcd", f"{name}.vcd", "model.smt2"], folder, log, {"PATH": path})
    except UserError:
        if "Status: FAILED" not in log.read_text():
            raise
        found = re.search(r"(?:Assert failed|Unreached cover statement).*?: (\S+?):(\d+)", log.read_text())
        return f"{Path(found[1]).name}:{found[2]}" if found else "failed"
    return ""
