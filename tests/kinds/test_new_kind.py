"""A kind that only this test knows: it plans, sizes its buffers, emits, simulates exactly, and the check says of it
that its cost was never measured. What it takes is a class and a SystemVerilog file; nothing else knows of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.check.check import measure
from hwcodesign.check.table import text
from hwcodesign.core.integers import PIXEL, Interval
from hwcodesign.dataflow import Dataflow, Layer, Stream
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import Folding, Kind, Logic, Memory, all_kinds
from hwcodesign.kinds.motion import Motion
from hwcodesign.plan import plan
from hwcodesign.plan.buffer_sizing import shrunk
from hwcodesign.simulate import network
from hwcodesign.simulate.utilisation import probes

KERNEL = """
module ceiling #(
  parameter int LANES = 1,
  parameter int BITS = 8,
  parameter int MOST = 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [LANES*BITS-1:0] in_data_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  output logic [LANES*BITS-1:0] out_data_o,
  output logic                  out_valid_o,
  input  logic                  out_ready_i
);
  logic take;
  assign in_ready_o = !out_valid_o || out_ready_i;
  assign take       = in_ready_o && in_valid_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else if (in_ready_o) out_valid_o <= take;
    for (int i = 0; i < LANES; i++) begin
      if (take && in_data_i[i*BITS+:BITS] > BITS'(MOST)) out_data_o[i*BITS+:BITS] <= BITS'(MOST);
      else if (take) out_data_o[i*BITS+:BITS] <= in_data_i[i*BITS+:BITS];
    end
  end
endmodule
"""


@pytest.fixture
def ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kind `ceiling`: min(x, attribute `most`) of non-negative elements."""

    class Ceiling(Kind):
        name = "ceiling"
        sources = tmp_path / "kernels"

        def output(self, layer: Layer) -> Stream:
            most = min(layer.input.high, layer.number("most"))
            return Stream(layer.input.shape, layer.input.type, Interval(min(layer.input.low, most), most))

        def check(self, layer: Layer) -> None:
            assert not layer.input.type.signed

        def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
            return [np.minimum(inputs[0], layer.number("most"))]

        def motion(self, layer: Layer, folding: Folding) -> Motion:
            return self.pixel_by_pixel(layer, folding)

        def latency(self, layer: Layer, folding: Folding) -> int:
            return 1

        def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
            return []

        def logic(self, layer: Layer, folding: Folding) -> Logic:
            bits = folding.pe * layer.input.type.bits
            return Logic(lut=2 * bits, ff=bits + 1)

        def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
            return {"LANES": folding.pe, "BITS": layer.input.type.bits, "MOST": layer.number("most")}

    Ceiling.sources.mkdir()
    (Ceiling.sources / "ceiling.sv").write_text(KERNEL)
    monkeypatch.setitem(all_kinds(), "ceiling", Ceiling())
    yield


def graph() -> Dataflow:
    """The ceiling of a frame, the largest of every window, and the sums of those."""
    assembly = Assembly("frames", Stream((6, 6, 2), PIXEL))
    low = assembly.layer("low", "ceiling", ["frames"], {"most": 240})
    window = assembly.sliding_window("pool.window", low, (2, 2), (2, 2), depthwise=True)
    assembly.label_select(assembly.global_acc_pool("sums", assembly.max_pool("pool", window, 4)))
    return assembly.finish({})


def test_bounds_follow(ceiling: None) -> None:
    sums = graph().by_name["sums"].output
    assert (sums.low, sums.high) == (0, 9 * 240)


@pytest.mark.parametrize("frame_rate", [1_000_000, 200_000])
def test_it_plans_emits_and_simulates_exactly(ceiling: None, tmp_path: Path, frame_rate: int) -> None:
    board = load_board("ulx3s-85f")
    made = shrunk(plan(graph(), board, frame_rate=frame_rate), board)
    assert made.foldings["low"].pe == (2 if frame_rate == 1_000_000 else 1)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    frames = np.random.default_rng(1).integers(0, 256, (6, *made.design.input.shape))
    expected = interpreter.run(made.design, frames)
    assert (frames > 240).any() and len(np.unique(expected, axis=0)) == len(frames)
    simulation = network.build(tmp_path / "emit", tmp_path / "simulation", binds=probes(made))
    measured = network.simulate(simulation, tmp_path / "emit", frames, PIXEL, 10_000)
    assert network.compare(measured.results.values, expected) == []
    assert measured.cycles_per_frame == made.cycles_per_frame
    assert measured.latency_cycles == made.latency_cycles


def test_the_check_says_that_its_cost_is_from_its_structure(ceiling: None) -> None:
    board = load_board("ulx3s-85f")
    report = measure(plan(graph(), board, frame_rate=200_000), board)
    assert report.uncalibrated == ("ceiling",) == tuple(report.summary()["uncalibrated"])
    assert "ceiling by structure alone" in " ".join(text(report).split())


def test_it_is_gone_again() -> None:
    assert "ceiling" not in all_kinds()
