"""Adaptive steps against closed forms, the native engine's waveforms, and the Euler steps they replace."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether
from analogeq.digital import AdaptiveSteps, Arithmetic, EulerSteps, LayeredWeights, choose_arithmetic, pull_of, settle
from analogeq.digital.layered import Pull
from analogeq.engines.native import NativeEngine
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters, glorot_uniform

BATCH = 6


@pytest.fixture(params=[False, True], ids=["numpy", "compiled"])
def arithmetic(request: pytest.FixtureRequest) -> Arithmetic:
    if request.param:
        pytest.importorskip("numba", reason="the compiled arithmetic is the optional extra 'fast'")
    return choose_arithmetic(compiled=request.param)


class Phase:
    """The same nudged phase of a random network, for the digital settling and for a circuit."""

    def __init__(self, network: Network, tether: float, beta: float, scale: float = 1.5) -> None:
        rng = np.random.default_rng(network.n_nodes)
        self.network, self.tether, self.beta = network, tether, beta
        self.parameters = glorot_uniform(network, rng, scale=scale)
        self.inputs, self.start, self.copy = (
            rng.random((BATCH, n)) for n in (network.n_inputs, network.n_nodes, network.n_nodes)
        )
        self.targets = np.eye(network.n_outputs)[rng.integers(0, network.n_outputs, BATCH)]

    def pull(self, arithmetic: Arithmetic) -> tuple[LayeredWeights, Pull]:
        weights = LayeredWeights(self.network, self.parameters)
        return weights, pull_of(arithmetic, weights, self.inputs, self.copy, self.tether).nudged(
            self.targets, self.beta
        )

    def end(self, arithmetic: Arithmetic, how: EulerSteps | AdaptiveSteps) -> np.ndarray:
        weights, pull = self.pull(arithmetic)
        signals = self.start.copy()
        settle(arithmetic, weights, pull, how, signals)
        return signals

    def waveform_end(self, time: float) -> np.ndarray:
        technology = Technology()
        circuit = Circuit(self.network, technology)
        rail, unit = technology.rail, technology.unit_conductance
        drive = Drive(
            self.inputs * rail,
            Tether(self.copy * rail, self.tether * unit) if self.tether else None,
            Nudge(self.targets * rail, 2 * self.beta * unit),
        )
        with NativeEngine().open(circuit) as session:
            session.program(circuit.program(self.parameters))
            final: np.ndarray = session.transient(drive, time * technology.time_constant, self.start * rail).final
        return final / rail


def test_a_lone_neuron_decays_as_e_to_the_minus_t(arithmetic: Arithmetic) -> None:
    weights = LayeredWeights(Network.layered((1, 1)), Parameters(np.zeros(1), np.zeros(1)))
    pull = pull_of(arithmetic, weights, np.zeros((1, 1)))
    signals = np.ones((1, 1))
    settle(arithmetic, weights, pull, AdaptiveSteps(2.0, 1e-6), signals)
    # Heun's own error of a step is below the estimate, which bounds Euler's, by a factor of the step, some 1e-3.
    assert signals[0, 0] == pytest.approx(np.exp(-2.0), abs=1e-6)


@pytest.mark.parametrize("layers", [(6, 12, 4), (5, 8, 8, 8, 3)])
@pytest.mark.parametrize("tether", [0.0, 0.1, 10.0])
@pytest.mark.parametrize("beta", [0.5, -0.5])
def test_signals_end_where_the_circuit_s_waveform_ends(
    arithmetic: Arithmetic, layers: tuple[int, ...], tether: float, beta: float
) -> None:
    phase = Phase(Network.layered(layers), tether, beta)
    goal = phase.waveform_end(2.0)
    for tolerance in (1e-2, 1e-3, 1e-4, 1e-6):
        away = np.abs(phase.end(arithmetic, AdaptiveSteps(2.0, tolerance)) - goal).max()
        # The estimate is Euler's error of a step, Heun's is smaller by the step's size; steps add up what does not
        # decay. Measured here: 0.2 to 1.4 tolerances. The waveform itself is good to 1e-7.
        assert away < 2.0 * tolerance


def test_a_strong_tether_is_followed_where_euler_steps_of_a_half_swing_between_the_rails(
    arithmetic: Arithmetic,
) -> None:
    phase = Phase(Network.layered((6, 12, 4)), 10.0, 0.5)
    goal = phase.waveform_end(10.0)
    euler = phase.end(arithmetic, EulerSteps(20, 0.5))
    assert np.abs(euler - goal).max() > 0.5
    assert np.abs(phase.end(arithmetic, AdaptiveSteps(10.0)) - goal).max() < 3e-3


@pytest.mark.parametrize("layers", [(6, 12, 4), (5, 40, 35, 3)])
def test_compiled_and_numpy_steps_are_the_same_and_so_are_shared_ones(layers: tuple[int, ...]) -> None:
    pytest.importorskip("numba", reason="the compiled arithmetic is the optional extra 'fast'")
    phase = Phase(Network.layered(layers), 0.3, 0.5)
    taken, ends = [], []
    for arithmetic in (
        choose_arithmetic(compiled=False),
        *(choose_arithmetic(compiled=True, threads=n) for n in (1, 2)),
    ):
        weights, pull = phase.pull(arithmetic)
        ends.append(phase.start.copy())
        taken.append(settle(arithmetic, weights, pull, AdaptiveSteps(20.0, 1e-5), ends[-1]))
    assert taken[0] == taken[1] == taken[2]
    assert ends[1] == pytest.approx(ends[0], abs=1e-12)  # sums in another order
    assert np.array_equal(ends[1], ends[2])


def test_a_sample_s_end_does_not_depend_on_who_else_is_in_the_batch(arithmetic: Arithmetic) -> None:
    phase = Phase(Network.layered((6, 12, 4)), 0.1, 0.5)
    weights, pull = phase.pull(arithmetic)
    together = phase.end(arithmetic, AdaptiveSteps(2.0))
    alone = phase.start[2:3].copy()
    settle(arithmetic, weights, Pull(pull.constant[2:3].copy(), pull.decay), AdaptiveSteps(2.0), alone)
    assert alone[0] == pytest.approx(together[2], abs=1e-13)  # sums in another order


def test_a_tighter_tolerance_takes_more_evaluations_and_a_steady_state_hardly_any(arithmetic: Arithmetic) -> None:
    phase = Phase(Network.layered((6, 12, 4)), 0.1, 0.5)
    weights, pull = phase.pull(arithmetic)
    taken = []
    for tolerance in (1e-2, 1e-3, 1e-4):
        signals = phase.start.copy()
        taken.append(settle(arithmetic, weights, pull, AdaptiveSteps(5.0, tolerance), signals))
    assert taken == sorted(set(taken))
    settle(arithmetic, weights, pull, AdaptiveSteps(200.0, 1e-5), signals)
    assert settle(arithmetic, weights, pull, AdaptiveSteps(5.0, 1e-2), signals) < taken[0]


def test_what_cannot_be_followed_is_refused_with_a_remedy() -> None:
    with pytest.raises(InputError, match="duration -1"):
        AdaptiveSteps(-1.0)
    with pytest.raises(InputError, match="tolerance 0"):
        AdaptiveSteps(1.0, 0.0)
    arithmetic = choose_arithmetic(compiled=False)
    network = Network.layered((1, 1, 1))
    weights = LayeredWeights(network, Parameters(np.array([1.0, 1e9]), np.zeros(2)))
    pull = pull_of(arithmetic, weights, np.full((1, 1), 0.5))
    pull = Pull(pull.constant, np.array([1e9, 1e9]))
    with pytest.raises(NotSettledError, match="lower the rates, or raise the tolerance"):
        settle(arithmetic, weights, pull, AdaptiveSteps(1e3), np.full((1, 2), 0.5))
