"""A teacher of another recipe: asked as it was trained, in every phase, and refused where it knows other things."""

import pytest
import torch
from pydantic import ValidationError

from hwcodesign.core.errors import UserError
from hwcodesign.nets.blocks import set_quantized
from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training import loop as module
from hwcodesign.training.loop import train
from hwcodesign.training.network import build, load_trained
from hwcodesign.training.teacher import given_teacher
from tests.training.test_loop import assert_same_bits, recipe, weights


def wider(**schedule) -> Recipe:
    small = recipe(**schedule)
    return small.model_copy(update={"network": small.network | {"base_e": 16, "conv1_filters": 16}})


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The folder of a wider network after a float epoch and a quantized one."""
    folder = tmp_path_factory.mktemp("teacher")
    train(wider(float_epochs=1, epochs=1), None, folder, device="cpu")
    return folder


@pytest.mark.parametrize("name, quantized", [("float.pt", False), ("last.pt", True)])
def test_it_answers_as_it_was_trained(taught, name, quantized):
    teacher = given_teacher(build(recipe()), TrainTable(distillation=0.5, teacher=str(taught / name)))
    assert teacher is not None
    alone = load_trained(wider(float_epochs=1, epochs=1), taught / name)
    set_quantized(alone.to(memory_format=torch.channels_last), quantized)
    pixels = torch.randint(0, 256, (4, 1, 8, 8), generator=torch.Generator().manual_seed(1)).float()
    assert torch.equal(teacher(pixels), alone(pixels))
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_it_is_listened_to_in_float_and_with_quantizers(taught, tmp_path):
    lesson = {"float_epochs": 1, "epochs": 1, "distillation": 0.9}
    train(recipe(**lesson), None, tmp_path / "own", device="cpu")
    train(recipe(**lesson, teacher=str(taught / "last.pt")), None, tmp_path / "given", device="cpu")
    for name in ("float.pt", "last.pt"):
        own, given = (weights(tmp_path / who / name)["conv1.weight"] for who in ("own", "given"))
        assert not torch.equal(own, given)


def test_an_interrupted_lesson_ends_with_the_same_bits(taught, tmp_path, monkeypatch):
    lesson = recipe(epochs=2, distillation=0.5, teacher=str(taught / "float.pt"))
    finite = module._finite

    def interrupt(losses, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return finite(losses, epoch)

    monkeypatch.setattr(module, "_finite", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(lesson, None, tmp_path / "resumed", device="cpu")
    monkeypatch.setattr(module, "_finite", finite)
    train(lesson, None, tmp_path / "resumed", device="cpu")
    train(lesson, None, tmp_path / "whole", device="cpu")
    assert_same_bits(tmp_path / "whole", tmp_path / "resumed")


def test_a_teacher_of_other_images_or_classes_is_refused(taught):
    schedule = TrainTable(distillation=0.5, teacher=str(taught / "float.pt"))
    small = recipe()
    for changed, message in (
        ({"size": (9, 9)}, r"its images are \(8, 8, 1\), this network's \(9, 9, 1\)"),
        ({"classes": 4}, "its scores are 10, this network's 4"),
    ):
        data = small.data.model_copy(update=changed)
        with pytest.raises(UserError, match=message):
            given_teacher(build(small.model_copy(update={"data": data})), schedule)


def test_a_teacher_that_is_not_there_or_not_heard_is_refused(tmp_path):
    with pytest.raises(UserError, match="there is no checkpoint"):
        given_teacher(build(recipe()), TrainTable(distillation=0.5, teacher=str(tmp_path / "none.pt")))
    with pytest.raises(ValidationError, match=r"left out without train\.distillation"):
        TrainTable(teacher="float.pt")
