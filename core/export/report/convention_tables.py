"""The same masks' Dice in every scoring convention, as tables that fit a page."""

from __future__ import annotations

from core.export.report.formatting import ABSENT, number
from core.export.report.scored import Document
from core.export.report.table import Table

COLUMNS = 5  # models side by side


def convention_tables(document: Document) -> list[Table]:
    """Return a row per region and convention, a column per model; more than five models take a table each five.

    Without conventions in the document there is no table.
    """
    conventions = document.get("conventions")
    if not conventions:
        return []
    # models that leak have rows of their own and stand nowhere else
    models = list(dict.fromkeys([*document["models"], *(model for row in conventions.values() for model in row)]))
    chunks = [models[start : start + COLUMNS] for start in range(0, len(models), COLUMNS)]
    caption = "Dice of the same masks in every scoring convention, mean over cases as each defines it; in brackets n."
    return [_table(document, chunk, "" if place else caption) for place, chunk in enumerate(chunks)]


def _table(document: Document, models: list[str], caption: str) -> Table:
    conventions, definitions = document["conventions"], document["convention_definitions"]
    found = [cells for by_model in conventions.values() for cells in by_model.values()]
    rows = []
    for region in dict.fromkeys(region for cells in found for region in cells):
        for name, by_model in conventions.items():
            cells = [by_model.get(model, {}).get(region) for model in models]
            shown = [f"{number(cell['mean'])} ({cell['n']})" if cell and cell["n"] else ABSENT for cell in cells]
            rows.append((region, definitions.get(name, {}).get("title", name), *shown))
    return Table(caption, ("Region", "Convention", *models), tuple(rows), 2)


def convention_definitions(document: Document) -> list[tuple[str, str]]:
    """Return each convention's title and what it is."""
    definitions = document.get("convention_definitions") or {}
    return [(each["title"], each["definition"].rstrip(".")) for each in definitions.values()]
