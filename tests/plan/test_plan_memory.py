"""Memory mapping: the cheaper storage, moved where a resource runs out."""

from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.board import load_board
from hwcodesign.kinds import Memory
from hwcodesign.plan.memory import Resources, cheaper_storage, map_memories, memory_resources

PYNQ = load_board("pynq-z1")


def taken(memories, storage):
    return sum((memory_resources(PYNQ.device, memories[p], storage[p]) for p in memories), Resources())


def test_a_full_block_is_a_block_and_a_small_rom_is_luts():
    assert cheaper_storage(PYNQ, Memory("weights", 1024, 18))[0] == "block"
    assert cheaper_storage(PYNQ, Memory("weights", 16, 8))[0] == "lut"


def test_when_blocks_run_out_the_worst_filled_go_to_luts():
    memories = {(f"layer{i}", "weights"): Memory("weights", 1024, 18) for i in range(223)}
    memories |= {(f"half{i}", "weights"): Memory("weights", 600, 18) for i in range(5)}
    storage = map_memories(memories, Resources(), PYNQ)
    assert not taken(memories, storage).over(PYNQ)
    moved = [place[0] for place, where in storage.items() if where == "lut"]
    assert len(moved) == 4 and all(name.startswith("half") for name in moved)


def test_when_luts_run_out_memories_go_to_blocks():
    memories = {(f"layer{i}", "thresholds"): Memory("thresholds", 16, 256) for i in range(10)}
    assert set(map_memories(memories, Resources(), PYNQ).values()) == {"lut"}
    full = map_memories(memories, Resources(lut=PYNQ.usable["lut"] - 1000), PYNQ)
    assert not (taken(memories, full) + Resources(lut=PYNQ.usable["lut"] - 1000)).over(PYNQ)


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 300), st.booleans()), max_size=30))
def test_every_memory_has_a_place_and_moving_never_breaks_what_fits(sizes):
    memories = {(str(i), "m"): Memory("m", *size) for i, size in enumerate(sizes)}
    cheapest = {place: cheaper_storage(PYNQ, memory)[0] for place, memory in memories.items()}
    storage = map_memories(memories, Resources(), PYNQ)
    assert storage.keys() == memories.keys()
    if not taken(memories, cheapest).over(PYNQ):
        assert storage == cheapest
