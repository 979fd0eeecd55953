"""Utilisation: what the probes are bound to, what their records say, and how it is shown."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.emit.identifiers import identifiers
from hwcodesign.flow.report import report_table
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from hwcodesign.simulate import utilisation
from tests.graphs import tiny_squeezenet

INSERTED = {"fifo", "width_converter"}


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=30_000)


def record(planned: Plan, folder: Path, ends: list[int], lost: int = 0) -> None:
    """Files as the probes write them, of layers that work as planned, but the first for `lost` cycles less a frame."""
    period = planned.cycles_per_frame
    for layer in planned.design.layers:
        work = next((u.cycles for u in _planned(planned) if u.layer == layer.name), 0)
        work -= lost if layer is planned.design.layers[0] else 0
        lines = (f"{100 + period * end} {7 + work * end}\n" for end in ends)
        (folder / f"{identifiers(planned.design)[layer.name]}.work").write_text("".join(lines))


def _planned(planned: Plan) -> list[utilisation.Utilisation]:
    from hwcodesign.kinds import kind_of

    found = []
    for layer in planned.design.layers:
        cycles = kind_of(layer.kind).cycles(layer, planned.foldings[layer.name])
        share = cycles / planned.cycles_per_frame
        if layer.kind not in INSERTED:
            found.append(utilisation.Utilisation(layer.name, cycles, share, share))
    return found


def test_every_layer_but_the_planners_own_has_a_probe(planned: Plan) -> None:
    text = utilisation.probes(planned)
    assert text.count("bind accelerator layer_probe") == len(_planned(planned))
    assert "u_conv1.step" in text and "u_conv1_window.read" in text and ".fifo" not in text


def test_the_steady_state_is_what_counts(planned: Plan, tmp_path: Path) -> None:
    record(planned, tmp_path, [0, 1, 2, 3, 9])  # the last frame ends late
    assert utilisation.measured(planned, tmp_path) == _planned(planned)


def test_a_layer_that_runs_ahead_into_buffers_works_no_more(planned: Plan, tmp_path: Path) -> None:
    record(planned, tmp_path, [0, 1, 2, 3, 4, 5])
    first = tmp_path / f"{identifiers(planned.design)[planned.design.layers[0].name]}.work"
    ends = [int(line.split()[0]) for line in first.read_text().splitlines()]
    work = [line.split()[1] for line in first.read_text().splitlines()]
    first.write_text("".join(f"{(end + ends[0]) // 2} {w}\n" for end, w in zip(ends, work, strict=True)))
    assert utilisation.measured(planned, tmp_path) == _planned(planned)


def test_too_few_frames_tell_nothing(planned: Plan, tmp_path: Path) -> None:
    record(planned, tmp_path, [0, 1, 2])
    assert utilisation.measured(planned, tmp_path) == []


def test_a_layer_that_works_less_stands_out(planned: Plan, tmp_path: Path) -> None:
    record(planned, tmp_path, [0, 1, 2, 3], lost=5)
    layers = utilisation.measured(planned, tmp_path)
    assert [u.layer for u in layers if u.measured != u.planned] == [planned.design.layers[0].name]
    assert layers[0].measured == pytest.approx((layers[0].cycles - 5) / planned.cycles_per_frame)


def test_planned_and_measured_stand_beside_each_other() -> None:
    screen = StringIO()
    layer = {"layer": "conv1", "cycles": 576, "planned": 0.5, "measured": 0.4375}
    simulated = {
        "images": 4, "origin": "random images", "mismatches": 0, "cycles_per_frame": 1152.0, "cycles_bound": 1152,
        "latency_cycles": 2000, "latency_predicted": 2000, "cycles_per_second": 1, "utilisation": [layer],
    }  # fmt: skip
    Console(file=screen, width=100).print(report_table({"simulate": simulated}, "run"))
    (row,) = (line.split() for line in screen.getvalue().splitlines() if line.strip().startswith("conv1"))
    assert row == ["conv1", "576", "50.000", "%", "43.750", "%"]
