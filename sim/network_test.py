"""cocotb test of a whole accelerator: runs until every frame is out, and leaves what it counted in a JSON file.

Data goes from file to file inside `network_bench.sv`; Python wakes up once in WAKE_CYCLES to report progress and to
notice a design that stands still. Environment: FRAMES, QUIET_CYCLES (no progress for so long is a deadlock), RESULT.
"""

import json
import os
import time
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import Timer

WAKE_CYCLES = 5_000
PERIOD = 2  # simulator steps of a clock cycle


@cocotb.test()
async def run_all_frames(dut) -> None:  # type: ignore[no-untyped-def]
    """Every frame comes out, no frame boundary is missed, and the design never stands still."""
    frames = int(os.environ["FRAMES"])
    quiet_cycles = int(os.environ["QUIET_CYCLES"])
    result = Path(os.environ["RESULT"])
    dut.rst_ni.value = 0
    Clock(dut.clk_i, PERIOD, "step", impl="gpi").start()
    await Timer(4 * PERIOD, "step")
    dut.rst_ni.value = 1
    start = time.monotonic()
    last_change, before = 0, (0, 0)
    while (done := dut.frames_out_o.value.to_unsigned()) < frames:
        await Timer(WAKE_CYCLES * PERIOD, "step")
        now = (dut.beats_in_o.value.to_unsigned(), done)
        cycle = dut.cycle_o.value.to_unsigned()
        if now != before:
            before, last_change = now, cycle
        assert cycle - last_change <= quiet_cycles, f"deadlock: no beat moved since cycle {last_change}"
        result.with_suffix(".progress").write_text(str(done))
    result.write_text(
        json.dumps(
            {
                "cycles": dut.cycle_o.value.to_unsigned(),
                "seconds": time.monotonic() - start,
                "first_beat_cycle": dut.first_beat_cycle_o.value.to_unsigned(),
                "frame_error": int(dut.frame_error_o.value),
            }
        )
    )
