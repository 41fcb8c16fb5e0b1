"""Read a case's files into one volume, refusing what does not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.case import Case, Source
from core.data.formats import FORMATS, format_of
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.image import StoredImage
from core.data.label_values import whole_labels
from core.data.refusal import Finding, InputRefusedError
from core.data.stacking import stack_channels
from core.labels import SCHEME_HINT, LabelScheme, UnknownLabelError, listed
from core.volume import Grid, Volume

READING_THREADS = 2  # inflating is the cost, and ISA-L releases the interpreter lock
GRID_TOLERANCE_MM = 0.01  # grids agree when no corner moves by more


@dataclass(frozen=True, slots=True, eq=False)
class CaseFiles:
    """What a case's files hold, each on its own grid.

    Attributes:
        case: which case.
        images: each modality's image as read, in the order of `case.sources`; its channel is the source's.
        mask: the reference mask's image, or None where there is none or it was not asked for.
    """

    case: Case
    images: Mapping[str, StoredImage]
    mask: StoredImage | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCase:
    """A case in memory, on one grid.

    Attributes:
        files: what its files hold.
        volume: its channels in the order of `case.sources`.
        reference: uint8 region bits (X, Y, Z), or None where there is no reference mask.
        findings: what is odd about the files, but not refused.
    """

    files: CaseFiles
    volume: Volume
    reference: npt.NDArray[np.uint8] | None
    findings: tuple[Finding, ...] = ()

    @property
    def case(self) -> Case:
        return self.files.case


def load_case(case: Case, scheme: LabelScheme | None) -> LoadedCase:
    """Read every file of a case and stack its modalities.

    Args:
        case: what to read.
        scheme: what the reference's integers mean; None leaves the reference unread.

    Raises:
        InputRefusedError: a file is damaged, grids disagree, voxels are not finite, or a label is unknown.
    """
    return assemble(read_files(case, reference=scheme is not None), scheme)


def read_files(case: Case, reference: bool) -> CaseFiles:
    """Read every file of a case, its reference mask only where that is asked for.

    Raises:
        InputRefusedError: a file is damaged, or does not hold the channel that is asked for.
    """
    images = read_images(case)
    if not reference or case.reference is None:
        return CaseFiles(case, images)
    return CaseFiles(case, images, _read_mask(case.case_id, case.reference, next(iter(images.values())).grid))


def assemble(files: CaseFiles, scheme: LabelScheme | None) -> LoadedCase:
    """Stack what was read, where it lies on one grid.

    Raises:
        InputRefusedError: grids disagree, voxels are not finite, or a label is unknown.
    """
    case, images = files.case, files.images
    first = next(iter(images.values())).grid
    read = {**images, **({"seg": files.mask} if files.mask else {})}
    sources = {**case.sources, **({"seg": case.reference} if case.reference else {})}
    problems = [_grid_problem(case.case_id, sources[name], image.grid, first) for name, image in read.items()]
    if found := [problem for problem in problems if problem]:
        raise InputRefusedError(*found)
    volume = stack([(name, image, case.sources[name].channel) for name, image in images.items()])
    _require_finite(case, volume)
    bits = None
    rounded: tuple[Finding, ...] = ()
    if scheme is not None and case.reference is not None and files.mask is not None:
        bits, rounded = _regions(case.case_id, case.reference, files.mask, scheme)
    # the channels of one file share its findings
    findings = tuple(dict.fromkeys(finding for image in read.values() for finding in image.findings))
    return LoadedCase(files, volume, bits, (*findings, *rounded))


def read_images(case: Case) -> dict[str, StoredImage]:
    """Read every file of a case once, side by side; modality to the image that holds it.

    Raises:
        InputRefusedError: a file is damaged, or does not hold the channel that is asked for.
    """
    files = list(dict.fromkeys((source.files, source.format) for source in case.sources.values()))
    with ThreadPoolExecutor(READING_THREADS) as pool:
        read = dict(zip(files, pool.map(lambda key: _read(case.case_id, Source(*key)), files), strict=True))
    images = {name: read[source.files, source.format] for name, source in case.sources.items()}
    for name, source in case.sources.items():
        if source.channel >= images[name].channels:
            found, expected = f"{images[name].channels} channel(s)", f"a channel {source.channel} for {name}"
            fix = "check the layout of the folder"
            raise InputRefusedError(
                Finding("error", "missing_channel", case.case_id, source.label, found, expected, fix)
            )
    return images


def load_regions(source: Source, scheme: LabelScheme, onto: Grid | None = None) -> tuple[npt.NDArray[np.uint8], Grid]:
    """Read one label map as region bits (X, Y, Z) uint8 in RAS+, with its grid.

    Args:
        source: where it is.
        scheme: what its integers mean.
        onto: the images' grid, for a mask that is drawn onto one, or that tells of no place.

    Raises:
        InputRefusedError: the file is damaged or holds a value that the scheme does not know.
    """
    image = _read_mask("", source, onto)
    image = image if onto is None else as_drawn(image, onto)
    return _regions("", source, image, scheme)[0], image.grid


def load_label_file(path: Path, scheme: LabelScheme, onto: Grid | None = None) -> tuple[npt.NDArray[np.uint8], Grid]:
    """Read a label map that is one file on its own, its format told by its name; otherwise as `load_regions`."""
    return load_regions(Source((path,), format_of(path)), scheme, onto)


def as_drawn(mask: StoredImage, onto: Grid) -> StoredImage:
    """Return a mask of images that have no place in the patient as it is stored, where its file tells of none either.

    A NIfTI file always implies axes; with both form codes 0 they are a guess, and nothing to be held against pictures.

    Args:
        mask: as read.
        onto: the images' grid.
    """
    grid = mask.grid
    guessed = grid.affine is not None and not grid.sform_code and not grid.qform_code
    if onto.affine is not None or not guessed or grid.shape != onto.shape:
        return mask
    return replace(mask, grid=onto)


def stack(images: Iterable[tuple[str, StoredImage, int]]) -> Volume:
    """Stack channels of one grid into a volume in RAS+ order, in the narrowest dtype that holds them all.

    Args:
        images: the name of each channel, the image that holds it, and which of its channels it is.
    """
    named = list(images)
    first = named[0][1]
    voxels = stack_channels([image.grid.to_ras(image.stored[channel]) for _, image, channel in named])
    return Volume(
        voxels=voxels,
        modalities=tuple(name for name, _, _ in named),
        slope=tuple(image.slope[channel] for _, image, channel in named),
        intercept=tuple(image.intercept[channel] for _, image, channel in named),
        geometry=first.grid.geometry(),
        native=first.grid,
    )


def same_grid(a: Grid, b: Grid) -> bool:
    """Tell whether two grids have one shape and no corner lies more than 0.01 mm apart."""
    if a.shape != b.shape:
        return False
    if a.affine is None or b.affine is None:
        return a.affine is b.affine
    return bool(corner_distance_mm(a, b) <= GRID_TOLERANCE_MM)


def corner_distance_mm(a: Grid, b: Grid) -> float:
    """Return how far the farthest corner moves between two grids of one shape, in mm."""
    assert a.affine is not None
    assert b.affine is not None
    last = np.array(a.shape) - 1
    corners = np.array([[*(last * bits), 1] for bits in np.ndindex(2, 2, 2)], np.float64)
    moved = (corners @ (a.affine - b.affine).T)[:, :3]
    return float(np.sqrt((moved**2).sum(axis=1)).max())


def _read(case_id: str, source: Source) -> StoredImage:
    with _naming(case_id, source, "a whole image"):
        return _named(FORMATS[source.format].read(source.files), case_id, source)


def _read_mask(case_id: str, source: Source, onto: Grid | None) -> StoredImage:
    with _naming(case_id, source, "a whole mask"):
        return _named(FORMATS[source.format].read_mask(source, onto), case_id, source)


def _named(image: StoredImage, case_id: str, source: Source) -> StoredImage:
    return replace(image, findings=tuple(finding.about(case_id, source.label) for finding in image.findings))


@contextmanager
def _naming(case_id: str, source: Source, expected: str) -> Iterator[None]:
    """Say of which case and file a reader complained."""
    try:
        yield
        return
    except InputRefusedError as error:
        findings = [finding.about(case_id, source.label) for finding in error.findings]
    except DamagedFileError as error:
        found, fix = str(error), "export or download the file again"
        findings = [Finding("error", "damaged_file", case_id, source.label, found, expected, fix)]
    except OSError as error:
        found, fix = f"a file that cannot be opened ({error.strerror})", "check that it is there and readable"
        findings = [Finding("error", "damaged_file", case_id, source.label, found, expected, fix)]
    raise InputRefusedError(*findings) from None


def _grid_problem(case_id: str, source: Source, grid: Grid, first: Grid) -> Finding | None:
    if same_grid(grid, first):
        return None
    if grid.shape != first.shape:
        found, expected = f"shape {_times(grid.shape)}", f"{_times(first.shape)} as in the case's first file"
    else:
        found = f"a grid whose corners lie up to {corner_distance_mm(grid, first):.2f} mm away"
        expected = f"the grid of the case's first file (within {GRID_TOLERANCE_MM} mm)"
    fix = "bring them onto one grid with --harmonise resample, or register,resample=1 for series that moved"
    return Finding("error", "grid_mismatch", case_id, source.label, found, expected, fix)


def _require_finite(case: Case, volume: Volume) -> None:
    if not np.issubdtype(volume.voxels.dtype, np.floating):
        return
    problems = []
    for name, channel in zip(volume.modalities, volume.voxels, strict=True):
        share = 1.0 - float(np.isfinite(channel).mean())
        if share:
            file = case.sources[name].label
            found = f"{share:.2%} of the voxels NaN or infinite"
            problems.append(Finding("error", "not_finite", case.case_id, file, found, "numbers", "export it again"))
    if problems:
        raise InputRefusedError(*problems)


def _regions(
    case_id: str, source: Source, image: StoredImage, scheme: LabelScheme
) -> tuple[npt.NDArray[np.uint8], tuple[Finding, ...]]:
    """Return region bits (X, Y, Z), and what is odd about the numbers they were made of."""
    with _naming(case_id, source, "a mask of labels"):
        labels, findings = whole_labels(image.values(0))
    try:
        bits = scheme.to_regions(np.ascontiguousarray(image.grid.to_ras(labels)).astype(np.int64))
    except UnknownLabelError as error:
        expected = f"0 background and the labels of {scheme.name}: {scheme.legend}"
        found = f"label value(s) {listed(error.values)}"
        raise InputRefusedError(
            Finding("error", "unknown_label", case_id, source.label, found, expected, SCHEME_HINT)
        ) from None
    return bits, tuple(finding.about(case_id, source.label) for finding in findings)


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
