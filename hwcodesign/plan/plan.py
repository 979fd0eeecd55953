"""The plan: everything that is decided between a graph of layers and its hardware."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from hwcodesign.core.document import Document, reading
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Storage
from hwcodesign.plan.insert_streams import is_fifo


@dataclass(frozen=True)
class Plan:
    """A design and all that was decided about it.

    `design` is the graph with its FIFOs and width converters as layers; `foldings` has every layer of it, `storage`
    every memory (by layer, then by memory). `cycles_per_frame` is the bound: the cycles of the slowest layer (or,
    rarely, a little more: see fifo.py). `latency_cycles` run from a first frame's first beat in to its last beat out.
    `resources` are estimates of what the network takes, `link` of what the board's link and clock take beside it.
    `proof` says how far from the best the design can be, where a solver was asked for it; `buffers` whether a smaller
    FIFO or line buffer would do, where they were tried (see buffer_sizing.py).
    """

    board: str
    clock_mhz: float
    frame_rate: float
    design: Dataflow
    foldings: Mapping[str, Folding]
    storage: Mapping[str, Mapping[str, Storage]]
    cycles_per_frame: int
    slowest: str
    latency_cycles: int
    resources: Resources
    link: Resources
    proof: str = ""
    buffers: str = "sufficient by the schedule"

    @property
    def total(self) -> Resources:
        """What must fit the board: the network and its link."""
        return self.resources + self.link

    @property
    def planned_frame_rate(self) -> float:
        """Frames per second in the steady state."""
        return self.clock_mhz * 1e6 / self.cycles_per_frame

    @property
    def fifo_depths(self) -> dict[str, int]:
        """Depth in beats of every FIFO."""
        return {x.name: int(x.attributes["depth"]) for x in self.design.layers if is_fifo(x)}  # type: ignore[arg-type]

    def summary(self) -> dict[str, Any]:
        """The plan's part of report.json."""
        return {field: getattr(self, field) for field in _PLAIN_FIELDS} | {
            "planned_frame_rate": round(self.planned_frame_rate, 3),
            "resources": asdict(self.resources),
            "link": asdict(self.link),
        }

    def save(self, folder: Path) -> None:
        """Write `plan.json` and the design (dataflow.json, dataflow.npz) into `folder`."""
        document = self.summary() | {
            "foldings": {name: asdict(folding) for name, folding in self.foldings.items()},
            "storage": {
                layer: {name: storage._asdict() for name, storage in memories.items()}
                for layer, memories in self.storage.items()
            },
            "fifo_depths": self.fifo_depths,
        }
        PlanDocument.write(folder / "plan.json", document)
        self.design.save(folder)

    @classmethod
    def load(cls, folder: Path) -> "Plan":
        """Read what `save` wrote. Raises UserError if it is missing, damaged or of another version."""
        document, design = PlanDocument.read(folder / "plan.json"), Dataflow.load(folder)
        with reading(folder / "plan.json"):
            if missing := set(design.by_name) - set(document.foldings):
                raise ValueError(f"it has no folding for {', '.join(sorted(missing))}")
            return cls(
                design=design,
                foldings={name: Folding(**folding) for name, folding in document.foldings.items()},
                storage={
                    layer: {name: Storage(**dict(storage)) for name, storage in memories.items()}
                    for layer, memories in document.storage.items()
                },
                resources=Resources(**document.resources),
                link=Resources(**document.link),
                **{field: getattr(document, field) for field in _PLAIN_FIELDS},
            )


class StorageDocument(BaseModel):
    """Where a memory lies, as Storage has it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    words: int
    width: int
    large: bool
    way: int


class PlanDocument(Document):
    """plan.json: what Plan documents, with its numbers by layer and by memory."""

    FORMAT = "hwcodesign plan"

    board: str
    clock_mhz: float
    frame_rate: float
    cycles_per_frame: int
    slowest: str
    latency_cycles: int
    proof: str
    buffers: str
    planned_frame_rate: float
    resources: dict[str, int]
    link: dict[str, int]
    foldings: dict[str, dict[str, int]]
    storage: dict[str, dict[str, StorageDocument]]
    fifo_depths: dict[str, int]


_PLAIN_FIELDS = (
    "board",
    "clock_mhz",
    "frame_rate",
    "cycles_per_frame",
    "slowest",
    "latency_cycles",
    "proof",
    "buffers",
)
