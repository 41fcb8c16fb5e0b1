"""A download goes on where it broke off, is verified, and leaves no file that is not what was published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.data import download as downloading
from core.data import limits
from core.data.addresses import Checksum
from core.data.download import DownloadFailedError, DownloadRefusedError, download
from tests.core.data.serving import Site, serving

CONTENT = np.random.default_rng(0).bytes(3_000_000)
PUBLISHED = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest(), "its publisher")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "PAUSE_S", 0.0)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site(CONTENT)) as running:
        yield running


def test_a_file_comes_whole_and_only_under_its_name(site: Site, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    done = download(site.url, tmp_path / "new" / "set", PUBLISHED, lambda *step: steps.append(step))
    assert done.path.read_bytes() == CONTENT
    assert (done.bytes, done.sha256) == (3_000_000, PUBLISHED.hex)
    assert steps[-1] == (3_000_000, 3_000_000)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["set"]
    assert site.asked == [(None, None)]


def test_what_is_here_and_verified_is_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / "set").write_bytes(CONTENT)
    assert download(site.url, tmp_path / "set", PUBLISHED).sha256 == PUBLISHED.hex
    assert site.asked == []
    (tmp_path / "set").write_bytes(b"something else")
    download(site.url, tmp_path / "set", PUBLISHED)
    assert (tmp_path / "set").read_bytes() == CONTENT


def test_a_connection_that_drops_is_resumed_at_the_byte(site: Site, tmp_path: Path) -> None:
    site.drops = [1_200_000, 1_100_000]
    assert download(site.url, tmp_path / "set", PUBLISHED).path.read_bytes() == CONTENT
    assert site.asked == [(None, None), ("bytes=1200000-", '"one"'), ("bytes=2300000-", '"one"')]


def test_a_later_call_goes_on_with_what_an_earlier_one_left(site: Site, tmp_path: Path) -> None:
    site.drops = [1_000_000] + [0] * 20
    with pytest.raises(DownloadFailedError, match=r"1\.0 MB are kept, ask again to go on"):
        download(site.url, tmp_path / "set", PUBLISHED)
    assert not (tmp_path / "set").exists()
    site.drops, site.asked = [], []
    assert download(site.url, tmp_path / "set", PUBLISHED).path.read_bytes() == CONTENT
    assert site.asked == [("bytes=1000000-", '"one"')]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(site: Site, tmp_path: Path) -> None:
    site.ranges, site.drops = False, [1_000_000]
    assert download(site.url, tmp_path / "set", PUBLISHED).path.read_bytes() == CONTENT
    assert len(site.asked) == 2


def test_a_file_that_changed_meanwhile_is_begun_again(site: Site, tmp_path: Path) -> None:
    site.drops = [1_000_000] + [0] * 20
    with pytest.raises(DownloadFailedError):
        download(site.url, tmp_path / "set", None)
    site.content, site.etag, site.drops = CONTENT[::-1], '"two"', []
    assert download(site.url, tmp_path / "set", None).path.read_bytes() == CONTENT[::-1]


def test_without_checksum_and_mark_nothing_is_joined(site: Site, tmp_path: Path) -> None:
    site.etag, site.drops = None, [1_000_000]
    assert download(site.url, tmp_path / "set", None).path.read_bytes() == CONTENT
    assert site.asked == [(None, None), (None, None)]


def test_an_unfinished_file_that_is_whole_is_only_verified(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".set.part").write_bytes(CONTENT)
    (tmp_path / ".set.part.json").write_text(f'{{"url": "{site.url}"}}')
    assert download(site.url, tmp_path / "set", PUBLISHED).path.read_bytes() == CONTENT
    assert site.asked == [("bytes=3000000-", None)]


def test_an_unfinished_file_that_is_too_long_is_begun_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".set.part").write_bytes(CONTENT + b"more")
    (tmp_path / ".set.part.json").write_text(f'{{"url": "{site.url}"}}')
    assert download(site.url, tmp_path / "set", PUBLISHED).path.read_bytes() == CONTENT


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_another_checksum_is_refused_and_nothing_is_kept(site: Site, tmp_path: Path, algorithm: str) -> None:
    wrong = Checksum("md5" if algorithm == "md5" else "sha256", "0" * 32, "its publisher")
    with pytest.raises(DownloadRefusedError, match=f"with {algorithm} .* expected 0000000000000000…"):
        download(site.url, tmp_path / "set", wrong)
    assert list(tmp_path.iterdir()) == []


def test_md5_is_checked_where_that_is_what_is_stated(site: Site, tmp_path: Path) -> None:
    stated = Checksum("md5", hashlib.md5(CONTENT).hexdigest(), "its publisher")
    assert download(site.url, tmp_path / "set", stated).sha256 == PUBLISHED.hex


def test_a_missing_file_is_said_with_its_status(site: Site, tmp_path: Path) -> None:
    site.status = 404
    with pytest.raises(DownloadFailedError, match=r"cannot be had \(status 404\)"):
        download(site.url, tmp_path / "set", PUBLISHED)
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError, match="cannot be reached"):
        download("http://127.0.0.1:9/set", tmp_path / "set", PUBLISHED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [True, False])
def test_more_than_allowed_is_refused(site: Site, tmp_path: Path, length: bool) -> None:
    site.length = length
    with pytest.raises(DownloadRefusedError, match="bytes"):
        download(site.url, tmp_path / "set", PUBLISHED, most_bytes=2_000_000)
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_said_before_the_first_byte(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": limits.FREE_DISK_BYTES + 2_000_000})
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda _path: usage)  # type: ignore[attr-defined]
    with pytest.raises(DownloadFailedError, match="free some space"):
        download(site.url, tmp_path / "set", PUBLISHED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["http://example.invalid/set", "file:///etc/passwd", "ftp://example.invalid/set", "set"]
)
def test_only_https_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadRefusedError, match="expected https://"):
        download(url, tmp_path / "set", PUBLISHED)


@pytest.mark.parametrize("location", ["http://example.invalid/set", "file:///etc/passwd"])
def test_a_redirect_away_from_https_is_not_followed(site: Site, tmp_path: Path, location: str) -> None:
    site.location = location
    with pytest.raises((DownloadRefusedError, DownloadFailedError)):
        download(site.url, tmp_path / "set", PUBLISHED)
    assert list(tmp_path.iterdir()) == []


def test_two_downloads_of_one_file_do_not_mix(site: Site, tmp_path: Path) -> None:
    def another(_done: int, _total: int | None) -> None:
        with pytest.raises(DownloadFailedError, match="another process"):
            download(site.url, tmp_path / "set", PUBLISHED)

    assert download(site.url, tmp_path / "set", PUBLISHED, another).path.read_bytes() == CONTENT
