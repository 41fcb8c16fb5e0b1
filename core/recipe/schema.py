"""The schema of a recipe: its sections, their defaults, and what must fit together.

Recipes do not inherit. What a file leaves out takes the default written here, and the resolved
recipe is kept with the run and in the card.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.case import BRATS_MODALITIES, SAFE_NAME
from core.data.prepare import Preparing
from core.data.slicing import Plane
from core.losses.spec import TargetKind
from core.postprocess import Step

Steps = Annotated[int, Field(ge=1, le=10_000_000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Side = Annotated[int, Field(ge=16, le=4096)]
Schedule = Literal["cosine", "poly", "constant", "plateau", "one-cycle"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(_Section):
    """What a network sees."""

    modalities: tuple[str, ...] = Field(BRATS_MODALITIES, min_length=1, description="Channels, in this order.")
    plane: Plane = Field("axial", description="How volumes are cut into slices.")
    input_size: tuple[Side, Side] | Side | None = Field(
        (192, 224),
        description="[H, W]: least canvas a slice is padded to. N: resized until its longer side is N, then padded to "
        "N x N. native: its own size, padded to the model's stride only.",
    )
    preparing: Preparing = Field("zscore", description="How intensities are scaled, over voxels other than 0.")
    window: tuple[float, float] | None = Field(
        None, description="Lowest and highest Hounsfield unit of a CT, for preparing: window."
    )
    neighbours: int = Field(
        0, ge=0, le=5, description="Slices on either side that are seen as channels too (2.5D); 0 sees one slice."
    )
    tumour_share: Share = Field(
        0.5, description="Share of each batch drawn from slices with tumour; the rest comes from all head slices."
    )
    class_balance: bool = Field(
        default=False, description="Draw tumour slices evenly over regions or classes, so that rare ones are not rare."
    )
    tumour_free_share: Share | None = Field(
        None,
        description="Share of tumour-free slices among what the rest is drawn from; null keeps the cohort's.",
    )

    @field_validator("input_size", mode="before")
    @classmethod
    def _native(cls, given: Any) -> Any:
        return None if given == "native" else given

    @model_validator(mode="after")
    def _window_where_it_is_used(self) -> Self:
        if (self.preparing == "window") != (self.window is not None):
            raise ValueError("preparing: window and window: [low, high] go together")
        if self.window is not None and self.window[0] >= self.window[1]:
            raise ValueError(f"window is {list(self.window)}; expected [low, high] in HU, low first")
        return self


class ModelSection(_Section):
    """Which architecture, with which starting weights."""

    name: str = "unet"
    arguments: dict[str, Any] = Field(default_factory=dict)
    encoder_weights: str = Field(
        "none", description="`none`, `imagenet`, `run:NAME` (another run's encoder), or the path of a weights file."
    )


class TargetSection(_Section):
    """What is predicted."""

    kind: TargetKind = Field(
        "regions",
        description="`regions`: overlapping regions of the cohort's scheme, sigmoid. `classes`: background and the "
        "scheme's labels as exclusive classes, softmax.",
    )


class LossSection(_Section):
    """What training minimises."""

    name: str = "bce_dice"
    arguments: dict[str, Any] = Field(default_factory=dict)


class AugmentSection(_Section):
    """How training slices are varied."""

    preset: str = Field("standard", description="`none`, `light`, `standard` or `strong`.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Single settings that differ from the preset.")


class OptimSection(_Section):
    """How weights are changed."""

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    lr: float = Field(1e-3, gt=0, le=10)
    weight_decay: float = Field(1e-4, ge=0, le=1)
    momentum: float = Field(0.99, ge=0, lt=1, description="Of sgd, after Nesterov.")
    schedule: Schedule = "cosine"
    warmup_steps: int = Field(20, ge=0)
    plateau_patience: int = Field(
        5, ge=1, description="plateau: validations without a better one until the rate falls."
    )
    plateau_factor: float = Field(0.5, gt=0, lt=1, description="plateau: what the rate is multiplied by.")
    clip_norm: float | None = Field(1.0, gt=0, description="Largest norm of a step's gradient; null clips nothing.")


class StoppingSection(_Section):
    """When a run that gets no better ends before its time."""

    monitor: Literal["dice", "loss"] = Field(
        "dice", description="Validation Dice (mean over regions) or loss: what decides `best`, plateau and stopping."
    )
    patience: int | None = Field(None, ge=1, description="Validations without a better one; null never stops early.")
    min_delta: float = Field(0.0, ge=0, description="By how much a validation must be better to count.")


class TrainSection(_Section):
    """How long, how much at once, how often saved."""

    epochs: Steps = 30
    max_steps: Steps | None = Field(None, description="Ends the run earlier than its epochs would.")
    batch_size: int = Field(8, ge=1, le=1024, description="Slices per forward pass.")
    accumulate: int = Field(1, ge=1, le=1024, description="Batches whose gradients make one optimiser step.")
    seed: int = Field(0, ge=0, lt=2**32)
    amp: Literal["auto", "off", "bf16", "fp16"] = Field(
        "auto", description="Mixed precision: auto takes bf16 where the hardware multiplies it, else none."
    )
    compile: bool = Field(default=False, description="torch.compile; pays on some GPUs, after minutes of compiling.")
    ema_decay: float | None = Field(
        None, gt=0, lt=1, description="Validate and save an exponential moving average of the weights."
    )
    deterministic: bool = Field(default=False, description="On a GPU too, bit by bit and slower; a CPU always is.")
    workers: int = Field(0, ge=0, le=64, description="Loader processes; 0 loads in a thread of the trainer.")
    checkpoint_every_steps: Steps = 100
    validate_every_steps: Steps | None = Field(None, description="null validates once an epoch.")
    stopping: StoppingSection = StoppingSection()


class PostSection(_Section):
    """What becomes of probabilities."""

    threshold: int = Field(128, ge=1, le=255, description="A voxel is in a region when floor(255 p + 0.5) reaches it.")
    steps: tuple[Step, ...] = Field(
        (),
        description="What cleans the mask up after that, in order: steps of `python -m core steps`, for all regions or "
        "those listed.",
    )


class Recipe(_Section):
    """One training configuration."""

    schema_version: Literal[1] = 1
    name: str
    title: str = ""
    description: str = ""
    data: DataSection = DataSection()
    model: ModelSection = ModelSection()
    target: TargetSection = TargetSection()
    loss: LossSection = LossSection()
    augment: AugmentSection = AugmentSection()
    optim: OptimSection = OptimSection()
    train: TrainSection = TrainSection()
    post: PostSection = PostSection()

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not SAFE_NAME.fullmatch(name):
            raise ValueError("a name holds letters, digits, '.', '_' and '-' only")
        return name

    @model_validator(mode="after")
    def _plugged_in(self) -> Self:
        from core.data.augment import augment_settings
        from core.losses import loss_named
        from core.models import model_named

        model = model_named(self.model.name)
        arguments = model.parse(self.model.arguments)
        if self.train.batch_size == 1 and model.has_batch_norm(arguments):
            raise ValueError("batch norm cannot train on a batch of 1: raise train.batch_size or choose norm: instance")
        loss = loss_named(self.loss.name)
        if self.target.kind not in loss.targets:
            raise ValueError(f"loss {loss.name} is for {' or '.join(loss.targets)}; target.kind is {self.target.kind}")
        loss.build(self.target.kind, **self.loss.arguments)
        augment_settings(self.augment.preset, self.augment.settings)
        return self

    def resolved(self) -> dict[str, Any]:
        """Return every field with its value, as plain JSON types."""
        return self.model_dump(mode="json")
