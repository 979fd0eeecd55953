"""Data-parallel training on this machine, measured beside the model of `hwcodesign analyze --training`.

    python benchmarks/training_scaling.py [RECIPE] [--workers 1..2] [--batch 128]

Every number of workers trains the same global batch of random images with quantization, one thread each. A step's time
is the shortest of many, but on a machine that others use too, the workers rarely all have a core at once. The
bandwidth that the model needs is measured as well: of an all-reduce over as many numbers as the network has parameters,
between two workers. The model counts bytes; it leaves out the wait for one another in every batch norm, which a larger
batch has no more of.
"""

import argparse
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

from benchmarks.history import record
from hwcodesign.analyze.scaling import GRADIENT_BYTES, parse_workers, scaling
from hwcodesign.recipe import load_recipe
from hwcodesign.training import workers
from hwcodesign.training.network import build

STEPS = 12


def shortest(step: Callable[[], object]) -> float:
    """Seconds of the fastest of STEPS calls, behind two to warm up."""
    times = []
    for _ in range(STEPS + 2):
        start = time.monotonic()
        step()
        times.append(time.monotonic() - start)
    return min(times[2:])


def worker(name: str, batch: int) -> None:
    """What each process does under torchrun; the first one prints its figures as JSON."""
    torch.set_num_threads(1)
    recipe = load_recipe(name)
    with workers.joined(torch.device("cpu")):
        model = build(recipe).to(memory_format=torch.channels_last).train()
        network = workers.parallel(model, unused_parameters=False)
        images = torch.rand(batch // workers.count(), recipe.data.channels, *recipe.data.size) * 255
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


def measure(name: str, batch: int, count: int) -> dict[str, float]:
    """Launch `count` workers that share `batch` images."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)] if count > 1 else []
    command = [sys.executable, *launcher, __file__, name, "--batch", str(batch), "--one"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(name: str, batch: int, counts: tuple[int, ...]) -> None:
    """Measure and print the table."""
    measured = {count: measure(name, batch, count) for count in sorted({1, 2, *counts})}
    alone, pair = measured[1], measured[2]
    # Of two workers, each sends and receives |W| * 2 * (p - 1) / p = |W| bytes in an all-reduce.
    size = GRADIENT_BYTES * alone["parameters"]
    bandwidth = size / pair["all_reduce_seconds"]
    rate = batch / alone["seconds"]
    model = scaling(name, int(alone["parameters"]), batch, list(measured), rate, bandwidth)
    table = Table(title=f"{name}: batch {batch}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
                  f"{size / 1e6:.1f} MB of gradients, all-reduce at {bandwidth / 1e6:,.0f} MB/s")  # fmt: skip
    for heading in ("workers", "images/s", "speed-up measured", "model (ring)", "model (overlapped)"):
        table.add_column(heading, justify="right")
    for step in model.steps:
        seconds = measured[step.workers]["seconds"]
        speedups = (alone["seconds"] / seconds, model.speedup(step, "ring"), model.speedup(step, "overlapped"))
        table.add_row(str(step.workers), f"{batch / seconds:,.0f}", *(f"{value:.2f}" for value in speedups))
    Console(width=160).print(table)
    measured_speedups = {n: alone["seconds"] / found["seconds"] for n, found in measured.items() if n > 1}
    record(
        "training_scaling", {f"{n} workers, batch {batch}: speed-up": round(s, 3) for n, s in measured_speedups.items()}
    )


def main() -> None:
    """Measure, or be one of the workers that are measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="benchmarks/squeezenet-cifar.toml")
    parser.add_argument("--workers", default="1..2", help="numbers of processes, such as 1,2,3 or 1..8 (default: 1..2)")
    parser.add_argument("--batch", type=int, default=128, help="images of a step on all workers (default: 128)")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        worker(given.recipe, given.batch)
    else:
        compare(given.recipe, given.batch, parse_workers(given.workers))


if __name__ == "__main__":
    main()
