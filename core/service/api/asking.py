"""What a study's form asks for, from its fields; and how the API's description shows that form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import UsageError
from core.jobs.segmentation_choices import export_formats
from core.jobs.segmentations import SegmentationRequest
from core.service.api.receiving import FILES, FORM

FIELDS = {
    "checkpoint": "name or id of a checkpoint, as /models lists them, or auto for the first that fits the study",
    "scheme": "what the labels that are written mean, such as brats-2021; the checkpoint's own where it is left out",
    "options": 'of the prediction, a JSON object such as {"tta": true}',
    "layout": "how the files are laid out; recognised where it is left out",
    "harmonise": "for series as the scanner left them: register,resample=1,strip",
    "formats": "exports to make at once, separated by commas; others are made when they are asked for",
}
LONGEST = 200


def request_from(fields: Mapping[str, Sequence[str]]) -> SegmentationRequest:
    """Return what the fields of a form ask for.

    Raises:
        UsageError: a field is not known, missing, or stands twice, or the options are no JSON object.
    """
    if unknown := [name for name in fields if name not in FIELDS]:
        raise UsageError(f"no field is called {unknown[0][:50]!r}; known: {FILES}, {', '.join(FIELDS)}")
    if twice := [name for name, values in fields.items() if len(values) > 1]:
        raise UsageError(f"the field {twice[0]!r} stands twice; send it once")
    given = {name: values[0].strip() for name, values in fields.items() if values[0].strip()}
    if "checkpoint" not in given:
        raise UsageError("the field 'checkpoint' is missing; /models lists the names")
    if too_long := [name for name, value in given.items() if len(value) > LONGEST and name != "options"]:
        raise UsageError(f"the field {too_long[0]!r} has more than {LONGEST} characters")
    return SegmentationRequest(
        checkpoint=given["checkpoint"],
        scheme=given.get("scheme"),
        options=_object(given.get("options", "{}")),
        layout=given.get("layout"),
        harmonise=given.get("harmonise"),
        formats=tuple(dict.fromkeys(name.strip() for name in given.get("formats", "nifti").split(","))),
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
    properties["checkpoint"]["examples"] = ["phantom-unet"]
    properties["formats"]["examples"] = list(export_formats())[:1]
    schema = {
        "type": "object",
        "required": [FILES, "checkpoint"],
        "properties": properties,
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("the field 'options' is no JSON object; expected one such as {\"tta\": true}")
    return found
