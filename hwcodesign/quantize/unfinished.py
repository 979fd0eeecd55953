"""What long work has done so far, in a file beside its result until that is whole: an interruption loses little."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hwcodesign.quantize.quantized import QuantizedLayer
from hwcodesign.training.checkpoint import replace_file


class Unfinished:
    """Tensors, numbers and lists by name, in the file `path`; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def state(self) -> dict[str, Any] | None:
        """What was kept last; None if nothing was, or the file is damaged: the work is done anew."""
        if self.path is None or not self.path.exists():
            return None
        try:
            found: dict[str, Any] = torch.load(self.path, weights_only=True)
        except Exception:  # torch.load raises whatever the damaged bytes lead to
            return None
        return found

    def keep(self, state: Mapping[str, Any]) -> None:
        """Write it in the place of what was kept before. Raises UserError if the folder cannot be written."""
        if self.path is not None:
            buffer = io.BytesIO()
            torch.save(dict(state), buffer)
            replace_file(self.path, buffer.getvalue())

    def forget(self) -> None:
        """The result is whole: its unfinished state is of no use any more."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def packed(layers: Mapping[str, QuantizedLayer]) -> dict[str, list[Any]]:
    """Layers as such a file has them."""
    return {
        name: [layer.integers.to(torch.int8), layer.scales, layer.bias, layer.error, layer.rounding]
        for name, layer in layers.items()
    }


def unpacked(stored: Mapping[str, list[Any]]) -> dict[str, QuantizedLayer]:
    """The layers that `packed` was given."""
    return {name: QuantizedLayer(integers.double(), *rest) for name, (integers, *rest) in stored.items()}
