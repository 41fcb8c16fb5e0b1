"""Print the path of a Chrome or Chromium that runs; with `--install`, fetch one with apt when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

VARIABLE = "SEGSCOPE_CHROME"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPS = ("Google Chrome", "Chromium", "Google Chrome for Testing")
MISSING = (
    "The browser tests found no Chrome or Chromium: install one (Debian: apt-get install chromium) "
    f"or put its path into ${VARIABLE}."
)


class NoBrowserError(RuntimeError):
    """No Chrome or Chromium that runs is on this machine."""


def find_browser(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the browser named by `$SEGSCOPE_CHROME`, else the first on PATH or among the Mac's applications.

    Raises:
        NoBrowserError: none is there, or the one that was named does not run.
    """
    if named := environment.get(VARIABLE):
        if runs(Path(named)):
            return Path(named)
        raise NoBrowserError(f"${VARIABLE} is {named}, which does not run as a browser: correct it or unset it.")
    for candidate in _candidates(environment):
        if runs(candidate):
            return candidate
    raise NoBrowserError(MISSING)


def runs(browser: Path) -> bool:
    """Tell whether `browser --version` succeeds, which the placeholders some systems install do not."""
    try:
        answer = subprocess.run([browser, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    for command in COMMANDS:
        if path := shutil.which(command, path=environment.get("PATH", "")):
            yield Path(path)
    for folder in (Path("/Applications"), Path(environment.get("HOME", "/")) / "Applications"):
        for app in MAC_APPS:
            executable = folder / f"{app}.app" / "Contents" / "MacOS" / app
            if executable.exists():
                yield executable


def can_install() -> bool:
    """Tell whether apt may be used here: it exists and we are root."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def install() -> None:
    """Install Chromium with apt, its talk on stderr.

    Raises:
        NoBrowserError: apt failed.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        answer = subprocess.run(
            ["apt-get", *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
        )
        if answer.returncode != 0:
            raise NoBrowserError(f"apt-get {arguments[0]} failed. {MISSING}")


def main(arguments: list[str]) -> int:
    """Print the browser's path; exit 1 with one sentence when there is none."""
    try:
        try:
            browser = find_browser()
        except NoBrowserError:
            if "--install" not in arguments or VARIABLE in os.environ or not can_install():
                raise
            install()
            browser = find_browser()
    except NoBrowserError as error:
        print(error, file=sys.stderr)
        return 1
    print(browser)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
