"""A prediction's mask as its checkpoint gives it: what the thresholds say, cleaned up as the card says."""

from __future__ import annotations

from core.checkpoints import InferenceSpec
from core.inference.prediction import Prediction
from core.postprocess import Bits, clean
from core.volume import Geometry


def cleaned_mask(prediction: Prediction, spec: InferenceSpec, geometry: Geometry | None) -> Bits:
    """Return the mask of a prediction.

    A prediction goes by its voxels alone, and equal voxels may be of another size in another case: so geometry is the
    case's, and is asked for here.

    Args:
        prediction: what a checkpoint made of a case.
        spec: of that checkpoint.
        geometry: of the case; None for images without it, whose sizes are in voxels.

    Returns:
        (X, Y, Z) uint8 region bits of the full grid. An empty mask stays empty.
    """
    spacing = geometry.spacing_mm if geometry else None
    return clean(prediction.mask(), prediction.regions, spacing, spec.post, prediction.class_bits)
