"""Which patients a cohort of phantoms consists of. A patient's traits follow from the seed alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.data.phantom.noise import stream
from core.data.phantom.traits import Lesion, PhantomTraits

# Patients that the demo shows and that no shipped model was trained on.
DEMO_SEEDS = range(1, 1000)
# Patients that the shipped models may be trained and tuned on.
TRAINING_SEEDS = range(1001, 10000)


@dataclass(frozen=True, slots=True)
class TumourSpec:
    """The range a kind of patient's lesions are drawn from; pairs are (least, most)."""

    count: int
    radius_mm: tuple[float, float]
    oedema_mm: tuple[float, float]
    rim_mm: tuple[float, float]


LARGE = TumourSpec(1, (13.0, 22.0), (8.0, 22.0), (2.2, 5.0))
SMALL = TumourSpec(1, (7.0, 12.0), (8.0, 22.0), (2.2, 5.0))
TWO = TumourSpec(2, (7.0, 12.0), (8.0, 22.0), (2.2, 5.0))
LOW_GRADE = TumourSpec(1, (13.0, 22.0), (4.0, 9.0), (0.0, 0.0))
HEALTHY = TumourSpec(0, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
# Consecutive seeds walk through these; one in HEALTHY_EVERY has no tumour.
KINDS = (LARGE, LARGE, LOW_GRADE, LARGE, TWO, SMALL, LARGE, LOW_GRADE)
HEALTHY_EVERY = 24
FIRST_HEALTHY = 6
SPACINGS_MM = ((1.0, 1.0, 1.0), (1.2, 1.2, 1.5), (1.0, 1.0, 1.0), (0.9, 0.9, 2.0), (1.0, 1.0, 1.2), (1.1, 1.1, 1.1))
ORIENTATIONS = ("RAS", "LPS", "RAS", "RAS", "LAS", "RAS")

# Middles of white matter in head coordinates, right hemisphere: frontal, deep frontal, parietal,
# central, temporal, temporo-occipital, occipital, insular, thalamic.
SITES_MM = (
    (26.0, 36.0, 22.0),
    (22.0, 28.0, 10.0),
    (28.0, -42.0, 34.0),
    (28.0, -12.0, 40.0),
    (44.0, -22.0, -14.0),
    (36.0, -58.0, 6.0),
    (24.0, -74.0, 10.0),
    (32.0, 4.0, 12.0),
    (29.0, -22.0, 14.0),
)
SITE_SPREAD_MM = 4.0
# The first thing a visitor sees: large, in the middle slices, with rim, core, oedema and a shifted midline.
SHOWPIECE = Lesion(site_mm=(-29.0, -22.0, 14.0), radius_mm=20.0, oedema_mm=19.0, rim_mm=3.8, lobes=4)


def cohort_traits(count: int = 24, first_seed: int = DEMO_SEEDS.start) -> list[PhantomTraits]:
    """Return the traits of patients with consecutive seeds.

    Any 24 in a row hold exactly one healthy brain, five or six tumours that take up no contrast agent,
    and two or three patients with two lesions.

    Args:
        count: how many patients.
        first_seed: seed of the first; `DEMO_SEEDS` and `TRAINING_SEEDS` say which are for what.
    """
    return [patient_traits(seed) for seed in range(first_seed, first_seed + count)]


def patient_traits(seed: int) -> PhantomTraits:
    """Return the traits of the patient with this seed."""
    rng = stream(seed, "traits")
    scale = rng.uniform((450, 450, 250, 260), (800, 800, 480, 500))
    blur = rng.uniform((0.4, 0.4, 0.6, 0.6), (0.8, 0.7, 1.2, 1.4))
    patient = PhantomTraits(
        seed=seed,
        spacing_mm=SPACINGS_MM[(seed - 1) % len(SPACINGS_MM)],
        orientation=ORIENTATIONS[(seed - 1) % len(ORIENTATIONS)],
        lesions=_lesions(seed),
        size=float(rng.uniform(0.97, 1.02)),
        atrophy=float(rng.uniform(0.05, 0.8)),
        hyperintensities=float(rng.beta(1.2, 2.5)),
        conspicuity=float(rng.uniform(0.55, 1.0)),
        cystic=float(rng.uniform(0.0, 1.0)),
        bias=float(rng.uniform(0.05, 0.13)),
        noise=float(rng.uniform(0.018, 0.045)),
        slice_blur_mm=(float(blur[0]), float(blur[1]), float(blur[2]), float(blur[3])),
        scale=(float(scale[0]), float(scale[1]), float(scale[2]), float(scale[3])),
    )
    if seed == DEMO_SEEDS.start:
        return replace(patient, lesions=(SHOWPIECE,), atrophy=0.5, conspicuity=1.0, cystic=0.35, bias=0.04, noise=0.023)
    return patient


def _lesions(seed: int) -> tuple[Lesion, ...]:
    healthy = seed % HEALTHY_EVERY == FIRST_HEALTHY
    spec = HEALTHY if healthy else KINDS[(seed - 1) % len(KINDS)]
    rng = stream(seed, "lesions")
    places = rng.permutation(len(SITES_MM))
    # two lesions lie in different hemispheres
    side = float(rng.choice([-1.0, 1.0]))
    lesions = []
    for number in range(spec.count):
        x, y, z = SITES_MM[places[number]] + rng.normal(0, SITE_SPREAD_MM, 3)
        lesion = Lesion(
            site_mm=(float(x) * side * (-1) ** number, float(y), float(z)),
            radius_mm=float(rng.uniform(*spec.radius_mm)),
            oedema_mm=float(rng.uniform(*spec.oedema_mm)),
            rim_mm=float(rng.uniform(*spec.rim_mm)),
            lobes=int(rng.integers(2, 6)),
        )
        lesions.append(lesion)
    return tuple(lesions)
