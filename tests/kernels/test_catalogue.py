"""hls/README.md names every module."""

import re

from hwcodesign.core.assets import asset_folder

HLS = asset_folder("hls")


def test_the_catalogue_is_whole() -> None:
    named = set(re.findall(r"\]\((\w+/\w+\.sv)\)", (HLS / "README.md").read_text()))
    files = {str(path.relative_to(HLS)) for path in HLS.glob("*/*.sv")}
    properties = {name for name in files if name.endswith("_properties.sv")}
    assert named == files - properties


def test_localparams_are_in_one_style() -> None:
    names = [
        (path.name, name)
        for path in HLS.glob("*/*.sv")
        for name in re.findall(r"localparam[^=;]*?(\w+)\s*=", path.read_text())
    ]
    assert names
    assert [each for each in names if not re.fullmatch(r"([A-Z][a-z0-9]*)+", each[1])] == []


def test_every_file_holds_the_module_of_its_name() -> None:
    other = {"fork": "stream_fork", "free_crc32": "crc32"}  # fork is a keyword; the latter stands in for crc32
    for path in HLS.glob("*/*.sv"):
        assert re.findall(r"^module (\w+)", path.read_text(), re.M) == [other.get(path.stem, path.stem)]
