"""The report as PDF: printed from the page, readable by others, and without a look outside."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pypdfium2 as pdfium
import pytest

from core.export.report import page, pdf_of
from tests.core.export.report.sample import comparison, document

WITHOUT_PANGO = """
import sys
from cffi import FFI
def dlopen(self, name=None, flags=0):
    raise OSError(f"cannot load library {name!r}: not there")
FFI.dlopen = dlopen
from core.export.report import why_no_pdf
print(why_no_pdf())
"""


@pytest.fixture(scope="module")
def printed() -> bytes:
    return pdf_of(page(comparison()))


def words_of(pdf: bytes) -> list[str]:
    """Return the words of each page; pdfium hands on line breaks as they stand in print."""
    with pdfium.PdfDocument(io.BytesIO(pdf)) as opened:
        return [" ".join(each.get_textpage().get_text_bounded().split()) for each in opened]


def test_numbers_can_be_read_from_the_pages(printed: bytes) -> None:
    pages = words_of(printed)
    assert len(pages) > 1
    cell = document()["models"]["first"]["summary"]["WT"]["dice"]
    low, high = cell["ci95"]
    assert f"first 0.790 {low:.3f} to {high:.3f} 0.800" in pages[0]
    assert all(said.endswith(f"{number} / {len(pages)}") for number, said in enumerate(pages, 1))


def test_every_page_is_an_a4_sheet_and_has_no_date_in_it(printed: bytes) -> None:
    with pdfium.PdfDocument(io.BytesIO(printed)) as opened:
        assert {(round(each.get_width()), round(each.get_height())) for each in opened} == {(595, 842)}
        facts = opened.get_metadata_dict()
    assert facts["Title"] == "first and second on small"
    assert (facts["Author"], facts["CreationDate"], facts["ModDate"]) == ("", "", "")


@pytest.fixture
def visited() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and what was asked of it."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/x.png", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "asks", ['<img src="{}">', '<link rel="stylesheet" href="{}">', '<p style="background:url({})">']
)
def test_nothing_is_fetched_from_outside(visited: tuple[str, list[str]], asks: str) -> None:
    address, asked = visited
    with pytest.raises(ValueError, match="outside of itself"):
        pdf_of(f"<p>Hello</p>{asks.format(address)}")
    assert asked == []


def test_no_file_of_this_machine_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>secret</text></svg>')
    with pytest.raises(ValueError, match="outside of itself"):
        pdf_of(f'<img src="{secret.as_uri()}">')


def test_a_machine_without_pango_is_told_what_to_install(repo_root: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANGO], cwd=repo_root, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("a PDF needs the Pango library, which this machine lacks: install it")
    assert answer.stdout.endswith("the HTML report is whole without it\n")
