"""The regimes of a proof: what they do to each design, and that large ones do not take all day."""

from hwcodesign.core.interface import Interface
from hwcodesign.simulate.regimes import FREE, NEVER, regimes

INTERFACE = Interface(
    in_lanes=1, in_element_bits=8, in_bytes=1, in_beats=256, out_element_bits=9, out_bytes=2, out_beats=11
)


def test_each_end_is_slower_than_the_design_and_the_output_waits_until_all_is_full() -> None:
    free, starved, held, resets = regimes(INTERFACE, 4608, 9079)
    assert free == FREE and resets.stalls == (0, 0)
    assert 256 / (1 - starved.stalls[0]) > 1.4 * 4608
    assert 11 / (1 - held.stalls[1]) > 1.4 * 4608 and held.hold > 9079 + 4608
    assert starved.most == held.most == 5
    large = regimes(INTERFACE, 1_200_000, 2_000_000)
    assert [regime.most for regime in large] == [None, 2, 2, 2]


def test_resets_come_inside_of_frames_and_wrong_tlasts_are_early_or_missing() -> None:
    last = regimes(INTERFACE, 4608, 9079)[-1]
    early, missing, coming, somewhere, held_up = last.resets
    assert early.wrong_last % 256 != 255 and early.stop_in == early.wrong_last + 1
    assert missing.wrong_last == 255 and missing.stop_in == 257
    assert (coming.stop_out, coming.wrong_last, somewhere.wrong_last) == (5, NEVER, NEVER)
    assert 4000 < somewhere.stop_cycle < 9079 + 4608
    assert 9079 < held_up.stop_cycle < last.hold, "a beat is offered, and not yet taken"


def test_weights_come_before_the_frames_after_every_reset() -> None:
    from dataclasses import replace

    early, missing, *_ = regimes(replace(INTERFACE, weight_frames=3), 4608, 9079)[-1].resets
    assert early.stop_in == 3 * 256 + 128 and missing.wrong_last == 4 * 256 - 1
