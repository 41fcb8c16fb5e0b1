"""What a checkpoint says of itself: the card, whose `inference` section is all that a prediction depends on."""

from __future__ import annotations

import json
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from core.checkpoints.missing_cost import MissingCost
from core.data.licence import NOT_STATED
from core.data.prepare import Preparing
from core.data.slicing import Plane
from core.labels import SCHEMES, scheme_from_json
from core.postprocess import Step, check_steps

SCHEMA_VERSION = 1
# fields that the inference section has gained since the first checkpoints, with what leaving them out means
ADDED_LATER: dict[str, Any] = {"class_bits": [], "window": None, "neighbours": 0, "post": []}
# likewise of the card itself
CARD_ADDED_LATER: dict[str, Any] = {
    "members": [],
    "calibration": None,
    "audit": None,
    "slice_split": None,
    "tuning": None,
    "fingerprint": None,
    "missing_cost": None,
}


class InferenceSpec(BaseModel):
    """Everything a prediction depends on besides the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: str
    arguments: dict[str, Any]
    target: Literal["regions", "classes"] = "regions"
    regions: tuple[str, ...] = Field(min_length=1, max_length=8)
    class_bits: tuple[int, ...] = ()  # target classes: the region bits of each class, background first
    modalities: tuple[str, ...] = Field(min_length=1)
    scheme: str | dict[str, Any]  # the name of one that ships, or all of it
    plane: Plane
    preparing: Preparing
    window: tuple[float, float] | None = None  # preparing window: in HU
    neighbours: int = Field(0, ge=0)
    input_size: tuple[int, int] | int | None
    thresholds: tuple[int, ...]
    temperature: float = Field(1.0, gt=0)
    post: tuple[Step, ...] = ()  # what follows the thresholds

    @model_validator(mode="after")
    def _one_threshold_per_region(self) -> Self:
        if len(self.thresholds) != len(self.regions) or not all(1 <= value <= 255 for value in self.thresholds):
            raise ValueError(
                f"thresholds {self.thresholds}; expected one of 1-255 for each of {len(self.regions)} regions"
            )
        if (self.target == "classes") != bool(self.class_bits):
            raise ValueError(f"target {self.target} with class_bits {self.class_bits}; only classes have them")
        return self

    @model_validator(mode="after")
    def _steps_for_its_regions(self) -> Self:
        if self.post:
            is_known = not isinstance(self.scheme, str) or self.scheme in SCHEMES
            check_steps(self.post, self.regions, scheme_from_json(self.scheme) if is_known else None)
        return self

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # cards from before keep their ids, and the id stays the hash of the section as it stands in the card
        section: dict[str, Any] = dump(self)
        for name, default in ADDED_LATER.items():
            if section[name] == default or section[name] == ():
                del section[name]
        return section

    @property
    def inputs(self) -> int:
        """Channels that the network reads: its modalities, on the slice and on its neighbours."""
        return len(self.modalities) * (1 + 2 * self.neighbours)

    @property
    def outputs(self) -> int:
        """Channels that the network writes: its regions, or background and its classes."""
        return len(self.class_bits) or len(self.regions)

    def canonical(self) -> bytes:
        """Return the section as UTF-8 JSON, keys sorted, without spaces: what the id hashes."""
        section = self.model_dump(mode="json")
        return json.dumps(section, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Card(BaseModel):
    """What a checkpoint says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    title: str
    run: str
    steps: int = Field(ge=0)
    parameters: int = Field(ge=0)
    inference: InferenceSpec
    recipe: dict[str, Any]
    encoder_weights: dict[str, Any] | None
    cohort: str
    split_sha256: str
    fold: int
    leaks: bool = False
    # content hashes of every patient whose voxels changed weights or choices
    training_content: dict[str, list[str]]
    validation_content: dict[str, list[str]]
    validation_scores: dict[str, Any] | None = None
    data_licence: str = NOT_STATED
    weights_licence: str = NOT_STATED
    libraries: dict[str, str] = Field(default_factory=dict)
    members: tuple[str, ...] = ()  # an ensemble: the sub-folders, in order; `inference` is then the first one's
    calibration: dict[str, Any] | None = None  # how the temperature was fitted, and to what
    audit: dict[str, Any] | None = None  # of the split: the report's hash, what was looked for, the leaks in sentences
    tuning: dict[str, Any] | None = None  # how thresholds and clean-up were chosen, and what that changed
    slice_split: dict[str, Any] | None = None  # a part by slices: seed, share, and the slices held out by case
    fingerprint: dict[str, Any] | None = None  # of the training cases, to tell a case that is unlike them
    missing_cost: MissingCost | None = None

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = dump(self)
        for name, default in CARD_ADDED_LATER.items():
            if document[name] == default or document[name] == ():
                del document[name]
        return document
