"""What the figures and tables are made of: plain arrays with their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SettlingTrace:
    """One sample settling in one way.

    Attributes
    ----------
    label : str
        As the legend says it: "ngspice", "native", "Euler steps, ε = 0.5".
    drawn : {"line", "ring", "dot"}
        A line for the reference waveform, rings for a second one over it, dots for digital steps.
    times : ndarray, shape (time,)
        [s]
    voltages : ndarray, shape (time, node)
        [V]
    """

    label: str
    drawn: Literal["line", "ring", "dot"]
    times: Floats
    voltages: Floats

    def __post_init__(self) -> None:
        if self.voltages.ndim != 2 or self.voltages.shape[0] != len(self.times):
            raise InputError(
                f"trace {self.label}: {len(self.times)} times, voltages of shape {self.voltages.shape}; "
                "pass one sample's voltages, shape (time, node)"
            )


class EpochLike(Protocol):
    """What a learning curve takes from one line of a training history."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def copy_test_error(self) -> float:
        """Percent, the copy alone."""

    @property
    def settled_test_error(self) -> float | None:
        """Percent, the copy and then the circuit; None where it was not measured."""

    @property
    def gap(self) -> float:
        """Mean absolute difference between copy and settled circuit, in signals."""


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """One training run, epoch by epoch.

    Attributes
    ----------
    label : str
        "native engine".
    epochs : ndarray, shape (epoch,)
    copy_test_error, settled_test_error : ndarray, shape (epoch,)
        Percent of the test samples; NaN where it was not measured.
    gap : ndarray, shape (epoch,)
        Mean absolute difference between copy and settled circuit, in signals.
    """

    label: str
    epochs: Floats
    copy_test_error: Floats
    settled_test_error: Floats
    gap: Floats

    @classmethod
    def of(cls, label: str, history: Sequence[EpochLike]) -> LearningCurve:
        """Take the curve out of a training history."""
        if not history:
            raise InputError(f"learning curve {label}: the history is empty; train at least one epoch")
        settled = [np.nan if r.settled_test_error is None else r.settled_test_error for r in history]
        return cls(
            label,
            np.array([r.epoch for r in history], dtype=np.float64),
            np.array([r.copy_test_error for r in history]),
            np.array(settled, dtype=np.float64),
            np.array([r.gap for r in history]),
        )


@dataclass(frozen=True, eq=False)
class DistanceCurve:
    """Distance to the fixed point along one way of settling, for a batch of samples.

    Attributes
    ----------
    method : str
        "ngspice circuit", "Euler 0.5"; a method has one colour in all panels.
    start : str
        Where it starts: "from zero", "from the copy"; each start has a panel.
    times : ndarray, shape (time,)
        In time constants; n Euler steps of epsilon stand at n·epsilon.
    distances : ndarray, shape (batch, time)
        Largest distance of a node from its fixed point, as a fraction of the rail.
    steps : bool
        Whether these are digital steps, drawn as dots, and not a waveform.
    """

    method: str
    start: str
    times: Floats
    distances: Floats
    steps: bool = False

    def __post_init__(self) -> None:
        if self.distances.ndim != 2 or self.distances.shape[1] != len(self.times):
            raise InputError(
                f"{self.method} {self.start}: {len(self.times)} times, distances of shape {self.distances.shape}; "
                "pass a row for each sample, shape (batch, time)"
            )

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """Distance that each of ``shares`` of the samples are within, shape (share, time)."""
        found: Floats = np.quantile(self.distances, shares, axis=0)
        return found


@dataclass(frozen=True, eq=False)
class PhaseVoltages:
    """What two engines answered to the same phase of the same samples.

    Attributes
    ----------
    phase : str
        "free phase", "nudged phase".
    first, second : ndarray, shape (batch, node)
        [V]; the second is the reference.
    """

    phase: str
    first: Floats
    second: Floats

    def __post_init__(self) -> None:
        if self.first.shape != self.second.shape:
            raise InputError(
                f"{self.phase}: voltages of shapes {self.first.shape} and {self.second.shape}; pass the same samples"
            )
