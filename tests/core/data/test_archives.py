"""Archives from anybody are unpacked whole, or refused; nothing is ever written elsewhere."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from core.data import archives, limits
from core.data.archives import Unpacked, is_archive, unpack
from core.data.refusal import InputRefusedError
from tests.core.data.hostile_archives import HOSTILE, OUTSIDE, tar_of, zip_of

GOOD = {"set/a.png": b"one", "set/deep/b.txt": b"two" * 100_000, "empty.txt": b""}


def refusal(archive: Path, folder: Path) -> str:
    with pytest.raises(InputRefusedError) as error:
        unpack(archive, folder)
    (finding,) = error.value.findings
    assert finding.severity == "error"
    return finding.code


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(folder: Path, data: bytes, name: str = "archive") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def packed(kind: str, files: dict[str, bytes]) -> bytes:
    if kind == "zip":
        return zip_of(files)
    plain = tar_of(files)
    return gzip.compress(plain) if kind == "tar.gz" else bz2.compress(plain) if kind == "tar.bz2" else plain


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2"])
def test_a_good_archive_is_unpacked_whole_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    archive = write(tmp_path, packed(kind, GOOD))
    steps: list[tuple[int, int | None]] = []
    assert is_archive(archive)
    done = unpack(archive, tmp_path / "in" / "out", lambda *step: steps.append(step))
    assert content(tmp_path / "in" / "out") == GOOD
    assert done == Unpacked(3, 300_003, ())
    assert steps[-1][0] == 300_003
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["out"]


@pytest.mark.parametrize("pax", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_of_every_kind_of_tar(tmp_path: Path, pax: int) -> None:
    files = {"/".join(["folder" * 4] * 5) + "/" + "n" * 90 + ".png": b"one", "b.png": b"two"}
    unpack(write(tmp_path, tar_of(files, pax)), tmp_path / "out")
    assert content(tmp_path / "out") == files


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_outside_ascii(tmp_path: Path, kind: str) -> None:
    files = {"Größe/пациент.png": b"one"}
    assert unpack(write(tmp_path, packed(kind, files)), tmp_path / "out").findings == ()
    assert content(tmp_path / "out") == files


def test_a_zip_that_writes_utf8_without_saying_so(tmp_path: Path) -> None:
    data = zip_of({"Gr\u00f6\u00dfe.png": b"one"})
    silent = bytearray(data)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + flags
        silent[at : at + 2] = struct.pack("<H", struct.unpack_from("<H", data, at)[0] & ~0x800)
    assert unpack(write(tmp_path, bytes(silent)), tmp_path / "out").findings == ()
    assert list(content(tmp_path / "out")) == ["Größe.png"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_in_an_old_code_page_are_read_with_a_note(tmp_path: Path, kind: str) -> None:
    # 0x81 is ü in code page 437, and no UTF-8
    data = packed(kind, {"M_ller.png": b"one"}).replace(b"M_ller.png", b"M\x81ller.png")
    if kind == "tar":
        data = _with_checksum(data)
    done = unpack(write(tmp_path, data), tmp_path / "out")
    assert [finding.code for finding in done.findings] == ["archive_names"]
    assert list(content(tmp_path / "out")) == ["Müller.png"]


def _with_checksum(tar: bytes) -> bytes:
    header = bytearray(tar[:512])
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + tar[512:]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_operating_systems_leave_behind_is_left_out_with_a_note(tmp_path: Path, kind: str) -> None:
    junk = ["__MACOSX/set/._a.png", "set/._a.png", "set/.DS_Store", "Thumbs.db", "set/desktop.ini", "set/Icon\r"]
    done = unpack(write(tmp_path, packed(kind, GOOD | dict.fromkeys(junk, b"x"))), tmp_path / "out")
    assert content(tmp_path / "out") == GOOD
    (note,) = done.findings
    assert (note.severity, note.code) == ("note", "archive_junk")
    assert note.found.startswith("6 file(s)")


def test_an_empty_folder_is_kept_and_a_tar_of_the_current_folder_is_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind in ((".", tarfile.DIRTYPE), ("./empty", tarfile.DIRTYPE), ("./a.txt", tarfile.REGTYPE)):
            member = tarfile.TarInfo(name)
            member.type = kind
            tar.addfile(member)
    unpack(write(tmp_path, stream.getvalue()), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "empty"]


def test_what_is_there_already_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        unpack(write(tmp_path, zip_of(GOOD)), tmp_path / "out")


def test_a_nifti_packed_with_gzip_is_no_archive(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"\0" * 1000), "scan.nii.gz")
    assert not is_archive(path)
    assert refusal(path, tmp_path / "out") == "archive_unknown"


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return every file with its content, every link with its target, and every folder."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
    return found


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make limits that a test of a few kilobytes can reach."""
    monkeypatch.setattr(limits, "MAX_ARCHIVE_ENTRIES", 50)
    monkeypatch.setattr(limits, "ARCHIVE_RATIO_FROM_BYTES", 1 << 20)
    monkeypatch.setattr(limits, "MAX_TAR_HEADER_BYTES", 1 << 14)
    monkeypatch.setattr(limits, "MAX_ARCHIVE_LIST_BYTES", 1 << 14)


def test_there_are_sixty_hostile_archives() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_writes_nothing_outside(tmp_path: Path, name: str) -> None:
    data, expected = HOSTILE[name]
    (tmp_path / "canary").write_text("as it was")
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    archive = write(inside, data)
    before = tree(tmp_path)
    assert not Path(OUTSIDE).exists()
    if expected:
        assert refusal(archive, inside / "out") == expected
        assert tree(tmp_path) == before, "a refused archive left something behind"
        assert not Path(OUTSIDE).exists()
        return
    unpack(archive, inside / "out")
    after = tree(tmp_path)
    assert {key: value for key, value in after.items() if not key.startswith("a/b/out")} == before
    assert not any(path.is_symlink() for path in (inside / "out").rglob("*"))
    assert any(path.is_file() for path in (inside / "out").rglob("*"))
    assert not Path(OUTSIDE).exists()


def test_every_byte_counts(tmp_path: Path) -> None:
    """Each of 40 cuts and 40 flipped bytes is refused, or changes nothing that was packed."""
    for kind in ("zip", "tar.gz"):
        data = packed(kind, GOOD)
        cuts = [data[: len(data) * step // 40] for step in range(40)]
        flips = [bytes([*data[:at], data[at] ^ 0x55, *data[at + 1 :]]) for at in range(0, len(data), len(data) // 40)]
        for number, broken in enumerate([*cuts, *flips]):
            archive, folder = write(tmp_path, broken), tmp_path / f"{kind}-{number}"
            try:
                unpack(archive, folder)
            except InputRefusedError:
                assert not folder.exists()
                continue
            assert sorted(content(folder).values()) == sorted(GOOD.values())


def test_too_little_space_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": limits.FREE_DISK_BYTES + 1000})
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _path: usage)  # type: ignore[attr-defined]
    assert refusal(write(tmp_path, zip_of(GOOD)), tmp_path / "out") == "no_space"
    unpack(write(tmp_path, zip_of({"a.txt": b"one"})), tmp_path / "out")


def test_no_sentence_holds_a_name_from_the_archive(tmp_path: Path) -> None:
    for files in ({"DOE^JANE/../../x": b"1"}, {"DOE^JANE.zip": b"1"}, {"DOE^JANE": b"1", "doe^jane": b"2"}):
        for data in (zip_of(files), tar_of(files)):
            with pytest.raises(InputRefusedError) as error:
                unpack(write(tmp_path, data), tmp_path / "out")
            assert "jane" not in str(error.value).lower()
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("DOE^JANE.txt", b"content")
    with pytest.raises(InputRefusedError) as error:
        unpack(write(tmp_path, stored.getvalue().replace(b"content", b"contemt")), tmp_path / "out")
    assert "Bad CRC-32" in str(error.value)
    assert "jane" not in str(error.value).lower()
