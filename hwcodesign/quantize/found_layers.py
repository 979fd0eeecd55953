"""The layers that a quantization has found so far, kept beside its result until it is whole: Ctrl-C loses one layer."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwcodesign.quantize.quantized import QuantizedLayer
from hwcodesign.training.checkpoint import replace_file

_FILE = "layers.npz"
_PARTS = ("integers", "scales", "bias", "errors")


class FoundLayers:
    """Those in `folder`; a damaged file holds none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self.layers: dict[str, QuantizedLayer] = {}
        try:
            with np.load(self._path) as stored:
                names = [key.removesuffix("/integers") for key in stored.files if key.endswith("/integers")]
                self.layers = {name: _layer(*(stored[f"{name}/{part}"] for part in _PARTS)) for name in names}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            pass  # found anew

    def keep(self, name: str, layer: QuantizedLayer) -> None:
        """Write them all, `layer` among them."""
        self.layers[name] = layer
        arrays = dict[str, Any]()
        for key, found in self.layers.items():
            errors = np.array([found.error, found.rounding])
            numbers = (found.integers.numpy().astype(np.int8), found.scales.numpy(), found.bias.numpy(), errors)
            arrays |= {f"{key}/{part}": array for part, array in zip(_PARTS, numbers, strict=True)}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        replace_file(self._path, buffer.getvalue())

    def forget(self) -> None:
        """The result is whole."""
        self._path.unlink(missing_ok=True)


def _layer(integers: np.ndarray, scales: np.ndarray, bias: np.ndarray, errors: np.ndarray) -> QuantizedLayer:
    tensors = (torch.from_numpy(part.astype(np.float64)) for part in (integers, scales, bias))
    return QuantizedLayer(*tensors, *map(float, errors))
