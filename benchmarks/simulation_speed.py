"""How fast a whole emitted network simulates, in clock cycles per second of one core.

    hwcodesign run digits-squeezenet && python benchmarks/simulation_speed.py [RUN FOLDER]

Runs the last emitted design of the run folder again (default: the demo's), compiled once, RUNS times.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.history import record
from hwcodesign.plan import Plan
from hwcodesign.simulate import network
from hwcodesign.verify.images import Images

RUNS = 3
FRAMES = 200

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/digits-squeezenet")
    plan = Plan.load(folder / "plan")
    images = Images.random(plan.design, FRAMES, seed=1)
    with tempfile.TemporaryDirectory() as scratch:
        simulation = network.build(folder / "emit", Path(scratch), cycles=FRAMES * plan.cycles_per_frame)
        kind, quiet = plan.design.input.type, 100 * plan.latency_cycles
        speeds = [
            network.simulate(simulation, folder / "emit", images.frames, kind, quiet).cycles_per_second
            for _ in range(RUNS)
        ]
    print(f"{folder.name}: {statistics.median(speeds):,.0f} cycles per second (from {min(speeds):,.0f})")
    record("simulation_speed", {f"{folder.name}, cycles/s": round(statistics.median(speeds))})
