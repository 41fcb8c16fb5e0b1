"""The measurements as a page."""

from __future__ import annotations

from typing import Any

from benchmarks.machine import machine_line
from benchmarks.segment_real.picture import captions

HEADER = """\
# Real cases that the checkpoint has never seen

`python -m core segment` on real files, the images alone in a folder, by checkpoints trained for minutes on other
patients. The mask's shape, affine, form codes, type, label values and name are held against the input by nibabel and
Pillow; that no checkpoint has seen a case is held by its voxels against the hashes in the checkpoint's card.

"""
SHOWN = 10  # cases of a set that the table of cases lists


def page(document: dict[str, Any]) -> str:
    """Write the page: what was trained, what was segmented, every case, and the CT that nothing fits."""
    sets = list(document["sets"].values())
    lines = [
        HEADER,
        "## Trained on other patients",
        "",
        "| set | recipe | trained on | steps (checkpoint at) | seconds | changed of the recipe |",
        "|---|---|---|---|---:|---|",
        *(_trained(each, run) for each in sets for run in each["runs"]),
        "",
        "Folds of one cohort are trained once and serve both BraTS sets. One thread at low priority.",
        "",
        "## Segmented",
        "",
        "| set | cases | grid, codes, names | seen before | Dice: mean (least to most, n) | seconds |",
        "|---|---:|---|---|---|---|",
        *(_segmented(each) for each in sets),
        "",
        *(f"- `{each['name']}`: {each['remark']}. `{each['command']}`" for each in sets),
        "",
        "## Every case",
        "",
        "| set | case | shape | axes | label values | Dice | seconds |",
        "|---|---|---|---|---|---|---:|",
        *(row for each in sets for row in _cases(each)),
        "",
        f"At most {SHOWN} of a set; the rest stand in `results.json`.",
        "",
        *_pictures(sets),
        "## A CT in Hounsfield units, which none of these checkpoints fits",
        "",
        "The CT sets are 8-bit pictures drawn through a window that nobody states. A checkpoint of theirs reads a",
        "modality called `image`; a CT volume is `ct`, and is refused. Insisted on (`--call ct=image`), the program",
        "does as told, and says that the case is unlike the training data. Nothing in the mask is to be believed.",
        "",
        "| files | refused with | insisted on: said | grid | Dice | seconds |",
        "|---|---|---|---|---|---:|",
        *(_ct(each) for each in document["ct"]),
        "",
        f"{machine_line(document['machine'])}; load average {document['load_average']} at the end.",
        "Seconds are by the clock, the start of the program included. Cohorts and trainings that the workspace held",
        "already stand with the seconds that they took when they were made, beside whatever else the machine did then.",
        "",
        "Written by `python -m benchmarks.segment_real`.",
        "",
    ]
    return "\n".join(lines)


def _trained(each: dict[str, Any], run: dict[str, Any]) -> str:
    fold = f", fold {run['fold']}" if len(each["runs"]) > 1 or "epochs" not in " ".join(each["settings"]) else ""
    settings = ", ".join(f"`{setting}`" for setting in each["settings"])
    on = f"{len(run['train'])} cases, {len(run['validation'])} for validation"
    steps = f"{run['steps']} ({run['checkpoint_step']})"
    return f"| {each['name']} | `{run['recipe']}`{fold} | {on} | {steps} | {run['seconds']} | {settings} |"


def _segmented(each: dict[str, Any]) -> str:
    wrong = [f"{case}: {', '.join(found['wrong'])}" for case, found in each["cases"].items() if found["wrong"]]
    seen = "; ".join(f"{case} by {', '.join(runs)}" for case, runs in each["seen"].items()) or "none"
    scores = "; ".join(_region(region, found) for region, found in each["mean_dice"].items())
    steps = ("import", "split", "train", "segment", "score")
    seconds = ", ".join(f"{step} {each['seconds'][step]:.0f}" for step in steps if step in each["seconds"])
    right = "; ".join(wrong) or "as the input's"
    return f"| {each['name']} | {len(each['cases'])} | {right} | {seen} | {scores} | {seconds} |"


def _region(region: str, found: dict[str, Any]) -> str:
    if found["mean"] is None:
        return f"{region} none (n = 0)"
    return f"{region} {found['mean']:.2f} ({found['least']:.2f} to {found['most']:.2f}, {found['n']})"


def _cases(each: dict[str, Any]) -> list[str]:
    rows = []
    for case, found in list(each["cases"].items())[:SHOWN]:
        dice = ", ".join(f"{region} {_number(scores['dice'])}" for region, scores in found["scores"].items())
        shape, codes = " × ".join(map(str, found["shape"])), ", ".join(map(str, found["codes"]))
        rows.append(f"| {each['name']} | {case} | {shape} | {found['axes']} | {codes} | {dice} | {found['seconds']} |")
    return rows


def _pictures(sets: list[dict[str, Any]]) -> list[str]:
    lines = captions({each["picture"]: each["attribution"] for each in sets if each["picture"]})
    without = [each["name"] for each in sets if not each["picture"]]
    said = f"No picture of {', '.join(without)}: their licence, or that none is stated, lets none be published."
    return [*lines, *([said, ""] if without else [])]


def _ct(each: dict[str, Any]) -> str:
    off = f", corners within {each['off_mm']:g} mm of the DICOM positions" if each.get("off_mm") is not None else ""
    grid = f"{' × '.join(map(str, each['shape']))}; {'; '.join(each['wrong']) or f'as the input states{off}'}"
    dice = f"{each['dice']:.2f} (kidneys)" if "dice" in each else "no reference"
    return f"| `{each['name']}` | {each['refusal']} | {each['unlike']} | {grid} | {dice} | {each['seconds']} |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
