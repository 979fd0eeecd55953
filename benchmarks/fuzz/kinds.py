"""What is damaged, and what is then asked of it. A case may end well or with a UserError, and with nothing else.

Each function here makes a case from the inputs that it damages; it imports and prepares once, before the children.
"""

import io
import json
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.fuzz.mutate import damage_message, damaged_bytes, damaged_tree
from benchmarks.fuzz.runner import Case
from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError

_WHOLE = (0, 2, 3, 4)  # exit codes that a command may end with


def recipes() -> Case:
    """A recipe is read, its network described, planned and checked (solvers left out: they take the time asked for)."""
    from hwcodesign.check.check import check_recipe
    from hwcodesign.recipe import load_recipe

    texts = [path.read_text() for path in sorted(asset_folder("models").glob("digits*.toml"))]

    def case(random: Random, folder: Path) -> None:
        path = _damaged_toml(random, folder, random.choice(texts))
        recipe = load_recipe(str(path))
        recipe.describe()
        if not recipe.hardware.exact and recipe.hardware.frame_rate != "max":
            check_recipe(recipe)

    return case


def boards() -> Case:
    """A board is read, and a small network checked on it."""
    from hwcodesign.check.check import check_recipe
    from hwcodesign.fpga import board
    from hwcodesign.recipe import load_recipe

    texts = [path.read_text() for path in sorted(asset_folder("boards").glob("*.toml"))]
    recipe = load_recipe("digits-squeezenet")

    def case(random: Random, folder: Path) -> None:
        _damaged_toml(random, folder, random.choice(texts))
        board.asset_folder = lambda name: folder
        hardware = recipe.hardware.model_copy(update={"board": "damaged"})
        check_recipe(recipe.model_copy(update={"hardware": hardware}))

    return case


def onnx_files() -> Case:
    """An ONNX file is read, checked and analysed, and normalised for lowering."""
    import onnx

    from hwcodesign.analyze.onnx_costs import onnx_costs
    from hwcodesign.analyze.onnx_graph import read_graph
    from hwcodesign.core.onnx_file import load_model

    bases = _networks()

    def case(random: Random, folder: Path) -> None:
        path = _damaged_onnx(random, folder, random.choice(bases), onnx)
        load_model(path)
        onnx_costs(read_graph(path))

    return case


def lowering() -> Case:
    """An ONNX file is lowered to hardware."""
    import onnx

    from hwcodesign.lower import lower
    from hwcodesign.lower.environment import finn_environment

    bases = _networks()
    with finn_environment():
        import hwcodesign.lower.finn  # noqa: F401  (seconds, once)

    def case(random: Random, folder: Path) -> None:
        lower(_damaged_onnx(random, folder, random.choice(bases), onnx), folder)

    return case


def arrays() -> Case:
    """Files of numpy arrays: a graph, the frames of --images, CIFAR-10, and what travels with a bitstream."""
    from hwcodesign.data import cifar10
    from hwcodesign.dataflow import Dataflow
    from hwcodesign.host.contract import load_selftest
    from hwcodesign.verify.images import Images

    folder = _run_folder()
    graph = Dataflow.load(folder / "lower")
    frames = io.BytesIO()
    np.save(frames, np.zeros((2, *graph.input.shape), np.uint8))
    pixels, labels = np.zeros((3, 32, 32, 3), np.uint8), np.zeros(3, np.uint8)
    cifar = _npz(x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    selftest = _npz(images=np.zeros((2, 4, 4, 1), np.uint8), values=np.zeros((2, 4), np.int64))
    dataflow = {name: (folder / "lower" / name).read_bytes() for name in ("dataflow.json", "dataflow.npz")}

    def case(random: Random, place: Path) -> None:
        match random.randrange(4):
            case 0:
                name = random.choice(list(dataflow))
                for other, content in dataflow.items():
                    (place / other).write_bytes(damaged_bytes(content, random) if other == name else content)
                Dataflow.load(place)
            case 1:
                (place / "frames.npy").write_bytes(damaged_bytes(frames.getvalue(), random))
                Images.from_file(place / "frames.npy", graph)
            case 2:
                (place / "cifar10.npz").write_bytes(damaged_bytes(cifar, random))
                cifar10.read(place, 3)
            case _:
                (place / "selftest.npz").write_bytes(damaged_bytes(selftest, random))
                load_selftest(place)

    return case


def run_folders() -> Case:
    """A file of a run folder is damaged, lost or another one's, and a command run on it."""
    from hwcodesign import cli

    whole = _run_folder()
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file() and path.suffix != ".hex")

    def case(random: Random, folder: Path) -> None:
        shutil.copytree(whole, folder / "runs" / whole.name)
        for name in random.sample(files, random.choice((1, 1, 2))):
            path = folder / "runs" / whole.name / name
            match random.randrange(5):
                case 0:
                    path.unlink()
                case 1:
                    shutil.copy(whole / random.choice(files), path)
                case 2 if path.suffix == ".json":
                    path.write_text(json.dumps(damaged_tree(json.loads(path.read_text()), random)))
                case _:
                    path.write_bytes(damaged_bytes(path.read_bytes(), random))
        os.chdir(folder)
        stage = random.choice(["plan", "emit", "report"])
        sys.argv = ["hwcodesign", stage, *([whole.name] if stage == "report" else ["digits-squeezenet", "--untrained"])]
        try:
            cli.main()
        except SystemExit as end:
            if end.code not in (None, *_WHOLE):
                raise AssertionError(f"exit code {end.code}") from None

    return case


def images() -> Case:
    """An image file is read, in grey and in colour."""
    from PIL import Image

    from hwcodesign.core.image_file import read_image

    pixels = np.random.default_rng(1).integers(0, 256, (9, 12, 4), np.uint8)
    colour, exif = Image.fromarray(pixels[..., :3].copy()), Image.Exif()
    exif[274] = 6
    bases: list[bytes] = []
    for image, form, options in (
        (colour, "PNG", {"exif": exif}), (colour, "JPEG", {"exif": exif}), (colour, "BMP", {}), (colour, "WEBP", {}),
        (colour, "TIFF", {"compression": "tiff_lzw"}), (colour.quantize(), "GIF", {}), (colour, "PPM", {}),
        (Image.fromarray(pixels), "PNG", {}), (colour.quantize(), "PNG", {"transparency": 0}),
        (colour.convert("CMYK"), "JPEG", {}), (Image.fromarray(pixels[..., 0] * np.uint16(257)), "PNG", {}),
        (Image.fromarray(pixels[..., 0] * np.uint16(257)), "TIFF", {}),
        (Image.fromarray((pixels[..., 0] / 255).astype(np.float32)), "TIFF", {}),
    ):  # fmt: skip
        made = io.BytesIO()
        image.save(made, form, **options)
        bases.append(made.getvalue())

    def case(random: Random, folder: Path) -> None:
        (folder / "image").write_bytes(damaged_bytes(random.choice(bases), random))
        for channels in (1, 3):
            read_image(folder / "image", channels)

    return case


def packets() -> Case:
    """A board's answers are damaged, doubled, of other kinds and lengths, or never end."""
    from hwcodesign.host import ports
    from hwcodesign.host.packets import Answer, Decoder, Packet, Request, encode
    from hwcodesign.host.serial_line import SerialLine

    def answer(random: Random, request: Packet) -> bytes:
        identity = bytes(9) + (request.sequence + 1 if request.type == Request.WEIGHTS else 0).to_bytes(2, "little")
        kind, number = (Answer.RESULT if request.type == Request.IMAGE else Answer.IDENTITY), request.sequence
        payload = bytes(8) if kind == Answer.RESULT else identity
        if random.random() < 0.7:
            return encode(Packet(kind, number, payload))
        match random.randrange(5):
            case 0:
                kind = random.choice((*Answer, 99, 255))
            case 1:
                payload = random.randbytes(random.choice((0, 1, 4, 5, 8, 9, 11, 300)))
            case 2:
                number = random.randrange(1 << 16)
            case 3:
                return damaged_bytes(encode(Packet(kind, number, payload)), random)
        return encode(Packet(kind, number, payload)) * random.choice((0, 1, 2, 50))

    def case(random: Random, folder: Path) -> None:
        asked = Decoder()
        coming: list[bytes] = []
        ports.open_port = lambda port, baud, patience: SimpleNamespace(port=port, close=lambda: None)

        def write(port: Any, data: bytes) -> None:
            coming.extend(answer(random, request) for request in asked.feed(data))

        ports.write = write
        babble = random.random() < 0.1
        ports.read = lambda port: coming.pop(0) if coming else (random.randbytes(64) if babble else b"")
        line = SerialLine("port", 1_000_000, 0.002)
        line.window, line.result_bytes = random.choice((1, 4)), 8
        line.weights = random.choice(((), (b"ab", b"cd")))
        line.identify()
        line.load()
        assert all(len(result) == 8 for result in line.results([b"image"] * 5))

    return case


def _damaged_toml(random: Random, folder: Path, text: str) -> Path:
    path = folder / "damaged.toml"
    if random.random() < 0.3:
        path.write_bytes(damaged_bytes(text.encode(), random))
    else:
        path.write_text(_toml(damaged_tree(tomllib.loads(text), random)), errors="replace")
    return path


def _toml(tree: Any) -> str:
    if isinstance(tree, dict):
        return "\n".join(f"{json.dumps(key)} = {_value(value)}" for key, value in tree.items())
    return f"x = {_value(tree)}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value) if isinstance(value, float) else json.dumps(value)


def _damaged_onnx(random: Random, folder: Path, base: Any, onnx: Any) -> Path:
    path = folder / "model.onnx"
    made = onnx.ModelProto()
    made.CopyFrom(base)
    if random.random() < 0.9:
        damage_message(made, random)
        path.write_bytes(made.SerializeToString())
    else:
        path.write_bytes(damaged_bytes(made.SerializeToString(), random))
    return path


def _networks() -> list[Any]:
    from benchmarks.fuzz import small_onnx

    return [small_onnx.model(), small_onnx.branches(), small_onnx.framework()]


def _npz(**arrays: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


@cache
def _run_folder() -> Path:
    """A run of a small network without training, up to the emitted hardware."""
    from hwcodesign import cli

    runs = Path(tempfile.mkdtemp(prefix="fuzz-run"))
    sys.argv = ["hwcodesign", "run", "digits-squeezenet", "--untrained", "--to", "emit", "--runs", str(runs)]
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise UserError("the run whose files are damaged was not made") from None
    (whole,) = (path for path in runs.iterdir() if path.is_dir() and not path.name.startswith("."))
    return whole


KINDS: Mapping[str, tuple[Callable[[], Case], int, int]] = {  # what makes the case, cases by default, cases a child
    "recipe": (recipes, 2_000, 1),
    "board": (boards, 2_000, 1),
    "onnx": (onnx_files, 100_000, 500),
    "lower": (lowering, 300, 1),
    "npz": (arrays, 2_000, 1),
    "run": (run_folders, 2_000, 1),
    "image": (images, 5_000, 1),
    "packet": (packets, 5_000, 1),
}
