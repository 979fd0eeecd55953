"""What a network was trained to do with pictures: it travels from the recipe to the host, which must do the same."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hwcodesign.core.classified import score_names
from hwcodesign.core.log_mel import LogMel
from hwcodesign.core.preprocessing import Preprocessing

TOP5 = 5


@dataclass(frozen=True)
class PictureTask:
    """How a picture becomes the network's pixels, and what its classes are called.

    `mean` and `divisor`: one number, or one for each channel in the network's order, of 0 to 255. The network takes raw
    pixels and has both within it; they are told so that other tools can be fed alike. `class_names` is () where nobody
    gave names. `top5`: people look at the five best classes, not at the best alone. `audio` says how sound becomes
    the pixels, where the network hears. `task`: what its scores are for (core/tasks); `anchors` (height,
    width) in pixels, where they are boxes.
    """

    preprocessing: Preprocessing
    mean: tuple[float, ...] = (0.0,)
    divisor: tuple[float, ...] = (255.0,)
    class_names: tuple[str, ...] = ()
    top5: bool = False
    audio: LogMel | None = None
    task: str = "classify"
    anchors: tuple[tuple[float, float], ...] = ()

    @property
    def any_size(self) -> bool:
        """Whether pictures of every size were scaled and cut; else the network knows pictures of its own size alone."""
        return self.preprocessing.resize_to is not None

    @property
    def shown(self) -> int:
        """How many classes a person wants to see of each picture."""
        return TOP5 if self.top5 else 1

    def names(self, classes: int) -> Sequence[str]:
        """A name for each of so many classes: its number where it has none."""
        return score_names(self.class_names, classes) if self.class_names else [str(i) for i in range(classes)]

    @property
    def text(self) -> str:
        """What `from_text` reads."""
        return json.dumps(self.to_json())

    @classmethod
    def from_text(cls, text: str) -> "PictureTask":
        """The inverse of `text`. Raises TypeError, KeyError or ValueError for anything else."""
        return cls.from_json(json.loads(text))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "PictureTask":
        """The inverse of `to_json`. Raises TypeError, KeyError or ValueError for anything else."""
        numbers = {key: tuple(float(number) for number in values[key]) for key in ("mean", "divisor")}
        names = tuple(str(name) for name in values["class_names"])
        made = Preprocessing.from_json(values["preprocessing"])
        audio = LogMel(**values["audio"]) if values.get("audio") else None
        anchors = tuple((float(height), float(width)) for height, width in values.get("anchors", ()))
        parts = {"class_names": names, "preprocessing": made, "audio": audio, "anchors": anchors}
        return cls(**{**values, **numbers, **parts})
