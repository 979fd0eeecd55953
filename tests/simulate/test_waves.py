"""The headers that stand in for compression libraries when waves are written: their formats are the real ones."""

import subprocess
import zlib
from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder

PROGRAM = """
#include <cstdio>
#include <iterator>
#include <iostream>
#include <vector>
#include "lz4.h"
#include "zlib.h"
int main(int argc, char** argv) {
    std::vector<char> in((std::istreambuf_iterator<char>(std::cin)), {}), out;
    if (argv[1][0] == 'l') {
        out.resize(LZ4_compressBound(in.size()));
        out.resize(LZ4_compress_default(in.data(), out.data(), in.size(), out.size()));
    } else {
        uLongf size = compressBound(in.size());
        out.resize(size);
        if (compress2((Bytef*)out.data(), &size, (const Bytef*)in.data(), in.size(), 9) != Z_OK) return 1;
        out.resize(size);
    }
    fwrite(out.data(), 1, out.size(), stdout);
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("waves")
    (folder / "program.cpp").write_text(PROGRAM)
    headers = asset_folder("sim") / "waves"
    subprocess.run(["g++", "-std=c++17", "-I", headers, "program.cpp", "-o", "program"], cwd=folder, check=True)
    return folder / "program"


def literals(block: bytes) -> bytes:
    """The content of an LZ4 block that is one run of literals (LZ4 block format)."""
    length, at = block[0] >> 4, 1
    assert block[0] & 15 == 0
    if length == 15:
        while True:
            length, at = length + block[at], at + 1
            if block[at - 1] != 255:
                break
    assert len(block) == at + length
    return block[at:]


@pytest.mark.parametrize("size", [0, 1, 14, 15, 16, 269, 270, 271, 65535, 65536, 200_000])
def test_what_was_stored_comes_back(program: Path, size: int) -> None:
    data = bytes((i * 7 + i // 251) % 256 for i in range(size))
    for name, read in (("zlib", zlib.decompress), ("lz4", literals)):
        stored = subprocess.run([program, name], input=data, capture_output=True, check=True).stdout
        assert read(stored) == data
