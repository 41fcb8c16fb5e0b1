"""Where public weights and data sets are: the one table of addresses, with checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a file's bytes must hash to (lower-case hex), and who says so.

    MD5 finds a broken download, not a forged one; it stands here only where nobody states anything better.
    """

    algorithm: Literal["sha256", "md5"]
    hex: str
    stated_by: str


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

    @property
    def checksum(self) -> Checksum:
        return Checksum("sha256", self.sha256, "its publisher")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One public data set, an archive.

    Attributes:
        title: what it is, for people.
        url: where it can be had without asking anybody.
        checksum: what it must hash to; None where nobody states it.
        bytes: its size, for the space that it takes; None where it is not known.
        unpacked_bytes: the size of what is in it.
        licence: its terms.
        attribution: whose it is, as a report names it beside the licence; empty takes the title.
    """

    title: str
    url: str
    checksum: Checksum | None
    bytes: int | None
    unpacked_bytes: int | None
    licence: str
    attribution: str = ""

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

DATA_SETS: dict[str, DataSet] = {
    "msd-brain-tumour": DataSet(
        title="Medical Segmentation Decathlon, Task01_BrainTumour: 484 labelled and 266 other four-modality MRI",
        url="https://msd-for-monai.s3-us-west-2.amazonaws.com/Task01_BrainTumour.tar",
        checksum=Checksum("md5", "240a19d752f0d9e9101544901065d872", "MONAI, for this copy"),
        bytes=7_608_266_240,
        unpacked_bytes=7_608_266_240,  # the tar is not packed; what it holds is
        licence="CC BY-SA 4.0",
        attribution="Medical Segmentation Decathlon, Task01_BrainTumour",
    ),
}


def licence_of_download(downloads: Path, source: Path) -> str:
    """Return whose and under which terms the data below a folder are, where `fetch` brought them; else nothing.

    Args:
        downloads: where every data set has a folder of its name.
        source: a folder that somebody wants to read.
    """
    inside = source.resolve()
    for name, data in DATA_SETS.items():
        if inside.is_relative_to((downloads / name).resolve()):
            return f"{data.attribution or data.title}, {data.licence}"
    return ""
