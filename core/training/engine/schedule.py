"""Learning rates as functions of the step, and of how often a plateau has lowered them."""

from __future__ import annotations

import math

from core.recipe import OptimSection

POLY_POWER = 0.9
RISE = 0.3  # one-cycle: share of the steps in which the rate climbs
START = 1 / 25  # one-cycle: the first rate, as a share of the highest
END = START / 10_000  # one-cycle: the last


def learning_rate(section: OptimSection, step: int, total: int, reductions: int = 0) -> float:
    """Return the rate of one optimiser step: linear warm-up, then the schedule.

    One-cycle is its own warm-up and leaves `warmup_steps` aside; the momentum stays as it is.

    Args:
        section: rate, schedule, warm-up.
        step: from 1.
        total: steps of the whole run.
        reductions: how often a plateau has been met, see `core.training.engine.stopping.reductions`.

    Reference: cosine: Loshchilov & Hutter, "SGDR", ICLR 2017, without restarts; poly: Chen et al., "DeepLab",
    TPAMI 2018, power 0.9; one-cycle: Smith & Topin, "Super-convergence", SPIE 2019, with cosine flanks.
    """
    if section.schedule == "one-cycle":
        return section.lr * _one_cycle(step, total)
    warmup = min(section.warmup_steps, total // 2)
    fallen = math.pow(section.plateau_factor, reductions) if section.schedule == "plateau" else 1.0
    if step <= warmup:
        return section.lr * fallen * step / warmup
    done = (step - warmup - 1) / max(1, total - warmup)
    if section.schedule == "cosine":
        return section.lr * 0.5 * (1 + math.cos(math.pi * done))
    if section.schedule == "poly":
        return section.lr * math.pow(1 - done, POLY_POWER)
    return section.lr * fallen


def _one_cycle(step: int, total: int) -> float:
    """Return the share of the highest rate: up over the first 30 % of the steps, down to nearly 0 at the last."""
    top = RISE * total - 1
    at = step - 1
    if at <= top:
        return _flank(START, 1.0, at / top)
    return _flank(1.0, END, (at - top) / (total - 1 - top))


def _flank(first: float, last: float, done: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * done))
