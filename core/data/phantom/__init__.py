"""A deterministic generator of brain-like MRI with tumours: what the demo shows and the shipped models learned from."""

from core.data.phantom.cohort import DEMO_SEEDS, TRAINING_SEEDS, cohort_traits
from core.data.phantom.files import write_cohort, write_phantom
from core.data.phantom.generate import Phantom, make_phantom
from core.data.phantom.traits import Lesion, PhantomTraits, TumourKind

__all__ = [
    "DEMO_SEEDS",
    "TRAINING_SEEDS",
    "Lesion",
    "Phantom",
    "PhantomTraits",
    "TumourKind",
    "cohort_traits",
    "make_phantom",
    "write_cohort",
    "write_phantom",
]
