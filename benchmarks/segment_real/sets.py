"""The real sets: where their files are, what is trained on them and for how long, and which cases are segmented."""

from __future__ import annotations

from dataclasses import dataclass

NARROW = "model.arguments={{channels: [16, 32, 64, 128, 256], dropout: {dropout}, norm: {norm}}}"
BATCH_NORM = NARROW.format(dropout=0.2, norm="batch")
GROUP_NORM = NARROW.format(dropout=0.1, norm="group")
AFRICA = "brats-africa"


@dataclass(frozen=True, slots=True)
class RealSet:
    """One set of real files, and the checkpoint that segments some of them.

    Attributes:
        name: what the table calls it.
        folder: below the folder of real scans.
        cohort: the cohort that its checkpoint is trained on.
        recipe: by which recipe.
        settings: what is changed of the recipe, as `train --set` takes it.
        split: how the cohort is split, as `split` takes it.
        folds: which folds of that split are trained; empty for a plain split.
        labels: what the masks' numbers mean, where names imply nothing: value to name.
        trained_by: the set whose checkpoints segment this one; empty for its own.
        segment: options of `segment`.
        cases: which cases are segmented; empty for all that the checkpoint has never seen.
        attribution: of a picture that may be shown; empty where the licence lets none be.
        remark: what a reader has to know.
    """

    name: str
    folder: str
    cohort: str
    recipe: str
    settings: tuple[str, ...]
    split: tuple[str, ...]
    folds: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    trained_by: str = ""
    segment: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    attribution: str = ""
    remark: str = ""


_BRATS = RealSet(
    name=AFRICA,
    folder="brats_africa",
    cohort="africa",
    recipe="brats-efficientnet",
    settings=("max_steps=500", "train.validate_every_steps=125", "train.checkpoint_every_steps=100"),
    split=("--folds", "3"),
    folds=(0, 1, 2),
    cases=("BraTS-SSA-00028-000",),
    attribution="BraTS-Africa (Adewole et al. 2023, The Cancer Imaging Archive, doi.org/10.7937/v8h6-8x67), CC BY 4.0",
    remark="the fold whose test part holds the patient",
)

SETS = (
    _BRATS,
    RealSet(
        name="brats-2021",
        folder="brats_2021",
        cohort=_BRATS.cohort,
        recipe=_BRATS.recipe,
        settings=_BRATS.settings,
        split=_BRATS.split,
        folds=_BRATS.folds,
        trained_by=AFRICA,
        segment=("--scheme", "brats-2021"),
        attribution="BraTS 2021 (Baid et al. 2021, The Cancer Imaging Archive, doi.org/10.7937/jc8x-9874), CC BY 4.0",
        remark="the mean of the three folds trained on BraTS-Africa; written in this set's own labels, LPS",
    ),
    RealSet(
        name="lgg",
        folder="lgg/kaggle_3m",
        cohort="lgg",
        recipe="mri-unet",
        settings=("max_steps=400", "epochs=100", BATCH_NORM),
        split=("--ratios", "65/10/25"),
        remark="FLAIR, the second of a file's three sequences; slices of a patient are one volume",
    ),
    RealSet(
        name="ct-liver",
        folder="ct_2d/liver_tumour",
        cohort="ct-liver",
        recipe="ct-multiclass",
        settings=("max_steps=300", "epochs=300", "data.input_size=128", BATCH_NORM),
        split=("--ratios", "70/10/20"),
        remark="JPEG with noisy JPEG masks; the masks hold the liver with its tumours",
    ),
    RealSet(
        name="ct-kidney",
        folder="ct_2d/kidney_tumour",
        cohort="ct-kidney",
        recipe="ct-multiclass",
        settings=("max_steps=240", "epochs=300", "data.input_size=192", "train.batch_size=4", BATCH_NORM),
        split=("--ratios", "60/20/20", "--seed", "5"),
        labels=("label 1", "label 2"),
        remark="PNG; of five scans one has 16 of the 24 pictures",
    ),
    RealSet(
        name="ct-lung",
        folder="ct_2d/lung_2d/tif",
        cohort="ct-lung",
        recipe="paired-2d",
        settings=("max_steps=120", "epochs=300", "data.input_size=128", "train.batch_size=4", GROUP_NORM),
        split=("--ratios", "60/10/30"),
        remark="TIFF, ten pictures in all",
    ),
    RealSet(
        name="ct-haemorrhage",
        folder="ct_2d/haemorrhage",
        cohort="ct-haem",
        recipe="ct-multiclass",
        settings=("max_steps=300", "epochs=300", "data.input_size=256", "train.batch_size=4", BATCH_NORM),
        split=("--ratios", "70/10/20"),
        labels=("type 1", "type 2", "type 3", "type 4", "type 5"),
        remark="PNG, five kinds of haemorrhage in 25 training pictures: most kinds are in a handful of them",
    ),
)
