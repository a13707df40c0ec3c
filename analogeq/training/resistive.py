"""Training a resistive circuit, minibatch by minibatch, epoch by epoch."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveConductances, ResistiveDrive
from analogeq.circuit.resistive.devices import EdgeDevices
from analogeq.controller.resistive import run_pair
from analogeq.engines import ResistiveSession
from analogeq.errors import CheckpointError
from analogeq.files import write_atomically
from analogeq.hardware.memory import DeviceState
from analogeq.learning.conductance_descent import ConductanceDescent, ConductanceRates
from analogeq.learning.rules import Rule
from analogeq.network import Parameters
from analogeq.training.devices import step_in_place

Array = NDArray[np.floating]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class ResistiveSchedule:
    """How a resistive circuit is trained.

    Attributes
    ----------
    batch : int
        Samples of a minibatch.
    rates : ConductanceRates
        In the first epoch.
    decay : float
        Factor on all rates after each epoch.
    sweeps : int or None
        Sweeps for each state; to the operating point if None.
    seed : int
        Of sample order and nudge signs; those of an epoch follow from seed and epoch alone.
    """

    batch: int
    rates: ConductanceRates
    decay: float = 1.0
    sweeps: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ResistiveState:
    """Where training stands; the arrays are written in place.

    Attributes
    ----------
    g : ndarray, shape (edge,)
        [S]
    bias_currents : ndarray, shape (node,)
        [A]
    epoch : int
        Epochs finished.
    devices : DeviceState or None
        What the circuit's devices hold, where its memory is not ideal; ``g`` is what that makes. Without, ``g`` is
        written to a new chip first.
    """

    g: Array
    bias_currents: Array
    epoch: int = 0
    devices: DeviceState | None = None

    def save(self, path: Path, fingerprint: str) -> None:
        """Write to ``path`` (.npz), all of it or nothing."""
        about = np.array(json.dumps({"epoch": self.epoch, "fingerprint": fingerprint}))
        arrays = {"g": self.g, "bias": self.bias_currents, "about": about}
        if self.devices is not None:
            arrays |= self.devices.as_arrays("devices")
        write_atomically(path, lambda stream: np.savez(stream, allow_pickle=False, **arrays))


def load_state(path: Path, fingerprint: str) -> ResistiveState:
    """Read what `ResistiveState.save` wrote.

    Raises
    ------
    CheckpointError
        If the file is damaged or of another run.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            devices = DeviceState.from_arrays(stored, "devices")
            state = ResistiveState(stored["g"], stored["bias"], int(about["epoch"]), devices)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: not a checkpoint of this program ({error}); delete it to start anew") from error
    if about["fingerprint"] != fingerprint:
        raise CheckpointError(f"{path}: belongs to another run; give that run's options, or delete it to start anew")
    return state


@dataclass(frozen=True, eq=False)
class ResistiveTrainer:
    """One circuit, its rule and its schedule.

    Attributes
    ----------
    session : Session
        Open, of any engine.
    rule : Rule
    descent : ConductanceDescent
    schedule : ResistiveSchedule
    """

    session: ResistiveSession
    rule: Rule
    descent: ConductanceDescent
    schedule: ResistiveSchedule

    def epoch(self, state: ResistiveState, inputs: Array, targets: Array) -> ResistiveState:
        """Go through all samples once in the epoch's own order; ``state``'s arrays are written."""
        self.session.circuit.checked(ResistiveConductances(state.g, state.bias_currents))
        devices = self._devices(state)
        rng = np.random.default_rng([self.schedule.seed, state.epoch])
        order = rng.permutation(len(inputs))
        rates = self.schedule.rates.decayed(self.schedule.decay**state.epoch)
        for first in range(0, len(order), self.schedule.batch):
            chosen = order[first : first + self.schedule.batch]
            sign = 1.0 if rng.random() < 0.5 else -1.0
            self.minibatch(state, inputs[chosen], targets[chosen], rates, sign, devices)
        return replace(state, epoch=state.epoch + 1, devices=None if devices is None else devices.state)

    def _devices(self, state: ResistiveState) -> EdgeDevices | None:
        """Chip that holds a state; None where the memory is ideal. What it holds is written into ``state.g``."""
        circuit = self.session.circuit
        if circuit.technology.memory.ideal:
            return None
        devices = circuit.new_devices()
        if state.devices is None:
            devices.write(Parameters(state.g, state.bias_currents))
        else:
            devices.restore(state.devices, state.bias_currents)
        state.g[:] = devices.held(state.g.dtype).weights
        return devices

    def minibatch(
        self,
        state: ResistiveState,
        inputs: Array,
        targets: Array,
        rates: ConductanceRates,
        sign: float,
        devices: EdgeDevices | None = None,
    ) -> None:
        """Program, settle the states to compare, and step; through the devices, where there are any."""
        # Checked at the start of the epoch, and every step ends inside the range.
        circuit = self.session.circuit
        held = ResistiveConductances(state.g, state.bias_currents)
        held = held if devices is None else circuit.reading(devices, state.g.dtype)
        self.session.program(held)
        pair = run_pair(self.session, self.rule, inputs, targets, sign=sign, sweeps=self.schedule.sweeps)
        states, inside = (pair.sources, pair.first, pair.second), circuit.arrays(held)

        def descend(wanted: Parameters) -> None:
            self.descent.step(wanted.weights, wanted.biases, states, pair.span, rates, inside)

        parameters = Parameters(state.g, state.bias_currents)
        if devices is None:
            descend(parameters)
            return
        moved, _ = step_in_place(devices, parameters, descend)
        state.g[:], state.bias_currents[:] = moved.weights, moved.biases

    def error(self, state: ResistiveState, inputs: Array, labels: Labels, *, chunk: int = 1000) -> float:
        """Fraction of samples whose largest output is not their label's, of the free state."""
        circuit, devices = self.session.circuit, self._devices(state)
        self.session.program(
            circuit.program(state.g, state.bias_currents)
            if devices is None
            else circuit.reading(devices, state.g.dtype)
        )
        wrong = 0
        for first in range(0, len(inputs), chunk):
            part = slice(first, first + chunk)
            wrong += int(np.count_nonzero(self._signals(inputs[part]).argmax(axis=1) != labels[part]))
        return wrong / len(inputs)

    def _signals(self, inputs: Array) -> Array:
        free = self.session.settle(ResistiveDrive(inputs), None, sweeps=self.schedule.sweeps)
        signals: Array = self.session.circuit.signals(free.voltages)
        return signals
