"""Medical Segmentation Decathlon: `dataset.json` and one NIfTI file per case whose channels are the sequences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.case import Case, Source
from core.data.layouts.dataset_json import (
    FILE,
    Dataset,
    channel_names,
    find_datasets,
    inside,
    scheme_of_labels,
    several_datasets,
)
from core.data.layouts.listing import keep_first, name_problem, stem_of
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "msd"


def read_msd(root: Path) -> Layout | None:
    """List the training cases below `root`, or return None when no `dataset.json` there lists them as MSD does."""
    found = find_datasets(root)
    datasets = [dataset for dataset in found if _is_msd(dataset)]
    if not datasets:
        # with numbered channels it is nnU-Net's to say
        damaged = [finding for dataset in found if not _numbered(dataset) for finding in dataset.findings]
        why = f"{FILE} lies beside imagesTr, as in the Decathlon"
        return Layout(NAME, (), tuple(damaged), None, why) if damaged else None
    if len(datasets) > 1:
        return Layout(NAME, (), (several_datasets(datasets),))
    (dataset,) = datasets
    channels = channel_names(dataset.content["modality"])
    scheme, findings = scheme_of_labels(dataset.content.get("labels"))
    cases, problems = [], [*dataset.findings, *findings]
    for entry in dataset.content["training"]:
        case, wrong = _case(dataset.folder, entry, channels)
        problems += wrong
        cases += [case] if case else []
    cases, duplicates = keep_first(sorted(cases, key=lambda case: case.case_id))
    left_out = _left_out(dataset.content.get("test"))
    listed = f"{len(dataset.content['training'])} training cases of the channels {', '.join(channels)}"
    why = f"{FILE} lists {listed}, as the Decathlon does"
    return Layout(NAME, tuple(cases), (*problems, *duplicates, *left_out), scheme, why)


def _is_msd(dataset: Dataset) -> bool:
    training = dataset.content.get("training")
    if not isinstance(training, list) or not channel_names(dataset.content.get("modality")):
        return False
    named = [inside(dataset.folder, entry.get("image")) for entry in training if isinstance(entry, Mapping)]
    # nnU-Net's first version writes the same list, of files that exist only with a channel's number
    return bool(named) and (not _numbered(dataset) or any(path is not None and path.is_file() for path in named))


def _numbered(dataset: Dataset) -> bool:
    return any((dataset.folder / "imagesTr").glob("*_0000.*"))


def _case(folder: Path, entry: Any, channels: tuple[str, ...]) -> tuple[Case | None, list[Finding]]:
    images, masks = (
        inside(folder, entry.get(key)) if isinstance(entry, Mapping) else None for key in ("image", "label")
    )
    if images is None:
        expected, fix = "an image below the folder of the data set", "correct the entry"
        return None, [Finding("error", "outside_folder", "", FILE, "a training case that names none", expected, fix)]
    case_id = stem_of(images)
    problems = [problem for problem in [name_problem(case_id)] if problem]
    for path, what in ((images, "image"), (masks, "label")):
        if path is None or not path.is_file():
            found = f"no {what} file" + (f" {path.name}" if path else "")
            fix = "download the data set again or leave the case out of dataset.json"
            problems.append(Finding("error", "missing_file", case_id, "", found, f"the {what} that {FILE} lists", fix))
    if problems or masks is None:
        return None, problems
    sources = {name: Source((images,), "nifti", channel) for channel, name in enumerate(channels)}
    # the Decathlon does not say which cases are one patient's
    return Case(case_id, case_id, case_id, "unknown", sources, Source((masks,), "nifti")), []


def _left_out(test: Any) -> list[Finding]:
    if not isinstance(test, list) or not test:
        return []
    found, expected = f"{len(test)} test images without labels", "cases with a reference"
    return [Finding("note", "test_images", "", "", found, expected, "they are left out; segment them as a folder")]
