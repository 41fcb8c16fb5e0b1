"""A printable report of a comparison: HTML that needs nothing else, and PDF."""

from __future__ import annotations

from pathlib import Path

from core.atomic import replacing
from core.export.report.case_slice import CaseSlice
from core.export.report.comparison import CohortFacts, Comparison, Member, SplitFacts
from core.export.report.page import page
from core.export.report.pdf import PdfUnavailableError, pdf_of, why_no_pdf

__all__ = [
    "CaseSlice",
    "CohortFacts",
    "Comparison",
    "Member",
    "PdfUnavailableError",
    "SplitFacts",
    "page",
    "pdf_of",
    "why_no_pdf",
    "write_report",
]


def write_report(path: Path, comparison: Comparison) -> None:
    """Write a comparison as HTML, or as PDF where the path ends in `.pdf`.

    Raises:
        PdfUnavailableError: this machine lacks a library that a PDF needs.
    """
    html = page(comparison)
    with replacing(path) as stream:
        stream.write(pdf_of(html) if path.suffix.lower() == ".pdf" else html.encode())
