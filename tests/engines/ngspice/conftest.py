"""Small circuits for the tests of workers and sessions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters, glorot_uniform

TECH = Technology()


@dataclass(frozen=True)
class Setup:
    circuit: Circuit
    conductances: Conductances
    drive: Drive
    start: NDArray[np.float64]


def make_setup(*, scale: float, batch: int = 8, sizes: tuple[int, ...] = (3, 6, 4), seed: int = 3) -> Setup:
    rng = np.random.default_rng(seed)
    circuit = Circuit(Network.layered(sizes), TECH)
    parameters = glorot_uniform(circuit.network, rng, scale=scale)
    parameters.biases[:] = rng.uniform(-0.3, 0.8, circuit.network.n_nodes)
    start = rng.uniform(0, 1, (batch, circuit.network.n_nodes))
    return Setup(circuit, circuit.program(parameters), Drive(rng.uniform(0, 1, (batch, sizes[0]))), start)


@pytest.fixture
def convex() -> Setup:
    """One equilibrium: settled by an operating-point analysis."""
    return make_setup(scale=0.3)


@pytest.fixture
def bumpy() -> Setup:
    """Several minima: settled by transients."""
    return make_setup(scale=2.5)


@pytest.fixture
def divider() -> Setup:
    """One neuron at half its rail, decided by its bias alone."""
    circuit = Circuit(Network.layered((1, 1)), TECH)
    held = circuit.program(Parameters(np.zeros(1), np.array([0.5])))
    return Setup(circuit, held, Drive(np.zeros((4, 1))), np.zeros((4, 1)))


@pytest.fixture(scope="module")
def engine() -> Iterator[NgspiceEngine]:
    """Two workers, shared by the tests of a module."""
    with NgspiceEngine(workers=2) as made:
        yield made
