"""What a training loop asks of a circuit and its copy; one implementation a circuit family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import FeedforwardCopy
from analogeq.hardware.memory import DeviceState
from analogeq.network import Network, Parameters

Floats = NDArray[np.floating]
S_contra = TypeVar("S_contra", contravariant=True)


class Tally(NamedTuple):
    """What one minibatch adds to the epoch's record.

    Attributes
    ----------
    gap : float
        Mean absolute difference between copy and settled circuit, in signals.
    clipped : int
        Updates that hit the end of a device's range; in resistive circuits conductances left at an end of it.
    residual : float
        Median Kirchhoff residual of the free phases [A].
    """

    gap: float
    clipped: int
    residual: float


@dataclass(frozen=True, eq=False)
class Learned:
    """Everything that learning has changed.

    Attributes
    ----------
    circuit, copy : Parameters
        Of the analog circuit and of its feedforward copy.
    circuit_velocity, copy_velocity : Parameters or None
        Momentum, where there is any.
    devices : DeviceState or None
        What the circuit's devices hold, where its memory is not ideal. Without, a learner of such a circuit writes
        ``circuit`` to a new chip: that is a transfer.
    """

    circuit: Parameters
    copy: Parameters
    circuit_velocity: Parameters | None = None
    copy_velocity: Parameters | None = None
    devices: DeviceState | None = None


class Learner(Protocol):
    """A circuit and its feedforward copy, taught one minibatch at a time."""

    @property
    def network(self) -> Network:
        """What the user drew."""
        ...

    @property
    def wiring(self) -> Network:
        """The network that the circuit's parameters belong to."""
        ...

    @property
    def n_signals(self) -> int:
        """Output signals: output nodes, or pairs of them."""
        ...

    @property
    def copy(self) -> FeedforwardCopy:
        """The feedforward copy as it stands."""
        ...

    @property
    def parameters(self) -> Parameters:
        """What the circuit holds as it stands."""
        ...

    def begin_epoch(self, epoch: int) -> None:
        """Epoch ``epoch``, counted from 0, begins or goes on."""

    def learn(self, inputs: Floats, targets: Floats, sign: float) -> Tally:
        """Run the phases on a minibatch and move both sets of weights.

        Parameters
        ----------
        inputs : ndarray, shape (batch, input)
        targets : ndarray, shape (batch, output)
        sign : float
            Of the nudge, +1 or -1, where the rule draws it.
        """
        ...

    def settled(self, inputs: Floats) -> Floats:
        """Signals of all nodes after the free phase, shape (sample, node)."""
        ...

    def outputs(self, settled: Floats) -> Floats:
        """What is read at the outputs, shape (sample, output signal)."""
        ...

    def learned(self) -> Learned:
        """Hand over what a checkpoint keeps; shares memory with the learner."""
        ...

    def restore(self, learned: Learned) -> None:
        """Go on from a checkpoint."""


class Teaching(Protocol[S_contra]):
    """A config: how circuits behind sessions of one kind are taught; see `analogeq.training.config.Plan`."""

    @property
    def epochs(self) -> int:
        """To train."""
        ...

    @property
    def batch_size(self) -> int:
        """Samples in a minibatch."""
        ...

    @property
    def seed(self) -> int:
        """Of everything drawn."""
        ...

    @property
    def order(self) -> str:
        """Of an epoch's samples: shuffled or as-stored."""
        ...

    @property
    def evaluate_settled_every(self) -> int:
        """Epochs between measurements of the settled error."""
        ...

    def fingerprint(self) -> str:
        """Identify what shapes the weights."""
        ...

    def learner(self, session: S_contra, dtype: type[np.floating]) -> Learner:
        """Draw first weights for an open circuit and its copy."""
        ...
