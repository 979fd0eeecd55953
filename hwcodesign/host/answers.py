"""What a board says of pictures, as a person reads it: classes by name, the best first, or what else its task tells."""

import numpy as np

from hwcodesign.core.tasks import TASKS, Answer, Scored
from hwcodesign.host.accelerator import Predictions
from hwcodesign.host.contract import Contract


def answers(contract: Contract, images: np.ndarray, predictions: Predictions) -> list[list[Answer]]:
    """Of each of the prepared `images` (N, H, W, C) what to show, best first: see `Task.answers`.

    Raises UserError where the network's task has nothing to say in words.
    """
    pictures = contract.pictures
    scored = Scored(images, predictions.scores, contract.score_map, pictures, chosen=predictions.classes)
    return TASKS[pictures.task].answers(scored)
