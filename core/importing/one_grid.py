"""Bring what was read of a case onto one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.data.image import StoredImage, one_channel
from core.data.load import CaseFiles
from core.harmonise import Harmonised, Harmonising, harmonise
from core.harmonise.steps import OnStep


def single_channels(files: CaseFiles) -> dict[str, StoredImage]:
    """Return each modality with an image of its own."""
    return {name: one_channel(image, files.case.sources[name].channel) for name, image in files.images.items()}


def on_one_grid(
    files: CaseFiles,
    single: Mapping[str, StoredImage],
    asked: Harmonising,
    on_step: OnStep = lambda _what, _done, _total: None,
) -> tuple[CaseFiles, Harmonised]:
    """Harmonise what was read.

    Args:
        files: of a case.
        single: the same as `single_channels` gives it.
        asked: what to do.
        on_step: told before each step; what it raises ends the work.

    Returns:
        The case's files, each modality then an image on the common grid, and what was done.

    Raises:
        InputRefusedError: it cannot be harmonised, or not well enough.
    """
    done = harmonise(single, asked, files.mask, on_step)
    volume = done.volume
    images = {
        name: replace(
            single[name],
            stored=volume.voxels[index : index + 1],
            slope=volume.slope[index : index + 1],
            intercept=volume.intercept[index : index + 1],
            grid=volume.native,
        )
        for index, name in enumerate(volume.modalities)
    }
    sources = {name: replace(source, channel=0) for name, source in files.case.sources.items()}
    return CaseFiles(replace(files.case, sources=sources), images, done.reference), done
