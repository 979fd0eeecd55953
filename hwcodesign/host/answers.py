"""What a board says of pictures, as a person reads it: classes by name, the best first."""

from typing import NamedTuple

from hwcodesign.core.errors import UserError
from hwcodesign.host.accelerator import Predictions
from hwcodesign.host.contract import Contract


class Answer(NamedTuple):
    """A class's name ("" where a score names no class) and its real score."""

    name: str
    score: float


def answers(contract: Contract, predictions: Predictions) -> list[list[Answer]]:
    """Of each picture the classes to show, best first: five where the task says so, else as many as the board names.

    Raises UserError for a network that names no class, but gives a map of scores.
    """
    if contract.score_map.shape is not None:
        height, width, channels = contract.score_map.shape
        raise UserError(
            f"{contract.network} names no class: it gives {channels} scores for each of {height} x {width} pixels; "
            "take them from hwcodesign.host.Accelerator, and boxes from hwcodesign.core.boxes"
        )
    real = contract.score_map.real(predictions.scores)
    if contract.classes == 1:
        pairs = zip(real[:, 0], predictions.classes[:, 0], strict=True)
        return [[_of_one_score(contract, int(positive), score)] for score, positive in pairs]
    shown = max(contract.pictures.shown, contract.top)
    names, ranked = contract.pictures.names(contract.classes), contract.score_map.ranked(predictions.scores)
    return [[Answer(names[c], float(row[c])) for c in best[:shown]] for row, best in zip(real, ranked, strict=True)]


def _of_one_score(contract: Contract, positive: int, score: float) -> Answer:
    """One score tells two classes apart where it is a sigmoid's; else it is a value."""
    return Answer(contract.pictures.names(2)[positive] if contract.names_classes else "", float(score))
