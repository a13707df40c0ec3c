"""Live progress: a rich bar on a terminal, one plain line an epoch elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichBar


class Progress(Protocol):
    """Who is told how far a training run is."""

    def start_epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Epoch ``epoch`` (from 0) of ``epochs`` begins and has ``steps`` minibatches."""

    def step(self, done: int) -> None:
        """``done`` minibatches of the epoch are finished."""

    def finish_epoch(self, epoch: int, copy_error: float, settled_error: float | None) -> None:
        """Epoch ``epoch`` (from 1) is finished; errors in percent."""


class Silent:
    """Tells nobody."""

    def start_epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Do nothing."""

    def step(self, done: int) -> None:
        """Do nothing."""

    def finish_epoch(self, epoch: int, copy_error: float, settled_error: float | None) -> None:
        """Do nothing."""


class ConsoleProgress:
    """Shows one training run on a console; a context manager.

    Parameters
    ----------
    console : Console
    title : str
        What is being trained.
    line_seconds : float
        Without a terminal, at most one line in so many seconds (and one for the last epoch).
    """

    def __init__(self, console: Console, title: str, *, line_seconds: float = 5.0) -> None:
        self._console = console
        self._title = title
        self._line_seconds = line_seconds
        self._last_line = -float("inf")
        self._steps = 0
        self._epochs = 0
        self._bar: RichBar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = RichBar(
                TextColumn("  {task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[errors]}"),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task(self._title, errors="", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start_epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Note the size of the run."""
        self._epochs, self._steps = epochs, steps
        self._done = epoch * steps
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=epochs * steps, completed=self._done)

    def step(self, done: int) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done + done)

    def finish_epoch(self, epoch: int, copy_error: float, settled_error: float | None) -> None:
        """Show the epoch's errors."""
        errors = f"copy {copy_error:.2f} %"
        if settled_error is not None:
            errors += f"  settled {settled_error:.2f} %"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, errors=errors)
            return
        now = time.monotonic()
        if epoch == self._epochs or now - self._last_line >= self._line_seconds:
            self._last_line = now
            self._console.print(f"  {self._title}: epoch {epoch}/{self._epochs}  test error {errors}", highlight=False)
