"""Both forms of the native solvers, and random problems to try them on."""

from collections.abc import Callable

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.engines.native.clamps import Clamps, Diodes, Ideal
from analogeq.engines.native.coupling import Coupling
from analogeq.engines.native.engine import has_numba
from analogeq.engines.native.methods import Methods
from analogeq.engines.native.problem import Problem
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform

FORMS = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not has_numba(), reason="numba is not installed"))]


@pytest.fixture(params=FORMS)
def methods(request: pytest.FixtureRequest) -> Methods:
    return Methods(compiled=request.param == "numba")


@pytest.fixture(params=FORMS)
def kernels(request: pytest.FixtureRequest) -> str:
    return request.param


def as_problem(
    network: Network,
    *,
    seed: int = 0,
    batch: int = 3,
    scale: float = 1.0,
    technology: Technology | None = None,
    load: float = 1.0,
) -> Problem:
    """A circuit with Glorot weights, random biases and inputs, in the solvers' own units."""
    circuit, rng = Circuit(network, technology or Technology()), np.random.default_rng(seed)
    parameters = glorot_uniform(network, rng, scale=scale)
    parameters.biases[:] = rng.uniform(-0.5, 0.5, network.n_nodes)
    held = circuit.program(parameters)
    tech = circuit.technology
    current = circuit.norton_currents(held, Drive(rng.random((batch, network.n_inputs)))) / tech.unit_conductance
    clamps: Clamps = Diodes.of(tech) or Ideal(tech.rail)
    coupling = Coupling.of(circuit, held, np.dtype(np.float64))
    return Problem(coupling, np.full(network.n_nodes, load), current, clamps)


@pytest.fixture
def make_problem() -> Callable[..., Problem]:
    return as_problem
