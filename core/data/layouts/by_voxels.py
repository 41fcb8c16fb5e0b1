"""Images of one folder whose names say nothing, told apart by their voxels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.data.formats import FORMATS, format_of
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.modality import Guess
from core.data.modality_images import from_images
from core.data.refusal import InputRefusedError


def judge_by_voxels(paths: Sequence[Path]) -> list[Guess]:
    """Read images of one head and guess the modality of each.

    Returns:
        One guess per file, all different and one of t1n, t1c, t2w and t2f; [] where a file cannot be read, has several
        channels or shows no brain.
    """
    voxels = {}
    for path in paths:
        try:
            image = FORMATS[format_of(path)].read((path,))
        except (DamagedFileError, InputRefusedError, OSError):
            return []
        if image.channels > 1:
            return []
        voxels[str(path)] = image.grid.to_ras(image.values(0))
    guesses = from_images(voxels)
    found = [guesses[str(path)] for path in paths]
    named = {guess.modality for guess in found} - {"unknown"}
    return found if len(named) == len(found) else []
