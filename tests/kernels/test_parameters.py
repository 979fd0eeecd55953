"""A wrong parameter stops Verilator, Icarus and Yosys alike, at a module whose name is the rule that is broken."""

import importlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.tools import ICARUS, VERILATOR, YOSYS, Tool, find
from hwcodesign.kinds import Folding, all_kinds
from hwcodesign.simulate.verilator_setup import verilator

# Of every module and rule one choice of parameters that breaks it; those of the kinds' kernels stand in their benches.
BROKEN: dict[str, Mapping[str, Mapping[str, int]]] = {
    "accumulator": {"sizes_are_positive": {"STEPS": 0}},
    "adder_tree": {"sizes_are_positive": {"IN_BITS": 0}},
    "loaded_memory": {
        "sizes_are_positive": {"LOAD_BITS": 0},
        "way_is_1_to_3": {"WAY": 4},
        "halves_have_a_bit": {"WAY": 3, "WIDTH": 1},
    },
    "lut_multiplier": {"sizes_are_positive": {"BITS": 0}},
    "packed_multiplier": {"sizes_are_positive": {"IN_BITS": 0}, "signed_weights_that_share_are_shifted": {"COUNT": 2}},
    "parallel_window": {
        "sizes_are_large_enough": {"WIDTH": 1},
        "kernel_lies_in_the_map": {"KERNEL_H": 2},
        "strides_are_positive": {"STRIDE_W": 0},
    },
    "ram": {"sizes_are_positive": {"WIDTH": 0}, "block_lies_in_the_memory": {"BLOCK_WIDTH": 1, "BLOCK_WORDS": 2}},
    "ram_bank": {"sizes_are_positive": {"WIDTH": 0}, "place_is_0_to_2": {"PLACE": 3}},
    "ranking": {"sizes_are_positive": {"TOP": 0}},
    "rom": {"sizes_are_positive": {"WIDTH": 0}, "block_lies_in_the_memory": {"BLOCK_WIDTH": 2, "BLOCK_WORDS": 1}},
    "rom_bank": {"sizes_are_positive": {"WIDTH": 0}},
    "threshold_count": {
        "sizes_are_positive": {"IN_BITS": 0},
        "threshold_bits_hold_an_element": {"IN_BITS": 3, "THRESHOLD_BITS": 2},
    },
    "threshold_search": {"sizes_are_positive": {"STEP_BITS": 0}, "out_bits_are_two_or_more": {"OUT_BITS": 1}},
    "threshold_unit": {
        "sizes_are_positive": {"OUT_BITS": 0},
        "thresholds_are_positive": {"THRESHOLD_BITS": 0},
        "steps_reach_every_output": {"STEP_BITS": 2, "OUT_BITS": 2, "THRESHOLDS": 2},
    },
    "camera_accelerator": {
        "sizes_are_positive": {"SCORES": 0},
        "pixels_and_beats_divide": {"FORMAT": 3, "IN_BYTES": 2},
    },
    "crop_axis": {
        "sizes_are_positive": {"LENGTH": 0},
        "window_begins_in_the_frame": {"SKIP": -1},
        "scale_is_positive": {"SCALE": 0},
    },
    "crop_scale": {
        "sizes_are_positive": {"HEIGHT": 0},
        "window_begins_in_the_frame": {"X": -1},
        "scale_is_1_to_64": {"SCALE": 65},
    },
    "dvp_receiver": {"format_is_0_to_3": {"FORMAT": 4}},
    "frame_store": {"sizes_are_positive": {"WORDS": 0}},
    "frame_last": {"beats_are_positive": {"BEATS": 0}},
    "link_receiver": {
        "image_bytes_fit_their_field": {"IMAGE_BYTES": 0},
        "timeout_is_positive": {"TIMEOUT_CLOCKS": -7},
        "weight_frames_fit_their_field": {"WEIGHT_FRAMES": 65536},
    },
    "link_transmitter": {
        "result_bytes_fit_their_field": {"RESULT_BYTES": 0},
        "weight_frames_fit_their_field": {"WEIGHT_FRAMES": 65536},
    },
    "loader": {"sizes_are_positive": {"BITS": 0}},
    "serial_accelerator": {"sizes_are_positive": {"IN_BEATS": 0}},
    "serial_link": {"sizes_are_positive": {"OUT_BEATS": 0}, "answers_are_two_or_more": {"ANSWERS": 1}},
    "uart_rx": {"clocks_per_bit_are_four_or_more": {"CLOCKS_PER_BIT": 3}},
    "uart_tx": {"clocks_per_bit_are_two_or_more": {"CLOCKS_PER_BIT": 1}},
}
for name, kind in all_kinds().items():
    BROKEN |= {kind.module(Folding()): getattr(importlib.import_module(f"sim.{name}"), "BROKEN", {})}
RULES = [(module, rule) for module, rules in BROKEN.items() for rule in rules]
# Asserted by what they consist of, or without parameters.
UNCHECKED = {"crc32", "thresholding"}

SOURCES = [
    path
    for room in ("kernels", "cells", "link", "camera")
    for path in sorted((asset_folder("hls") / room).glob("*.sv"))
]


# What a serial_accelerator and a camera_accelerator hold is emitted.
ACCELERATOR = """\
module accelerator (
  input  logic aclk, aresetn, s_axis_tvalid, s_axis_tlast, m_axis_tready,
  input  logic [7:0] s_axis_tdata,
  output logic s_axis_tready, m_axis_tvalid, m_axis_tlast, frame_error_o,
  output logic [7:0] m_axis_tdata
);
endmodule
"""


def sources_of(module: str) -> list[str]:
    """The files of `module` and of all that it instantiates."""
    files = {name: path for path in SOURCES for name in re.findall(r"^module (\w+)", path.read_text(), re.M)}
    found: list[str] = []
    waiting = [module]
    while waiting:
        path = files[waiting.pop()]
        if str(path) not in found:
            found.append(str(path))
            waiting += [name for name in files if re.search(rf"^ +{name} (#|u_)", path.read_text(), re.M)]
    return found


def elaborate(tool: Tool, module: str, parameters: Mapping[str, int], folder: Path) -> str:
    """What `tool` says when it elaborates `module` so; empty if it has no objection."""
    (folder / "accelerator.sv").write_text(ACCELERATOR)
    sources = [*sources_of(module), "accelerator.sv"]
    program = str(verilator() if tool is VERILATOR else find(tool))
    if tool is VERILATOR:
        values = [f"-G{key}={value}" for key, value in parameters.items()]
        command = [program, "--lint-only", "-Wno-fatal", "--top-module", module, *values, *sources]
    elif tool is ICARUS:
        values = [f"-P{module}.{key}={value}" for key, value in parameters.items()]
        command = [program, "-g2012", "-s", module, *values, "-o", "/dev/null", *sources]
    else:
        values = [f"-chparam {key} 32'sh{value & 0xFFFF_FFFF:x}" for key, value in parameters.items()]
        script = f"read_verilog -sv -defer {' '.join(sources)}\nhierarchy -check -top {module} {' '.join(values)}\n"
        (folder / "check.ys").write_text(script)
        command = [program, "-q", "check.ys"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


def stops(tool: Tool, module: str, rule: str, folder: Path) -> None:
    assert f"{module}_requires_that_{rule}" in elaborate(tool, module, BROKEN[module][rule], folder)


def test_every_rule_is_tried() -> None:
    written = [
        match.groups()
        for path in SOURCES
        for match in re.finditer(r"(\w+)_requires_that_(\w+) violated \(\);", path.read_text())
    ]
    assert sorted(written) == sorted(RULES)
    modules = {match[1] for path in SOURCES for match in re.finditer(r"^module (\w+)", path.read_text(), re.M)}
    assert modules == BROKEN.keys() | UNCHECKED


@pytest.mark.parametrize(("module", "rule"), RULES)
def test_verilator_stops(module: str, rule: str, tmp_path: Path) -> None:
    stops(VERILATOR, module, rule, tmp_path)


@pytest.mark.needs(ICARUS)
@pytest.mark.parametrize(("module", "rule"), RULES)
def test_icarus_stops(module: str, rule: str, tmp_path: Path) -> None:
    stops(ICARUS, module, rule, tmp_path)


@pytest.mark.needs(YOSYS)
@pytest.mark.parametrize(
    ("module", "rule"),
    [
        pytest.param(
            *each,
            marks=[] if each in (("mvau", "simd_divides_mw"), ("fifo", "depth_is_two_or_more")) else pytest.mark.slow,
        )
        for each in RULES
    ],
)
def test_yosys_stops(module: str, rule: str, tmp_path: Path) -> None:
    stops(YOSYS, module, rule, tmp_path)


@pytest.mark.parametrize("module", BROKEN)
def test_what_stands_in_the_heading_is_allowed(module: str, tmp_path: Path) -> None:
    assert elaborate(VERILATOR, module, {}, tmp_path) == ""
