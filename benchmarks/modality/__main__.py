"""Score how well voxels alone say which sequence an image is, leaving one patient out.

`python -m benchmarks.modality [--data FOLDER] [--write-coefficients]` reads every complete BraTS case of the data
folder, strips the names off its images, shuffles them and asks for them back: by scorers that were fitted, settings
included, on the other patients. Images from elsewhere are judged by the shipped coefficients, which never saw them.
With `--write-coefficients` those are fitted again on all BraTS patients. Writes `results.json` and `results.md`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe_machine, machine_line
from benchmarks.modality.fitting import fit_scorers
from benchmarks.modality.images import Head, brats_heads, other_heads
from core.data.modality_images import COEFFICIENTS, Scorer, describe, from_images

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy")


def judge(head: Head, scorers: Mapping[str, Scorer] | None) -> list[dict[str, Any]]:
    """Ask for the modalities of one head's images, their names taken off and their order shuffled."""
    true = list(head.images)
    order = np.random.default_rng(sum(map(ord, head.name))).permutation(len(true))
    guesses = from_images({f"image {i}": head.images[true[i]] for i in order}, scorers)
    return [
        {
            "case": head.name,
            "modality": name,
            "guess": (guess := guesses[f"image {i}"]).modality,
            "confidence": guess.confidence,
            "asks": guess.asks,
            "why": guess.why,
        }
        for i, name in enumerate(true)
    ]


def summary(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Count images, those that were right, those asked about, and those wrong without asking."""
    right = [row["guess"] == row["modality"] for row in rows]
    return {
        "images": len(rows),
        "right": sum(right),
        "asked": sum(row["asks"] for row in rows),
        "wrong_unasked": sum(not ok and not row["asks"] for ok, row in zip(right, rows, strict=True)),
    }


def left_out(heads: list[Head], features: np.ndarray[Any, Any]) -> Iterator[tuple[Head, dict[str, Scorer]]]:
    """Yield each head with the scorers that were fitted, settings included, on all the others."""
    for index, head in enumerate(heads):
        yield head, fit_scorers(np.delete(features, index, 0))


def leave_one_out(heads: list[Head], features: np.ndarray[Any, Any]) -> dict[str, list[dict[str, Any]]]:
    """Judge each head by scorers of the others: its four together, each three of them, and each image by itself."""
    together, threes, single = [], [], []
    for head, scorers in left_out(heads, features):
        together += judge(head, scorers)
        for absent in head.images:
            kept = {name: image for name, image in head.images.items() if name != absent}
            threes += judge(Head(head.name, head.group, kept), scorers)
            single += judge(Head(head.name, head.group, {absent: head.images[absent]}), scorers)
    return {"four of one head together": together, "three of one head": threes, "one image by itself": single}


TABLE = """\
# Which sequence an image is, from its voxels alone

Names stripped, order shuffled. The BraTS rows leave one patient out: scorers and their settings come from the others.
The other rows are judged by the shipped coefficients, which never saw those patients.
An image is *asked about* where the confidence is below the bar; *wrong, not asked* is what would go in silently.
{machine}.

| images | heads | images | right | share | asked about | wrong, not asked |
|---|---:|---:|---:|---:|---:|---:|
{rows}

Written by `python -m benchmarks.modality`.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    lines = []
    for row in results["rows"]:
        s = row["summary"]
        share = f"{s['right'] / s['images']:.0%}"
        lines.append(
            f"| {row['name']} | {row['heads']} | {s['images']} | {s['right']} | {share} | {s['asked']} | "
            f"{s['wrong_unasked']} |"
        )
    return TABLE.format(machine=machine_line(results["machine"]), rows="\n".join(lines))


def main() -> None:
    """Judge, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.modality", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/ and the others")
    parser.add_argument("--write-coefficients", action="store_true", help="fit the shipped coefficients again")
    arguments = parser.parse_args()
    heads = brats_heads(arguments.data)
    if len(heads) < 3:
        parser.error(f"found {len(heads)} complete BraTS cases below {arguments.data}, expected at least three")
    features = np.array([_features(head) for head in heads])
    if arguments.write_coefficients:
        _write_coefficients(features)
    scored = leave_one_out(heads, features)
    rows: list[dict[str, Any]] = [
        {"name": f"BraTS, {name}", "heads": len(heads), "images": found} for name, found in scored.items()
    ]
    for group, others in other_heads(arguments.data).items():
        rows.append(
            {"name": group, "heads": len(others), "images": [row for head in others for row in judge(head, None)]}
        )
    for row in rows:
        row["summary"] = summary(row["images"])
    results = {"machine": describe_machine(PACKAGES), "rows": rows}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(to_markdown(results), encoding="utf-8")
    print(to_markdown(results))


def _features(head: Head) -> np.ndarray[Any, Any]:
    found = describe(list(head.images.values()), company=True)
    if found is None:
        raise SystemExit(f"{head.name}: its images show no brain")
    return found


def _write_coefficients(features: np.ndarray[Any, Any]) -> None:
    document = {
        "made_by": "python -m benchmarks.modality --write-coefficients",
        "patients": len(features),
        "modalities": ["t1n", "t1c", "t2w", "t2f"],
        "models": {kind: scorer.to_json() for kind, scorer in fit_scorers(features).items()},
    }
    COEFFICIENTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
