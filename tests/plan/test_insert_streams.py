"""The bench's source and sink: what they let pass and what they refuse."""

from itertools import islice, repeat

import numpy as np
import pytest

from sim.streams import Sink, Source, gaps


def sink(expected: list[int], *, patient: bool = False, early: bool = False) -> Sink:
    return Sink(expected, repeat(False), patient, early)


def test_an_offered_beat_stays_until_it_is_taken() -> None:
    source = Source([7, 8], iter([False, True, True, True]))
    assert source.drive() == (True, 7)
    source.sample(0, ready=False)
    assert source.drive() == (True, 7)
    source.sample(1, ready=True)
    assert source.drive() == (False, 0)
    assert (source.sent, source.cycles) == (1, [1])


def test_sink_takes_what_it_expects_and_notes_when() -> None:
    end = sink([3, 4])
    for cycle, beat in enumerate([3, None, 4]):
        assert end.drive() is not end.done
        assert end.sample(cycle, beat) is None
    assert end.done and end.cycles == [0, 2]


def test_sink_returns_a_wrong_beat() -> None:
    end = sink([3])
    end.drive()
    assert end.sample(0, 5) == (5, 3)


def test_sink_refuses_valid_that_falls_and_data_that_changes() -> None:
    for second, message in ((None, "valid fell"), (4, "data changed")):
        end = Sink([3], repeat(True), patient=False, early=False)
        end.drive()
        end.sample(0, 3)
        end.drive()
        with pytest.raises(AssertionError, match=message):
            end.sample(1, second)


def test_a_patient_sink_waits_for_valid() -> None:
    end = sink([3], patient=True)
    assert not end.drive()
    end.sample(0, 3)
    assert end.drive()


def test_a_beat_too_many_is_refused_unless_the_stream_may_be_early() -> None:
    for early in (True, False):
        end = sink([3], early=early)
        end.drive()
        end.sample(0, 3)
        assert not end.drive()
        if early:
            end.sample(1, 0)
        else:
            with pytest.raises(AssertionError, match="a beat after the last"):
                end.sample(1, 0)


@pytest.mark.parametrize(("name", "low", "high"), [("never", 0, 0), ("random", 0.4, 0.6), ("often", 0.7, 0.8)])
def test_gaps_have_their_share(name: str, low: float, high: float) -> None:
    idle = list(islice(gaps(name, np.random.default_rng(0)), 4000))
    assert low <= np.mean(idle) <= high


def test_bursts_are_long_and_take_turns() -> None:
    idle = np.array(list(islice(gaps("bursts", np.random.default_rng(0)), 4000)))
    assert 50 < np.count_nonzero(np.diff(idle)) < 400
