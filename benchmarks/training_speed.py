"""Training speed in images/s, float and quantized, of a SqueezeNet for 32x32 images (8.6 M multiplications an image).

    python benchmarks/training_speed.py

The last row uses Brevitas's own activation quantizer, which gives the same values (tests/nets/test_fake_quantize.py).
The variants take turns, so that another program's load on the machine falls on all of them; each has its best round.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.nets.blocks import Activation, set_quantized
from hwcodesign.recipe import load_recipe
from hwcodesign.training.criteria.classify import loss_of
from hwcodesign.training.network import build
from hwcodesign.training.optimizers import make_optimizer

RECIPE = Path(__file__).parent / "squeezenet-cifar.toml"
BATCH = 128
ROUNDS, STEPS = 4, 3
GOAL = 0.5  # quantized / float


def stepper(
    quantized: bool, learn_scales: bool = True, bfloat16: bool = False, brevitas: bool = False
) -> Callable[[], Any]:
    """One training step of a new network on random images."""
    recipe = load_recipe(str(RECIPE))
    torch.manual_seed(1)
    model = build(recipe).to(memory_format=torch.channels_last).train()
    set_quantized(model, quantized)
    for module in model.modules():
        if isinstance(module, Activation):
            module.requires_grad_(learn_scales)
            if brevitas:
                module.forward = super(Activation, module).forward
    optimizer = make_optimizer(model, recipe.train)
    pixels = (255 * torch.rand(BATCH, 3, 32, 32)).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (BATCH,))

    def precision() -> AbstractContextManager[Any]:
        return torch.autocast("cpu", torch.bfloat16, enabled=bfloat16)

    def step() -> None:
        with precision():
            scores = model(pixels)
        loss = loss_of(scores, labels, None, recipe.train)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


VARIANTS = {
    "float32": stepper(quantized=False),
    "float, bfloat16": stepper(quantized=False, bfloat16=True),
    "4 bits, scales as measured": stepper(quantized=True, learn_scales=False),
    "4 bits, learned scales": stepper(quantized=True),
    "4 bits, Brevitas's quantizer": stepper(quantized=True, brevitas=True),
}


def measure() -> dict[str, float]:
    """Images/s of every variant."""
    best = dict.fromkeys(VARIANTS, 0.0)
    for step in VARIANTS.values():
        step()
    for _ in range(ROUNDS):
        for name, step in VARIANTS.items():
            start = time.process_time()
            for _ in range(STEPS):
                step()
            best[name] = max(best[name], STEPS * BATCH / (time.process_time() - start))
    return best


def main() -> None:
    """Print the table, and the ratio that the goal is about."""
    torch.set_num_threads(1)
    speeds = measure()
    table = Table("training", "images/s", "of float32", title=f"one thread, batch {BATCH}")
    for name, speed in speeds.items():
        table.add_row(name, f"{speed:,.0f}", f"{speed / speeds['float32']:.2f}")
    Console().print(table)
    ratio = speeds["4 bits, learned scales"] / speeds["float32"]
    print(f"quantized / float: {ratio:.2f} (goal: {GOAL})")
    rates = {f"{name}, images/s": round(speed, 1) for name, speed in speeds.items()}
    record("training_speed", rates | {"quantized / float": round(ratio, 3)})


if __name__ == "__main__":
    main()
