"""A first day, from pip to a classified picture: a fresh environment, an empty folder, pictures of four classes.

    python -m benchmarks.first_day [--folder FOLDER] [--epochs N] [--bitstream] [--torch 'torch --index-url ...']

The wheel is built from this checkout and installed with its extra `all`; then the commands of the guide, as a newcomer
types them: init, check, run, with --bitstream also a placed bitstream, and 20 pictures on the emulated board. Each
step's time is printed, and the environment's size. It stops at the first step that fails.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.history import record

ROOT = Path(__file__).parents[1]
SHAPES = ("circle", "cross", "square", "triangle")
PER_CLASS, SHOWN = 100, 20
SECONDS_TO_START = 300


def draw(folder: Path, count: int = PER_CLASS) -> None:
    """Coloured shapes of any size and place on noise: one folder per class."""
    random = np.random.default_rng(1)
    for name in SHAPES:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(random.integers(0, 90, (72, 96, 3), np.uint8))
            pen, colour = ImageDraw.Draw(image), tuple(random.integers(120, 256, 3).tolist())
            size = int(random.integers(14, 28))
            x, y = int(random.integers(size, 96 - size)), int(random.integers(size, 72 - size))
            box = (x - size, y - size, x + size, y + size)
            if name == "circle":
                pen.ellipse(box, fill=colour)
            elif name == "square":
                pen.rectangle(box, fill=colour)
            elif name == "triangle":
                pen.polygon([(x, y - size), (x - size, y + size), (x + size, y + size)], fill=colour)
            else:
                pen.line((x - size, y - size, x + size, y + size), fill=colour, width=size // 3)
                pen.line((x - size, y + size, x + size, y - size), fill=colour, width=size // 3)
            image.save(folder / name / f"{number:03}.jpg")


class Day:
    """The folder of somebody's first day, and the time of every step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.environment = folder, folder / "fpga"
        kept = {
            key: os.environ[key] for key in ("HOME", "LANG", "PIP_INDEX_URL", "PIP_CONFIG_FILE") if key in os.environ
        }
        self.variables = {**kept, "PATH": f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin"}

    def step(self, command: str) -> None:
        """Run one command; stop everything if it fails."""
        start = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False
        )
        print(f"{time.monotonic() - start:8.1f} s  {command}", flush=True)
        if done.returncode:
            sys.exit(f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")

    def classified(self, name: str, pictures: list[Path]) -> str:
        """What `classify` prints of pictures on the emulated board."""
        port = self.folder / "runs" / name / "emulate" / "simulation" / "port"
        program = str(self.environment / "bin" / "hwcodesign")
        start = time.monotonic()
        board = subprocess.Popen([program, "emulate", name], cwd=self.folder, env=self.variables)
        try:
            while not port.exists():
                if board.poll() is not None or time.monotonic() - start > SECONDS_TO_START:
                    sys.exit("the emulated board does not start")
                time.sleep(0.5)
            print(f"{time.monotonic() - start:8.1f} s  hwcodesign emulate {name} (until its port is there)", flush=True)
            start = time.monotonic()
            command = [program, "classify", "--port", str(port), "--run", name, "--resize", *map(str, pictures)]
            done = subprocess.run(
                command, cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False
            )
            print(f"{time.monotonic() - start:8.1f} s  hwcodesign classify, {len(pictures)} pictures", flush=True)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            return done.stdout
        finally:
            board.terminate()
            board.wait()


def main() -> None:
    """The whole day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="an empty one, to be kept; else one that is removed")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--bitstream", action="store_true")
    parser.add_argument("--torch", default="torch", help="what pip installs first: the build without a GPU is smaller")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        day = Day(asked.folder or Path(scratch))
        day.folder.mkdir(parents=True, exist_ok=True)
        if any(day.folder.iterdir()):
            sys.exit(f"{day.folder} is not empty")
        run(day, asked)


def run(day: Day, asked: argparse.Namespace) -> None:
    """Every step, in order."""
    start = time.monotonic()
    dist = day.folder / "dist"
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(dist), "--target", "wheel"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    day.step(f"{shlex.quote(sys.executable)} -m venv fpga")
    day.step(f"pip install --quiet {asked.torch}")
    day.step(f"pip install --quiet '{wheel}[all]'")
    size = sum(path.stat().st_size for path in day.environment.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"{size / 1e9:8.1f} GB the environment", flush=True)
    draw(day.folder / "photos")
    draw(day.folder / "new", SHOWN // len(SHAPES))
    day.step("hwcodesign doctor")
    day.step("hwcodesign init shapes --data photos --board ulx3s-85f --frame-rate 200")
    day.step("hwcodesign check shapes.toml")
    day.step(f"hwcodesign run shapes.toml --data photos --epochs {asked.epochs}")
    if asked.bitstream:
        day.step(f"hwcodesign bitstream shapes.toml --data photos --epochs {asked.epochs}")
    print(day.classified("shapes", sorted((day.folder / "new").rglob("*.jpg"))))
    minutes = (time.monotonic() - start) / 60
    record("first_day", {"min": minutes, "GB of the environment": size / 1e9})
    print(f"{minutes:8.1f} min in all")


if __name__ == "__main__":
    main()
