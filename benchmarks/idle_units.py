"""How long multiply-accumulate units wait: what sharing them between layers could save at most.

    python -m benchmarks.idle_units

Behind a stride or a pool fewer pixels come, so a layer has less to do in the same time. Folding answers that: it gives
the layer fewer units. What folding leaves idle is counted here, as a share of all units, and as LUTs: the idle shares
of the layers' multipliers and adders, of all LUTs that the network takes by estimate. Sharing could not save more; what
it takes itself (both layers' weights behind one port, windows and sums to choose from) is not counted.

All planned, layer by layer, with weights of 4 bits.
"""

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from benchmarks.tiny import QUANTIZATION
from hwcodesign.fpga.board import load_board
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import kind_of
from hwcodesign.nets import metaparameters
from hwcodesign.plan import plan

V11 = {"conv1_filters": 64, "conv1_kernel": 3, "pool_after": ["conv1", "fire3", "fire5"]}
NETWORKS = {
    "ResNet-8": ("resnet", {}, (32, 32, 3), 10, (300, 1000, 3000)),
    "MobileNetV1 0.25": ("mobilenet", {"width": 0.25}, (96, 96, 3), 2, (30, 100, 300)),
    "SqueezeNet v1.1": ("squeezenet", V11, (224, 224, 3), 1000, (30, 100)),
}  # fmt: skip


def idle(name: str, rate: float) -> tuple[int, float, float]:
    """Of one network planned for `rate` frames per second: units, the idle share, and that in LUTs of all."""
    family, values, image, classes, _ = NETWORKS[name]
    graph = predict(metaparameters(family, values).describe(image, classes), QUANTIZATION)
    made = plan(graph, load_board("zcu104"), frame_rate=rate)
    units, waiting, luts = 0, 0.0, 0.0
    for layer in made.design.layers:
        if "weight_type" not in layer.attributes:
            continue
        kind, folding = kind_of(layer.kind), made.foldings[layer.name]
        share, mine = 1 - kind.cycles(layer, folding) / made.cycles_per_frame, folding.pe * folding.simd
        parts = kind.logic(layer, folding).parts
        units, waiting = units + mine, waiting + share * mine
        luts += share * sum(parts.get(part, 0) for part in ("multipliers", "adders", "accumulators"))
    return units, waiting / units, luts / made.resources.lut


def main() -> None:
    """Print a row for every network and rate."""
    table = Table("network", "frames per second", "units", "idle", "LUTs of it", title="planned")
    figures: dict[str, float] = {}
    for name, (*_, rates) in NETWORKS.items():
        for rate in rates:
            units, share, luts = idle(name, rate)
            table.add_row(name, f"{rate:,}", f"{units:,}", f"{100 * share:.1f} %", f"{100 * luts:.1f} %")
            figures[f"{name} at {rate}: LUTs of idle units, %"] = round(100 * luts, 1)
    Console().print(table)
    record("idle_units", figures)


if __name__ == "__main__":
    main()
