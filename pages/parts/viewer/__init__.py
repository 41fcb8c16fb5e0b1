"""The slice viewer as the pages use it: linked panels over volumes that the browser reads once.

    view = slice_viewer(
        case_title="SSA-00028",
        images={"T1c": volume_ref(t1c_hash, workspace), "FLAIR": volume_ref(flair_hash, workspace)},
        masks={"Ground truth": volume_ref(reference_hash, workspace), "U-Net": volume_ref(model_hash, workspace)},
        panels=[Panel("Original", "{image}"), Panel("Ground truth", mask="Ground truth"), Panel("U-Net", mask="U-Net")],
        regions=region_styles(cohort.scheme),
        key="compare",
    )

Scrolling, windowing and overlays happen in the browser and never run Python again.
"""

from __future__ import annotations

from pages.parts.viewer.component import slice_viewer
from pages.parts.viewer.links import volume_ref
from pages.parts.viewer.modules import warm_viewer
from pages.parts.viewer.spec import (
    Panel,
    Probabilities,
    RegionStyle,
    SavedDoubts,
    Stops,
    ViewerView,
    VolumeRef,
    region_styles,
)

__all__ = [
    "Panel",
    "Probabilities",
    "RegionStyle",
    "SavedDoubts",
    "Stops",
    "ViewerView",
    "VolumeRef",
    "region_styles",
    "slice_viewer",
    "volume_ref",
    "warm_viewer",
]
