"""What goes into digital training besides its config, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analogeq.digital import FeedforwardCopy
from analogeq.errors import InputError
from analogeq.network import Parameters


@dataclass(frozen=True)
class DigitalSettings:
    """What the digital settling depends on besides the training's config.

    Attributes
    ----------
    epsilon : float
        Euler step in units of tau; a phase of time t takes ``t / epsilon`` steps.
    fastest : bool
        Settle each phase by the quickest way that comes as near to equilibrium as its Euler steps
        do, see `match_steps`, instead of by these steps.
    tolerance : float or None
        Follow each phase for its time in steps whose error stays within this, in signals, see
        `AdaptiveSteps`, instead of by Euler steps.
    limit : float
        Largest magnitude of the circuit's weights and biases.
    compiled : bool or None
        Numba kernels: asked for, refused, or used where installed.
    threads : int
        Of the kernels.
    keep_states : bool
        Start each training sample's free phase where its last one ended, as Scellier and Bengio (2017)
        do with their persistent particles; only without a copy. Its first one starts from zero, as do
        samples that are not trained on.
    """

    epsilon: float = 0.5
    fastest: bool = False
    limit: float = np.inf
    compiled: bool | None = None
    threads: int = 1
    keep_states: bool = False
    tolerance: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.fastest and self.tolerance is not None:
            raise InputError(
                f"tolerance {self.tolerance}: the fastest settling leaves the time open; choose one of them"
            )
        if not 0.0 < self.epsilon <= 1.0:
            raise InputError(f"epsilon {self.epsilon}: a step beyond tau overshoots; give more than 0, at most 1")


@dataclass(frozen=True)
class Tally:
    """What one minibatch did; fields as in `DigitalEpoch`."""

    gap: float
    clipped: int
    free_steps: float
    nudged_steps: float


@dataclass(frozen=True)
class DigitalEpoch:
    """One line of the history.

    Errors are in percent of the test samples; ``copy_test_error`` is None where there is no copy,
    ``settled_test_error`` in epochs that did not measure it. ``gap`` is the mean absolute difference
    between copy and settled network over the training samples, in signals; ``clipped`` counts
    updates that hit the limit; ``free_steps`` and ``nudged_steps`` are the means over the minibatches of
    Euler steps, sweeps or evaluations of the force, which cost the same.
    """

    epoch: int
    copy_test_error: float | None
    settled_test_error: float | None
    gap: float
    clipped: int
    free_steps: float
    nudged_steps: float
    samples: int
    seconds: float


@dataclass(frozen=True, eq=False)
class DigitalResult:
    """What a finished run hands over: as `TrainingResult`; ``copy`` is None where none was trained."""

    circuit: Parameters
    copy: FeedforwardCopy | None
    history: tuple[DigitalEpoch, ...]
