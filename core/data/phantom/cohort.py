"""Which patients a cohort of phantoms consists of."""

from __future__ import annotations

from core.data.phantom.noise import stream
from core.data.phantom.traits import Lesion, PhantomTraits

# Patients that the demo shows and that no shipped model was trained on.
DEMO_SEEDS = range(1, 1000)
# Patients that the shipped models may be trained and tuned on.
TRAINING_SEEDS = range(1001, 10000)

# Middles of white matter in head coordinates, right hemisphere.
SITES_MM = {
    "frontal": (26.0, 36.0, 22.0),
    "frontal deep": (22.0, 28.0, 10.0),
    "parietal": (28.0, -42.0, 34.0),
    "central": (28.0, -12.0, 40.0),
    "temporal": (44.0, -22.0, -14.0),
    "temporo-occipital": (36.0, -58.0, 6.0),
    "occipital": (24.0, -74.0, 10.0),
    "insular": (32.0, 4.0, 12.0),
}
SPACINGS_MM = ((1.0, 1.0, 1.0), (1.2, 1.2, 1.5), (1.0, 1.0, 1.0), (0.9, 0.9, 2.0), (1.0, 1.0, 1.2), (1.1, 1.1, 1.1))
ORIENTATIONS = ("RAS", "LPS", "RAS", "RAS", "LAS", "RAS")
KINDS = ("showpiece", "rim", "low-grade", "rim", "two", "small", "rim", "low-grade")


def cohort_traits(count: int = 24, first_seed: int = 1) -> list[PhantomTraits]:
    """Return the traits of a cohort with consecutive seeds.

    Exactly one patient (the sixth, where there are six) is healthy; every eighth or so has no enhancing tumour.

    Args:
        count: how many patients.
        first_seed: seed of the first; `DEMO_SEEDS` and `TRAINING_SEEDS` say which are for what.
    """
    return [_patient(first_seed + i, "healthy" if i == 5 else KINDS[i % len(KINDS)], i) for i in range(count)]


def _patient(seed: int, kind: str, position: int) -> PhantomTraits:
    rng = stream(seed, "traits")
    spacing = SPACINGS_MM[position % len(SPACINGS_MM)]
    scale = rng.uniform((450, 450, 250, 260), (800, 800, 480, 500))
    blur = rng.uniform((0.4, 0.4, 0.6, 0.6), (0.8, 0.7, 1.2, 1.4))
    return PhantomTraits(
        seed=seed,
        spacing_mm=spacing,
        orientation=ORIENTATIONS[position % len(ORIENTATIONS)],
        lesions=_lesions(kind, seed),
        size=float(rng.uniform(0.97, 1.02)),
        atrophy=float(rng.uniform(0.05, 0.8)),
        hyperintensities=float(rng.beta(1.2, 2.5)),
        conspicuity=1.0 if kind == "showpiece" else float(rng.uniform(0.45, 1.0)),
        cystic=0.35 if kind == "showpiece" else float(rng.uniform(0.0, 1.0)),
        bias=0.04 if kind == "showpiece" else float(rng.uniform(0.05, 0.13)),
        noise=float(rng.uniform(0.018, 0.045)),
        slice_blur_mm=(float(blur[0]), float(blur[1]), float(blur[2]), float(blur[3])),
        scale=(float(scale[0]), float(scale[1]), float(scale[2]), float(scale[3])),
    )


def _lesions(kind: str, seed: int) -> tuple[Lesion, ...]:
    rng = stream(seed, "lesions")
    if kind == "showpiece":
        return (Lesion(site_mm=(29.0, -22.0, 20.0), radius_mm=21.0, oedema_mm=20.0, rim_mm=3.6, lobes=4),)
    if kind == "healthy":
        return ()
    names = rng.permutation(list(SITES_MM))
    side = float(rng.choice([-1.0, 1.0]))
    count = 2 if kind == "two" else 1
    lesions = []
    for number in range(count):
        a, b, c = SITES_MM[str(names[number])]
        dx, dy, dz = rng.normal(0, 3.5, 3)
        small = kind in {"small", "two"}
        radius = rng.uniform(7, 12) if small else rng.uniform(13, 22)
        lesions.append(
            Lesion(
                site_mm=(float((a + dx) * (side if number == 0 else -side)), float(b + dy), float(c + dz)),
                radius_mm=float(radius),
                oedema_mm=float(rng.uniform(8, 22) if kind != "low-grade" else rng.uniform(4, 9)),
                rim_mm=0.0 if kind == "low-grade" else float(rng.uniform(2.2, 5.0)),
                lobes=int(rng.integers(2, 6)),
            )
        )
    return tuple(lesions)
