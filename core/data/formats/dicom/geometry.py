"""Where a stack of planes lies: directions, places along the normal, and the affine.

Reference: DICOM PS3.3, C.7.6.2.1.1 (image position and orientation, equation C.7.6.2.1-1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.formats.dicom.frames import Frame
from core.data.formats.gzip_bounded import DamagedFileError

Floats = npt.NDArray[np.float64]

RIGHT_ANGLE = 1e-3  # cosine beyond which row and column are not at right angles; files round to six digits or more
UNIT_LENGTH = 1e-2  # by which a direction may be longer or shorter than 1
SAME_DIRECTION = 1e-3  # by which a direction may differ between planes of one stack
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """How a plane lies in the patient, LPS+.

    Attributes:
        along_row: (3,) unit vector from column to column.
        along_column: (3,) unit vector from row to row.
    """

    along_row: Floats
    along_column: Floats

    @property
    def normal(self) -> Floats:
        """The (3,) direction in which planes are stacked: row x column, so that the axes are right-handed."""
        return np.cross(self.along_row, self.along_column)

    def like(self, other: Directions) -> bool:
        """Tell whether two planes lie parallel and turned alike."""
        pairs = ((self.along_row, other.along_row), (self.along_column, other.along_column))
        return all(bool(np.abs(one - two).max() <= SAME_DIRECTION) for one, two in pairs)


def directions(frame: Frame) -> Directions:
    """Return how a frame lies; it has to say so.

    Raises:
        DamagedFileError: its directions are no unit vectors at right angles.
    """
    row, column = np.array(frame.along_row, np.float64), np.array(frame.along_column, np.float64)
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > UNIT_LENGTH or abs(float(row @ column)) > RIGHT_ANGLE:
        raise DamagedFileError(
            f"row and column directions of length {lengths[0]:.3f} and {lengths[1]:.3f}, with a cosine of "
            f"{float(row @ column):.3f} between them; expected unit vectors at right angles"
        )
    return Directions(row, column)


def positions(frames: list[Frame]) -> Floats:
    """Return where the planes' first pixels lie, (N, 3) LPS+ mm."""
    return np.array([frame.position for frame in frames], np.float64)


def affine(frame: Frame, turned: Directions, step_mm: Floats) -> Floats:
    """Return the (4, 4) affine from (column, row, plane) to RAS+ mm.

    Args:
        frame: the first plane.
        turned: how it lies.
        step_mm: (3,) LPS+ from each plane to the next.
    """
    assert frame.spacing_mm is not None
    between_rows, between_columns = frame.spacing_mm
    lps = np.eye(4)
    lps[:3, 0] = turned.along_row * between_columns
    lps[:3, 1] = turned.along_column * between_rows
    lps[:3, 2] = step_mm
    lps[:3, 3] = frame.position
    return np.asarray(LPS_TO_RAS @ lps)
