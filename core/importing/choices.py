"""What a user may choose when data is brought in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.harmonise import Harmonising
from core.labels import LabelScheme


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """Everything about an import that is not in the data.

    Attributes:
        layout: how the folder is laid out; None recognises it.
        scheme: what the labels mean; None takes what names imply.
        modalities: which to take, in this order; None takes what the cases have.
        names: what a modality is called instead, found name to the right one; what the user says is never overridden.
        copy: keep the voxels in the workspace, so that the source may go away.
        keep_names: call cases as their files are called, also where that may be a person's name.
        harmonise: bring each case onto one grid; None refuses cases that are not.
        public: made here or published, so browsers may keep its volumes.
        called: what sentences call the folder, where its name is not the user's; empty calls it by its name.
        licence: of the data; empty takes that of a data set that was fetched, where it is one.
    """

    layout: str | None = None
    scheme: LabelScheme | None = None
    modalities: tuple[str, ...] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    copy: bool = False
    keep_names: bool = False
    harmonise: Harmonising | None = None
    public: bool = False
    called: str = ""
    licence: str = ""
