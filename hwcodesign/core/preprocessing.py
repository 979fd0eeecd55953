"""From an image to the pixels that a network takes: the same for training, for quantization and on the host."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

ChannelOrder = Literal["rgb", "bgr"]
Resize = Literal["stretch", "shorter side"]


@dataclass(frozen=True)
class Preprocessing:
    """An image is scaled, its centre cut out, and its channels put in order.

    `size` is (height, width) of what comes out. Without `resize_to` the whole image is stretched to it. With it, the
    image is first stretched to a square of that side, or (`resize` = "shorter side") scaled until its shorter side
    has it, and then the centre is cut out. Around it comes a border of so many pixels of one colour, in the network's
    order of channels, which is part of `size`. An image that has the size within the border already is taken as it is.
    """

    size: tuple[int, int]
    channels: int = 3
    channel_order: ChannelOrder = "rgb"
    resize: Resize = "stretch"
    resize_to: int | None = None
    border: int = 0
    border_colour: tuple[int, ...] = ()

    @property
    def within(self) -> tuple[int, int]:
        """(height, width) of the image within the border."""
        return self.size[0] - 2 * self.border, self.size[1] - 2 * self.border

    def pixels(self, image: "Image") -> np.ndarray:
        """`image` (grey for one channel, else RGB) as uint8 (height, width, channels)."""
        array = np.asarray(self._cropped(image), dtype=np.uint8).reshape(*self.within, self.channels)
        found: np.ndarray = self._bordered(self.ordered(array[None]))[0]
        return found

    def ordered(self, images: np.ndarray) -> np.ndarray:
        """RGB `images` (..., channels) in the network's own order of channels."""
        return np.ascontiguousarray(images[..., ::-1]) if self.channel_order == "bgr" else images

    def resized(self, images: np.ndarray) -> np.ndarray:
        """A batch of images (uint8 NHWC, grey or RGB) as `pixels` gives them; the same array if nothing is to do."""
        from PIL import Image

        if images.shape[1:3] == self.within:
            return self._bordered(self.ordered(images))
        grey = self.channels == 1
        return np.stack([self.pixels(Image.fromarray(image[:, :, 0] if grey else image)) for image in images])

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Preprocessing":
        """The inverse of `to_json`. Raises TypeError or KeyError for anything else."""
        return cls(**values | {key: tuple(values[key]) for key in ("size", "border_colour") if key in values})

    def _bordered(self, images: np.ndarray) -> np.ndarray:
        """uint8 NHWC."""
        if not self.border:
            return images
        whole = np.empty((len(images), *self.size, self.channels), np.uint8)
        whole[:] = self.border_colour
        whole[:, self.border : -self.border, self.border : -self.border] = images
        return whole

    def _cropped(self, image: "Image") -> "Image":
        from PIL import Image

        height, width = self.within
        if image.size == (width, height):
            return image
        if self.resize_to is None:
            return image.resize((width, height), Image.Resampling.BILINEAR)
        scaled = image.resize(self._scaled_size(image.size, self.resize_to), Image.Resampling.BILINEAR)
        left, top = (scaled.width - width) // 2, (scaled.height - height) // 2
        return scaled.crop((left, top, left + width, top + height))

    def _scaled_size(self, size: tuple[int, int], side: int) -> tuple[int, int]:
        """(width, height) before the centre is cut out."""
        if self.resize == "stretch":
            return side, side
        shorter = min(size)
        return (
            max(side, round(size[0] * side / shorter)) if size[0] > shorter else side,
            max(side, round(size[1] * side / shorter)) if size[1] > shorter else side,
        )
