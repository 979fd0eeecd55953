"""Data-parallel training on this machine, measured beside the model of `hwcodesign analyze --training`.

    python benchmarks/training_scaling.py [RECIPE [WORKERS ...]]

Every number of workers trains the same global batch of 128 random images with quantization, one thread each. A step's
time is the shortest of many, but on a machine that others use too, the workers rarely all have a core at once. The
bandwidth that the model needs is measured as well: of an all-reduce over as many numbers as the network has parameters,
between two workers. The model counts bytes; it leaves out the wait for one another in every batch norm.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import torch
import torch.distributed as dist
from rich.console import Console
from rich.table import Table

from hwcodesign.analyze.scaling import GRADIENT_BYTES, scaling
from hwcodesign.recipe import load_recipe
from hwcodesign.train import build
from hwcodesign.training import workers

BATCH, STEPS = 128, 12
DEFAULT = ("benchmarks/squeezenet-cifar.toml", "1", "2")


def shortest(step: Callable[[], object]) -> float:
    """Seconds of the fastest of STEPS calls, behind two to warm up."""
    times = []
    for _ in range(STEPS + 2):
        start = time.monotonic()
        step()
        times.append(time.monotonic() - start)
    return min(times[2:])


def worker(name: str) -> None:
    """What each process does under torchrun; the first one prints its figures as JSON."""
    torch.set_num_threads(1)
    recipe = load_recipe(name)
    with workers.joined(torch.device("cpu")):
        model = build(recipe).to(memory_format=torch.channels_last).train()
        network = workers.parallel(model, unused_parameters=False)
        images = torch.rand(BATCH // workers.count(), recipe.data.channels, *recipe.data.size) * 255
        images = images.contiguous(memory_format=torch.channels_last)
        parameters = sum(p.numel() for p in model.parameters())

        def step() -> None:
            network(images).square().mean().backward()

        found = {"seconds": shortest(step), "parameters": parameters}
        if workers.count() > 1:
            numbers = torch.zeros(parameters)
            found["all_reduce_seconds"] = shortest(lambda: dist.all_reduce(numbers))
        if workers.index() == 0:
            print(json.dumps(found))


def measure(name: str, count: int) -> dict[str, float]:
    """Launch `count` workers."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)] if count > 1 else []
    command = [sys.executable, *launcher, __file__, "--worker", name]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(name: str, counts: list[int]) -> None:
    """Measure and print the table."""
    measured = {count: measure(name, count) for count in sorted({1, 2, *counts})}
    alone, pair = measured[1], measured[2]
    # Of two workers, each sends and receives |W| * 2 * (p - 1) / p = |W| bytes in an all-reduce.
    size = GRADIENT_BYTES * alone["parameters"]
    bandwidth = size / pair["all_reduce_seconds"]
    rate = BATCH / alone["seconds"]
    model = scaling(name, int(alone["parameters"]), BATCH, list(measured), rate, bandwidth)
    table = Table(title=f"{name}: batch {BATCH}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
                  f"{size / 1e6:.1f} MB of gradients, all-reduce at {bandwidth / 1e6:,.0f} MB/s")  # fmt: skip
    for heading in ("workers", "images/s", "speed-up measured", "model (ring)", "model (overlapped)"):
        table.add_column(heading, justify="right")
    for step in model.steps:
        seconds = measured[step.workers]["seconds"]
        speedups = (alone["seconds"] / seconds, model.speedup(step, "ring"), model.speedup(step, "overlapped"))
        table.add_row(str(step.workers), f"{BATCH / seconds:,.0f}", *(f"{value:.2f}" for value in speedups))
    Console(width=160).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2])
    else:
        recipe, *counts = sys.argv[1:] or DEFAULT
        main(recipe, [int(count) for count in counts])
