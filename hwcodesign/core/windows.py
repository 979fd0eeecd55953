"""Where the windows of convolutions and pools lie in a feature map."""


def window_positions(size: int, kernel: int, stride: int, before: int = 0, after: int = 0) -> int:
    """Whole windows along a side of `size` pixels that is padded with `before` and `after`: below 1, there is none."""
    return (size + before + after - kernel) // stride + 1
