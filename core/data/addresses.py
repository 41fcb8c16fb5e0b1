"""Where public weights and data sets are: the one table of addresses, with checksums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One public file.

    Attributes:
        url: where it can be had.
        sha256: what its bytes hash to, lower-case hex.
        licence: its terms.
    """

    url: str
    sha256: str
    licence: str

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


ADDRESSES: dict[str, Address] = {
    "resnet18-imagenet": Address(
        url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
        sha256="f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
        licence="BSD-3-Clause (torchvision)",
    ),
    "resnet34-imagenet": Address(
        url="https://download.pytorch.org/models/resnet34-b627a593.pth",
        sha256="b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f",
        licence="BSD-3-Clause (torchvision)",
    ),
}
