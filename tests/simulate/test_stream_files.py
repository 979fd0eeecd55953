"""Words to scores."""

from pathlib import Path

from hwcodesign.core.interface import Interface
from hwcodesign.simulate.stream_files import read_results


def test_results_are_signed_words_and_cut_frames_are_dropped(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("5 0 0001\n6 0 ffff\n9 1 7fff\n12 0 8000\n")
    results = read_results(output, Interface(1, 8, 1, 1, 13, 2, 3))
    assert results.values.tolist() == [[1, -1, 32767]]
    assert results.last_cycles.tolist() == [9]
