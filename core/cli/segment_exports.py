"""What `segment --format` writes beside the label map."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint
    from core.jobs.mask_files import Found
    from core.jobs.ready_case import ReadyCase

LABEL_MAP = "nifti"  # written in any case


class CaseExports:
    """Hears of each mask and writes it in the formats that were asked for, beside the label map.

    A format that does not fit a case is refused with a sentence; the other formats and cases go on.
    """

    def __init__(
        self, formats: str, models: Mapping[str, Checkpoint], out: Path, reidentify: Path | None = None
    ) -> None:
        """Get ready.

        Args:
            formats: names of `EXPORTS` or of its groups, joined by commas.
            models: name to checkpoint; each writes into a folder of its name.
            out: the folder to write into.
            reidentify: the studies' own files, to call the patient by name in DICOM exports; None keeps the pseudonym.

        Raises:
            UnknownExportError: a format is not known.
        """
        from core.export import formats_named

        names = [name.strip() for name in formats.split(",") if name.strip()]
        self._formats = [name for name in formats_named(names) if name != LABEL_MAP]
        self._folders = {checkpoint.id: out / name for name, checkpoint in models.items()}
        self._reidentify = reidentify
        self.files: list[Path] = []
        self.refused: list[dict[str, str]] = []

    @property
    def failed(self) -> bool:
        """Whether a format that was asked for could be written for no case."""
        return bool(self.refused) and not self.files

    def found(self, ready: ReadyCase, found: Found) -> None:
        """Write one case."""
        if not self._formats:
            return
        from core.jobs.case_exports import CasesToWrite

        to_write = CasesToWrite(ready, found)
        for name in self._formats:
            written, refused = to_write.write(name, self._folders[found.checkpoint.id], self._reidentify)
            self.files += written
            if refused:
                self.refused.append({"case": ready.case.case_id, "format": name, "error": refused})
                print(f"error: {name}: {refused}", file=sys.stderr)
