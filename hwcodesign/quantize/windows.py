"""What a convolution's filters see: the inputs around some of its output pixels."""

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.nets.network import Conv


def drawn_places(pixels: int, images: int, windows: int, random: np.random.Generator) -> list[Tensor]:
    """Of each of so many images some of its output `pixels`, `windows` or more of all images together, none twice."""
    count = min(pixels, -(-windows // images))
    return [torch.from_numpy(random.choice(pixels, count, replace=False)) for _ in range(images)]


def windows_at(conv: Conv, values: Tensor, places: list[Tensor]) -> Tensor:
    """(groups, windows, K) float64: what each group's filters see at `places` of each image."""
    found = []
    for image, chosen in zip(values, places, strict=True):
        columns = nn.functional.unfold(image[None], conv.kernel, conv.dilation, conv.pad, conv.stride)[0]
        found.append(columns[:, chosen.to(values.device)].T)
    return torch.stack(torch.cat(found).double().chunk(conv.groups, 1))
