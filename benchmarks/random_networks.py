"""Random Brevitas networks through lowering, integer reference and RTL: each exact, or refused with a fix that works.

    python -m benchmarks.random_networks [--seeds 340] [--rtl-every 5] [--workers 2]

For every seed a network is written as QONNX, lowered, and run on random frames; each score must be what QONNX's own
executor makes of the file. Where that differs, which computes in float32, ONNX's reference evaluator decides in float64
(`other_float32` counts such frames). Every fifth seed goes on through plan and RTL simulation. Where a network is
refused, the fix that the message names is applied to it, and it is tried again. Some seeds give no network (a window
larger than its feature map). Results go to benchmarks/random_networks.json as they come; seeds that are there are not
run again but for those that RTL is still wanted of (with --again: and those that are not exact).
"""

import argparse
import json
import multiprocessing
import re
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.history import commit, record
from benchmarks.networks.exactness import Result, compared, is_right, simulated
from benchmarks.networks.random_brevitas import Genes, build, genes_brightest, random_genes
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow

RESULTS = Path(__file__).with_suffix(".json")
BOARD, FRAMES, MOST_FIXES = "zcu104", 6, 8
LOWERED = ("exact", "fixed")
RIGHT = (*LOWERED, "no network")
Fix = Callable[[Genes, int], Genes]


def main() -> None:
    """Run the seeds that have no result yet, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=340, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--rtl-every", type=int, default=5, help="0: none goes through RTL")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--again", action="store_true", help="run seeds anew whose result is not exact")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    kept: dict[str, Result] = json.loads(given.results.read_text())["networks"] if given.results.exists() else {}
    wanted = []
    for seed in range(given.first, given.first + given.seeds):
        rtl, found = bool(given.rtl_every) and seed % given.rtl_every == 0, kept.get(str(seed))
        again = found is not None and given.again and found["outcome"] not in RIGHT
        if found is None or again or (rtl and found["outcome"] in LOWERED and "rtl" not in found):
            wanted.append((seed, rtl))
    version = commit()
    with multiprocessing.get_context("spawn").Pool(given.workers, maxtasksperchild=100) as pool:
        for seed, result in pool.imap_unordered(_tried, wanted):
            kept[str(seed)] = result | {"commit": version}
            print(seed, {key: value for key, value in result.items() if key != "trace"}, flush=True)
            _write(given.results, kept)
    found = _summary(kept)
    print(json.dumps(found, indent=1))
    counts = {name: found[name] for name in ("networks", "rtl", "rtl_failures")}
    record("random_networks", {**counts, **found["outcomes"]})


def _tried(task: tuple[int, bool]) -> tuple[int, Result]:
    warnings.filterwarnings("ignore")
    (seed, rtl), start = task, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = _lowered(seed, random_genes(seed), rtl, Path(folder))
        except Exception as error:  # a crash is a result, too
            text = f"{type(error).__name__}: {error}"[:500]
            found = {"outcome": "crash", "message": text, "trace": traceback.format_exc()[-1500:]}
    return seed, found | {"seconds": round(time.monotonic() - start, 1)}


def _lowered(seed: int, genes: Genes, rtl: bool, folder: Path) -> Result:
    """Lower, applying the fix of every refusal; then compare."""
    from hwcodesign.lower import lower

    messages: list[str] = []
    for attempt in range(MOST_FIXES):
        file, lowered = folder / f"n{attempt}.onnx", folder / f"lower{attempt}"
        lowered.mkdir()
        try:
            build(genes, seed, file)
        except ValueError as error:
            return {"outcome": "no network", "message": str(error)[:200]}
        try:
            graph = lower(file, lowered, input_scale=genes_brightest(genes) / 255).dataflow
        except UserError as error:
            messages.append(str(error).replace(str(folder), ""))
            fixed = apply_fixes(genes, messages[-1])
            if fixed == genes:
                return {"outcome": "refused", "messages": messages}
            genes = fixed
            continue
        outcome: Result = {"messages": messages} if messages else {}
        outcome |= _compared(seed, file, graph, folder, rtl)
        right = outcome["differing_frames"] == 0 and is_right(outcome.get("rtl", {}))
        return {"outcome": ("fixed" if messages else "exact") if right else "WRONG"} | outcome
    return {"outcome": "refused", "messages": messages}


def _compared(seed: int, file: Path, graph: Dataflow, folder: Path, rtl: bool) -> Result:
    frames = np.random.default_rng(seed).integers(0, 256, (FRAMES, *graph.input.shape))
    result: Result = {"layers": len(graph.layers), "kinds": sorted({layer.kind for layer in graph.layers})}
    result |= compared(graph, file, frames, folder)
    if rtl:
        result["rtl"] = simulated(graph, frames, BOARD, None, folder)
    return result


def _sets(**values: object) -> Fix:
    return lambda genes, number: genes.changed(number, **values)


def _shared_quantizer(genes: Genes, number: int) -> Genes:
    """One quantizer for all that is joined, in the nearest joining block at or before `number`."""
    joins = [n for n, block in enumerate(genes.blocks[: number + 1]) if block["kind"] == "dense"]
    apart = [n for n in joins if genes.blocks[n]["join"] == "separate"]
    return genes.changed(apart[-1], join="shared") if apart else genes


# What a message's fix says, and what a user would then change in the block that it names.
FIXES: tuple[tuple[str, Fix], ...] = (
    (r"use groups=1", _sets(kind="conv")),
    (r"one quantizer before a cat", _shared_quantizer),
    (r"one shared QuantReLU .* quantize all inputs of the sum", _sets(join="shared")),
)


def apply_fixes(genes: Genes, message: str) -> Genes:
    """The network with the fix of every line of a refusal applied; itself if none is known."""
    for line in re.sub(r"\n +->", " ->", message).splitlines():
        found = re.search(r"\b(?:b(\d+)|(entrance)|(head))\b", line)
        if found is None:
            continue
        number = int(found[1]) if found[1] else -1 if found[2] else len(genes.blocks)
        for pattern, fix in FIXES:
            if re.search(pattern, line):
                changed = fix(genes, number)
                if changed != genes:
                    genes = replace(changed, applied=(*genes.applied, pattern))
                    break
    return genes


def _summary(kept: dict[str, Result]) -> Result:
    outcomes = Counter(result["outcome"] for result in kept.values())
    in_rtl = [result["rtl"] for result in kept.values() if "rtl" in result]
    return {
        "networks": sum(n for outcome, n in outcomes.items() if outcome != "no network"),
        "outcomes": dict(outcomes),
        "frames_each": FRAMES,
        "rtl": len(in_rtl),
        "rtl_mismatches": sum(found["mismatches"] for found in in_rtl),
        "rtl_failures": sum(not is_right(found) for found in in_rtl),
        "with_frames_that_float32_rounds_otherwise": sum("other_float32" in result for result in kept.values()),
        "kinds": dict(Counter(kind for result in kept.values() for kind in result.get("kinds", ()))),
    }


def _write(path: Path, kept: dict[str, Result]) -> None:
    ordered = {name: kept[name] for name in sorted(kept, key=int)}
    document = {"date": date.today().isoformat(), "summary": _summary(kept), "networks": ordered}
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
