"""What a study's form asks for, from its fields; and how the API's description shows that form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.data.layouts import LAYOUTS
from core.errors import UsageError
from core.jobs.segmentation_choices import BETWEEN, export_formats
from core.jobs.segmentations import SegmentationRequest
from core.service.api.receiving import FILES, FORM

FIELDS = {
    "checkpoint": "name or id of a checkpoint, as /models lists them, or auto for the one that suits the study best; "
    "several, each in a field of its own or separated by commas, give the mean of what they find",
    "scheme": "what the labels that are written mean, such as brats-2021; the checkpoint's own where it is left out",
    "options": "of the prediction, a JSON object: tta (mean over flips), planes (mean over axial, coronal, sagittal), "
    'or mc_dropout (passes) and seed; such as {"tta": true, "planes": ["axial", "coronal"]}',
    "fast": "true: bfloat16 where the server's processor has it, and a mask may change; false where it is left out",
    "layout": "how the files are laid out; recognised where it is left out",
    "harmonise": "for series as the scanner left them: register,resample=1,strip",
    "as_is": "true: a study as the scanner left it is not aligned and stripped unasked; false where it is left out",
    "formats": "exports to make at once, separated by commas; others are made when they are asked for",
}
SEVERAL = "checkpoint"  # the one field that may stand more than once
FLAGS = ("fast", "as_is")
TRUTH = {"true": True, "false": False}
LONGEST = 200


def request_from(fields: Mapping[str, Sequence[str]]) -> SegmentationRequest:
    """Return what the fields of a form ask for.

    Raises:
        UsageError: a field is not known, missing, too long, or stands twice, or its value cannot be read.
    """
    if unknown := [name for name in fields if name not in FIELDS]:
        raise UsageError(f"no field is called {unknown[0][:50]!r}; known: {FILES}, {', '.join(FIELDS)}")
    if twice := [name for name, values in fields.items() if len(values) > 1 and name != SEVERAL]:
        raise UsageError(f"the field {twice[0]!r} stands twice; send it once")
    checkpoints = [name.strip() for value in fields.get(SEVERAL, ()) for name in value.split(BETWEEN) if name.strip()]
    given = {name: values[0].strip() for name, values in fields.items() if name != SEVERAL and values[0].strip()}
    if not checkpoints:
        raise UsageError("the field 'checkpoint' is missing; /models lists the names")
    texts = [*((SEVERAL, name) for name in checkpoints), *given.items()]
    if too_long := [name for name, value in texts if len(value) > LONGEST and name != "options"]:
        raise UsageError(f"the field {too_long[0]!r} has more than {LONGEST} characters")
    if (layout := given.get("layout")) is not None and layout not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise UsageError(f"no layout is called {layout[:50]!r}; known: {known}; left out, it is recognised")
    return SegmentationRequest(
        checkpoint=BETWEEN.join(checkpoints),
        scheme=given.get("scheme"),
        options=_object(given.get("options", "{}")),
        layout=layout,
        harmonise=given.get("harmonise"),
        formats=tuple(dict.fromkeys(name.strip() for name in given.get("formats", "nifti").split(","))),
        fast=_truth(given, "fast"),
        as_is=_truth(given, "as_is"),
        shown=False,
    )


def form_schema() -> dict[str, Any]:
    """Return how OpenAPI describes the form."""
    properties: dict[str, Any] = {
        FILES: {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "format": "binary"},
            "description": "one study: its NIfTI or DICOM files, or a single zip or tar of them; names tell sequences",
        }
    }
    properties |= {name: {"type": "string", "description": said} for name, said in FIELDS.items()}
    properties[SEVERAL] |= {"type": "array", "minItems": 1, "items": {"type": "string"}, "examples": [["phantom-unet"]]}
    properties["options"]["examples"] = ['{"tta": true}']
    properties["formats"]["examples"] = list(export_formats())[:1]
    for name in FLAGS:
        properties[name]["enum"] = list(TRUTH)
    schema = {
        "type": "object",
        "required": [FILES, SEVERAL],
        "properties": properties,
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def _truth(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in TRUTH:
        raise UsageError(f"the field {name!r} is {text[:50]!r}; expected true or false")
    return TRUTH[text]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("the field 'options' is no JSON object; expected one such as {\"tta\": true}")
    return found
