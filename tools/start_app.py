"""Start the app on 127.0.0.1, then make the demo cohort beside it; Ctrl-C stops both."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 8.0


class NotStartedError(RuntimeError):
    """The app could not be started; the message is one sentence for the person at the shell."""


def main(arguments: list[str]) -> int:
    """Run the app until it ends or a signal comes; exit 1 with one sentence when it cannot start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8501")
    port_text = parser.parse_args(arguments).port
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return run(_port(port_text))
    except NotStartedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSegscope has stopped.", file=sys.stderr)
        return 0


def run(port: int) -> int:
    """Start both processes, say where the app is, and wait for the app.

    Raises:
        NotStartedError: the port is taken, or the app ends or stays silent while starting.
        KeyboardInterrupt: someone asked to stop.
    """
    _require_free(port)
    address = f"http://{HOST}:{port}"
    server = [sys.executable, "-m", "streamlit", "run", "app.py"]
    server += ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true"]
    # Streamlit's own welcome on stdout would name the address a second time
    with _child(server, stdout=subprocess.DEVNULL) as app:
        _wait_until_it_answers(app, address, port)
        print(f"Segscope is at {address} (Ctrl-C stops it)", flush=True)
        with _child([sys.executable, "-m", "core", "demo"]) as demo:
            return _watch(app, demo)


def _watch(app: subprocess.Popen[bytes], demo: subprocess.Popen[bytes]) -> int:
    reported = False
    while (app_exit := app.poll()) is None:
        if not reported and (demo_exit := demo.poll()) is not None:
            reported = True
            if demo_exit != 0:
                print(
                    f"The demo was not finished (exit {demo_exit}, reason above); the app goes on. "
                    "`make app` tries again.",
                    file=sys.stderr,
                )
        time.sleep(0.2)
    print(f"The app ended by itself (exit {app_exit}); its reason stands above.", file=sys.stderr)
    return 1


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise NotStartedError(f"PORT is {text!r}, expected a number from 1 to 65535: make app PORT=8502.")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # a port that a server left a moment ago is free for the next one
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise NotStartedError(
                f"Port {port} on {HOST} cannot be had ({error.strerror}): stop what uses it, "
                f"or choose another, such as make app PORT={port % 65535 + 1}."
            ) from None


def _wait_until_it_answers(app: subprocess.Popen[bytes], address: str, port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if (code := app.poll()) is not None:
            raise NotStartedError(f"The app ended while starting (exit {code}); its reason stands above.")
        with contextlib.suppress(urllib.error.URLError, OSError):
            # no proxy: the address is this machine's own
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    raise NotStartedError(f"The app did not answer on port {port} within {START_LIMIT_S:.0f} s.")


@contextlib.contextmanager
def _child(command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, and stop the whole group on the way out."""
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": search, "NO_ALBUMENTATIONS_UPDATE": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, start_new_session=True
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    # what the process itself had started may outlive it
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the children are being stopped already
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
