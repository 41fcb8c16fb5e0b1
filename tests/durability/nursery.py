"""Trains runs in children of a process that has imported everything already, and kills them when it is told to.

A start of Python with all that a training imports takes seconds; a fork of one that has done so, and nothing else,
takes none. Read as a program: the workspace as its argument, orders as JSON lines on stdin, answers on stdout.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# what a save is made of
CALLS = ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir")


def attend(workspace: Path, order: dict[str, Any]) -> dict[str, Any]:
    """Train a run in a child until it is done or killed.

    An order holds `run` and at most one of: `after_s`, killed so long after it has done `steps`; `early_s`, killed so
    long after its birth; `call`, killed just before that call, counted from the first step that `at` divides.
    """
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(here)
        _train(workspace, order, there)
    os.close(there)
    if "after_s" in order:
        for _ in range(order["steps"]):
            os.read(here, 1)
        time.sleep(order["after_s"])
        os.kill(child, signal.SIGKILL)
    elif "early_s" in order:
        time.sleep(order["early_s"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(here, "rb") as stream:
        point, _, loaded = stream.read().decode().lstrip("s").partition("|")
    _, status = os.waitpid(child, 0)
    for name in filter(None, loaded.split(",")):  # what this child had to import, the next one finds imported
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    return {"code": os.waitstatus_to_exitcode(status), "point": point}


def _train(workspace: Path, order: dict[str, Any], parent: int) -> None:
    from core.training.process import run_training
    from core.training.runs.run_folder import RunFolder
    from core.workspace import Workspace

    places = Workspace(workspace)
    before = set(sys.modules)
    armed = False

    def on_event(event: dict[str, Any]) -> None:
        nonlocal armed
        if event["event"] != "step":
            return
        if "call" not in order:
            os.write(parent, b"s")
        elif not armed and event["step"] % order["at"] == 0:
            armed = True
            _die_before(order["call"], lambda point: os.write(parent, point.encode()))

    code = 1
    try:
        run_training(places, RunFolder(places.run_folder(order["run"])), "cpu", on_event)
        code = 0
        os.write(parent, f"|{','.join(sorted(set(sys.modules) - before))}".encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _die_before(call: int, say: Callable[[str], object]) -> None:
    """From now on, count the calls that a save is made of, and kill this process just before one of them."""
    counter = itertools.count()
    for name in CALLS:
        setattr(os, name, _counted(getattr(os, name), name, counter, call, say))


def _counted(
    real: Callable[..., Any], name: str, counter: itertools.count[int], call: int, say: Callable[[str], object]
) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        if next(counter) == call:
            about = arguments[-1] if name in ("replace", "rename") else arguments[0]
            path = Path(f"/proc/self/fd/{about}").readlink() if isinstance(about, int) else Path(about)
            say(f"{name} {path.name}")
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    return counted


def main() -> None:
    import albumentations  # noqa: F401
    import safetensors.torch
    import torch

    import core.training.process  # noqa: F401

    assert safetensors.torch
    torch.set_num_threads(1)
    for line in sys.stdin:
        print(json.dumps(attend(Path(sys.argv[1]), json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
