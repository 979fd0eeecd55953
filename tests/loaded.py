"""Plans whose weights are loaded after reset, however small they are: the planner loads only what is large."""

from dataclasses import replace

from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.memories import large_storage
from hwcodesign.kinds import kind_of
from hwcodesign.plan import Plan, plan


def all_loaded(network: Dataflow, board: str, frame_rate: float) -> Plan:
    """A plan of `network` with every weight memory in the board's large RAM."""
    made = plan(network, load_board(board), frame_rate=frame_rate, load_weights=True)
    storage = {name: dict(places) for name, places in made.storage.items()}
    for layer in made.design.layers:
        for memory in kind_of(layer.kind).memories(layer, made.foldings[layer.name]):
            place = large_storage(load_board(board).device, memory) if memory.loadable else None
            if place:
                storage[layer.name][memory.name] = place
    return replace(made, storage=storage)
