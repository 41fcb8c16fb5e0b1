"""Is a case like those that a checkpoint was trained on? Its card keeps their fingerprint, and this compares."""

from core.measuring.familiarity.checkpoint import familiarity_of_slices, familiarity_of_volume, fingerprint_of_training
from core.measuring.familiarity.fingerprint import Fingerprint, fingerprint_of
from core.measuring.familiarity.portrait import Portrait, portrait_of_slices, portrait_of_volume
from core.measuring.familiarity.unfamiliar import Familiarity, unfamiliar

__all__ = [
    "Familiarity",
    "Fingerprint",
    "Portrait",
    "familiarity_of_slices",
    "familiarity_of_volume",
    "fingerprint_of",
    "fingerprint_of_training",
    "portrait_of_slices",
    "portrait_of_volume",
    "unfamiliar",
]
