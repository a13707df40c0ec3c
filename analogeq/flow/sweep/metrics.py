"""What a point of a study can be measured by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.controller.controller import presented
from analogeq.data import Dataset
from analogeq.digital import FeedforwardCopy
from analogeq.errors import InputError
from analogeq.flow.convergence import settling_time
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler, programmed
from analogeq.flow.sweep.cost_metrics import area, inference_energy, sample_energy, update_pulses
from analogeq.flow.sweep.gradients import gradient_cosine, phase_cosine, zero_gradients
from analogeq.network import Parameters
from analogeq.training import EpochRecord, TrainingConfig

Floats = NDArray[np.floating]

HORIZON = 80.0
"""How long a settling is watched, in time constants."""

ARRIVED = 0.01
"""Distance from the fixed point, over the rail, at which a circuit counts as settled."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trained point, and the samples that metrics may use.

    Attributes
    ----------
    circuit, config, parameters, copy
        What was trained, how, and what circuit and copy hold at the end.
    history : tuple of EpochRecord
    data : Dataset
    settler : Settler
    samples : int
    """

    circuit: AnyCircuit
    config: AnyConfig
    parameters: Parameters
    copy: FeedforwardCopy
    history: tuple[EpochRecord, ...]
    data: Dataset
    settler: Settler
    samples: int

    @property
    def inputs(self) -> Floats:
        """First test samples, shape (sample, input)."""
        return self.data.x_test[: self.samples].astype(np.float64)

    @property
    def targets(self) -> Floats:
        """Their targets."""
        return self.data.targets(self.data.y_test[: self.samples]).astype(np.float64)


@dataclass(frozen=True)
class Metric:
    """One number of a point.

    Attributes
    ----------
    unit, about : str
    measure : callable
        Takes an `Outcome`; None where there is nothing to measure.
    """

    unit: str
    about: str
    measure: Callable[[Outcome], float | None]


def copy_error(outcome: Outcome) -> float:
    """Test error of the copy alone after the last epoch."""
    return outcome.history[-1].copy_test_error


def settled_error(outcome: Outcome) -> float:
    """Test error of the circuit after the last epoch."""
    found = outcome.history[-1].settled_test_error
    assert found is not None  # noqa: S101  the last epoch is always measured
    return found


def clipped(outcome: Outcome) -> float:
    """Updates that hit the end of a device's range, over all epochs."""
    return float(sum(epoch.clipped for epoch in outcome.history))


def saturated(outcome: Outcome) -> float:
    """Share of the programmable conductances that stand at the high end of their range."""
    circuit = outcome.circuit
    held = programmed(circuit, outcome.parameters)
    high = circuit.technology.conductance_high
    if isinstance(circuit, Circuit):
        high *= circuit.technology.device_factor
        pairs = [held.pairs(which) for which in ("weights", "biases")]
        g = np.concatenate([np.maximum(*pair) if held.references is None else pair[0] for pair in pairs])
    else:
        g = held.g
    # Rounding of w·G0/A and back moves the end of the range by some units in the last place.
    return 100.0 * float(np.mean(g >= high * (1.0 - 1e-9)))


def settling_seconds(outcome: Outcome) -> float:
    """Median time of the free phase to within 1 % of the rail of its end, started as in training."""
    circuit, config = outcome.circuit, outcome.config
    if not isinstance(circuit, Circuit) or not isinstance(config, TrainingConfig):
        raise InputError("settling_time: circuits of the resistive family settle at once; leave this metric out")
    tech = circuit.technology
    prediction = outcome.copy.predict(outcome.inputs) if config.initialise else None
    drive = presented(tech, outcome.inputs, prediction, config.schedule.tether)
    nodes = (len(outcome.inputs), circuit.network.n_nodes)
    start = np.zeros(nodes) if prediction is None else np.clip(prediction, 0.0, 1.0) * tech.rail
    with outcome.settler.open(circuit) as session:
        session.program(programmed(circuit, outcome.parameters))
        end = session.settle(drive, start).voltages
        wave = session.transient(drive, HORIZON * tech.time_constant, start, points=401)
    distances = np.abs(wave.voltages - end[:, None, :]).max(axis=2) / tech.rail
    return float(np.median([settling_time(wave.times, one, ARRIVED) for one in distances]))


METRICS: Mapping[str, Metric] = {
    "copy_error": Metric("%", "test error of the copy alone", copy_error),
    "settled_error": Metric("%", "test error of the settled circuit", settled_error),
    "gap": Metric("signal", "mean distance between copy and circuit in the last epoch", lambda o: o.history[-1].gap),
    "clipped": Metric("1", "updates that hit the end of a device's range", clipped),
    "saturated": Metric("%", "devices at the high end of their range", saturated),
    "settling_time": Metric("s", "median free phase to within 1 % of the rail", settling_seconds),
    "gradient_cosine": Metric("1", "worst block's cosine with the ideal chip's exact gradient", gradient_cosine),
    "phase_cosine": Metric("1", "worst block's cosine with what the ideal chip measures alike", phase_cosine),
    "zero_gradients": Metric("%", "samples whose exact gradient is zero", zero_gradients),
    "inference_energy": Metric("J", "inference with converters and the copy that starts it", inference_energy),
    "sample_energy": Metric("J", "all phases of a training sample", sample_energy),
    "update_pulses": Metric("1", "pulses or writes of one update", update_pulses),
    "area": Metric("m2", "parts whose area is stated", area),
}
"""By name, as a study file has it."""
