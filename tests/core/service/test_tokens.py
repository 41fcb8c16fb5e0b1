"""A token opens one volume for one browser until it expires."""

from __future__ import annotations

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.service.tokens import KEY_BYTES, LIFETIME_S, STEP_S, TokenKeyError, is_valid, issue, token_key

KEY = b"k" * KEY_BYTES
HASH = "ab" * 32
COOKIE = "12" * 16
NOW = 1_800_000_100.0


def test_a_token_is_what_the_document_says() -> None:
    expiry = 1_800_000_300 + 3600  # the next full step of 300 s, and an hour
    signature = hmac.new(KEY, f"{HASH}\n{COOKIE}\n{expiry}".encode(), hashlib.sha256).hexdigest()
    assert issue(KEY, HASH, COOKIE, NOW) == f"{expiry}.{signature}"


def test_a_token_opens_its_volume_until_it_expires() -> None:
    token = issue(KEY, HASH, COOKIE, NOW)
    assert is_valid(KEY, token, HASH, COOKIE, NOW)
    assert is_valid(KEY, token, HASH, COOKIE, NOW + LIFETIME_S)
    assert not is_valid(KEY, token, HASH, COOKIE, NOW + LIFETIME_S + STEP_S)


def test_a_page_that_runs_again_soon_gets_the_same_token() -> None:
    assert issue(KEY, HASH, COOKIE, NOW) == issue(KEY, HASH, COOKIE, NOW + 60)
    assert issue(KEY, HASH, COOKIE, NOW) != issue(KEY, HASH, COOKIE, NOW + STEP_S)


def test_nothing_else_opens_it() -> None:
    token = issue(KEY, HASH, COOKIE, NOW)
    expiry, signature = token.split(".")
    assert not is_valid(KEY, token, "cd" * 32, COOKIE, NOW)
    assert not is_valid(KEY, token, HASH, "34" * 16, NOW)
    assert not is_valid(b"x" * KEY_BYTES, token, HASH, COOKIE, NOW)
    assert not is_valid(KEY, f"{int(expiry) + 1}.{signature}", HASH, COOKIE, NOW)
    for forged in ("", ".", "x", expiry, signature, f"{expiry}.", f".{signature}", f"-1.{signature}", f"١.{signature}"):
        assert not is_valid(KEY, forged, HASH, COOKIE, NOW)


def test_a_browser_without_a_cookie_is_refused_even_with_a_token_for_none() -> None:
    assert not is_valid(KEY, issue(KEY, HASH, "", NOW), HASH, "", NOW)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: token_key(tmp_path / "workspace"), range(16)))
    assert len(keys) == 1
    (file,) = (tmp_path / "workspace").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(keys.pop()) == KEY_BYTES


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    token_key(tmp_path)
    (tmp_path / "volume-token.key").write_bytes(b"short")
    with pytest.raises(TokenKeyError, match="holds 5 bytes, expected 32; delete it"):
        token_key(tmp_path)
