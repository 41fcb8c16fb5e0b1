"""What the machine has and what a process uses, read from a real process and from what nvidia-smi prints."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.jobs import machine
from core.jobs.machine import MIB, UseMeter, cpu_cores, device_named, devices

CARDS = "0, NVIDIA A100, 81920, 60000, GPU-aa, 93\n1, NVIDIA A100, 81920, 81000, GPU-bb, [N/A]\nno line of its own\n"


@pytest.fixture
def two_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called nvidia-smi that prints two cards, and the processes in a file beside it."""
    program, holders = tmp_path / "nvidia-smi", tmp_path / "holders"
    holders.write_text("")
    cards = tmp_path / "cards"
    cards.write_text(CARDS)
    program.write_text(f'#!/bin/sh\ncase "$1" in *gpu=index*) cat {cards};; *) cat {holders};; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(machine, "_kept", (-machine.SMI_KEPT_S, ("", "")))
    return holders


def test_every_machine_has_its_processor_with_its_memory() -> None:
    last = devices()[-1]
    assert last.name == "cpu"
    assert last.title.startswith(f"CPU, {cpu_cores()} core")
    assert last.memory_bytes is not None
    assert last.free_bytes is not None
    assert 0 < last.free_bytes <= last.memory_bytes


def test_cards_come_first_with_their_free_memory(two_cards: Path) -> None:
    assert [(each.name, each.free_bytes) for each in devices()[:-1]] == [
        ("cuda:0", 60000 * MIB),
        ("cuda:1", 81000 * MIB),
    ]
    assert device_named("auto").name == device_named("cuda").name == "cuda:0"
    assert device_named("cuda:1").name == "cuda:1"
    assert device_named("cpu").name == "cpu"


def test_a_busy_process_uses_a_core_and_memory_and_its_card(two_cards: Path) -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    two_cards.write_text(f"{busy.pid}, GPU-aa, 4096\n1, GPU-bb, 77\n")
    try:
        meter = UseMeter(busy.pid)
        first = meter.look()
        time.sleep(1)
        second = meter.look()
    finally:
        busy.kill()
        busy.wait()
    assert first is not None
    assert first.cpu_share is None  # nothing to compare with yet
    assert second is not None
    assert second.cpu_share is not None
    assert 0.05 < second.cpu_share < 1.2
    assert second.memory_bytes > 2 * MIB
    assert (second.gpu_share, second.gpu_bytes) == (0.93, 4096 * MIB)
    assert meter.look() is None


def test_an_idle_process_uses_no_core() -> None:
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        meter = UseMeter(idle.pid)
        time.sleep(0.5)
        meter.look()
        time.sleep(0.5)
        found = meter.look()
    finally:
        idle.kill()
        idle.wait()
    assert found is not None
    assert found.cpu_share is not None
    assert found.cpu_share < 0.05
    assert found.gpu_bytes is None
