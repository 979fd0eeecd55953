"""Where the windows of convolutions and pools lie in a feature map."""

Pair = tuple[int, int]  # along the height, along the width
Sides = int | Pair  # one for both


def both(sides: Sides) -> Pair:
    """Along the height and along the width."""
    return sides if isinstance(sides, tuple) else (sides, sides)


def one(sides: Sides) -> Sides:
    """A single number where both are equal."""
    return sides[0] if isinstance(sides, tuple) and sides[0] == sides[1] else sides


def by(sides: Sides, sign: str = "x") -> str:
    """As people write it: 3x3."""
    return sign.join(map(str, both(sides)))


def window_positions(size: int, kernel: int, stride: int, before: int = 0, after: int = 0) -> int:
    """Whole windows along a side of `size` pixels that is padded with `before` and `after`: below 1, there is none."""
    return (size + before + after - kernel) // stride + 1


def extent(kernel: Sides, dilation: Sides) -> Pair:
    """The sides of what a kernel covers whose neighbours are `dilation` pixels apart."""
    rows, columns = ((side - 1) * apart + 1 for side, apart in zip(both(kernel), both(dilation), strict=True))
    return rows, columns


def whole_after(size: int, kernel: int, stride: int, before: int, after: int) -> int:
    """The padding behind a side of `size` pixels that makes the window whole which rounding up adds to those of
    `before` and `after`: one for pixels that whole windows leave over, if it begins in front of the padding.
    """
    count, rest = divmod(size + before + after - kernel, stride)
    return after + stride - rest if rest and (count + 1) * stride < size + before else after
