import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.circuit.landscape import is_strictly_convex
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters, glorot_uniform

G0 = Technology().unit_conductance


def pair(weight: float, backward_error: float = 0.0) -> tuple[Circuit, Parameters]:
    """Two neurons joined by one weight; the input does nothing."""
    tech = Technology(arrays="mirrored", mirror_mismatch=backward_error) if backward_error else Technology()
    return Circuit(Network.layered([1, 1, 1]), tech), Parameters(np.array([0.0, weight]), np.zeros(2))


def plain(batch: int = 1, inputs: int = 1) -> Drive:
    return Drive(np.zeros((batch, inputs)))


@pytest.mark.parametrize("weight", [-0.9, 0.5, 0.99])
def test_a_pair_weaker_than_its_leaks_is_convex(weight: float) -> None:
    circuit, theta = pair(weight)
    found = is_strictly_convex(circuit, circuit.program(theta), plain())
    assert found.strictly_convex
    # The pair's matrix is [[1, -w], [-w, 1]]: eigenvalues 1 - |w| and 1 + |w|.
    assert found.smallest_eigenvalue == pytest.approx(G0 * (1 - abs(weight)), rel=1e-12)


@pytest.mark.parametrize("weight", [1.0, -1.2, 2.0])
def test_a_pair_stronger_than_its_leaks_is_not_convex(weight: float) -> None:
    circuit, theta = pair(weight)
    found = is_strictly_convex(circuit, circuit.program(theta), plain())
    assert not found.strictly_convex
    assert found.bounded_by == "eigenvalues"


def test_a_tether_makes_a_strong_pair_convex() -> None:
    circuit, theta = pair(1.2)
    drive = Drive(np.zeros((1, 1)), tether=Tether(np.zeros((1, 2)), 0.5 * G0))
    assert is_strictly_convex(circuit, circuit.program(theta), drive).strictly_convex


def test_a_negative_nudge_takes_convexity_away_and_names_the_load() -> None:
    circuit, theta = pair(0.5)
    drive = Drive(np.zeros((1, 1)), nudge=Nudge(np.zeros((1, 1)), -2.0 * G0))
    found = is_strictly_convex(circuit, circuit.program(theta), drive)
    assert not found.strictly_convex
    assert found.smallest_load == pytest.approx(-G0)


def test_arrays_that_disagree_count_by_their_mean() -> None:
    circuit, theta = pair(1.0, backward_error=0.3)
    held = circuit.program(theta)
    found = is_strictly_convex(circuit, held, plain())
    expected = G0 * (1 - abs(0.5 * (held.weights[1] + held.backward[1])))
    assert found.smallest_eigenvalue == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("sizes", [(4, 30, 5), (4, 150, 10)])
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_the_bound_never_exceeds_the_true_smallest_eigenvalue(sizes: tuple[int, ...], scale: float) -> None:
    circuit = Circuit(Network.layered(sizes), Technology())
    held = circuit.program(glorot_uniform(circuit.network, np.random.default_rng(3), scale=scale))
    drive = plain(inputs=sizes[0])
    n = circuit.network.n_nodes
    jacobian = np.diag(circuit.load_conductances(drive)) - circuit.coupling_currents(held, np.eye(n))
    truth = np.linalg.eigvalsh(0.5 * (jacobian + jacobian.T))[0]
    found = is_strictly_convex(circuit, held, drive)
    assert found.strictly_convex == (truth > 0)
    # Lanczos stops at a relative residual of 1e-8; the bound by row sums lies below.
    assert found.smallest_eigenvalue <= truth + 1e-8 * G0
    if found.bounded_by != "row sums":
        assert found.smallest_eigenvalue == pytest.approx(truth, abs=1e-8 * G0)
