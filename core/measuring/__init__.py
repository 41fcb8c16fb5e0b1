"""Measuring masks: volumes, diameters, lesions and their sides; and telling when a case is unlike the training data."""

from core.measuring.diameters import Diameters, diameters_of
from core.measuring.lesions import Neighbours, Part, parts_of
from core.measuring.measure import measure
from core.measuring.measurements import LesionList, LesionMeasures, Measurements, RegionMeasures
from core.measuring.mid_plane import MidPlane, Side, find_mid_plane

__all__ = [
    "Diameters",
    "LesionList",
    "LesionMeasures",
    "Measurements",
    "MidPlane",
    "Neighbours",
    "Part",
    "RegionMeasures",
    "Side",
    "diameters_of",
    "find_mid_plane",
    "measure",
    "parts_of",
]
