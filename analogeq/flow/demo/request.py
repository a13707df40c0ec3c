"""What a demo is asked for, and its diary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from analogeq.errors import InputError

FAMILIES = ("hopfield", "resistive")


@dataclass(frozen=True)
class DemoRequest:
    """What to run.

    Attributes
    ----------
    output : Path
        Folder of everything written.
    seed : int
    quick : bool
        A smaller training in ngspice; the same flow.
    workers : int or None
        Worker processes of ngspice.
    family : {"hopfield", "resistive"}
    """

    output: Path
    seed: int = 0
    quick: bool = False
    workers: int | None = None
    family: str = "hopfield"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise InputError(f"--family {self.family!r}: unknown; choose {' or '.join(FAMILIES)}")

    @property
    def command(self) -> str:
        """What was typed."""
        family = "" if self.family == "hopfield" else f" --family {self.family}"
        return f"analogeq demo{family} --seed {self.seed}" + (" --quick" if self.quick else "")


@dataclass
class Diary:
    """Says one line a step and keeps the seconds of each."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside as step ``name``."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)

    def say(self, name: str, text: str) -> None:
        """Print one line about step ``name``."""
        self.console.print(f"[{self.seconds[name]:6.1f} s] {text}", markup=False, soft_wrap=True)
