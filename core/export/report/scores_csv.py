"""Every case's scores as a table that spreadsheets and statistics programs read."""

from __future__ import annotations

import csv
import io

from core.export.report.scored import Document

COLUMNS = ("model", "case", "region", "score", "value", "note")
NOTES = ("_reason", "_flag")
# a spreadsheet runs what starts with one of these
FORMULAE = ("=", "+", "-", "@", "\t", "\r")


def scores_csv(document: Document) -> bytes:
    """Return a line per model, case, region and score, UTF-8; numbers as the document holds them.

    A score without a number has an empty value, and its reason as the note; one that the empty-mask policy set has
    that as its note. A name that a spreadsheet would run as a formula is set in an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for model, entry in document["models"].items():
        for case, regions in entry["cases"].items():
            for region, scores in regions.items():
                for name, value in scores.items():
                    if name.endswith(NOTES) or not isinstance(value, int | float | None):
                        continue
                    note = next((str(scores[name + end]) for end in NOTES if scores.get(name + end)), "")
                    names = [_plain(word) for word in (model, case, region)]
                    writer.writerow([*names, name, "" if value is None else repr(value), note])
    return out.getvalue().encode()


def _plain(word: str) -> str:
    return f"'{word}" if word.startswith(FORMULAE) else word
