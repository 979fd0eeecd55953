"""The layers that a quantization has found so far: Ctrl-C loses one layer."""

from pathlib import Path

from hwcodesign.quantize.quantized import QuantizedLayer
from hwcodesign.quantize.unfinished import Unfinished, packed, unpacked

FILE = "layers.pt"


class FoundLayers:
    """Those in `folder`; a damaged file holds none."""

    def __init__(self, folder: Path) -> None:
        self._file = Unfinished(folder / FILE)
        self.layers = unpacked((self._file.state() or {}).get("layers", {}))

    def keep(self, name: str, layer: QuantizedLayer) -> None:
        """Write them all, `layer` among them."""
        self.layers[name] = layer
        self._file.keep({"layers": packed(self.layers)})

    def forget(self) -> None:
        """The result is whole."""
        self._file.forget()
