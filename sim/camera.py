"""A camera in software: what travels on its parallel port, and what the network behind it must see. Plain NumPy."""

import numpy as np

GREY, YUYV, UYVY, RGB565 = range(4)  # FORMAT of hls/camera/dvp_receiver.sv
CHROMINANCE = 128  # of a grey picture in YUYV and UYVY; what it is does not matter here


def port_bytes(picture: np.ndarray, form: int) -> np.ndarray:
    """The bytes of each line of a picture (H, W, C) of 8 bits: (H, W) or (H, 2 W). RGB565 keeps its upper bits."""
    if form == RGB565:
        red, green, blue = np.moveaxis(picture.astype(np.uint16), -1, 0)
        words = red >> 3 << 11 | green >> 2 << 5 | blue >> 3
        pairs = np.stack([words >> 8, words & 0xFF], axis=-1)
    elif form == GREY:
        pairs = picture
    else:
        colour = np.full_like(picture, CHROMINANCE)
        pairs = np.concatenate([picture, colour] if form == YUYV else [colour, picture], axis=-1)
    return np.ascontiguousarray(pairs.reshape(len(picture), -1).astype(np.uint8))


def seen(picture: np.ndarray, form: int) -> np.ndarray:
    """The pixels that come out of the receiver: as they are, or with RGB565's bits repeated below."""
    if form != RGB565:
        return picture
    upper = picture & np.array([0xF8, 0xFC, 0xF8], np.uint8)
    return upper | upper >> np.array([5, 6, 5], np.uint8)


def cropped_and_scaled(picture: np.ndarray, x: int, y: int, width: int, height: int, scale: int) -> np.ndarray:
    """The mean of every block of scale x scale pixels of the window at (x, y), rounded half up: (height, width, C)."""
    window = picture[y : y + height * scale, x : x + width * scale].astype(np.int64)
    blocks = window.reshape(height, scale, width, scale, -1).sum(axis=(1, 3))
    return (blocks + scale * scale // 2) // (scale * scale)
