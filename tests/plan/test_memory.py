"""Memory mapping: the cheaper storage, moved where a resource runs out."""

from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.memories import block_count
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import IN_LUTS, Memory, Storage
from hwcodesign.plan.memory import cheaper_storage, map_memories, memory_resources, options, storages

PYNQ = load_board("pynq-z1")


def taken(memories, storage, board=PYNQ):
    return sum((memory_resources(board.device, memories[p], storage[p]) for p in memories), Resources())


def test_a_full_block_is_a_block_and_a_small_rom_is_luts():
    full = Memory("weights", 1024, 18)
    assert cheaper_storage(PYNQ, full)[0] == Storage.whole(full)
    assert cheaper_storage(PYNQ, Memory("weights", 16, 8))[0] == IN_LUTS


def test_what_full_blocks_leave_over_is_luts():
    """576 words of 36 bits: a block, and 64 words of one LUT a bit with what chooses between the two."""
    memory = Memory("weights", 576, 36)
    storage, taken = cheaper_storage(PYNQ, memory)
    assert storage == Storage(512, 36)
    assert (taken.block_ram, taken.lut) == (1, 36 + 36)
    assert cheaper_storage(PYNQ, Memory("weights", 512, 38))[0] == Storage(512, 36)


@given(st.sampled_from(sorted(FAMILIES)), st.integers(1, 9000), st.integers(1, 600), st.booleans())
def test_a_split_never_takes_more_blocks_than_the_whole_and_holds_every_bit(family, words, width, writable):
    device, memory = FAMILIES[family], Memory("m", words, width, writable)
    blocks = [memory_resources(device, memory, storage).block_ram for storage in storages(device, memory)]
    luts = [memory_resources(device, memory, storage).lut for storage in storages(device, memory)]
    assert blocks == sorted(blocks) and luts == sorted(luts, reverse=True)
    for storage, taken in zip(storages(device, memory), blocks, strict=True):
        assert storage.words <= words and storage.width <= width and bool(storage.words) == bool(storage.width)
        assert storage.block_bits <= taken * device.block_bits
        assert taken <= block_count(device, memory)


def test_a_big_buffer_lies_in_large_ram_where_the_board_has_it():
    buffer, weights = (Memory("m", 7232, 16, writable) for writable in (True, False))
    zcu104 = load_board("zcu104")
    whole = Storage.whole(buffer, large=True)
    assert whole in dict(options(zcu104, buffer)) and whole not in dict(options(PYNQ, buffer))
    assert whole not in dict(options(zcu104, weights))
    assert memory_resources(zcu104.device, buffer, whole).large_ram == 1


def test_nexus_takes_to_its_large_ram_when_block_ram_runs_out():
    """Of which there are two: each is half of all there is, and block RAM is cheaper as long as there is some."""
    crosslink = load_board("crosslink-nx-evn")
    memories = {(f"conv{i}", "weights"): Memory("weights", 8000, 60, loadable=True) for i in range(2)}
    assert not any(where.large for where in map_memories(memories, Resources(), crosslink).values())
    memories["fifo", "buffer"] = Memory("buffer", 16000, 30, writable=True)
    storage = map_memories(memories, Resources(), crosslink)
    assert not taken(memories, storage, crosslink).over(crosslink)
    assert 0 < taken(memories, storage, crosslink).large_ram <= crosslink.usable["large_ram"] == 2


KV260 = load_board("kv260")


def test_weights_lie_in_large_ram_only_where_they_may_be_loaded():
    weights = Memory("weights", 2048, 144)
    assert not any(storage.large for storage, _ in options(KV260, weights))
    loaded = weights._replace(loadable=True)
    storage, taken = cheaper_storage(KV260, loaded)
    assert storage.way and (taken.block_ram, taken.large_ram) == (0, 1)


def test_when_large_ram_runs_out_what_needs_the_fewest_blocks_leaves_it():
    memories = {(f"deep{i}", "weights"): Memory("weights", 4096, 72, loadable=True) for i in range(48)}
    memories |= {(f"short{i}", "weights"): Memory("weights", 1100, 144, loadable=True) for i in range(5)}
    assert all(cheaper_storage(KV260, memory)[0].large for memory in memories.values())
    storage = map_memories(memories, Resources(), KV260)
    assert not taken(memories, storage, KV260).over(KV260)
    assert sorted(place[0] for place, where in storage.items() if not where.large) == ["short0", "short1"]


def test_when_blocks_run_out_the_worst_filled_go_to_luts():
    memories = {(f"layer{i}", "weights"): Memory("weights", 1024, 18) for i in range(223)}
    memories |= {(f"half{i}", "weights"): Memory("weights", 600, 18) for i in range(5)}
    storage = map_memories(memories, Resources(), PYNQ)
    assert not taken(memories, storage).over(PYNQ)
    moved = [place[0] for place, where in storage.items() if where != Storage.whole(memories[place])]
    assert moved and all(name.startswith("half") for name in moved)


def test_when_luts_run_out_memories_go_to_blocks():
    memories = {(f"layer{i}", "thresholds"): Memory("thresholds", 16, 256) for i in range(10)}
    assert set(map_memories(memories, Resources(), PYNQ).values()) == {IN_LUTS}
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
