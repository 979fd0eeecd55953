"""Training: the same bits again, interrupted or not; the held-out images never touched; and bad input."""

import dataclasses
import json
import os
from functools import cache

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.data import Dataset, load_dataset
from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training import loop as module
from hwcodesign.training.loop import train
from hwcodesign.training.network import load_trained

NETWORK = {"family": "squeezenet", "base_e": 8, "incr_e": 8, "SR": 0.5, "fire_modules": 1, "conv1_filters": 8,
           "conv1_kernel": 3, "pool_after": [], "bypass": "simple"}  # fmt: skip


def recipe(**schedule) -> Recipe:
    return Recipe(
        name="small", network=NETWORK, hardware={"board": "icebreaker"},
        data={"dataset": "digits", "size": (8, 8), "classes": 10},
        train={"epochs": 4, "batch_size": 32, "learning_rate": 0.1, "shift": 1, "flip": False} | schedule,
    )  # fmt: skip


def weights(path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["model"]


def assert_same_bits(left, right):
    for name in ("best.pt", "last.pt"):
        a, b = weights(left / name), weights(right / name)
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a)
    assert metrics(left) == metrics(right)


def metrics(folder) -> list[dict]:
    """Of every epoch, without its speed: that alone may differ from run to run."""
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert all(entry.pop("images_per_second") > 0 and entry.pop("seconds") > 0 for entry in entries)
    return entries


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return train(recipe(), None, folder, device="cpu"), folder


TWO_PHASES = {"float_epochs": 2, "epochs": 2, "average": 0.9, "cutout": 2, "warmup_epochs": 0.5,
              "distillation": 0.5, "mixup": 0.2, "learn_scales": False, "optimizer": "nesterov"}  # fmt: skip


SCHEDULES = {"sgd": {"optimizer": "sgd"}, "adam": {"optimizer": "adam"}, "two phases": TWO_PHASES}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """What training by a schedule gives when nothing stops it: the result and its folder, made once."""

    @cache
    def of(schedule):
        folder = tmp_path_factory.mktemp("uninterrupted")
        return train(scheduled(schedule), None, folder, device="cpu"), folder

    return of


def scheduled(name):
    return recipe(learning_rate=0.01, **SCHEDULES[name])


# The longest schedule is stopped in each of its phases and between them.
@pytest.mark.parametrize(
    ("schedule", "interrupted"),
    [("sgd", 2), ("adam", 1), ("two phases", 1), ("two phases", 2), ("two phases", 3)],
)
def test_interrupted_and_resumed_is_bit_for_bit_the_same(tmp_path, monkeypatch, uninterrupted, schedule, interrupted):
    settings, (expected, folder) = scheduled(schedule), uninterrupted(schedule)
    real = module._finite

    def interrupt(losses, epoch):
        if epoch == interrupted:
            raise KeyboardInterrupt
        return real(losses, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_finite", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(settings, None, tmp_path, device="cpu")
    assert len(metrics(tmp_path)) == interrupted
    resumed = train(settings, None, tmp_path, device="cpu")
    assert_same_bits(folder, tmp_path)
    assert (resumed.epoch, resumed.validation) == (expected.epoch, expected.validation)


def test_a_sparse_phase_holds_its_zeros_also_when_resumed_and_the_dense_one_behind_it_does_not(tmp_path, monkeypatch):
    settings = recipe(float_epochs=1, sparse_epochs=2, dense_epochs=1, epochs=1, sparsity=0.5, average=0.9)
    sparsity, keep, finite = [], module.save_epoch, module._finite

    def few(table, folder):
        data = load_dataset(table, folder)
        return dataclasses.replace(data, train_images=data.train_images[:100], train_labels=data.train_labels[:100])

    def look(recipe, state, folder):
        keep(recipe, state, folder)
        sparsity.append(float((state.model.get_submodule("fire2.expand3x3").weight == 0).float().mean()))

    def interrupt(losses, epoch):
        if epoch == 2 and len(sparsity) == 2:
            raise KeyboardInterrupt
        return finite(losses, epoch)

    monkeypatch.setattr(module, "load_dataset", few)
    monkeypatch.setattr(module, "save_epoch", look)
    monkeypatch.setattr(module, "_finite", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(settings, None, tmp_path / "resumed", device="cpu")
    monkeypatch.setattr(module, "_finite", finite)
    train(settings, None, tmp_path / "resumed", device="cpu")
    train(settings, None, tmp_path / "whole", device="cpu")
    assert sparsity == [0.0, 0.5, 0.5, 0.0, 0.0] * 2
    assert_same_bits(tmp_path / "whole", tmp_path / "resumed")
    assert not (weights(tmp_path / "whole" / "float.pt")["fire2.expand3x3.weight"] == 0).any()


def test_another_seed_gives_another_network(tmp_path, whole):
    train(recipe(seed=2), None, tmp_path, device="cpu")
    assert not torch.equal(weights(tmp_path / "last.pt")["conv1.weight"], weights(whole[1] / "last.pt")["conv1.weight"])


def test_it_learns_and_says_so(whole):
    trained, folder = whole
    epochs = metrics(folder)
    assert [entry["epoch"] for entry in epochs] == [0, 1, 2, 3]
    assert epochs[-1]["loss"] < 0.7 * epochs[0]["loss"]
    assert trained.validation > 0.5
    assert trained.validation == max(entry["validation_top1"] for entry in epochs)
    assert epochs[trained.epoch]["validation_top1"] == trained.validation
    assert list(folder.glob("events.out.tfevents*"))


def test_the_best_checkpoint_is_the_one_that_was_measured(whole):
    trained, _ = whole
    data = load_dataset(recipe().data, None)
    _, held = module.stratified_split(data.train_labels, module.VALIDATION, 1)
    model = load_trained(recipe(), trained.checkpoint)
    with torch.no_grad():
        scores = model(torch.from_numpy(data.train_images[held].transpose(0, 3, 1, 2)).float())
    assert (scores.argmax(1).numpy() == data.train_labels[held]).mean() == trained.validation


def test_the_held_out_images_have_no_influence(tmp_path, monkeypatch, whole):
    def without_test_images(table, folder):
        data = load_dataset(table, folder)
        return dataclasses.replace(data, test_images=np.zeros_like(data.test_images),
                                   test_labels=np.zeros_like(data.test_labels))  # fmt: skip

    monkeypatch.setattr(module, "load_dataset", without_test_images)
    train(recipe(), None, tmp_path, device="cpu")
    assert_same_bits(whole[1], tmp_path)


def test_the_machines_number_of_threads_does_not_change_the_bits(tmp_path, whole):
    torch.set_num_threads(2)
    train(recipe(), None, tmp_path, device="cpu")
    assert_same_bits(whole[1], tmp_path)


def test_a_float_phase_first_and_never_shipped(tmp_path):
    trained = train(recipe(float_epochs=6, epochs=2, learning_rate=0.2, average=0.5), None, tmp_path, device="cpu")
    epochs = metrics(tmp_path)
    assert [entry["quantized"] for entry in epochs] == [False] * 6 + [True] * 2
    assert trained.epoch >= 6
    assert epochs[6]["validation_top1"] > 0.8 * epochs[5]["validation_top1"] > 0.4  # it goes on from there
    assert not torch.equal(
        weights(tmp_path / "float.pt")["conv1.weight"], weights(tmp_path / "best.pt")["conv1.weight"]
    )


def test_scales_stay_as_measured_unless_they_are_learned(tmp_path):
    key = "conv1.quantizer.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value"
    for learned in (False, True):
        folder = tmp_path / str(learned)
        settings = recipe(float_epochs=1, epochs=2, learn_scales=learned)
        train(settings.model_copy(update={"train": settings.train.model_copy(update={"epochs": 1})}), None, folder)
        first = weights(folder / "last.pt")[key]
        train(settings, None, tmp_path / f"{learned}, longer")
        assert torch.equal(weights(tmp_path / f"{learned}, longer" / "last.pt")[key], first) is not learned


def test_distillation_needs_a_float_phase(tmp_path):
    with pytest.raises(UserError, match=r"learns from a float network, and there is none: set train.float_epochs"):
        train(recipe(distillation=0.5), None, tmp_path)


def test_it_starts_from_another_runs_weights(tmp_path, whole):
    settings = recipe(start_from=str(whole[1] / "best.pt"), learning_rate=1e-9, epochs=1)
    assert abs(train(settings, None, tmp_path).validation - whole[0].validation) < 0.05


def test_it_starts_from_another_runs_float_phase_as_that_run_went_on(tmp_path):
    """The quantized phase of a run, and one of its own from the first's float.pt: the same ranges, the same teacher."""
    whole = recipe(float_epochs=1, epochs=1, distillation=0.5, learn_scales=False)
    train(whole, None, tmp_path / "whole", device="cpu")
    start = {"start_from": str(tmp_path / "whole" / "float.pt"), "learning_rate": 0.01}
    apart = recipe(epochs=1, distillation=0.5, learn_scales=False, **start)
    train(apart, None, tmp_path / "apart", device="cpu")
    key = "conv1.quantizer.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value"
    there, here = (weights(tmp_path / name / "last.pt")[key] for name in ("whole", "apart"))
    assert abs(here / there - 1) < 0.1  # measured on other images
    assert here != 3.0  # which it would be without a measurement
    start["start_from"] = str(tmp_path / "apart" / "float.pt")  # handed on, it is still a float network
    train(recipe(epochs=1, distillation=0.5, learn_scales=False, **start), None, tmp_path / "third", device="cpu")
    assert weights(tmp_path / "third" / "last.pt")[key] == here


def test_a_finished_training_is_left_as_it_is(whole):
    before = (whole[1] / "last.pt").read_bytes()
    assert train(recipe(), None, whole[1], device="cpu") == whole[0]
    assert (whole[1] / "last.pt").read_bytes() == before


def test_a_loss_that_is_no_number_is_said(tmp_path):
    with pytest.raises(UserError, match=r"epoch 0, step \d+: the loss is (nan|inf); lower train.learning_rate"):
        train(recipe(learning_rate=1e6, epochs=1), None, tmp_path, device="cpu")


def test_another_recipes_training_is_not_continued(whole):
    with pytest.raises(UserError, match=r"last.pt was trained from another recipe: train.epochs = 9 \(there: 4\)"):
        train(recipe(epochs=9), None, whole[1], device="cpu")


def test_checkpoints_that_are_missing_or_damaged(tmp_path):
    with pytest.raises(UserError, match=r"there is no checkpoint .*best.pt: train first"):
        load_trained(recipe(), tmp_path / "best.pt")
    for content in (b"", b"not a checkpoint"):
        (tmp_path / "best.pt").write_bytes(content)
        with pytest.raises(UserError, match=r"best.pt is not a checkpoint of ours, or damaged"):
            load_trained(recipe(), tmp_path / "best.pt")
    torch.save({"something": 1}, tmp_path / "best.pt")
    with pytest.raises(UserError, match=r"best.pt is not a checkpoint of ours"):
        load_trained(recipe(), tmp_path / "best.pt")


def test_checkpoints_with_other_parts(tmp_path, whole):
    """As another version of the code might have written them, or with one file in the place of another."""
    _, folder = whole
    state = torch.load(folder / "best.pt", weights_only=True)
    for name, changed, message in (
        ("last.pt", {}, "is not the state of a training: it has no optimizer"),
        ("last.pt", {"optimizer": {}}, "of another version of hwcodesign, or not whole"),
        ("best.pt", {"model": {}}, "of another version of hwcodesign, or not whole"),
    ):
        torch.save(state | changed, tmp_path / name)
        with pytest.raises(UserError, match=message):
            train(recipe(), None, tmp_path) if name == "last.pt" else load_trained(recipe(), tmp_path / name)


def test_more_scores_than_classes(tmp_path):
    """ZynqNet pads its classes to a power of two; the blended labels of mixup have to be as wide."""
    network = {"family": "zynqnet", "fire_modules": 1, "width": 0.125, "conv1_stride": 1}
    wide = recipe(mixup=0.2, epochs=1).model_copy(update={"network": network})
    assert wide.describe().outputs == 16
    assert train(wide, None, tmp_path, device="cpu").epoch == 0


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there(tmp_path, device):
    with pytest.raises(UserError, match=f"--device {device}: PyTorch cannot use it"):
        train(recipe(), None, tmp_path, device=device)


def few(monkeypatch, count):
    """Replace the data by `count` random images of each class."""
    labels = np.repeat(np.arange(10), count)
    images = np.random.default_rng(0).integers(0, 256, (10 * count, 8, 8, 1), dtype=np.uint8)
    data = Dataset("few", tuple("0123456789"), images, labels, images, labels)
    monkeypatch.setattr(module, "load_dataset", lambda table, folder: data)


def test_a_last_batch_of_one_image_is_left_out(tmp_path, monkeypatch):
    few(monkeypatch, count=2)  # of 20 images 10 are trained on: 3 batches of 3, and one of 1
    network = {"family": "chain", "layers": [{"layer": "dense", "units": 4}]}
    perceptron = recipe(batch_size=3, epochs=1).model_copy(update={"network": network})
    assert train(perceptron, None, tmp_path, device="cpu").epoch == 0


def test_too_few_images_to_validate(tmp_path, monkeypatch):
    few(monkeypatch, count=1)
    with pytest.raises(UserError, match=r"few has one training image of each class"):
        train(recipe(), None, tmp_path, device="cpu")


def test_a_recipe_without_data(tmp_path):
    nothing = recipe().model_copy(update={"data": recipe().data.model_copy(update={"dataset": "none"})})
    with pytest.raises(UserError, match=r"cannot be trained"):
        train(nothing, None, tmp_path, device="cpu")


def test_a_folder_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match=r"cannot write .*best.pt: No space left on device"):
        train(recipe(), None, tmp_path, device="cpu")


def test_bfloat16_in_float_epochs_alone(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    schedule, where = TrainTable(float_epochs=1, float_precision="bfloat16"), torch.device("cpu")
    for quantizers in (False, True):
        with module._precision(schedule, quantizers, where):
            assert torch.is_autocast_enabled("cpu") != quantizers
