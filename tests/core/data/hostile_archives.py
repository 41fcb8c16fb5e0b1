"""Sixty archives that mean harm: what each is made of, and the code it is refused with ("" where it is harmless)."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Mapping

OUTSIDE = "/tmp/canary-of-the-archive-tests"
ZEROS = b"\0" * (4 << 20)


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED, mode: int = 0, flags: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("placeholder")
            info.filename, info.compress_type, info.external_attr = name, method, mode << 16
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names that stand there twice
                archive.writestr(info, content)
    data = bytearray(stream.getvalue())
    if flags:
        at = data.index(b"PK\x01\x02") + 8
        data[at] |= flags
    return bytes(data)


def tar_of(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def special_tar(kind: bytes, name: str = "link", target: str = "", then: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        archive.addfile(member)
        if then:
            archive.addfile(tarfile.TarInfo(then))
    return stream.getvalue()


def twice_zip(first: str, second: str) -> bytes:
    """Return a zip of two entries, whose names may be the same."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        for name in (first, second):
            archive.writestr(name, b"" if name.endswith("/") else b"x")
    return stream.getvalue()


def twice_tar(first: str, second: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in (first, second):
            archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


def raw_tar(kind: bytes, content: bytes, name: bytes = b"x", size: int | None = None) -> bytes:
    """Return a tar of one header with a valid checksum, whatever it says, and a plain file behind it."""
    header = bytearray(512)
    header[: len(name)] = name
    header[100:108] = b"0000644\0"
    header[124:136] = b"%011o\0" % (len(content) if size is None else size)
    header[156:157] = kind
    header[257:265] = b"ustar\x0000"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + b"\0" * (-len(content) % 512) + tar_of({"after.txt": b"x"})


def pax_tar(key: str, value: str) -> bytes:
    record = f" {key}={value}\n"
    length = len(record) + len(str(len(record) + 3))
    content = f"{length}{record}".encode()
    assert len(content) == length
    return raw_tar(b"x", content)


def overlapping_zip() -> bytes:
    """Return a zip whose two entries share their bytes, as in a bomb of overlapping files."""
    data = bytearray(twice_zip("one", "two"))
    first, second = (data.index(b"PK\x01\x02"), data.rindex(b"PK\x01\x02"))
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


NAMES = {
    "climbs": ("../canary", "archive_name"),
    "climbs from within": ("a/../../canary", "archive_name"),
    "climbs far": ("../" * 20 + "canary", "archive_name"),
    "climbs in the end": ("a/b/../../..", "archive_name"),
    "climbs with the other slash": ("..\\canary", "archive_name"),
    "climbs with both slashes": ("a\\../..\\canary", "archive_name"),
    "absolute": (OUTSIDE, "archive_name"),
    "absolute with two slashes": (f"/{OUTSIDE}", "archive_name"),
    "a drive": ("C:\\canary", "archive_name"),
    "a drive without a slash": ("c:canary", "archive_name"),
    "a network share": ("\\\\server\\share\\canary", "archive_name"),
    "a line feed": ("a\nb", "archive_name"),
    "an escape": ("\x1b[2Jx", "archive_name"),
    "too long a name": ("x" * 300, "archive_name"),
    "too deep": ("d/" * 40 + "x", "archive_name"),
    "an archive": ("inner.zip", "nested_archive"),
    "a packed tar": ("a/inner.TAR.GZ", "nested_archive"),
    "another archive": ("inner.7z", "nested_archive"),
    "dots only": ("..../x", ""),
    "the home folder": ("~/x", ""),
    "a variable": ("$HOME/x", ""),
    "dots and slashes": (".//.//x", ""),
    "an option": ("-rf", ""),
}

SMALL = zip_of({"a.txt": b"content" * 1000})
NOISY = tar_of({"a": bytes(hash((7, at)) & 255 for at in range(10_000))})
TAR = tar_of({"a.txt": b"one", "b.txt": b"two" * 1000})

HOSTILE: dict[str, tuple[bytes, str]] = {
    **{f"zip: {title}": (zip_of({name: b"bad"}), code) for title, (name, code) in NAMES.items()},
    **{f"tar: {title}": (tar_of({name: b"bad"}), code) for title, (name, code) in NAMES.items()},
    "zip: symbolic link": (zip_of({"x": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "archive_link"),
    "zip: device": (zip_of({"x": b""}, mode=stat.S_IFCHR | 0o666), "archive_link"),
    "zip: pipe": (zip_of({"x": b""}, mode=stat.S_IFIFO | 0o666), "archive_link"),
    "zip: setuid": (zip_of({"x": b"bad"}, mode=stat.S_IFREG | 0o4777), ""),
    "zip: encrypted": (zip_of({"x": b"bad"}, flags=1), "archive_encrypted"),
    "zip: strongly encrypted": (zip_of({"x": b"bad"}, flags=0x40), "damaged_archive"),
    "zip: lzma": (zip_of({"x": b"bad"}, zipfile.ZIP_LZMA), "archive_packing"),
    "zip: bzip2": (zip_of({"x": b"bad"}, zipfile.ZIP_BZIP2), "archive_packing"),
    "zip: bomb": (zip_of({"x": ZEROS}), "archive_too_large"),
    "zip: bomb in parts": (zip_of({f"{number}": ZEROS[: 1 << 17] for number in range(40)}), "archive_too_large"),
    "zip: too many entries": (zip_of({f"{number}": b"x" for number in range(60)}), "archive_too_large"),
    "zip: too long a list": (zip_of({f"{number}" + "x" * 400: b"x" for number in range(45)}), "archive_too_large"),
    "zip: overlapping entries": (overlapping_zip(), "damaged_archive"),
    "zip: wrong checksum": (patched(SMALL, b"PK\x01\x02", 16, b"\1\2\3\4"), "damaged_archive"),
    "zip: says less than there is": (patched(SMALL, b"PK\x01\x02", 24, struct.pack("<L", 10)), "damaged_archive"),
    "zip: says more than there is": (patched(SMALL, b"PK\x01\x02", 24, struct.pack("<L", 7001)), "damaged_archive"),
    "zip: two names for one entry": (patched(SMALL, b"PK\x01\x02", 46, b"b.txt"), "damaged_archive"),
    "zip: a name with a hidden end": (SMALL.replace(b"a.txt", b"a\0txt"), "archive_link"),
    "zip: cut": (SMALL[: len(SMALL) // 2], "damaged_archive"),
    "zip: its list elsewhere": (patched(SMALL, b"PK\x05\x06", 16, b"\xff\xff\xff\x7f"), "damaged_archive"),
    "zip: nothing in it": (zip_of({}), "archive_empty"),
    "zip: twice": (twice_zip("a", "a"), "archive_name"),
    "zip: unlike in case": (twice_zip("Scan.png", "scan.PNG"), "archive_name"),
    "zip: unlike in accents": (twice_zip("e\u0301.png", "\u00e9.png"), "archive_name"),
    "zip: folders unlike in case": (twice_zip("A/1", "a/2"), "archive_name"),
    "zip: a file as a folder": (twice_zip("a", "a/b"), "archive_name"),
    "zip: a folder as a file": (twice_zip("a/", "a"), "archive_name"),
    "tar: twice": (twice_tar("a", "a"), "archive_name"),
    "tar: unlike in case": (twice_tar("Scan.png", "scan.PNG"), "archive_name"),
    "tar: a file as a folder": (twice_tar("a", "a/b"), "archive_name"),
    "tar: symbolic link": (special_tar(tarfile.SYMTYPE, target="/etc/passwd"), "archive_link"),
    "tar: through a link": (special_tar(tarfile.SYMTYPE, "d", "../..", then="d/canary"), "archive_link"),
    "tar: hard link": (special_tar(tarfile.LNKTYPE, target="../../canary"), "archive_link"),
    "tar: device": (special_tar(tarfile.CHRTYPE), "archive_link"),
    "tar: disk": (special_tar(tarfile.BLKTYPE), "archive_link"),
    "tar: pipe": (special_tar(tarfile.FIFOTYPE), "archive_link"),
    "tar: sparse": (raw_tar(tarfile.GNUTYPE_SPARSE, b""), "archive_link"),
    "tar: unknown kind": (raw_tar(b"Z", b""), "archive_link"),
    "tar: a name from an extended header": (pax_tar("path", "../../canary"), "archive_name"),
    "tar: a sparse file from an extended header": (pax_tar("GNU.sparse.major", "1"), "archive_link"),
    "tar: a size from an extended header": (pax_tar("size", "99999999999999999999"), "damaged_archive"),
    "tar: a length that is none": (raw_tar(b"x", b"99 path=x\n"), "damaged_archive"),
    "tar: a long name": (raw_tar(b"L", b"../../canary\0"), "archive_name"),
    "tar: an endless name": (raw_tar(b"L", b"x" * (1 << 16)), "archive_too_large"),
    "tar: an endless extended header": (raw_tar(b"x", b"x" * (1 << 16)), "archive_too_large"),
    "tar: a size beyond the end": (raw_tar(b"0", b"x", size=1 << 30), "damaged_archive"),
    "tar: a damaged header in the middle": (TAR.replace(b"b.txt", b"c.txt"), "damaged_archive"),
    "tar: cut": (TAR[:2000], "damaged_archive"),
    "tar: cut between two files": (TAR[:1024], "damaged_archive"),
    "tar: something behind the end": (TAR + b"bad", "damaged_archive"),
    "tar: too many entries": (tar_of({f"{number}": b"x" for number in range(60)}), "archive_too_large"),
    "tar.gz: bomb": (gzip.compress(tar_of({"x": ZEROS})), "archive_too_large"),
    "tar.gz: cut": (gzip.compress(NOISY)[:-20], "damaged_archive"),
    "tar.gz: wrong checksum": (gzip.compress(NOISY)[:-8] + b"\0" * 8, "damaged_archive"),
    "tar.gz: climbs": (gzip.compress(tar_of({"../canary": b"bad"})), "archive_name"),
    "no archive": (b"MZ" + b"\0" * 1000, "archive_unknown"),
    "nothing": (b"", "archive_unknown"),
}
