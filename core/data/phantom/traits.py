"""What makes one phantom patient differ from another: the whole input of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TumourKind = Literal["healthy", "low-grade", "high-grade"]


@dataclass(frozen=True, slots=True)
class Lesion:
    """One tumour.

    Attributes:
        site_mm: where its middle is, in head coordinates (right, front, up from the anterior commissure).
        radius_mm: radius of the tumour core before it is warped.
        oedema_mm: how far oedema creeps through white matter from the core.
        rim_mm: mean thickness of the enhancing rim; 0 makes a tumour that takes up no contrast agent.
        lobes: how many balls the core is made of.
    """

    site_mm: tuple[float, float, float]
    radius_mm: float
    oedema_mm: float
    rim_mm: float
    lobes: int = 3


@dataclass(frozen=True, slots=True)
class PhantomTraits:
    """Everything a phantom is made from; equal traits make equal bytes.

    Attributes:
        seed: seeds every random field; also the number in the case id.
        spacing_mm: voxel edges along right, front and up.
        orientation: axis codes of the written files, such as `RAS` or `LPS`.
        lesions: the tumours; none makes a healthy brain.
        size: linear size of the head, 1 being average.
        atrophy: 0 (young, narrow sulci) to 1 (old, wide sulci and ventricles).
        hyperintensities: load of white-matter hyperintensities that no tumour causes, 0 to 1.
        conspicuity: how far oedema stands out from healthy tissue, 1 being clearly.
        cystic: how much like water the necrotic core is, 0 to 1.
        bias: strength of the receive field, as a relative standard deviation.
        noise: standard deviation of the noise, relative to white matter.
        slice_blur_mm: standard deviation of the through-plane blur, one per modality.
        scale: stored value of white matter, one per modality.
    """

    seed: int
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    orientation: str = "RAS"
    lesions: tuple[Lesion, ...] = ()
    size: float = 1.0
    atrophy: float = 0.3
    hyperintensities: float = 0.2
    conspicuity: float = 0.9
    cystic: float = 0.3
    bias: float = 0.06
    noise: float = 0.02
    slice_blur_mm: tuple[float, float, float, float] = (0.5, 0.5, 0.8, 0.8)
    scale: tuple[float, float, float, float] = (600.0, 600.0, 350.0, 400.0)

    @property
    def kind(self) -> TumourKind:
        """Healthy without lesions, high-grade where any lesion takes up contrast agent, else low-grade."""
        if not self.lesions:
            return "healthy"
        return "high-grade" if any(lesion.rim_mm > 0 for lesion in self.lesions) else "low-grade"

    @property
    def case_id(self) -> str:
        """The BraTS 2023 name of the case, which holds the seed."""
        return f"BraTS-PHM-{self.seed:05d}-000"
