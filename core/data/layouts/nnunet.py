"""nnU-Net raw data: `imagesTr/CASE_0000.nii.gz`, one file per channel, `labelsTr/CASE.nii.gz` and `dataset.json`."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from core.case import Case, Source
from core.data.formats import FORMATS, format_of
from core.data.layouts.dataset_json import (
    FILE,
    Dataset,
    channel_names,
    find_datasets,
    scheme_of_labels,
    several_datasets,
)
from core.data.layouts.listing import files_below, name_problem
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "nnunet"
CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})(?P<ending>(\.[A-Za-z]+){1,2})")


def read_nnunet(root: Path) -> Layout | None:
    """List the training cases below `root`, or return None when no `imagesTr` there numbers its channels."""
    found = [(dataset, files) for dataset in find_datasets(root) if (files := _channels(dataset.folder / "imagesTr"))]
    if not found:
        return None
    if len(found) > 1:
        return Layout(NAME, (), (several_datasets(dataset for dataset, _ in found),))
    ((dataset, files),) = found
    names, problems = _names(dataset, files)
    scheme, findings = scheme_of_labels(dataset.content.get("labels"))
    masks = {path.name: path for path in files_below(dataset.folder / "labelsTr", _suffixes())}
    problems = [*dataset.findings, *problems, *findings]
    cases = []
    for case_id, channels in sorted(files.items()):
        wrong = _problems(case_id, channels, names)
        problems += wrong
        if not wrong:
            cases.append(_case(case_id, channels, names, masks))
    why = f"imagesTr holds one numbered file per channel ({', '.join(names)}), as nnU-Net keeps them"
    return Layout(NAME, tuple(cases), tuple(problems), scheme, why)


def _suffixes() -> tuple[str, ...]:
    return tuple(suffix for spec in FORMATS.values() for suffix in spec.suffixes)


def _channels(folder: Path) -> dict[str, dict[int, Path]]:
    """Return the files of each case by channel number; {} where they are not numbered."""
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    if folder.is_dir():
        for path in files_below(folder, _suffixes()):
            if match := CHANNEL.fullmatch(path.name):
                found[match["case"]][int(match["channel"])] = path
    return dict(found)


def _names(dataset: Dataset, files: dict[str, dict[int, Path]]) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the channels' modalities: as `dataset.json` of either version says, else by number."""
    described = dataset.content.get("channel_names", dataset.content.get("modality"))
    if names := channel_names(described):
        return names, []
    count = 1 + max(channel for channels in files.values() for channel in channels)
    expected, fix = f"channel_names in {FILE}", f'write {FILE} with {{"channel_names": {{"0": "FLAIR", …}}}}'
    finding = Finding("warning", "channels_unnamed", "", "", f"{count} channel(s) without a name", expected, fix)
    return tuple(f"channel-{number}" for number in range(count)), [finding]


def _problems(case_id: str, channels: dict[int, Path], names: tuple[str, ...]) -> list[Finding]:
    problems = [problem for problem in [name_problem(case_id)] if problem]
    missing = [f"{name} (_{number:04d})" for number, name in enumerate(names) if number not in channels]
    if missing:
        found = f"only {', '.join(f'_{number:04d}' for number in sorted(channels))}"
        fix = "add the missing file(s) or leave the case out"
        problems.append(Finding("error", "missing_modality", case_id, "", found, f"{', '.join(missing)} as well", fix))
    if extra := sorted(number for number in channels if number >= len(names)):
        found = f"{', '.join(f'_{number:04d}' for number in extra)}, of which {FILE} says nothing"
        fix = f"name the channel in {FILE} or remove the file"
        problems.append(Finding("error", "unknown_channel", case_id, "", found, f"{len(names)} channel(s)", fix))
    return problems


def _case(case_id: str, channels: dict[int, Path], names: tuple[str, ...], masks: dict[str, Path]) -> Case:
    sources = {name: Source((channels[k],), format_of(channels[k])) for k, name in enumerate(names)}
    ending = channels[0].name.removeprefix(f"{case_id}_0000")
    mask = masks.get(f"{case_id}{ending}")
    # nnU-Net does not say which cases are one patient's
    return Case(case_id, case_id, case_id, "unknown", sources, Source((mask,), format_of(mask)) if mask else None)
