"""From the series of a study as a scanner leaves them to one grid, aligned and brain only, every step logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.image import StoredImage, plain_image
from core.data.load import same_grid, stack
from core.data.refusal import Finding
from core.errors import UsageError
from core.harmonise import quality
from core.harmonise.brain import brain_mask, brain_probabilities, lone_brain
from core.harmonise.head import Mask, find_head
from core.harmonise.register import Alignment, Scan, register
from core.harmonise.resample import Affine, Image, grid_over, resample
from core.harmonise.steps import FIXED_FIRST, Harmonised, Harmonising, OnStep, Step
from core.harmonise.usable import require_size, require_usable
from core.volume import Grid, Volume

SECOND_OPINION = ("t2f", "t2w", "t1n", "t1c")  # which series the brain is looked for in besides the fixed one
INT16_MAX = 32767
FINDING = "find the brain"


def harmonise(
    images: Mapping[str, StoredImage],
    asked: Harmonising,
    reference: StoredImage | None = None,
    on_step: OnStep = lambda _what, _done, _total: None,
    cache_dir: Path | None = None,
) -> Harmonised:
    """Bring a study onto one grid, or refuse it with the reasons; arguments as for `attempt`.

    Raises:
        InputRefusedError: the study cannot be harmonised, or the outcome is not good enough to be segmented.
    """
    done = attempt(images, asked, reference, on_step, cache_dir)
    done.require_good()
    return done


def attempt(
    images: Mapping[str, StoredImage],
    asked: Harmonising,
    reference: StoredImage | None = None,
    on_step: OnStep = lambda _what, _done, _total: None,
    cache_dir: Path | None = None,
) -> Harmonised:
    """Bring a study onto one grid; its findings may hold errors, for a picture of what went wrong.

    Args:
        images: series to its image, of one channel each.
        asked: what to do.
        reference: labels drawn on one of the series.
        on_step: told before each step.
        cache_dir: where the brain networks' weights are kept; by default in the workspace.

    Raises:
        InputRefusedError: a series has no geometry or voxels that are no numbers, or the grid would be too large.
        UsageError: the fixed series asked for is not there.
    """
    fixed = choose_fixed(images, asked.fixed)
    require_usable(images, reference, asked)
    grid = grid_over(images[fixed].grid, asked.spacing_mm)
    require_size(grid, len(images), asked)
    work = _Work(images, asked, fixed, grid, on_step)
    transforms = work.align()
    placed = work.place(transforms)
    brain = work.find_brain(placed, cache_dir) if asked.strip else None
    work.judge_reach(placed, transforms, brain)
    labels = work.place_reference(reference, transforms) if reference is not None else None
    volume = work.stack(placed, brain)
    return Harmonised(asked, fixed, volume, labels, brain, tuple(work.steps), tuple(work.findings), transforms)


def choose_fixed(images: Mapping[str, StoredImage], asked: str | None) -> str:
    """Return the series that stays where it is: the one asked for, else t1c, t1n, or the finest.

    Raises:
        UsageError: the one asked for is not there.
    """
    if asked is not None and asked not in images:
        raise UsageError(f"found fixed={asked}, expected one of the study's series: {', '.join(images)}")
    preferred = [name for name in FIXED_FIRST if name in images]
    return asked or next(iter(preferred), min(images, key=lambda name: _voxel_mm3(images[name].grid)))


def planned_steps(images: Mapping[str, StoredImage], asked: Harmonising) -> list[str]:
    """Return what `harmonise` will say that it does, in order; where the brain is found is known only then.

    Raises:
        UsageError: the fixed series asked for is not there.
    """
    fixed = choose_fixed(images, asked.fixed)
    aligned = [_aligning(name, fixed) for name in images if name != fixed] if asked.register else []
    return [*aligned, *map(_resampling, images), *([FINDING] if asked.strip else [])]


class _Work:
    """A study under way: its log and its findings grow with each step."""

    def __init__(
        self, images: Mapping[str, StoredImage], asked: Harmonising, fixed: str, grid: Grid, on_step: OnStep
    ) -> None:
        self._images, self._asked, self._fixed, self._grid = images, asked, fixed, grid
        self._others = [name for name in images if name != fixed]
        self._on_step, self._done = on_step, 0
        self._total = len(images) + (len(self._others) if asked.register else 0) + (1 if asked.strip else 0)
        x, y, z = grid.shape
        assert grid.affine is not None
        spacing_mm = np.linalg.norm(grid.affine[:3, :3], axis=0)
        size = " × ".join(f"{mm:.2f}" for mm in spacing_mm)
        sentence = f"The grid is {x} × {y} × {z} voxels of {size} mm over {fixed}."
        self.steps = [Step("grid", fixed, sentence)]
        self.findings: list[Finding] = []

    def align(self) -> dict[str, Affine]:
        """Return each series's transform, mm on the common grid to mm in its file; headers alone give no change."""
        transforms: dict[str, Affine] = {name: np.eye(4) for name in self._images}
        if not self._asked.register:
            return transforms
        scans = {name: Scan(image.values(0), image.grid) for name, image in self._images.items()}
        for name in self._others:
            self._say(_aligning(name, self._fixed))
            alignment = register(scans[self._fixed], scans[name])
            transforms[name] = alignment.transform
            self.findings += quality.check_alignment(name, self._fixed, alignment)
            self.steps.append(_alignment_step(name, self._fixed, alignment))
        return transforms

    def place(self, transforms: Mapping[str, Affine]) -> dict[str, StoredImage]:
        """Return every series on the common grid; one that lies there already keeps its voxels as stored."""
        placed = {}
        for name, image in self._images.items():
            self._say(_resampling(name))
            if same_grid(_ras_grid(image.grid), self._grid) and (transforms[name] == np.eye(4)).all():
                placed[name] = replace(image, stored=image.grid.to_ras(image.stored), grid=self._grid)
                sentence = f"{name} lies on the grid already; its voxels are kept as stored."
            else:
                assert image.grid.affine is not None
                values = resample(image.values(0), image.grid.affine, self._grid, transforms[name])
                placed[name] = _quantised(values, self._grid)
                sentence = f"{name} was resampled once, by linear interpolation; outside its field of view it is 0."
            self.steps.append(Step("resample", name, sentence))
        return placed

    def find_brain(self, placed: Mapping[str, StoredImage], cache_dir: Path | None) -> Mask:
        """Return the brain: all that the fixed series shows, or the mean of what is found in it and in a second one."""
        voxel_ml = _voxel_mm3(self._grid) / 1000
        if (lone := lone_brain(placed[self._fixed].values(0), voxel_ml)) is not None:
            return self._keep_brain(lone, voxel_ml)
        seen = [self._fixed, *[name for name in (*SECOND_OPINION, *self._others) if name in self._others][:1]]
        self._say(f"{FINDING} in {' and '.join(seen)}")
        values = [np.asarray(placed[name].values(0), np.float32) for name in seen]
        likely = brain_probabilities(values, self._grid, self._asked.nets, self._asked.mirror, cache_dir)
        brain, in_one_piece = brain_mask(np.mean(likely, axis=0))
        self.findings += quality.check_brain(brain, in_one_piece, voxel_ml)
        numbers = {"brain_ml": float(brain.sum() * voxel_ml), "in_one_piece": in_one_piece}
        sentence = f"The brain, found in {' and '.join(seen)}, has {numbers['brain_ml']:,.0f} ml"
        if len(seen) == 2:
            brains = {name: brain_mask(each)[0] for name, each in zip(seen, likely, strict=True)}
            self.findings += quality.check_agreement(brains)
            numbers["agreement"] = quality.dice(*brains.values())
            sentence += f"; the two agree at Dice {numbers['agreement']:.3f}"
        self.steps.append(Step("strip", "", f"{sentence}. Everything else was set to 0.", numbers))
        return brain

    def _keep_brain(self, brain: Mask, voxel_ml: float) -> Mask:
        self._say(f"keep the brain of {self._fixed}")
        self.findings += [quality.already_stripped(self._fixed), *quality.check_brain(brain, 1.0, voxel_ml)]
        numbers = {"brain_ml": float(brain.sum() * voxel_ml)}
        sentence = f"{self._fixed} shows a brain and nothing else, {numbers['brain_ml']:,.0f} ml, which was kept"
        self.steps.append(Step("strip", self._fixed, f"{sentence}. Outside it everything was set to 0.", numbers))
        return brain

    def judge_reach(
        self, placed: Mapping[str, StoredImage], transforms: Mapping[str, Affine], brain: Mask | None
    ) -> None:
        """Find series that do not reach all of the brain, or all of the fixed series's head."""
        inside, what = (brain, "the brain") if brain is not None else (None, f"the head in {self._fixed}")
        if inside is None:
            inside = find_head(placed[self._fixed].values(0))
        for name in self._others if inside.any() else ():
            image = self._images[name]
            assert image.grid.affine is not None
            everywhere = np.ones(image.grid.shape, np.float32)
            known = resample(everywhere, image.grid.affine, self._grid, transforms[name]) > 0.5
            self.findings += quality.check_reach(name, float((inside & ~known).sum() / inside.sum()), what)

    def place_reference(self, reference: StoredImage, transforms: Mapping[str, Affine]) -> StoredImage:
        """Return the reference's labels on the common grid, moved with the series that it was drawn on."""
        drawn_on = [n for n in (self._fixed, *self._others) if same_grid(self._images[n].grid, reference.grid)]
        if not drawn_on and self._asked.register:
            self.findings.append(quality.reference_off_grid())
        transform = transforms[drawn_on[0]] if drawn_on else np.eye(4)
        values, affine = reference.values(0), reference.grid.affine
        assert affine is not None
        labels = resample(values, affine, self._grid, transform, labels=True).astype(values.dtype)
        before_ml = float((values != 0).sum() * _voxel_mm3(reference.grid) / 1000)
        after_ml = float((labels != 0).sum() * _voxel_mm3(self._grid) / 1000)
        self.findings += quality.check_reference(before_ml, after_ml)
        how = f"with {drawn_on[0]}, whose grid it has," if drawn_on else "by its header"
        change = f"{before_ml:.1f} to {after_ml:.1f} ml"
        sentence = f"The reference was moved {how} and resampled by nearest neighbour: {change}."
        self.steps.append(Step("reference", "", sentence, {"before_ml": before_ml, "after_ml": after_ml}))
        return plain_image(labels[np.newaxis], self._grid)

    def stack(self, placed: Mapping[str, StoredImage], brain: Mask | None) -> Volume:
        """Stack the series, everything outside the brain 0 where one was found."""
        stripped = placed if brain is None else {name: _only(image, brain) for name, image in placed.items()}
        return stack((name, image, 0) for name, image in stripped.items())

    def _say(self, what: str) -> None:
        self._on_step(what, self._done, self._total)
        self._done += 1


def _aligning(name: str, fixed: str) -> str:
    return f"align {name} with {fixed}"


def _resampling(name: str) -> str:
    return f"resample {name}"


def _alignment_step(series: str, fixed: str, alignment: Alignment) -> Step:
    numbers = {
        "moved_mm": alignment.moved_mm,
        "turned_degrees": alignment.turned_degrees,
        "information_nats": alignment.information,
        "information_header_nats": alignment.information_header,
        "information_displaced_nats": alignment.information_displaced,
        "head_overlap": alignment.head_overlap,
    }
    sentence = (
        f"{series} was moved by {alignment.moved_mm:.1f} mm and turned by {alignment.turned_degrees:.1f} degrees onto "
        f"{fixed} (mutual information {alignment.information_header:.2f} to {alignment.information:.2f} nats, heads "
        f"overlap at Dice {alignment.head_overlap:.3f}; start: {alignment.start})."
    )
    return Step("register", series, sentence, numbers)


def _ras_grid(grid: Grid) -> Grid:
    return grid_over(grid, None)


def _voxel_mm3(grid: Grid) -> float:
    geometry = grid.geometry()
    return geometry.voxel_ml * 1000 if geometry else np.inf


def _quantised(values: Image, grid: Grid) -> StoredImage:
    """Store interpolated values as int16 with a slope: 0 stays 0, and the error is below 1/65,000 of the range."""
    slope = float(np.abs(values).max()) / INT16_MAX or 1.0
    return StoredImage(np.rint(values / slope).astype(np.int16)[np.newaxis], (slope,), (0.0,), grid)


def _only(image: StoredImage, brain: Mask) -> StoredImage:
    """Return an image that is 0 outside the brain."""
    if image.intercept[0] == 0:
        return replace(image, stored=image.stored * brain)
    return _quantised(np.asarray(image.values(0) * brain, np.float32), image.grid)
