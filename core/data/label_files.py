"""Label schemes from a file: what the integers of a mask mean, written down by the user.

    name: tissue                  # optional, else the file's own name
    labels: {1: grey matter, 2: white matter, 3: cerebrospinal fluid}
    regions:                      # optional, else each label is a region
      - {name: brain, title: brain tissue, labels: [1, 2]}
      - {name: csf, labels: [3]}

YAML or JSON. Labels that stand in no region are known, and read as background.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

from core.case import SAFE_NAME
from core.data import limits
from core.errors import RefusedError
from core.labels import MAX_LABEL, MAX_REGIONS, SCHEMES, LabelScheme, Region, UnknownSchemeError, listed, paint_order

SUFFIXES = (".yaml", ".yml", ".json")
REGION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")  # names columns, keys and parts of file names
MAX_TITLE = 60  # characters of a label's name or a region's title
SHORT = reprlib.Repr()
SHORT.maxlevel = 2  # a nested list may stand for millions of values
GROUPING = "group them under regions: [{name: ..., labels: [1, 2]}, ...]"


class SchemeFileError(RefusedError):
    """A scheme file that cannot be used; the message says what stands where, and what should."""


def scheme_of_name_or_file(text: str) -> LabelScheme:
    """Return the scheme that `text` names, or that the file at `text` describes; a known name comes first.

    Raises:
        UnknownSchemeError: neither.
        SchemeFileError: the file cannot be used.
    """
    if text in SCHEMES:
        return SCHEMES[text]
    if text.lower().endswith(SUFFIXES):
        return load_scheme(Path(text))
    raise UnknownSchemeError(
        f"no label scheme is called {text!r}; known: {', '.join(SCHEMES)}, "
        f"or a file whose name ends in {' or '.join(SUFFIXES)}"
    )


def load_scheme(path: Path) -> LabelScheme:
    """Read a label scheme from a YAML or JSON file.

    Raises:
        SchemeFileError: the file cannot be opened, is too large, or does not describe a scheme.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(limits.MAX_SCHEME_BYTES + 1)
    except OSError as error:
        raise SchemeFileError(f"no scheme file at {str(path)!r} ({error.strerror}); give a file, or a name") from None
    if len(content) > limits.MAX_SCHEME_BYTES:
        raise SchemeFileError(
            f"{path.name}: found more than {limits.MAX_SCHEME_BYTES:,} bytes; expected a short list of labels"
        )
    try:
        return _scheme(_parse(content, path), path.stem)
    except SchemeFileError as error:
        raise SchemeFileError(f"{path.name}: {error}") from None


def _parse(content: bytes, path: Path) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe, and lets no second mention of a key replace the first."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002
            return _once(
                (self.construct_object(key, deep=True), self.construct_object(value, deep=True))
                for key, value in node.value
            )

    try:
        text = content.decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text, object_pairs_hook=_once)
        return yaml.load(text, Loader)  # noqa: S506 - derived from the safe loader
    except SchemeFileError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        kind = "JSON" if path.suffix.lower() == ".json" else "YAML"
        raise SchemeFileError(f"found a file that is not {kind}; expected labels: {{1: name, 2: name}}") from None


def _once(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    items = list(pairs)
    if odd := [key for key, _ in items if not isinstance(key, str | int)]:
        raise SchemeFileError(f"found {SHORT.repr(odd[0])} before a colon; expected a label value or a field's name")
    if twice := [key for key, count in Counter(str(key) for key, _ in items).items() if count > 1]:
        raise SchemeFileError(f"found {SHORT.repr(twice[0])} twice; expected each value and field once")
    return dict(items)


def _scheme(document: Any, stem: str) -> LabelScheme:
    if not isinstance(document, dict) or "labels" not in document:
        raise SchemeFileError("found no labels; expected labels: {1: name, 2: name}")
    if extra := set(document) - {"name", "labels", "regions"}:
        raise SchemeFileError(f"found the field {SHORT.repr(min(extra, key=str))}; expected name, labels and regions")
    labels = _labels(document["labels"])
    regions = _regions(document["regions"], labels) if document.get("regions") is not None else _one_each(labels)
    if len(regions) > MAX_REGIONS:
        raise SchemeFileError(f"found {len(regions)} regions; expected at most {MAX_REGIONS}; {GROUPING}")
    _require_unlike([region.name for region in regions])
    return LabelScheme(_name(document.get("name", stem)), labels, regions, paint_order(regions))


def _name(name: Any) -> str:
    if not isinstance(name, str) or not SAFE_NAME.fullmatch(name):
        raise SchemeFileError(
            f"found the name {SHORT.repr(name)}; expected letters, digits, '.', '_' and '-'; "
            "add a line such as name: my-scheme"
        )
    if name in SCHEMES:
        raise SchemeFileError(f"found the name {name}, which is taken; add a line with another name: my-{name}")
    return name


def _labels(found: Any) -> dict[int, str]:
    if not isinstance(found, dict) or not found:
        raise SchemeFileError(f"found labels {SHORT.repr(found)}; expected labels: {{1: name, 2: name}}")
    labels = {_value(value): _title(name, f"the name of label {value}") for value, name in found.items()}
    background = labels.pop(0, "background")
    if background.lower() != "background":
        raise SchemeFileError(
            f"found 0 called {background!r}; 0 is always background; store the mask with another value for it"
        )
    if not labels:
        raise SchemeFileError("found background alone; expected a label such as 1: tumour")
    return dict(sorted(labels.items()))


def _value(found: Any) -> int:
    if isinstance(found, str) and found.isdecimal() and found.isascii():  # keys of JSON are always text
        found = int(found[:9])
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MAX_LABEL:
        raise SchemeFileError(
            f"found the label value {SHORT.repr(found)}; expected a whole number up to {MAX_LABEL}, "
            "written as value: name"
        )
    return found


def _title(found: Any, what: str) -> str:
    if not isinstance(found, str) or not 1 <= len(found.strip()) <= MAX_TITLE or not found.isprintable():
        raise SchemeFileError(f"found {SHORT.repr(found)} as {what}; expected 1 to {MAX_TITLE} characters of text")
    return found.strip()


def _one_each(labels: dict[int, str]) -> tuple[Region, ...]:
    return tuple(Region(_region_name(title, value), title, (value,)) for value, title in labels.items())


def _region_name(title: str, value: int) -> str:
    name = "-".join(re.findall("[A-Za-z0-9]+", title))[:32].strip("-")
    return name if REGION_NAME.fullmatch(name) else f"label-{value}"


def _regions(found: Any, labels: dict[int, str]) -> tuple[Region, ...]:
    if not isinstance(found, list) or not found:
        raise SchemeFileError(f"found regions {SHORT.repr(found)}; expected a list; {GROUPING}")
    return tuple(_region(entry, labels) for entry in found)


def _region(found: Any, labels: dict[int, str]) -> Region:
    if not isinstance(found, dict) or not {"name", "labels"} <= set(found) <= {"name", "title", "labels"}:
        raise SchemeFileError(
            f"found the region {SHORT.repr(found)}; expected name, labels and perhaps title; {GROUPING}"
        )
    name, values = found["name"], found["labels"]
    if not isinstance(name, str) or not REGION_NAME.fullmatch(name):
        raise SchemeFileError(
            f"found the region name {SHORT.repr(name)}; expected a letter, then up to 31 letters, digits, '_' or '-'"
        )
    if not isinstance(values, list) or not values or len(values) > len(labels):
        raise SchemeFileError(
            f"found {SHORT.repr(values)} as labels of region {name}; expected some of {listed(tuple(labels))}"
        )
    members = tuple(_value(value) for value in values)
    if unknown := sorted(set(members) - set(labels)):
        raise SchemeFileError(f"found label {unknown[0]} in region {name}; expected it under labels as well")
    return Region(name, _title(found.get("title", name), f"the title of region {name}"), tuple(dict.fromkeys(members)))


def _require_unlike(names: list[str]) -> None:
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        raise SchemeFileError(f"found two regions called {twice[0]!r}; expected names that differ in more than case")
