"""Cells go to the layer whose instance they were made in."""

import json
from pathlib import Path

import pytest

from hwcodesign.bitstream.netlist import (
    CLOCK_AND_RESET,
    STREAMS,
    THE_LINK,
    owner,
    owners,
    resources_by_layer,
    total,
)
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet

NETWORK = "u_design.u_accelerator."


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


def test_a_cell_belongs_to_its_instances_layer(made: Plan) -> None:
    instances = owners(made.design)
    assert owner(f"{NETWORK}u_fire2_expand3x3.gen_pe[0].acc_q_TRELLIS_FF_Q", instances) == "fire2.expand3x3"
    assert owner(f"{NETWORK}u_fire2_expand3x3_window.u_buffer.data_o_LUT4_Z", instances) == "fire2.expand3x3.window"
    assert owner(f"{NETWORK}fire2_squeeze_valid_LUT4_Z", instances) == STREAMS
    assert owner("u_design.u_link.u_rx.bit_q_TRELLIS_FF_Q", instances) == THE_LINK
    assert owner("waited_q_TRELLIS_FF_Q_3", instances) == CLOCK_AND_RESET


def test_a_fifo_belongs_to_the_layer_whose_stream_it_carries(made: Plan) -> None:
    fifo = next(layer for layer in made.design.layers if layer.kind == "fifo")
    source = made.design.edges_into(fifo.name)[0].source
    instance = f"u_{fifo.name.replace('.', '_')}"
    assert owners(made.design)[instance] == source
    converters = [layer for layer in made.design.layers if layer.kind == "width_converter"]
    assert all(owners(made.design)[f"u_{c.name.replace('.', '_')}"] in made.design.by_name for c in converters)


def test_every_cell_is_counted_once(made: Plan, tmp_path: Path) -> None:
    cells = {
        f"{NETWORK}u_conv1.a": "LUT4",
        f"{NETWORK}u_conv1.b": "DP16KD",
        f"{NETWORK}u_conv1_window.c": "CCU2C",
        f"{NETWORK}loose": "LUT4",
        "u_design.u_link.d": "TRELLIS_FF",
        "e": "TRELLIS_FF",
    }
    netlist = tmp_path / "netlist.json"
    netlist.write_text(json.dumps({"modules": {"top": {"cells": {n: {"type": t} for n, t in cells.items()}}}}))
    found = resources_by_layer(load_board("ulx3s-85f").device, netlist, "top", made.design)
    assert list(found) == ["conv1.window", "conv1", STREAMS, THE_LINK, CLOCK_AND_RESET]
    assert found["conv1"] == Resources(lut=1, block_ram=1)
    assert found["conv1.window"] == Resources(lut=2)
    assert total(found.values()) == Resources(lut=4, ff=2, block_ram=1)
