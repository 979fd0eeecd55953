"""A SqueezeDet of 4 bits, from training to RTL, on pictures pasted on canvases: how well it finds them, how exactly.

    python -m benchmarks.data.pasted FASHION_MNIST FOLDER
    python -m benchmarks.detector FOLDER [--minutes 15] [--frames 6]

Trains for so many minutes with quantization in the loop, exports, lowers, and compares every score of every test
picture between the integer graph and the trained network's exact meaning, and of the first --frames between RTL and the
integer graph. The mean average precision at an intersection over union of 0.5 is pycocotools'. Writes detector.json and
detector.png beside this file: found boxes in red, true ones in green. Scores become boxes on the host.
"""

import argparse
import json
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from benchmarks.history import record
from hwcodesign.core.boxes import BOX_NUMBERS, Anchors, Detections, changes_to, detect, moved, overlap
from hwcodesign.data import boxes as box_data
from hwcodesign.data.boxes import Scenes
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.export.qonnx import evaluate, write_onnx
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.lower import lower
from hwcodesign.nets import metaparameters
from hwcodesign.nets.build import NetworkModule, quantized_module
from hwcodesign.nets.network import Quantization
from hwcodesign.plan import Plan, plan
from hwcodesign.plan.buffer_sizing import shrunk
from hwcodesign.simulate import network as simulation

HERE = Path(__file__).parent
NETWORK = {
    "anchors": 2, "conv1_filters": 16, "squeeze": (8, 8, 16, 16), "expand": (16, 16, 32, 32),
    "pool_after": ("conv1", "fire3"),
}  # fmt: skip
ANCHORS = ((16.0, 11.0), (20.0, 21.0))
QUANTIZATION = Quantization(4, 4, first_weight_bits=8, last_weight_bits=8)
BOARD, FRAME_RATE = "pynq-z1", 2_000
BATCH, LEARNING_RATE = 32, 0.003
# What each part of the loss counts, as in the paper.
BOX_WEIGHT, OBJECT_WEIGHT, NOTHING_WEIGHT = 5.0, 75.0, 100.0
IOU = 0.5
THRESHOLD, DRAWN_THRESHOLD = 0.02, 0.35  # for average precision nearly all, for people what is likely
_SHOWN, _ZOOM, _GAP = 8, 4, 4


@dataclass(frozen=True)
class Task:
    """The scenes of a split, and what the network is to say of them: of each box the number of the anchor that becomes
    it, `chosen` (n,), by which `changes` (n, 4). `anchors` (N, 4) are all.
    """

    scenes: Scenes
    anchors: np.ndarray
    chosen: tuple[np.ndarray, ...]
    changes: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, scenes: Scenes, anchors: np.ndarray) -> "Task":
        """Each box has the anchor that it overlaps most of those that are free, the nearest if it overlaps none."""
        boxes = moved(anchors, np.zeros_like(anchors))
        chosen, changes = [], []
        for wanted in scenes.boxes:
            apart = np.linalg.norm(
                (wanted[:, None, :2] + wanted[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2, axis=2
            )
            fits = overlap(wanted[:, None], boxes) - 1e-6 * apart
            taken = np.empty(0, dtype=np.int64)
            for row in fits:
                row[taken] = -np.inf
                taken = np.append(taken, row.argmax())
            chosen.append(taken)
            changes.append(changes_to(anchors[taken], wanted))
        return cls(scenes, anchors, tuple(chosen), tuple(changes))


def loss_of(scores: Tensor, task: Task, batch: np.ndarray) -> Tensor:
    """The paper's loss: places and sizes, confidences, and classes of the anchors that are to be a box."""
    classes = len(task.scenes.classes)
    each = scores.reshape(len(batch), -1, classes + BOX_NUMBERS)
    confidence = torch.sigmoid(each[..., classes])
    picture = np.concatenate([np.full(len(task.chosen[i]), place) for place, i in enumerate(batch)])
    anchor, changes, boxes, labels = (
        np.concatenate([some[i] for i in batch])
        for some in (task.chosen, task.changes, task.scenes.boxes, task.scenes.labels)
    )
    found = each[picture, anchor]
    fit = overlap(moved(task.anchors[anchor], found[:, classes + 1 :].detach().double().numpy()), boxes)
    places = (found[:, classes + 1 :] - torch.from_numpy(changes).float()).square().sum() / len(anchor)
    there = (found[:, classes].sigmoid() - torch.from_numpy(fit).float()).square().mean()
    nothing = torch.ones_like(confidence)
    nothing[picture, anchor] = 0
    empty = (confidence.square() * nothing).sum() / nothing.sum()
    named = nn.functional.cross_entropy(found[:, :classes], torch.from_numpy(labels))
    return BOX_WEIGHT * places + OBJECT_WEIGHT * there + NOTHING_WEIGHT * empty + named


def trained(model: NetworkModule, task: Task, minutes: float) -> dict[str, Any]:
    """Train for so long, the rate falling to 0 like a cosine; how much was seen, and the last epoch's mean loss."""
    torch.set_num_threads(1)
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, weight_decay=1e-5)
    pixels = torch.from_numpy(task.scenes.images.transpose(0, 3, 1, 2).copy())
    start, seen, losses = time.monotonic(), 0, list[float]()
    model.train()
    while (share := (time.monotonic() - start) / (60 * minutes)) < 1:
        order = np.random.default_rng(seen).permutation(len(pixels))
        losses = []
        for batch in np.array_split(order, len(order) // BATCH):
            share = min(1.0, (time.monotonic() - start) / (60 * minutes))
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * share))
            loss = loss_of(model(pixels[batch].float()), task, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
            seen += len(batch)
        print(f"{seen:,} pictures, {100 * share:.0f} % of the time, loss {np.mean(losses):.3f}", flush=True)
    return {"pictures_seen": seen, "loss": round(float(np.mean(losses)), 4)}


def average_precision(found: list[Detections], scenes: Scenes) -> float:
    """The mean of all classes' average precision at an intersection over union of IOU, by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def boxes(some: np.ndarray) -> list[list[float]]:
        return np.concatenate([some[:, :2], some[:, 2:] - some[:, :2]], axis=1).tolist()

    true = [
        {"id": 0, "image_id": image, "category_id": int(label) + 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for image, (some, labels) in enumerate(zip(scenes.boxes, scenes.labels, strict=True))
        for box, label in zip(boxes(some), labels, strict=True)
    ]
    truth, results = COCO(), COCO()
    truth.dataset = {
        "images": [{"id": image} for image in range(len(scenes.images))],
        "categories": [{"id": number, "name": name} for number, name in enumerate(scenes.classes, start=1)],
        "annotations": [entry | {"id": number} for number, entry in enumerate(true, start=1)],
    }
    truth.createIndex()
    results = truth.loadRes([
        {"image_id": image, "category_id": int(label) + 1, "bbox": box, "score": float(score)}
        for image, some in enumerate(found)
        for box, score, label in zip(boxes(some.boxes), some.scores, some.classes, strict=True)
    ])  # fmt: skip
    evaluation = COCOeval(truth, results, "bbox")
    evaluation.params.iouThrs = np.array([IOU])
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]  # by recall and class, all sizes, 100 boxes a picture
    return float(precision[precision > -1].mean())


def decoded(graph: Dataflow, scores: np.ndarray, anchors: Anchors, threshold: float = THRESHOLD) -> list[Detections]:
    """What integer scores (N, scores) say there is in each picture."""
    assert graph.score_map.shape is not None
    real = graph.score_map.real(scores).reshape(len(scores), *graph.score_map.shape)
    return [detect(each, anchors, threshold) for each in real]


def in_rtl(graph: Dataflow, frames: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    """The frames through the emitted design: how many differ in any score, and the pace beside the plan's."""
    board = load_board(BOARD)
    made: Plan = shrunk(plan(graph, board, frame_rate=FRAME_RATE), board)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        emit(made.design, made.foldings, made.storage, folder / "emit")
        built = simulation.build(folder / "emit", folder / "work", cycles=len(frames) * made.cycles_per_frame)
        measured = simulation.simulate(built, folder / "emit", frames, made.design.input.type, 1_000_000)
    taken = made.total
    return {
        "frames": len(frames),
        "frames_that_differ": len(simulation.compare(measured.results.values, expected)),
        "cycles_per_frame": measured.cycles_per_frame,
        "cycles_planned": made.cycles_per_frame,
        "latency_cycles": measured.latency_cycles,
        "latency_planned": made.latency_cycles,
        "board": BOARD,
        "frames_per_second_planned": round(made.planned_frame_rate, 1),
        **{name: getattr(taken, name) for name in ("lut", "ff", "block_ram", "dsp")},
    }


def drawn(scenes: Scenes, found: list[Detections], path: Path) -> None:
    """The first pictures side by side, enlarged: found boxes in red with their class, true ones in green."""
    height, width = scenes.images.shape[1:3]
    sheet = Image.new("RGB", (_SHOWN // 2 * (width * _ZOOM + _GAP), 2 * (height * _ZOOM + _GAP)), (90, 90, 90))
    for number, some in enumerate(found[:_SHOWN]):
        picture = Image.fromarray(scenes.images[number, ..., 0]).convert("RGB").resize((width * _ZOOM, height * _ZOOM))
        draw = ImageDraw.Draw(picture)
        for box in scenes.boxes[number]:
            draw.rectangle([int(n * _ZOOM) for n in box], outline=(0, 200, 0))
        for box, label in zip(some.boxes, some.classes, strict=True):
            draw.rectangle([int(n * _ZOOM) for n in box], outline=(255, 60, 60), width=2)
            draw.text((box[0] * _ZOOM + 3, box[1] * _ZOOM + 2), scenes.classes[label], fill=(255, 160, 160))
        place = number % (_SHOWN // 2), number // (_SHOWN // 2)
        sheet.paste(picture, (place[0] * (width * _ZOOM + _GAP), place[1] * (height * _ZOOM + _GAP)))
    sheet.save(path)


def main() -> None:
    """Train, prove, count and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--frames", type=int, default=6)
    options = parser.parse_args()
    train, test = (box_data.read(options.folder, split, channels=1) for split in ("train", "test"))
    described = metaparameters("squeezedet", NETWORK).describe(train.images.shape[1:], len(train.classes))
    rows, columns, _ = described.shapes[described.nodes[-1].name]
    anchors = Anchors(ANCHORS, (train.images.shape[1], train.images.shape[2]))
    torch.manual_seed(1)
    model = quantized_module(described, QUANTIZATION)
    result = trained(model, Task.of(train, anchors.boxes(rows, columns)), options.minutes)
    evaluation = evaluate(model.eval(), test.images)
    with tempfile.TemporaryDirectory() as place:
        write_onnx(model, Path(place) / "model.onnx")
        graph = lower(Path(place) / "model.onnx", Path(place)).dataflow
    scores = interpreter.run(graph, test.images.astype(np.int64))
    found = decoded(graph, scores, anchors)
    result |= {
        "parameters": sum(described.parameters(conv) for conv in described.convolutions),
        "training_pictures": len(train.images), "minutes": options.minutes,
        "test_pictures": len(test.images), "boxes": sum(map(len, test.boxes)), "scores_each": scores.shape[1],
        "pictures_that_differ": int((scores != evaluation.integer_scores).any(axis=1).sum()),
        "mean_average_precision": round(average_precision(found, test), 4),
    }  # fmt: skip
    results = HERE / "detector.json"
    results.write_text(json.dumps(result, indent=1) + "\n")
    drawn(test, decoded(graph, scores[:_SHOWN], anchors, DRAWN_THRESHOLD), HERE / "detector.png")
    result["rtl"] = in_rtl(graph, test.images[: options.frames].astype(np.int64), scores[: options.frames])
    results.write_text(json.dumps(result, indent=1) + "\n")
    record("detector", {"mean average precision at 0.5": result["mean_average_precision"]})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
