"""Images as a person sees them, whatever the file keeps them as."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.core.image_file import read_image

GREY = np.arange(6 * 4, dtype=np.uint8).reshape(4, 6) * 10 + 5  # 5 to 235


def _read(path: Path, channels: int = 1) -> np.ndarray:
    return np.asarray(read_image(path, channels))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
@pytest.mark.parametrize("factor", [256, 257])
def test_16_bits_are_scaled(tmp_path: Path, name: str, factor: int) -> None:
    Image.fromarray(GREY.astype(np.uint16) * factor).save(tmp_path / name)
    assert np.array_equal(_read(tmp_path / name), GREY)
    assert np.array_equal(_read(tmp_path / name, 3), np.stack([GREY] * 3, axis=2))


def test_other_widths_are_scaled_as_the_format_says(tmp_path: Path) -> None:
    Image.fromarray(GREY.astype(np.int32) << 23).save(tmp_path / "signed.tif")
    assert np.array_equal(_read(tmp_path / "signed.tif"), GREY)
    values = (GREY.astype(np.uint16) * 4 + 3).astype(">u2").tobytes()
    (tmp_path / "ten.pgm").write_bytes(b"P5 6 4 1023\n" + values)
    assert np.abs(_read(tmp_path / "ten.pgm").astype(int) - GREY).max() <= 1
    Image.fromarray(GREY.astype(np.int32)).save(tmp_path / "dark.tif")
    with pytest.raises(UserError, match=r"dark.tif has 32 bits.*save it with 16 bits"):
        _read(tmp_path / "dark.tif")


def test_the_full_range_of_unsigned_32_bits(tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.fromarray(GREY.astype(np.int32) << 23).save(made, "TIFF")
    entry = struct.pack("<HHI", 339, 3, 1)  # the sample format, in the file's directory
    content = made.getvalue()
    at = content.index(entry) + len(entry)
    pixels = (GREY.astype(np.int32) << 23).tobytes()
    content = content[:at] + b"\1" + content[at + 1 :]
    content = content.replace(pixels, (GREY.astype(np.uint32) << 24).tobytes())
    (tmp_path / "unsigned.tif").write_bytes(content)
    assert np.array_equal(_read(tmp_path / "unsigned.tif"), GREY)


@pytest.mark.parametrize("wide", [GREY.astype(np.uint16) * 257, (GREY / 255).astype(np.float32)])
def test_where_0_is_white_all_is_turned_round(tmp_path: Path, wide: np.ndarray) -> None:
    made = io.BytesIO()
    Image.fromarray(wide).save(made, "TIFF")
    entry = struct.pack("<HHI", 262, 3, 1)  # what 0 is, in the file's directory
    content, at = made.getvalue(), made.getvalue().index(entry) + len(entry)
    assert content[at] == 1
    (tmp_path / "a.tif").write_bytes(content[:at] + b"\0" + content[at + 1 :])
    assert np.array_equal(_read(tmp_path / "a.tif"), 255 - GREY)


@pytest.mark.parametrize("name", ["a.tif", "a.pfm"])
def test_floating_point(tmp_path: Path, name: str) -> None:
    for white in (1.0, 255.0):
        Image.fromarray((GREY / 255 * white).astype(np.float32)).save(tmp_path / name)
        assert np.array_equal(_read(tmp_path / name), GREY)
    for value in (300.0, -1.0, np.nan, np.inf):
        Image.fromarray(np.full((2, 2), value, np.float32)).save(tmp_path / name)
        with pytest.raises(UserError, match=r"floating-point pixels from .*; allowed: 0 to 1, or 0 to 255"):
            _read(tmp_path / name)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("wide", [False, True])
def test_the_orientation_is_applied(tmp_path: Path, orientation: int, wide: bool) -> None:
    stored = {
        1: GREY, 2: GREY[:, ::-1], 3: GREY[::-1, ::-1], 4: GREY[::-1],
        5: GREY.T, 6: GREY.T[::-1], 7: GREY.T[::-1, ::-1], 8: GREY.T[:, ::-1],
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[274] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored).astype(np.uint16) * 257 if wide else stored.copy())
    image.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(_read(tmp_path / "a.png"), GREY)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    image.putpixel((2, 0), (0, 0, 0, 128))
    if mode == "PA":
        image.quantize().save(tmp_path / "a.png")
    else:
        image.convert(mode).save(tmp_path / "a.png")
    clear, black, half = _read(tmp_path / "a.png")[0].tolist()
    assert (clear, black) == (255, 0) and 126 <= half <= 128


@pytest.mark.parametrize("kind", ["L", "RGB", "P", "1", "I;16"])
def test_one_transparent_colour_is_white(tmp_path: Path, kind: str) -> None:
    if kind == "I;16":
        Image.fromarray(np.array([[0, 65535, 102 * 257]], np.uint16)).save(tmp_path / "a.png", transparency=0)
    else:
        image = Image.new("RGB", (3, 1), 0)
        image.putpixel((1, 0), (255, 255, 255))
        image.putpixel((2, 0), (102, 102, 102))
        image.convert(kind, dither=Image.Dither.NONE).save(
            tmp_path / "a.png", transparency=(0, 0, 0) if kind == "RGB" else 0
        )
    assert _read(tmp_path / "a.png")[0].tolist() == [255, 255, 255 if kind == "1" else 102]


def test_print_colours_and_palettes(tmp_path: Path) -> None:
    red = Image.new("RGB", (8, 8), (250, 0, 0))
    red.convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    red.quantize().save(tmp_path / "a.gif")
    for name in ("a.jpg", "a.gif"):
        assert np.abs(_read(tmp_path / name, 3).astype(int) - (250, 0, 0)).max() <= 6


def _png(width: int, height: int) -> bytes:
    """A small file that unpacks to black pixels of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress(bytes((width + 1) * min(height, 100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000, 2**31 - 1])
def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, side: int, recwarn: pytest.WarningsRecorder
) -> None:
    (tmp_path / "a.png").write_bytes(_png(side, side) if side < 10**6 else _png(100, 100).replace(
        struct.pack(">II", 100, 100), struct.pack(">II", side, side)))  # fmt: skip
    with pytest.raises(UserError, match=r"a\.png"):
        _read(tmp_path / "a.png")
    assert not recwarn


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.jpg: the file is empty$"),
        (b"II*\0hello", "a.jpg: it begins as TIFF, but is damaged or has pixels of a kind that is not read"),
        (b"hello", "a.jpg: it is none of BMP, GIF, JPEG,"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "save it as JPEG or PNG$"),
    ],
)
def test_bytes_of_no_format(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UserError, match=message):
        _read(tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_the_first_picture_of_what_moves(tmp_path: Path, name: str) -> None:
    dark, light = (Image.new("L", (8, 8), value) for value in (50, 200))
    dark.save(tmp_path / name, save_all=True, append_images=[light])
    assert np.abs(_read(tmp_path / name).astype(int) - 50).max() <= 2


@pytest.mark.parametrize("name", ["a.bmp", "a.gif", "a.jpg", "a.png", "a.tif", "a.webp"])
def test_a_file_that_breaks_off(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=f"cannot read the image .*{name}: (?!.* object at )"):
        _read(tmp_path / name)


def test_what_is_no_image_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    for name, message in (("pipe.png", "named pipe"), ("a.eps", "cannot read the image"), ("none.png", "no file")):
        with pytest.raises(UserError, match=message):
            _read(tmp_path / name)
