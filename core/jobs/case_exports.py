"""A segmented case in other formats than a label map, built from what the segmentation hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.atomic import write_json
from core.data.prepare import head_mask
from core.errors import RefusedError
from core.export import SegmentedCase, export_case
from core.export.dicom import DicomSeries, series_of_files
from core.harmonise.steps import FIXED_FIRST
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

    def ready(self, ready: ReadyCase) -> None:
        """Hear of a case that is about to be segmented."""

    def found(self, ready: ReadyCase, found: Found) -> None:
        """Write one case."""
        case: SegmentedCase | None = None
        for name in self._formats:
            try:
                if ready.harmonised and name in ON_THE_SERIES:
                    to_write = on_its_series(ready, found)
                else:
                    case = case or segmented_case(ready, found)
                    to_write = case
                written = export_case(to_write, [name], self._out / name)
                self._made[name]["files"][ready.case.case_id] = [path.name for path in written]
            except RefusedError as error:
                self._made[name]["refused"][ready.case.case_id] = str(error)

    def finish(self) -> dict[str, str]:
        """Write down which files are whose; return format to the sentence why a case was left out."""
        for name, made in self._made.items():
            (self._out / name).mkdir(parents=True, exist_ok=True)
            write_json(self._out / name / NAMES, made)
        return {name: next(iter(made["refused"].values())) for name, made in self._made.items() if made["refused"]}


def segmented_case(ready: ReadyCase, found: Found) -> SegmentedCase:
    """Return a case and its mask on the grid that was segmented, measured, with what it was made from."""
    volume = ready.volume
    series = None if ready.harmonised else _dicom(ready, volume.modalities[0])
    images = {name: volume.values(channel) for channel, name in enumerate(volume.modalities)}
    return _case(ready, found, found.bits, volume.native, series, images, head_mask(volume))


def on_its_series(ready: ReadyCase, found: Found) -> SegmentedCase:
    """Return a raw study's mask on the own grid of the series that its grid was made from, if that was DICOM."""
    names = sorted(ready.series, key=lambda name: (*FIXED_FIRST, name).index(name))
    name = next((each for each in names if ready.case.sources[each].format == "dicom"), names[0])
    bits = carried_masks(ready, found)[name]
    return _case(ready, found, bits, ready.series[name], _dicom(ready, name), {}, None)


def _case(
    ready: ReadyCase,
    found: Found,
    bits: Bits,
    grid: Grid,
    dicom: DicomSeries | None,
    images: Mapping[str, Any],
    head: Any,
) -> SegmentedCase:
    regions = found.prediction.regions
    titles = {region.name: region.title for region in found.scheme.regions}
    return SegmentedCase(
        case_id=ready.case.case_id,
        bits=bits,
        regions=regions,
        scheme=found.scheme,
        grid=grid,
        provenance=found.provenance,
        prediction=found.prediction if bits is found.bits else None,
        measurements=measure(bits, regions, titles, grid.geometry(), head),
        dicom=dicom,
        images=images,
    )


def _dicom(ready: ReadyCase, modality: str) -> DicomSeries | None:
    source = ready.case.sources[modality]
    return series_of_files(source) if source.format == "dicom" else None
