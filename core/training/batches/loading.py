"""Make the batches to come while one is computed: in a thread, or in processes. The batches are the same."""

from __future__ import annotations

import atexit
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Protocol, Self

from core.errors import JobFailedError
from core.training.batches.sampling import Batch, SliceSampler
from core.training.batches.shared_batches import SharedBatches

PATIENCE_S = 5.0  # until a process that was told to end is killed
MOST_WAITING = 4  # batches that lie ready beyond one for each process


class LoaderFailedError(JobFailedError):
    """A batch could not be made; the message says why and what to do. The run can be resumed."""


def batches(
    sampler: SliceSampler, steps: Iterable[int], size: int, firsts: Sequence[int] = (0,), workers: int = 0
) -> Generator[tuple[int, list[Batch]], None, None]:
    """Yield the batches of each step, in order, some of those to come being made meanwhile.

    Memory is used again: the arrays of a step hold until the next step but one is asked for.

    Args:
        sampler: what is drawn.
        steps: which.
        size: samples of each batch.
        firsts: for each batch of a step, the number of its first sample within the step: several where gradients are
            accumulated, or not from 0 where processes share a step.
        workers: how many processes load; 0 loads in a thread of this one. The batches do not depend on it.

    Raises:
        LoaderFailedError: a process was killed, or a case of the store is gone.
    """
    kept = 2 * len(firsts)
    maker = _Processes(sampler, size, workers, kept) if workers else _Thread(sampler, size, len(firsts), kept)
    with maker:
        taken: list[Batch] = []
        for step, batch in _in_order(maker, ((step, first) for step in steps for first in firsts)):
            taken.append(batch)
            if len(taken) == len(firsts):
                yield step, taken
                taken = []


class _Maker(Protocol):
    """Makes batches in the order in which they are asked for."""

    ahead: int  # how many may be asked for and not yet taken, before one has to be taken

    def ask(self, step: int, first: int) -> None: ...
    def take(self) -> Batch: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


def _in_order(maker: _Maker, wanted: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Batch]]:
    asked: deque[int] = deque()
    for step, first in wanted:
        maker.ask(step, first)
        asked.append(step)
        if len(asked) > maker.ahead:
            yield asked.popleft(), maker.take()
    while asked:
        yield asked.popleft(), maker.take()


class _Thread:
    def __init__(self, sampler: SliceSampler, size: int, ahead: int, kept: int) -> None:
        self.ahead = ahead
        self._sampler = sampler
        self._room = [sampler.room(size) for _ in range(ahead + kept)]
        self._turn = 0
        self._coming: deque[Future[Batch]] = deque()
        self._thread = ThreadPoolExecutor(1, "loader")

    def ask(self, step: int, first: int) -> None:
        room = self._room[self._turn % len(self._room)]
        self._turn += 1
        self._coming.append(self._thread.submit(self._make, room, step, first))

    def _make(self, room: Batch, step: int, first: int) -> Batch:
        self._sampler.fill(room, step, first)
        return room

    def take(self) -> Batch:
        return self._coming.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)


class _Processes:
    """Batches are dealt out in turn, so that nothing has to be locked and a killed process blocks no other."""

    def __init__(self, sampler: SliceSampler, size: int, workers: int, kept: int) -> None:
        self.ahead = workers + min(workers, MOST_WAITING)
        self._shared = SharedBatches(*sampler.shapes(size), self.ahead + kept)
        self._asked = self._taken = 0
        context = get_context("spawn")  # a copy of a process that runs threads may start in the middle of anything
        self._pipes: list[Connection] = []
        self._processes = []
        atexit.register(self.close)
        for number in range(workers):
            here, there = context.Pipe()
            name = f"loader {number + 1} of {workers}"
            process = context.Process(target=_load, args=(there, self._shared), name=name, daemon=True)
            process.start()
            there.close()  # the process's own end: while it is open here its death would not be seen
            self._pipes.append(here)
            self._processes.append(process)
        for number, pipe in enumerate(self._pipes):
            try:
                pipe.send(sampler)  # addresses of cases, not their pixels
            except OSError:
                raise LoaderFailedError(self._death_of(number)) from None

    def ask(self, step: int, first: int) -> None:
        number = self._asked % len(self._pipes)
        try:
            self._pipes[number].send((step, first, self._asked % len(self._shared)))
        except OSError:
            raise LoaderFailedError(self._death_of(number)) from None
        self._asked += 1

    def take(self) -> Batch:
        number = self._taken % len(self._pipes)
        try:
            fault: str = self._pipes[number].recv()
        except (EOFError, OSError):
            raise LoaderFailedError(self._death_of(number)) from None
        if fault:
            raise LoaderFailedError(fault)
        self._taken += 1
        return self._shared[(self._taken - 1) % len(self._shared)]

    def _death_of(self, number: int) -> str:
        process = self._processes[number]
        process.join(PATIENCE_S)
        how = f"ended by itself (exit code {process.exitcode})"
        if process.exitcode is not None and process.exitcode < 0:
            how = f"was killed ({signal.Signals(-process.exitcode).name})"
        more = ", most likely because the machine ran out of memory" if process.exitcode == -signal.SIGKILL else ""
        return f"{process.name} {how}{more}; resume the run, with fewer train.workers if it happens again"

    def close(self) -> None:
        """End the processes; it may be called twice."""
        atexit.unregister(self.close)
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()
        if self._pipes:
            self._shared.close()
        self._pipes, self._processes = [], []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _load(pipe: Connection, shared: SharedBatches) -> None:
    """Fill batches until whoever asks for them is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group; the trainer still needs its step
        signal.signal(number, signal.SIG_IGN)
    sampler: SliceSampler | None = None
    try:
        content = pipe.recv_bytes()
        while True:
            fault = ""
            try:
                if sampler is None:
                    sampler = ForkingPickler.loads(content)
                step, first, place = pipe.recv()
                sampler.fill(shared[place], step, first)
            except EOFError:
                return
            except Exception as error:  # told to the trainer, which ends the run with it
                fault = _sentence(error)
            pipe.send(fault)
    except (EOFError, OSError):
        return


def _sentence(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        case = Path(error.filename).parent.name if error.filename else "a case"
        return f"{case} has left the slice store while the run trained on it; import its cohort again and resume"
    return f"a batch could not be made ({type(error).__name__}: {error}); resume the run, without train.workers"
