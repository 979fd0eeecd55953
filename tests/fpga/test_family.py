"""What every family must say of itself for the rest to work; walks over all of them."""

import pytest

from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.family import BlockShape, Family, no_plls
from hwcodesign.fpga.shapes import DP16KD, shapes


@pytest.fixture(params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


def test_it_is_found_by_its_own_name_and_some_board_has_it(family: Family) -> None:
    assert FAMILIES[family.name] is family
    assert any(load_board(name).device is family for name in board_names())


def test_a_block_ram_holds_its_bits_in_every_shape(family: Family) -> None:
    for shape in family.block_shapes:
        assert family.block_bits / 2 <= shape.words * shape.width / shape.blocks <= family.block_bits
        assert shape.price > 0 and (shape.width <= family.write_lane or shape.width % family.write_lane == 0)
    assert len({(shape.words, shape.blocks) for shape in family.block_shapes}) == len(family.block_shapes)


def test_large_ram_is_described_whole_or_not_at_all(family: Family) -> None:
    given = [bool(family.large_ram), family.large_shape is not None, bool(family.large_lanes), family.large_ports > 0]
    assert len(set(given)) == 1
    assert family.large_bits == (family.large_shape.words * family.large_shape.width if family.large_shape else 0)


def test_estimates_are_its_own_or_those_of_a_family_that_has_its_own(family: Family) -> None:
    assert not family.measured_as or not FAMILIES[family.measured_as].measured_as


def test_a_toolchain_comes_with_constraints(family: Family) -> None:
    if family.toolchain is None:
        return
    assert family.constraints is not None
    assert family.toolchain.placed != family.toolchain.bitstream
    assert {"lut", "block_ram"} <= family.toolchain.cells.keys()


def test_every_clock_that_it_makes_lies_in_a_module_that_is_there(family: Family) -> None:
    from hwcodesign.core.assets import asset_folder

    modules = {clock.module for clock, _ in zip(family.plls(25.0), range(200), strict=False)}
    assert all((asset_folder("boards") / "clocks" / f"{module}.sv").exists() for module in modules if module)
    assert list(no_plls(25.0)) == []


def test_shapes_of_one_primitive_share_price_and_blocks() -> None:
    assert shapes(7, 2, (8, 1), (4, 2)) == (BlockShape(8, 1, 7, 2), BlockShape(4, 2, 7, 2))
    assert {shape.words * shape.width for shape in DP16KD} == {16384, 18432}
