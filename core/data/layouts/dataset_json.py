"""`dataset.json`, which describes a data set in the Medical Segmentation Decathlon and in nnU-Net."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data import limits
from core.data.layouts.listing import enumerate_some
from core.data.modality import from_text
from core.data.refusal import Finding
from core.labels import SCHEMES

FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set on disk.

    Attributes:
        folder: where its `dataset.json` lies, or should lie.
        content: the JSON object; {} where there is none.
        findings: what is wrong with the file.
    """

    folder: Path
    content: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()


def find_datasets(root: Path) -> list[Dataset]:
    """Return the data sets at a folder or right below it: those with a `dataset.json` or an `imagesTr`."""
    folders = [root, *sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))]
    marked = [folder for folder in folders if (folder / FILE).is_file() or (folder / "imagesTr").is_dir()]
    return [_read(folder) for folder in marked]


def several_datasets(datasets: Iterable[Dataset]) -> Finding:
    """Return the finding about more than one data set below one folder."""
    names = enumerate_some([dataset.folder.name for dataset in datasets])
    fix = "import one of these folders at a time: their channels and labels differ"
    return Finding("error", "several_datasets", "", "", f"several data sets ({names})", "one", fix)


def channel_names(described: Any) -> tuple[str, ...]:
    """Return the modality of each channel: the one that its described name says, else that name in lower case.

    Args:
        described: channel number to name, `{"0": "FLAIR", "1": "T1w"}`, or a list of names.
    """
    if isinstance(described, Mapping):
        numbered = sorted((int(key), str(name)) for key, name in described.items() if str(key).isdecimal())
        names = [name for _, name in numbered]
    else:
        names = [str(name) for name in described] if isinstance(described, list) else []
    taken: list[str] = []
    for index, name in enumerate(names):
        guess = from_text(name)
        modality = guess.modality if guess else "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")
        taken.append(modality if modality and modality not in taken else f"{modality or 'channel'}-{index}")
    return tuple(taken)


def scheme_of_labels(described: Any) -> tuple[str | None, tuple[Finding, ...]]:
    """Return the scheme that a data set's own list of labels amounts to, or None and the finding that lists them.

    Args:
        described: `{"1": "edema"}`, `{"edema": 1}`, or regions `{"whole tumor": [1, 2, 3]}`.
    """
    labels = _labels(described)
    values = sorted({value for found in labels.values() for value in found})
    if values == [1]:
        return "binary", ()
    for name in ("msd-task01", "brats-2023", "brats-2021"):
        if _same_regions(name, labels) or _same_names(name, labels):
            return name, ()
    if not labels:
        return None, ()
    listed = ", ".join(f"{' + '.join(map(str, found))} {name}" for name, found in list(labels.items())[:30])
    expected, fix = "the labels of a scheme that is known by name", "write these into a scheme file for --scheme"
    return None, (Finding("note", "labels_listed", "", FILE, f"the labels {listed}", expected, fix),)


def inside(folder: Path, name: Any) -> Path | None:
    """Return the path that a data set names, or None where it is no name or leads out of the folder."""
    if not isinstance(name, str) or not name or Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    return folder / name


def _read(folder: Path) -> Dataset:
    path = folder / FILE
    if not path.is_file():
        return Dataset(folder, {})
    if path.stat().st_size > limits.MAX_DATASET_JSON_BYTES:
        return Dataset(folder, {}, (_damaged(f"{path.stat().st_size:,} bytes"),))
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # written on Windows, it may start with a mark
    except (ValueError, RecursionError):
        return Dataset(folder, {}, (_damaged("text that is not JSON"),))
    return Dataset(folder, content) if isinstance(content, dict) else Dataset(folder, {}, (_damaged("no JSON object"),))


def _damaged(found: str) -> Finding:
    fix = "download or write the file again"
    return Finding("error", "damaged_dataset_json", "", FILE, found, "a description of the data set", fix)


def _labels(described: Any) -> dict[str, tuple[int, ...]]:
    """Return label names with their values, in either direction of writing, background left out."""
    if not isinstance(described, Mapping):
        return {}
    found: dict[str, tuple[int, ...]] = {}
    for key, value in described.items():
        name, numbers = (
            (value, [key]) if isinstance(value, str) else (key, value if isinstance(value, list) else [value])
        )
        if all(str(number).isdecimal() for number in numbers):
            found[str(name)] = tuple(sorted(int(number) for number in numbers))
    return {name: values for name, values in found.items() if values != (0,) and name.lower() != "ignore"}


def _same_regions(scheme: str, labels: dict[str, tuple[int, ...]]) -> bool:
    regions = {tuple(sorted(region.labels)) for region in SCHEMES[scheme].regions}
    return set(labels.values()) == regions


def _same_names(scheme: str, labels: dict[str, tuple[int, ...]]) -> bool:
    kinds = {values[0]: _kind(name) for name, values in labels.items() if len(values) == 1}
    known = {value: _kind(name) for value, name in SCHEMES[scheme].labels.items()}
    return len(kinds) == len(labels) and kinds == known


def _kind(name: str) -> str:
    """Return which part of a tumour a label's name means; non-enhancing and necrotic core are one label in BraTS."""
    text = name.lower()
    if "edema" in text or "oedema" in text or text == "ed":
        return "oedema"
    if any(word in text for word in ("non-enh", "non enh", "nonenh", "non_enh", "necro", "ncr", "net")):
        return "core"
    return "enhancing" if "enhanc" in text or text == "et" else name
