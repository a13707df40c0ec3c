"""Made-up circuits for the figures: fine Euler steps stand for the waveform."""

from dataclasses import dataclass

import numpy as np
import pytest

from analogeq.digital import EulerRelaxation, FeedforwardCopy, Forces
from analogeq.network import Network, glorot_uniform
from analogeq.report import DistanceCurve, LearningCurve, PhaseVoltages, SettlingTrace

TAU = 1e-7
FINE = 0.02


@dataclass(frozen=True)
class Synthetic:
    """Everything the figures draw."""

    network: Network
    traces: tuple[SettlingTrace, ...]
    distances: tuple[DistanceCurve, ...]
    curves: tuple[LearningCurve, ...]
    phases: tuple[PhaseVoltages, ...]


@pytest.fixture(scope="session")
def synthetic() -> Synthetic:
    rng = np.random.default_rng(0)
    network = Network.layered((16, 20, 4))
    theta = glorot_uniform(network, rng, scale=1.2)
    theta.biases[:] = rng.normal(scale=0.2, size=network.n_nodes)
    copy = FeedforwardCopy(network, theta)
    inputs = rng.random((6, 16))
    return Synthetic(network, _traces(network, theta, inputs[:1]), _distances(copy, inputs), _curves(rng), _phases(rng))


def _path(network, theta, epsilon, inputs, start, duration):
    steps = round(duration / epsilon)
    path = EulerRelaxation(network, theta, epsilon).trajectory(Forces(inputs), start, steps)
    return np.arange(steps + 1) * epsilon, path


def _traces(network, theta, inputs):
    start = np.zeros((1, network.n_nodes))
    traces = []
    for label, drawn, epsilon in (("ngspice", "line", FINE), ("native", "ring", FINE), ("Euler, ε = 0.5", "dot", 0.5)):
        times, path = _path(network, theta, epsilon, inputs, start, 10.0)
        traces.append(SettlingTrace(label, drawn, times * TAU, path[0]))
    return tuple(traces)


def _distances(copy, inputs):
    net, theta = copy.network, copy.parameters
    zero = np.zeros((len(inputs), net.n_nodes))
    fixed = EulerRelaxation(net, theta, 0.1).relax(Forces(inputs), zero, 5000)[:, None, :]
    curves = []
    for name, start in (("from zero", zero), ("from the copy", np.clip(copy.predict(inputs), 0, 1))):
        for method, epsilon in (("ngspice circuit", FINE), ("Euler 0.1", 0.1), ("Euler 0.5", 0.5), ("Euler 0.9", 0.9)):
            times, path = _path(net, theta, epsilon, inputs, start, 40.0)
            distance = np.abs(path - fixed).max(axis=2)
            curves.append(DistanceCurve(method, name, times, distance, steps=epsilon > FINE))
    return tuple(curves)


def _curves(rng):
    epochs = np.arange(1.0, 31.0)
    curves = []
    for label, level in (("native engine", 2.4), ("ngspice engine", 3.4)):
        copy = level + 40.0 * np.exp(-epochs / 3.0) + 0.2 * rng.random(30)
        settled = np.where(epochs % 5 == 0, copy + 0.3, np.nan)
        curves.append(LearningCurve(label, epochs, copy, settled, 0.02 + 0.1 / epochs))
    return tuple(curves)


def _phases(rng):
    phases = []
    for name in ("free phase", "nudged phase"):
        second = np.clip(rng.normal(0.4, 0.5, (30, 24)), 0.0, 1.0)
        phases.append(PhaseVoltages(name, second + 1e-9 * rng.normal(size=second.shape), second))
    return tuple(phases)
