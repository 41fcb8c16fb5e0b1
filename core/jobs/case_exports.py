"""A segmented case in other formats than a label map, built from what the segmentation hands out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.atomic import write_json
from core.case import Source
from core.data.prepare import head_mask
from core.errors import RefusedError
from core.export import EXPORTS, GROUPS, SegmentedCase, export_case
from core.export.dicom import series_of_files
from core.jobs.mask_files import Bits, Found, carried_masks
from core.jobs.ready_case import ReadyCase
from core.measuring import measure
from core.volume import Grid

ON_THE_SERIES = ("dicom-seg", "rtstruct")  # they refer to a series, and have to lie on its own grid
NAMES = "files.json"


class CaseExporter:
    """Hears of each case's mask and writes it in some formats, each into a folder of its name.

    A format that does not fit a case is left out, and why is written down.
    """

    def __init__(self, formats: Sequence[str], out: Path) -> None:
        """Get ready.

        Args:
            formats: names of `EXPORTS`; `nifti` is written by the segmentation itself and left out.
            out: where the folders go.
        """
        self._formats = [name for name in formats if name != "nifti"]
        self._out = out
        self._made: dict[str, dict[str, Any]] = {name: {"files": {}, "refused": {}} for name in self._formats}
        self.not_had: dict[str, dict[str, str]] = {}  # case to `why_not_had`

    def ready(self, ready: ReadyCase) -> None:
        """Hear of a case that is about to be segmented."""

    def found(self, ready: ReadyCase, found: Found) -> None:
        """Write one case."""
        self.not_had[ready.case.case_id] = why_not_had(ready, found)
        to_write = CasesToWrite(ready, found)
        for name in self._formats:
            written, refused = to_write.write(name, self._out / name)
            if written:
                self._made[name]["files"][ready.case.case_id] = [path.name for path in written]
            if refused:
                self._made[name]["refused"][ready.case.case_id] = refused

    def finish(self) -> dict[str, str]:
        """Write down which files are whose; return format to the sentence why a case was left out."""
        for name, made in self._made.items():
            (self._out / name).mkdir(parents=True, exist_ok=True)
            write_json(self._out / name / NAMES, made)
        return {name: next(iter(made["refused"].values())) for name, made in self._made.items() if made["refused"]}


def why_not_had(ready: ReadyCase, found: Found) -> dict[str, str]:
    """Return formats that a case cannot be had in, whatever its mask is: name to the sentence that says why.

    What it takes a series' own files to tell is not asked here.
    """
    case = _on_one(ready, found, None, found.bits, ready.volume.native, "")
    from_dicom = any(source.format == "dicom" for source in ready.case.sources.values())
    asked = (*(() if from_dicom else ON_THE_SERIES), *GROUPS["mesh"])
    return {name: why for name in asked if (why := EXPORTS[name].why_not(case))}


class CasesToWrite:
    """A case's masks as its exports take them, each worked out once and not before somebody asks."""

    def __init__(self, ready: ReadyCase, found: Found) -> None:
        """Take a case and what was found in it."""
        self._ready, self._found = ready, found
        self._whole: SegmentedCase | None = None
        self._on_series: list[SegmentedCase] | None = None

    def write(self, name: str, out: Path, reidentify: Path | None = None) -> tuple[list[Path], str]:
        """Write the case in one format.

        Args:
            name: one of `EXPORTS`.
            out: the folder.
            reidentify: as for `export_case`.

        Returns:
            The files, and a sentence on what could not be written; empty where all could.
        """
        written: list[Path] = []
        refused: dict[str, None] = {}
        try:
            for case in self._of(name):
                try:
                    written += export_case(case, [name], out, reidentify)
                except RefusedError as error:  # the other series go on
                    refused[str(error)] = None
        except RefusedError as error:
            refused[str(error)] = None
        return written, "; ".join(refused)

    def _of(self, name: str) -> list[SegmentedCase]:
        if name not in ON_THE_SERIES:
            self._whole = self._whole or segmented_case(self._ready, self._found)
            return [self._whole]
        if self._on_series is None:
            self._on_series = on_the_series(self._ready, self._found)
        return self._on_series


def segmented_case(ready: ReadyCase, found: Found) -> SegmentedCase:
    """Return a case and its mask on the grid that was segmented, measured, with what it was made from."""
    volume, regions = ready.volume, found.prediction.regions
    titles = {region.name: region.title for region in found.scheme.regions}
    return SegmentedCase(
        case_id=ready.case.case_id,
        bits=found.bits,
        regions=regions,
        scheme=found.scheme,
        grid=volume.native,
        provenance=found.provenance,
        prediction=found.prediction,
        measurements=measure(found.bits, regions, titles, volume.native.geometry(), head_mask(volume)),
        images={name: volume.values(channel) for channel, name in enumerate(volume.modalities)},
    )


def on_the_series(ready: ReadyCase, found: Found) -> list[SegmentedCase]:
    """Return a case's mask on the DICOM series that it lies on: of a raw study on each of them, on its own grid.

    Where nothing is DICOM there is one all the same, which refers to no series.

    Raises:
        DamagedFileError: a file cannot be read any more.
        RefusedError: a series does not say where in the patient it lies.
    """
    from_dicom = [name for name in ready.volume.modalities if ready.case.sources[name].format == "dicom"]
    chosen = from_dicom or list(ready.volume.modalities)[:1]
    if ready.harmonised is None:
        return [_on_one(ready, found, ready.case.sources[chosen[0]], found.bits, ready.volume.native, "")]
    carried = carried_masks(ready, found)
    sources = ready.case.sources
    return [_on_one(ready, found, sources[name], carried[name], ready.series[name], name) for name in chosen]


def _on_one(ready: ReadyCase, found: Found, source: Source | None, bits: Bits, grid: Grid, on: str) -> SegmentedCase:
    return SegmentedCase(
        case_id=ready.case.case_id,
        bits=bits,
        regions=found.prediction.regions,
        scheme=found.scheme,
        grid=grid,
        provenance=found.provenance,
        dicom=series_of_files(source) if source and source.format == "dicom" else None,
        on=on,
    )
