"""Nodes that only move become one gather and one pixel shuffle in front of the layer that reads."""

import numpy as np

from hwcodesign.core.integers import PIXEL
from hwcodesign.dataflow import Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.rearranged import Rearrangements
from hwcodesign.nets.network import Channels, GlobalAvgPool, PixelShuffle, Requantize


def rearranged() -> tuple[Assembly, Rearrangements]:
    assembly = Assembly("x", Stream((2, 2, 16), PIXEL))
    return assembly, Rearrangements(assembly)


def test_many_moves_are_one_of_each() -> None:
    assembly, moved = rearranged()
    moved.note(Channels("half", "x", tuple(range(7, -1, -1))), 16)
    moved.note(PixelShuffle("fine", "half", 2), 8)
    moved.note(Channels("last", "fine", (1,)), 2)
    assert moved.beneath("last") == "x"
    made = moved.layer("last", "x", GlobalAvgPool("mean", "last"))
    assert made == "mean.shuffle" and assembly.stream(made).shape == (4, 4, 1)
    assert assembly.stream("mean.gather").shape == (2, 2, 4)


def test_shuffles_of_shuffles_are_one() -> None:
    """The pixels of a block of blocks, as PyTorch would place them one after the other."""
    assembly, moved = rearranged()
    moved.note(PixelShuffle("one", "x", 2), 16)
    moved.note(PixelShuffle("two", "one", 2), 4)
    moved.layer("two", "x", GlobalAvgPool("mean", "two"))
    assert assembly.stream("mean.shuffle").shape == (8, 8, 1)
    place = np.arange(16).reshape(2, 2, 2, 2).transpose(2, 0, 3, 1).reshape(4, 4)  # of the outer block, the inner's
    taken = np.array(assembly.finish({}).by_name["mean.gather"].attributes["channels"]).reshape(4, 4)
    assert np.array_equal(np.sort(taken.ravel()), np.arange(16)) and np.array_equal(taken, place)


def test_a_second_reader_takes_what_the_first_made() -> None:
    _, moved = rearranged()
    moved.note(Channels("part", "x", (3, 1)), 16)
    first, second = (moved.layer("part", "x", GlobalAvgPool(name, "part")) for name in ("a", "b"))
    assert first == second == "a.gather"


def test_what_is_computed_element_by_element_keeps_the_order() -> None:
    _, moved = rearranged()
    moved.note(Channels("part", "x", (3, 1)), 16)
    again = Requantize("again", "part", "q")
    moved.keep(again, "part")
    assert moved.beneath("again") == "again"
    assert moved.layer("again", "x", GlobalAvgPool("mean", "again")) == "mean.gather"
