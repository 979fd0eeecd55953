"""How fast this machine trains a network: one worker's computation, for the model of data-parallel training."""

import time

import torch
from torch import nn

from hwcodesign.nets.build import float_module
from hwcodesign.nets.network import Network

BATCH = 16
STEPS = 3  # measured, behind one to warm up


def training_images_per_second(network: Network) -> float:
    """Images per second, forward and backward, of the float network on a GPU if there is one, else on all CPU cores."""
    where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    height, width, channels = network.input_shape
    model = float_module(network).to(where).train()
    images = torch.zeros(BATCH, channels, height, width, device=where)
    labels = torch.zeros(BATCH, dtype=torch.int64, device=where)
    start = 0.0
    for step in range(1 + STEPS):
        if step == 1:
            start = time.monotonic()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        loss.item()  # waits for the GPU
    return BATCH * STEPS / (time.monotonic() - start)
