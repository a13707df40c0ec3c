"""Transient noise of ngspice: kT/C, two neurons that read each other, rails, batches.

ngspice's white noise cannot be seeded, so tolerances are five standard deviations of what is measured: one run in a
million fails by chance.
"""

import networkx as nx
import numpy as np
import pytest
from scipy.linalg import expm, inv, solve_discrete_lyapunov

from analogeq.circuit import Circuit, Drive, Tether
from analogeq.circuit.noise import NoiseCurrents, noise_currents, noise_densities, thermal_energy
from analogeq.engines import engine
from analogeq.engines.ngspice.noise import noise_by_rows
from analogeq.engines.noise import noise_covariance, noisy_waveform
from analogeq.engines.small_signal import Linearisation
from analogeq.errors import InputError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters, network_from_graph

BARE = Technology(conductance_low=1e-15)
"""Crossbars that are next to nothing: what conducts are leak, tether and programmed devices."""

SD = 5.0


def share_kept(r: float) -> float:
    """Of kT/C, what is left of it at samples r time constants apart; see `analogeq.engines.ngspice.noise`."""
    a, q = np.exp(-r), -np.expm1(-r) / r
    return 2.0 / r * ((q - a) ** 2 + (1.0 - q) ** 2 + 2.0 * a * (q - a) * (1.0 - q)) / (1.0 - a * a)


def sampled_covariance(pull: np.ndarray, kicks: np.ndarray, step: float) -> np.ndarray:
    """Covariance of dx/dt = -pull x + u, where straight lines join independent samples of u of these variances."""
    one, moved = np.eye(len(pull)), expm(-pull * step)
    mean = inv(pull * step) @ (one - moved)
    old, new = inv(pull) @ (mean - moved), inv(pull) @ (one - mean)
    both = moved @ new @ kicks @ old.T
    return solve_discrete_lyapunov(moved, old @ kicks @ old.T + new @ kicks @ new.T + both + both.T)


def stepped_covariance(pull: np.ndarray, kicks: np.ndarray, step: float) -> np.ndarray:
    """Covariance of x -> x - step pull x + step u, as Euler and Maruyama have it."""
    return solve_discrete_lyapunov(np.eye(len(pull)) - step * pull, step**2 * kicks)


def lone(count: int) -> tuple[Circuit, Drive, np.ndarray]:
    """Neurons that nothing connects, held in the middle of the rail by a tether as strong as the leak."""
    circuit = Circuit(Network.layered((1, count)), BARE)
    tether = Tether(np.ones((1, count)), BARE.unit_conductance)
    return circuit, Drive(np.zeros((1, 1)), tether), np.full((1, count), 0.5)


def test_the_closed_form_tends_to_kt_over_c_and_is_that_of_one_node() -> None:
    # (1 - r / 2 + ...): the next term is below r² / 2.
    for r in (1e-2, 1e-3):
        assert share_kept(r) == pytest.approx(1.0 - 0.5 * r, abs=0.5 * r**2)
    rate, density, step = 3.0, 7.0, 0.1
    general = sampled_covariance(np.array([[rate]]), np.array([[density / (2.0 * step)]]), step)[0, 0]
    # Continuous noise of this density has the variance S / 4 rate. Rounding of a few digits' cancellation.
    assert general == pytest.approx(density / (4.0 * rate) * share_kept(rate * step), rel=1e-12)


@pytest.mark.ngspice
@pytest.mark.parametrize("r", [0.2, 0.05])
def test_the_equilibrium_variance_is_kt_over_c_but_for_what_the_samples_cut_off(r: float) -> None:
    count, spans = 200, 60.0 if r > 0.1 else 20.0
    circuit, drive, start = lone(count)
    tau = BARE.node_capacitance / (2.0 * BARE.unit_conductance)  # leak and tether
    with engine("ngspice", workers=1).open(circuit) as session:
        session.program(circuit.program(Parameters(np.zeros(count), np.zeros(count))))
        wave = session.noisy_waveform(drive, start, spans * tau, steps=round(spans / r))
    late = wave.voltages[0, round(5.0 / r) :] - 0.5  # by then e^-10 of the variance is missing
    expected = thermal_energy(circuit) / BARE.node_capacitance * share_kept(r)
    # Squares of one node are correlated over half a time constant either way: a value a time constant counts.
    values = count * (spans - 5.0)
    assert late.var() == pytest.approx(expected, rel=SD * np.sqrt(2.0 / values))
    # The mean of the values themselves is correlated twice as long.
    assert abs(late.mean()) < SD * np.sqrt(2.0 * expected / values)


def pairs(count: int) -> tuple[Circuit, Parameters]:
    """Pairs of neurons that read each other with w = 0.5, of unlike biases, so that they stand inside."""
    graph = nx.DiGraph()
    graph.add_node("x", role="input")
    for k in range(count):
        graph.add_node(f"h{k}", role="hidden")
        graph.add_node(f"y{k}", role="output")
        graph.add_edges_from([("x", f"h{k}"), (f"h{k}", f"y{k}")])
    network = network_from_graph(graph)
    circuit = Circuit(network, BARE)
    hidden = np.arange(network.n_nodes) < count
    weights = np.zeros(network.n_edges)
    for block in network.coupling_blocks:
        weights[block.edges] = 0.5
    return circuit, Parameters(weights, np.where(hidden, 0.1, 0.4))


@pytest.mark.parametrize("name", ["native", pytest.param("ngspice", marks=pytest.mark.ngspice)])
def test_neurons_that_read_each_other_have_lyapunovs_covariance(name: str) -> None:
    count, spans, per_span = 150, 80.0, 10
    circuit, theta = pairs(count)
    held, drive = circuit.program(theta), Drive(np.zeros((1, 1)))
    tau = BARE.time_constant
    with engine(name, accuracy="tight" if name == "native" else "fast").open(circuit) as session:
        session.program(held)
        at = np.asarray(session.settle(drive).voltages)
        if name == "native":
            wave = noisy_waveform(circuit, held, drive, at, spans * tau, seed=2, steps=round(spans * per_span))
        else:
            wave = session.noisy_waveform(drive, at, spans * tau, steps=round(spans * per_span))
    (block,) = circuit.network.coupling_blocks
    rows, cols = block.endpoints()
    late = wave.voltages[0, 12 * per_span :] - at[0]  # by then e^-12 of the slowest mode's variance is missing
    first, second = late[:, rows], late[:, cols + count]
    found = np.array([[(a * b).mean() for b in (first, second)] for a in (first, second)])
    two = [0, count]
    pull = Linearisation.at(circuit, held, drive, at).jacobian(0)[np.ix_(two, two)] / BARE.node_capacitance
    density = noise_densities(circuit, held, drive, at)[0, two] / BARE.node_capacitance**2
    step = tau / per_span
    formula = stepped_covariance if name == "native" else sampled_covariance
    expected = formula(pull, np.diag(density / (2.0 * step)), step)
    # The slowest mode has the rate 1 - w, so it gives half a value a time constant.
    values = 0.5 * count * (spans - 12.0)
    variances = np.diag(expected)
    spread = np.sqrt((np.outer(variances, variances) + expected**2) / values)
    assert (np.abs(found - expected) < SD * spread).all()
    continuous = noise_covariance(circuit, held, drive, at)[0][np.ix_(two, two)]
    # Either way of stepping is off by a twentieth of a step's share of the fastest rate, 1 + w, at most.
    assert expected == pytest.approx(continuous, rel=0.5 * 1.5 / per_span)
    assert (np.abs(found - continuous) < SD * spread + 0.075 * np.abs(continuous)).all()


@pytest.mark.ngspice
def test_samples_keep_their_drives_and_a_rail_takes_one_side_away() -> None:
    circuit = Circuit(Network.layered((1, 50)), BARE)
    held = circuit.program(Parameters(np.full(50, 0.9), np.zeros(50)))
    drive, levels = Drive(np.array([[0.2], [0.9], [1.3]])), np.array([0.18, 0.81, 1.0])
    start = np.repeat(levels[:, None], 50, axis=1)
    with engine("ngspice", workers=1).open(circuit) as session:
        session.program(held)
        before = session.settle(drive).voltages
        first, again = (session.noisy_waveform(drive, start, 3.0 * BARE.time_constant).voltages for _ in range(2))
        assert np.array_equal(session.settle(drive).voltages, before)
    assert first.shape == (3, 301, 50)
    assert np.array_equal(first[:, 0], start)
    assert not np.array_equal(first, again)
    # kT/C is (64 uV)², a bias's device makes it at most twice that: of 50 · 301 values none is 8 sd off.
    assert np.abs(first - start[:, None]).max() < 8.0 * np.sqrt(2.0) * 65e-6
    assert first[0].std() > 30e-6
    # Pressed against the rail with 0.17 of G0 times the rail, the clamp of 1e4 G0 lets it pass by 1.7e-5 V.
    assert first[2].max() < 1.0 + 2e-5
    assert first[2].std() < 1e-6


def test_samples_of_one_density_share_their_sources() -> None:
    own = np.array([[1.0, 4.0], [9.0, 4.0], [1.0, 4.0]]) * 1e-24
    crossbars = np.diag([2e-24, 3e-24])
    found = list(noise_by_rows(NoiseCurrents(crossbars, own), 0.5e-9))
    assert sorted(row for rows, _ in found for row in rows.tolist()) == [0, 1, 2]
    assert len(found) == 2
    for rows, sampled in found:
        # sigma² = S / 2h
        assert sampled.own == pytest.approx(np.sqrt((own[rows[0]] + np.diag(crossbars)) / 1e-9), rel=1e-15)
        assert (own[rows] == own[rows[0]]).all()
        assert sampled.shared is None


@pytest.mark.ngspice
def test_neurons_that_share_a_reference_line_share_its_noise_in_ngspice() -> None:
    spans, step = 2500.0, 0.2
    tech = Technology(mapping="offset-column", conductance_low=1e-6, conductance_high=21e-6)
    circuit = Circuit(Network.layered((2, 2)), tech)
    held = circuit.program(Parameters(np.array([0.3, -0.2, 0.4, 0.1]), np.array([0.3, 0.4])))
    drive = Drive(np.full((1, 2), 0.4))
    with engine("ngspice", workers=1).open(circuit) as session:
        session.program(held)
        at = np.asarray(session.settle(drive).voltages)
        wave = session.noisy_waveform(drive, at, spans * tech.time_constant, steps=round(spans / step))
    late = wave.voltages[0, round(8.0 / step) :] - at[0]
    found = late.T @ late / len(late)
    noise = noise_currents(circuit, held, drive, at)
    pull = Linearisation.at(circuit, held, drive, at).jacobian(0) / tech.node_capacitance
    seconds = step * tech.time_constant
    kicks = noise.matrix(0) / (2.0 * seconds * tech.node_capacitance**2)
    expected = sampled_covariance(pull, kicks, seconds)
    variances = np.diag(expected)
    spread = np.sqrt((np.outer(variances, variances) + expected**2) / (spans - 8.0))
    assert (np.abs(found - expected) < SD * spread).all()
    assert expected[0, 1] > 2.0 * SD * spread[0, 1]  # so that independent noise would be seen


@pytest.mark.ngspice
def test_a_waveform_of_no_steps_or_no_time_is_refused() -> None:
    circuit, drive, start = lone(2)
    with engine("ngspice", workers=1).open(circuit) as session:
        session.program(circuit.program(Parameters(np.zeros(2), np.zeros(2))))
        with pytest.raises(InputError, match="0 steps"):
            session.noisy_waveform(drive, start, 1e-6, steps=0)
        with pytest.raises(InputError, match=r"in 0\.0 s"):
            session.noisy_waveform(drive, start, 0.0, steps=5)
