"""Whether the proof can be false: single faults, planted into four designs one at a time, and what the command says.

A fault is caught if `hwcodesign simulate` (`run`, for a fault in a file of lower or plan) exits with 4 and names the
layer or the file; a graph that lower wrote and that contradicts itself now is bad input, 2. Caught `by` what: the
simulation, which is what is judged here, or only the comparison of the emitted files with the plan, after it: then no
image and no regime has shown the fault. Every result is written to the JSON file as soon as it is there; started again,
the script goes on.

    python benchmarks/mutants.py [--work FOLDER] [--designs NAME,...] [--classes NAME,...]
        [--most N] [--jobs N]
"""

import argparse
import contextlib
import json
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.history import record

RESULTS = Path(__file__).with_suffix(".json")
BOARD = "ulx3s-85f"
SEED = 2
CAUGHT = 4  # the exit code of a verification that failed
BY = {"every score is right, but": "the files", "is not as the stage": "the record", "": "the simulation"}  # as is said
NAMED = re.compile(r"layer [\w.]+|emit/[\w./]+|dataflow\.(npz|json)")
# Those that only the fourth design has.
NEW_MODULES = ("depth_to_space", "gather", "map_output", "sum_pool", "upsample", "vvau", "weighted_sum")
RECIPES = {
    "squeezenet": """
[network]
family = "squeezenet"
base_e = 8
incr_e = 0
SR = 0.5
fire_modules = 2
conv1_filters = 8
conv1_kernel = 3
conv1_stride = 2
pool_after = []
bypass = "simple"
[data]
dataset = "none"
size = [9, 9]
classes = 10
[hardware]
board = "ulx3s-85f"
frame_rate = 2000
""",
    "zynqnet": """
[network]
family = "zynqnet"
fire_modules = 2
width = 0.125
conv1_stride = 1
outputs = 6
[data]
dataset = "none"
size = [8, 8]
classes = 5
[hardware]
board = "ulx3s-85f"
frame_rate = 5000
""",
}


@dataclass(frozen=True)
class Mutant:
    """One fault: in the file `path` of a run, `plant` puts it there. `what` says what it is, and tells it apart."""

    kind: str
    path: str
    what: str
    plant: Callable[[Path], None]


@dataclass(frozen=True)
class Subject:
    """A design: its finished run, and the arguments that name it on the command line.

    `modules`: those of which every line that can be wrong is, and of other files none; without them, some of all files.
    """

    name: str
    run: Path
    arguments: tuple[str, ...]
    modules: tuple[str, ...] = ()


def foreign(path: Path) -> None:
    """A small network in Brevitas as somebody else would write it, 1x8x8 raw pixels in, 5 classes out."""
    import brevitas.nn as qnn
    import torch
    from brevitas.export import export_qonnx
    from torch import nn

    torch.manual_seed(1)
    four = {"weight_bit_width": 4, "bias": False}
    model = nn.Sequential(
        qnn.QuantConv2d(1, 4, 3, **four), nn.BatchNorm2d(4), qnn.QuantReLU(bit_width=4), nn.MaxPool2d(2), nn.Flatten(),
        qnn.QuantLinear(36, 8, **four), nn.BatchNorm1d(8), qnn.QuantReLU(bit_width=4), qnn.QuantLinear(8, 5, **four),
    )  # fmt: skip
    with torch.no_grad():
        for _ in range(30):
            model(torch.randint(0, 256, (32, 1, 8, 8)).float())
    export_qonnx(model.eval(), torch.zeros(1, 1, 8, 8), str(path), dynamo=False, opset_version=13)


def segmenting(path: Path) -> None:
    """Two scores for every pixel, 2x6x6 raw pixels in, of the layers that the other designs do not have.

    A depthwise layer, a mean over windows, a sum of two quantizers, channels shuffled and split, maps grown by copies
    and by a pixel shuffle, channels joined.
    """
    import brevitas.nn as qnn
    import torch
    from brevitas.export import export_qonnx
    from torch import Tensor, nn

    def conv(inputs: int, outputs: int, kernel: int, **options: int) -> nn.Module:
        return qnn.QuantConv2d(inputs, outputs, kernel, weight_bit_width=4, bias=False, **options)

    class Segmenting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.depthwise = conv(2, 4, 3, padding=1), conv(4, 4, 3, padding=1, groups=4)
            self.last, self.mean = conv(7, 2, 1), nn.AvgPool2d(2)
            self.relus = nn.ModuleList([qnn.QuantReLU(bit_width=4) for _ in range(3)])
            self.signed = nn.ModuleList([qnn.QuantIdentity(bit_width=4) for _ in range(2)])
            self.grown, self.shuffled = nn.Upsample(scale_factor=2), nn.PixelShuffle(2)

        def forward(self, x: Tensor) -> Tensor:
            first = self.relus[0](self.first(x))
            both = self.signed[1](first + self.signed[0](self.depthwise(first)))
            small = self.relus[1](self.mean(both)).reshape(-1, 2, 2, 3, 3).transpose(1, 2).reshape(-1, 4, 3, 3)
            parts = self.shuffled(small), self.grown(small), first[:, 2:]
            return self.last(torch.cat([self.relus[2](part) for part in parts], dim=1))

    torch.manual_seed(1)
    model = Segmenting()
    with torch.no_grad():
        for _ in range(30):
            model(torch.randint(0, 256, (32, 2, 6, 6)).float())
    export_qonnx(model.eval(), torch.zeros(1, 2, 6, 6), str(path), dynamo=False, opset_version=13)


def subjects(work: Path) -> Iterator[Subject]:
    """The four designs."""
    runs = work / "runs"
    for name, text in RECIPES.items():
        recipe = work / f"{name}.toml"
        recipe.write_text(text)
        yield Subject(name, runs / f"{name}-untrained", (str(recipe), "--untrained", "--frames", "60"))
    for make in (foreign, segmenting):
        model = work / f"{make.__name__}.onnx"
        if not model.exists():
            make(model)
        options = ("--board", BOARD, "--input-scale", "1", "--frames", "60")
        modules = NEW_MODULES if make is segmenting else ()
        yield Subject(model.stem, runs / model.stem, ("--model", str(model), *options), modules)


def hwcodesign(arguments: Sequence[str], runs: Path) -> tuple[int, str]:
    """`hwcodesign run`; its exit code, and what it said last."""
    command = [sys.executable, "-m", "hwcodesign", "run", *arguments, "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stderr if done.returncode else ""
    return done.returncode, said[said.rfind("error:") :].strip()[:600]


# What can be wrong. In a kernel's text a fault is in all of its instances.


def mutants(subject: Subject, rng: random.Random) -> list[Mutant]:
    """Of one run, some faults of every class; or all in the lines of the modules that the subject is about."""
    run = subject.run
    if subject.modules:
        lines = (*_resets(run), *_bounds(run), *_readies(run), *_signs(run))
        found = [mutant for mutant in lines if Path(mutant.path).stem in subject.modules]
        return [*found, *_constants(run), *_top_bits(run)]
    found = [
        *_in_images(run, rng),
        *_chosen(rng, 5, _resets(run)),
        *_chosen(rng, 4, _bounds(run)),
        *_chosen(rng, 3, _readies(run)),
        *_chosen(rng, 2, _signs(run)),
        *_chosen(rng, 2, _top_bits(run)),
        *_chosen(rng, 2, _depths(run)),
        *_ends(),
        *_chosen(rng, 1, _concats(run)),
        *_chosen(rng, 1, _swapped_images(run)),
        *_in_graphs(run, rng),
    ]
    assert len({(m.path, m.what) for m in found}) == len(found)
    return found


def _chosen(rng: random.Random, count: int, candidates: Iterator[Mutant]) -> list[Mutant]:
    every = list(candidates)
    return rng.sample(every, min(count, len(every)))


def _in_images(run: Path, rng: random.Random) -> Iterator[Mutant]:
    """Bits of weights and of thresholds; words in another order."""
    memory = run / "emit/memory"
    for kind, count in (("weights", 4), ("thresholds", 3)):
        images = sorted(memory.glob(f"*.{kind}.*.hex"))
        for image in rng.sample(images, min(count, len(images))):
            words = image.read_text().split()
            word, bit = rng.randrange(len(words)), rng.randrange(4)  # the last digit is never padding
            yield _rewriting(f"{kind} bit", run, image, f"word {word}, bit {bit}", _flip(word, bit))
    image = rng.choice([p for p in sorted(memory.glob("*.weights.*.hex")) if len(set(p.read_text().split())) > 1])
    yield _rewriting("wrong ROM", run, image, "the last word first", _rotated)


def _flip(word: int, bit: int) -> Callable[[str], str]:
    def flipped(text: str) -> str:
        words = text.split()
        words[word] = words[word][:-1] + format(int(words[word][-1], 16) ^ (1 << bit), "x")
        return "\n".join(words) + "\n"

    return flipped


def _rotated(text: str) -> str:
    words = text.split()
    return "\n".join([words[-1], *words[:-1]]) + "\n"


def _swapped_images(run: Path) -> Iterator[Mutant]:
    """A layer that reads another's ROM of the same size."""
    top, sizes = run / "emit/rtl/accelerator.sv", {}
    for image in sorted((run / "emit/memory").glob("*.weights.*.hex")):
        content = image.read_text()
        other = sizes.setdefault((len(content.split()), len(content.split()[0])), image)
        if other is not image and other.read_text() != content:
            ours, theirs = (path.name.split(".weights")[0] for path in (image, other))
            yield _replacing("wrong ROM", run, top, f'"{ours}.weights"', f'"{theirs}.weights"')


def _lines(run: Path) -> Iterator[tuple[Path, int, str, bool]]:
    """Of the kernels, every line of logic, and whether it stands in the branch of a reset."""
    for path in _used(run / "emit/rtl"):
        in_reset = False
        for number, line in enumerate(path.read_text().splitlines()):
            if "//" not in line:
                in_reset = "if (!rst_ni) begin" in line or (in_reset and "end" not in line)
                yield path, number, line, in_reset


def _used(rtl: Path) -> list[Path]:
    """The modules that the accelerator is made of, itself left out: some are emitted for other foldings."""
    used, text = {"accelerator"}, (rtl / "accelerator.sv").read_text()
    modules = {re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE)[0]: path for path in rtl.glob("*.sv")}
    while found := {name for name in modules if re.search(rf"^\s*{name} (#\(|u_)", text, re.MULTILINE)} - used:
        used |= found
        text += "".join(modules[name].read_text() for name in found)
    return sorted(modules[name] for name in used - {"accelerator"})


def _resets(run: Path) -> Iterator[Mutant]:
    for path, number, line, in_reset in _lines(run):
        if in_reset and "<=" in line:
            yield _line("counter reset", run, path, number, line, "")


def _bounds(run: Path) -> Iterator[Mutant]:
    for path, number, line, _ in _lines(run):
        if "==" in line and "- 1)" in line and "localparam" not in line:
            yield _line("counter bound", run, path, number, line, line.replace("- 1)", "- 2)", 1))


def _readies(run: Path) -> Iterator[Mutant]:
    for path, number, line, _ in _lines(run):
        if re.search(r"assign (move|space|en|in_ready_o)\s*=.*out_ready_i", line):
            yield _line("ignored ready", run, path, number, line, re.sub(r"=.*;", "= '1;", line, count=1))


def _signs(run: Path) -> Iterator[Mutant]:
    for path, number, line, _ in _lines(run):
        if "$signed(" in line:
            yield _line("sign extension", run, path, number, line, line.replace("$signed(", "$unsigned("))
    yield from _parameters(run, "sign extension", r"WEIGHT_SIGNED", lambda value: 1 - value)


def _top_bits(run: Path) -> Iterator[Mutant]:
    yield from _parameters(run, "top bit cut", r"ACC_BITS|SUM_BITS", lambda value: value - 1)


def _constants(run: Path) -> Iterator[Mutant]:
    """Wires, beats and factors that are not those of the network: the first of each is another."""
    path = run / "emit/rtl/accelerator.sv"
    for number, line in enumerate(path.read_text().splitlines()):
        found = re.fullmatch(r"    \.(WIRES|FACTORS|FACTOR_[HW])\((?:(\d+)'h)?([0-9a-f]+)\),?", line)
        if found:
            value = int(found[3], 16 if found[2] else 10) ^ 1
            changed = f"{found[2]}'h{value:x}" if found[2] else str(value)
            new = line.replace(line[line.index("(") : line.rindex(")")], f"({changed}")
            yield _line("wrong constant", run, path, number, line, new)


def _depths(run: Path) -> Iterator[Mutant]:
    yield from _parameters(run, "FIFO depth", r"DEPTH", lambda value: value - 1, least=5)


def _parameters(run: Path, kind: str, name: str, change: Callable[[int], int], least: int = 0) -> Iterator[Mutant]:
    """Parameters of single instances."""
    path = run / "emit/rtl/accelerator.sv"
    for number, line in enumerate(path.read_text().splitlines()):
        found = re.fullmatch(rf"    \.({name})\((\d+)\),?", line)
        if found and int(found[2]) >= least:
            yield _line(kind, run, path, number, line, line.replace(f"({found[2]})", f"({change(int(found[2]))})"))


def _concats(run: Path) -> Iterator[Mutant]:
    path = run / "emit/rtl/accelerator.sv"
    text = path.read_text()
    for instance in re.findall(r"  \) u_\w*concat \(\n.*?\n  \);", text, re.DOTALL):
        swapped = re.sub(r"\{(\w+), (\w+)\}", r"{\2, \1}", instance)
        yield _replacing("concat order", run, path, instance, swapped)


def _ends() -> Iterator[Mutant]:
    """Of the whole accelerator: tlast, its flag, and its gates."""
    last, path = ".last_o(m_axis_tlast)", "emit/rtl/accelerator.sv"
    for kind, old, new in (
        ("early tlast", last, ".last_o()\n  );\n  assign m_axis_tlast = (1'b1"),
        ("dropped tlast", last, ".last_o()\n  );\n  assign m_axis_tlast = (1'b0"),
        ("error flag", "frame_error_o <= 1'b1", "frame_error_o <= 1'b0"),
        ("gated input", "assign from_host_data = s_axis_tdata", "assign from_host_data = ~8'h80 & s_axis_tdata"),
        ("gated input", "assign to_host_ready = m_axis_tready", "assign to_host_ready = 1'b1"),
    ):
        yield Mutant(kind, path, f"{new.strip()!r} for {old!r}", _replaced(old, new))


def _in_graphs(run: Path, rng: random.Random) -> Iterator[Mutant]:
    """A tensor of the graph that a stage left."""
    for stage in ("lower", "plan"):
        with np.load(run / stage / "dataflow.npz") as arrays:
            name = rng.choice([key for key in arrays.files if key.endswith(("/weights", "/thresholds"))])
        yield Mutant(f"{stage} file", f"{stage}/dataflow.npz", f"{name}, the first value", _one_more(name))


def _one_more(name: str) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        with np.load(path) as arrays:
            tensors = {key: arrays[key].copy() for key in arrays.files}
        tensors[name].flat[0] += 1 if tensors[name].flat[0] <= 0 else -1
        np.savez_compressed(path, **tensors)

    return plant


def _line(kind: str, run: Path, path: Path, number: int, old: str, new: str) -> Mutant:
    def plant(text: str) -> str:
        lines = text.splitlines()
        assert lines[number] == old
        return "\n".join([*lines[:number], new, *lines[number + 1 :], ""])

    what = f"line {number + 1}: {new.strip()!r} for {old.strip()!r}"
    return _rewriting(kind, run, path, what, plant)


def _replacing(kind: str, run: Path, path: Path, old: str, new: str) -> Mutant:
    return Mutant(kind, str(path.relative_to(run)), f"{new!r} for {old!r}", _replaced(old, new))


def _replaced(old: str, new: str) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))

    return plant


def _rewriting(kind: str, run: Path, path: Path, what: str, change: Callable[[str], str]) -> Mutant:
    def plant(place: Path) -> None:
        text = place.read_text()
        changed = change(text)
        assert changed != text, what
        place.write_text(changed)

    return Mutant(kind, str(path.relative_to(run)), what, plant)


def judge(subject: Subject, mutant: Mutant, scratch: Path) -> dict[str, object]:
    """Plant the fault in a copy of the run, and say what the command made of it."""
    shutil.rmtree(scratch, ignore_errors=True)
    copy = scratch / subject.run.name
    shutil.copytree(subject.run, copy, ignore=shutil.ignore_patterns("simulate", "train", ".*"))
    (copy / "train").mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.copytree(subject.run / "train", copy / "train", dirs_exist_ok=True)
    mutant.plant(copy / mutant.path)
    start = time.monotonic()
    again = ("--from", "simulate") if mutant.path.startswith("emit") else ()
    code, said = hwcodesign((*subject.arguments, *again), scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    said = said.replace(f"{scratch}/", "")
    named = NAMED.search(said)
    by = next(by for words, by in BY.items() if words in said)
    caught = named is not None and (code == CAUGHT or by == "the record")
    return {
        "network": subject.name, "class": mutant.kind, "file": mutant.path, "fault": mutant.what, "exit": code,
        "caught": caught, "by": by if caught else None, "named": named[0] if named else None, "said": said,
        "seconds": round(time.monotonic() - start, 1), "date": date.today().isoformat(),
    }  # fmt: skip


def key_of(result: dict[str, object]) -> tuple[object, ...]:
    """What tells one fault from another."""
    return result["network"], result["file"], result["fault"]


def main() -> None:
    """Plant what is not yet in the results, and print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/mutants"), help="where the designs and copies lie")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--classes", default="", help="only these, separated by commas")
    parser.add_argument("--designs", default="", help="only these, separated by commas")
    parser.add_argument("--most", type=int, default=10_000, help="plant at most so many now")
    parser.add_argument("--jobs", type=int, default=1, help="so many at once")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    results = json.loads(options.results.read_text()) if options.results.exists() else []
    known, todo = {key_of(result) for result in results}, []
    for subject in subjects(work):
        if options.designs and subject.name not in options.designs.split(","):
            continue
        code, said = hwcodesign(subject.arguments, work / "runs")
        assert code == 0, f"{subject.name} without a fault: {said}"
        print(f"{subject.name}: proven without a fault", flush=True)
        for mutant in mutants(subject, random.Random(SEED)):
            wanted = not options.classes or mutant.kind in options.classes.split(",")
            if wanted and (subject.name, mutant.path, mutant.what) not in known:
                todo.append((subject, mutant))
    random.Random(SEED).shuffle(todo)  # whenever it is stopped, some of every class are done

    def plant(number: int) -> dict[str, object]:
        subject, mutant = todo[number]
        return judge(subject, mutant, work / f"copy-{number}")

    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(plant, range(min(len(todo), options.most))):
            results.append(result)
            options.results.write_text(json.dumps(sorted(results, key=lambda r: str(key_of(r))), indent=1) + "\n")
            verdict = "caught" if result["caught"] else "PASSED"
            print(f"{verdict} {result['network']}, {result['class']}: {result['said']}", flush=True)
    report(results)
    outcomes = Counter(f"caught by {result['by']}" if result["by"] else "not caught" for result in results)
    record("mutants", {"planted": len(results), **outcomes})


def report(results: list[dict[str, object]]) -> None:
    """Caught of planted, by class and by what; and those that the simulation did not show."""
    planted = Counter(str(result["class"]) for result in results)
    caught = Counter((str(result["class"]), result["by"]) for result in results)
    for kind, count in sorted(planted.items()):
        print(f"{kind:16} {count:3} planted" + "".join(f", {caught[kind, by]:3} by {by}" for by in BY.values()))
    total = Counter(result["by"] for result in results)
    print(f"{'in all':16} {len(results):3} planted" + "".join(f", {total[by]:3} by {by}" for by in BY.values()))
    for result in results:
        if result["by"] != "the simulation":
            print(f"{result['by'] or 'NOT CAUGHT'}: {result['network']} {result['file']} {result['fault']}")


if __name__ == "__main__":
    main()
