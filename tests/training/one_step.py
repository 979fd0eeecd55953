"""A training step in float64 on 31 digits, by one process or several: each saves its gradients and statistics.

python one_step.py FOLDER
torchrun --nproc-per-node 2 one_step.py FOLDER
"""

import sys
from typing import Any

import torch

from hwcodesign.data import load_dataset
from hwcodesign.nets.blocks import set_quantized
from hwcodesign.recipe import Recipe
from hwcodesign.training import workers
from hwcodesign.training.network import build

RECIPE = Recipe(
    name="small", hardware={"board": "icebreaker"},
    network={"family": "squeezenet", "base_e": 8, "incr_e": 8, "SR": 0.5, "fire_modules": 2, "conv1_filters": 8,
             "conv1_kernel": 3, "pool_after": [], "bypass": "simple"},
    data={"dataset": "digits", "size": (12, 12), "classes": 10},
)  # fmt: skip
IMAGES = 31


def one_step(quantized: bool) -> dict[str, Any]:
    """Of the first batch: the loss, and by name the gradients and what batch norm keeps."""
    torch.manual_seed(workers.index())  # the first worker's weights must become everybody's
    model = build(RECIPE).double().train()
    set_quantized(model, quantized)
    network = workers.parallel(model, unused_parameters=not quantized)
    data = load_dataset(RECIPE.data, None)
    pixels = torch.from_numpy(data.train_images[:IMAGES].transpose(0, 3, 1, 2).copy()).double()
    labels = workers.share(torch.from_numpy(data.train_labels[:IMAGES]))
    loss = torch.nn.functional.cross_entropy(network(workers.share(pixels)), labels)
    loss = workers.weighted(loss, len(labels), IMAGES)
    loss.backward()
    total = float(workers.total(loss.detach())) / workers.count()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {"loss": total, "gradients": gradients, "buffers": dict(model.named_buffers())}


if __name__ == "__main__":
    with workers.joined(torch.device("cpu")):
        found = {"quantized": one_step(True), "float": one_step(False)}
        torch.save(found, f"{sys.argv[1]}/{workers.index()}_of_{workers.count()}.pt")
