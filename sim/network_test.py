"""cocotb test of a whole accelerator: runs until every frame is out, and leaves what it counted in a JSON file.

Data goes from file to file inside `network_bench.sv`; Python wakes up when the bench stops, and once in WAKE_CYCLES to
report progress and to notice a design that stands still. Environment: RESULT, and SCRIPT, the JSON of the phases (each
ends in a reset, but for the last), of the beats to come in the last one, and of the cycles without a beat that are a
deadlock.
"""

import json
import os
import time
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import First, RisingEdge, Timer

WAKE_CYCLES = 5_000
RESET_CYCLES = 4
PERIOD = 2  # simulator steps of a clock cycle
COUNTED = ("cycle", "first_beat_cycle", "beats_in", "beats_out", "dropped", "changed", "frame_error")


@cocotb.test()
async def run_all_phases(dut) -> None:  # type: ignore[no-untyped-def]
    """What happened is judged by who reads the result; here nothing fails."""
    script = json.loads(os.environ["SCRIPT"])
    result = Path(os.environ["RESULT"])
    dut.rst_ni.value = 0
    Clock(dut.clk_i, PERIOD, "step", impl="gpi").start()
    start = time.monotonic()
    phases = []
    for phase in script["phases"]:
        dut.rst_ni.value = 0
        for name in ("wrong_last", "stop_in", "stop_out", "stop_cycle"):
            getattr(dut, f"{name}_i").value = phase[name]
        await Timer(RESET_CYCLES * PERIOD, "step")
        dut.rst_ni.value = 1
        moving = await _until_stopped(dut, script, result)
        phases.append({**_counted(dut), "deadlock": not moving})
        if not moving:
            break
    else:
        # The last rows of a frame may still be on their way in; and nothing may come out behind the last frame.
        await _until_all_in(dut, script)
        await Timer(script["after_cycles"] * PERIOD, "step")
        phases[-1] |= {name: value for name, value in _counted(dut).items() if name != "cycle"}
    result.write_text(json.dumps({"seconds": time.monotonic() - start, "phases": phases}))


async def _until_stopped(dut, script, result: Path) -> bool:  # type: ignore[no-untyped-def]
    """False if no beat moved at either end for too long."""
    last_change, before = 0, (0, 0)
    while not int(dut.stopped_o.value):
        await First(RisingEdge(dut.stopped_o), Timer(WAKE_CYCLES * PERIOD, "step"))
        now = (dut.beats_in_o.value.to_unsigned(), dut.beats_out_o.value.to_unsigned())
        cycle = dut.cycle_o.value.to_unsigned()
        if now != before:
            before, last_change = now, cycle
        elif cycle - last_change > script["quiet_cycles"]:
            return False
        result.with_suffix(".progress").write_text(str(now[1] // script["out_beats"]))
    return True


async def _until_all_in(dut, script) -> None:  # type: ignore[no-untyped-def]
    for _ in range(script["quiet_cycles"] // 100 + 1):
        if dut.beats_in_o.value.to_unsigned() >= script["in_beats"]:
            return
        await Timer(100 * PERIOD, "step")


def _counted(dut) -> dict[str, int]:  # type: ignore[no-untyped-def]
    return {name: int(getattr(dut, f"{name}_o").value) for name in COUNTED}
