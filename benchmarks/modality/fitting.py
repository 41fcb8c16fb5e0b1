"""Fit the discriminants that tell sequences apart, and choose their two settings leaving one patient out."""

from __future__ import annotations

import itertools

import numpy as np

from core.case import BRATS_MODALITIES
from core.data.modality_features import COMPANY, OWN, Floats
from core.data.modality_images import Scorer

SHRINKAGES = (0.1, 0.3, 0.6)
TEMPERATURES = (1.0, 2.0, 4.0, 8.0)
NAMES = {"company": (*OWN, *COMPANY), "alone": OWN}
FLOOR = 1e-6  # of a probability in a log loss


def fit_scorers(features: Floats) -> dict[str, Scorer]:
    """Fit both scorers on patients' features (P, 4, F), modalities in order, settings chosen among them."""
    return {kind: _choose(features[:, :, : len(names)], kind) for kind, names in NAMES.items()}


def _choose(features: Floats, kind: str) -> Scorer:
    """Return the scorer whose settings lost least where each patient was left out, fitted on all of them."""
    patients = range(len(features))
    losses, farthest = {}, {}
    for shrinkage in SHRINKAGES:
        left_out = [_fit(np.delete(features, p, 0), kind, shrinkage) for p in patients]
        for temperature in TEMPERATURES:
            found = [_loss(s, features[p], temperature, kind) for p, s in zip(patients, left_out, strict=True)]
            losses[shrinkage, temperature] = float(np.mean(found))
        farthest[shrinkage] = max(
            scorer.distance(features[p, m], m)
            for p, scorer in zip(patients, left_out, strict=True)
            for m in range(len(BRATS_MODALITIES))
        )
    shrinkage, temperature = min(losses, key=lambda setting: losses[setting])
    return _fit(features, kind, shrinkage, temperature, farthest[shrinkage])


def _loss(scorer: Scorer, rows: Floats, temperature: float, kind: str) -> float:
    """Return the mean negative log probability of the truth: of a place in the assignment, or image by image."""
    scores = scorer.scores(rows) / temperature
    if kind == "alone":
        shares = np.exp(scores - scores.max(1, keepdims=True))
        right = np.diag(shares) / shares.sum(1)
    else:
        options = np.array(list(itertools.permutations(range(len(rows)))))
        totals = scores[range(len(rows)), options].sum(1)
        weight = np.exp(totals - totals.max())
        right = weight @ (options == range(len(rows))) / weight.sum()
    return float(-np.log(np.maximum(right, FLOOR)).mean())


def _fit(features: Floats, kind: str, shrinkage: float, temperature: float = 1.0, farthest: float = 0.0) -> Scorer:
    """Fit one discriminant.

    Reference: Fisher's linear discriminant; the pooled covariance is shrunk towards its diagonal.
    """
    rows = features.reshape(-1, features.shape[-1])
    centre, scale = rows.mean(0), rows.std(0)
    scaled = (features - centre) / scale
    means = scaled.mean(0)
    within = (scaled - means).reshape(rows.shape)
    covariance = within.T @ within / (len(rows) - len(means))
    diagonal = np.diag(np.diag(covariance))
    weights = np.linalg.solve((1 - shrinkage) * covariance + shrinkage * diagonal, means.T)
    bias = -0.5 * (means.T * weights).sum(0)
    spread = np.sqrt(np.diag(covariance))
    return Scorer(NAMES[kind], centre, scale, weights, bias, means, spread, temperature, farthest)
