r"""What noise currents do to a settled circuit, and along its waveform.

Around an operating point :math:`C\,\dot{\delta v} = -J\,\delta v + i(t)` with white currents of one-sided cross
densities S, a diagonal where no two nodes have a source of noise in common (`analogeq.circuit.noise`). Their stationary
covariance solves Lyapunov's equation [1]_

.. math:: A \Sigma + \Sigma A^T = B, \qquad A = J / C, \quad B = S / (2 C^2),

and a node's voltage noise has the one-sided density :math:`(Z S Z^*)_{kk}` with
:math:`Z = (J + 2\pi i f C)^{-1}`, whose integral over f is :math:`\Sigma_{kk}`. Without conveyors
every conductance cools as it heats: :math:`\Sigma_{kk} = kT/C`, whatever the conductances are. A node that an ideal
clamp holds at a rail does not move. Amplifiers with limits take part: A is then the K of `analogeq.circuit.stages`, and
what the crossbars' devices add passes their conveyor, so that it enters B at the columns where these lag, or with the
slope of what conveyors send. All this is linear: near a rail, where the clamp takes one side of a deviation
away, `noisy_waveform` follows the equations themselves.

References
----------
.. [1] C. W. Gardiner, "Handbook of Stochastic Methods", 3rd ed., Springer (2004), section 4.5.6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_continuous_lyapunov

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.circuit.drive import Volts
from analogeq.circuit.noise import NoiseCurrents, crossbar_noise, noise_currents, own_noise, root_of
from analogeq.circuit.stages import amplifier_slopes, put_quick_states, quickest, settled_states, state_speeds
from analogeq.engines.contract import Waveform
from analogeq.engines.small_signal import Linearisation
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import DiodeClamp
from analogeq.hardware.diode import clamp_current

Doubles = NDArray[np.float64]

STEPS_PER_TIME_CONSTANT = 100
"""Of a noisy waveform: its variance is then wrong by half a per cent times the largest eigenvalue of J over G0."""


def noise_covariance(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts) -> Doubles:
    """Stationary covariance of the node voltages [V²], shape (batch, node, node).

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
        What the circuit stands under; the nudge of a nudged phase included.
    voltages : ndarray, shape (batch, node)
        The operating points [V].

    Raises
    ------
    NotSettledError
        If a sample's linearised circuit is not stable: deviations there grow and have no covariance.
    """
    around = Linearisation.at(circuit, conductances, drive, voltages)
    noise = noise_currents(circuit, conductances, drive, voltages)
    return np.stack([_covariance(around, noise, k) for k in range(len(voltages))])


def noise_density(
    circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Volts, frequencies: Doubles
) -> Doubles:
    """One-sided density of every node voltage's noise [V²/Hz], shape (batch, frequency, node).

    Parameters
    ----------
    frequencies : ndarray, shape (frequency,)
        [Hz]
    """
    around = Linearisation.at(circuit, conductances, drive, voltages)
    noise = noise_currents(circuit, conductances, drive, voltages)
    found = np.zeros((len(voltages), len(frequencies), circuit.network.n_nodes))
    for k in range(len(voltages)):
        moving, pull, kicks = _linear(around, noise, k)
        neurons = moving < circuit.network.n_nodes
        for at, frequency in enumerate(frequencies):
            response = np.linalg.inv(pull + 2.0j * np.pi * frequency * np.eye(len(moving)))[neurons]
            found[k, at, moving[neurons]] = ((response @ (2.0 * kicks)) * response.conj()).sum(axis=1).real
    return found


def noisy_waveform(
    circuit: Circuit,
    conductances: Conductances,
    drive: Drive,
    start: Volts,
    duration: float,
    *,
    seed: int,
    steps: int | None = None,
) -> Waveform:
    r"""Follow the node equations with their noise, by Euler and Maruyama's steps [1]_.

    .. math:: v \leftarrow v + \frac{h}{C} i(v) + \frac{1}{C} \sqrt{\tfrac12 S h}\; \xi, \qquad \xi \sim N(0, 1),

    with a matrix's root where nodes have noise in common, and back onto the rail where an ideal clamp holds.

    Parameters
    ----------
    start : ndarray, shape (batch, node)
        [V]
    duration : float
        [s]
    seed : int
    steps : int, optional
        100 a time constant if not given, of the quickest amplifier where one is quicker than a neuron.

    Returns
    -------
    Waveform
        After every step, the start included.

    References
    ----------
    .. [1] P. E. Kloeden, E. Platen, "Numerical Solution of Stochastic Differential Equations", Springer (1992), ch. 9.
    """
    tech, n = circuit.technology, circuit.network.n_nodes
    steps = noise_steps(circuit, duration, steps)
    rng, step = np.random.default_rng(seed), duration / steps
    voltages = np.empty((len(start), steps + 1, n))
    voltages[:, 0] = start
    states = settled_states(circuit, conductances, drive, start).copy()
    shared = crossbar_noise(circuit, conductances)
    alone = np.diag(shared).copy()
    root = np.sqrt(alone) if np.array_equal(shared, np.diag(alone)) else root_of(shared)
    kick = np.sqrt(0.5 * step) / tech.node_capacitance
    for k in range(steps):
        here = states[:, :n]
        own = np.sqrt(own_noise(circuit, drive, here)) * rng.standard_normal(here.shape)
        arriving = rng.standard_normal(here.shape)
        arriving = arriving * root if root.ndim == 1 else arriving @ root
        moved = states + step * _speeds(circuit, conductances, drive, states)
        moved[:, :n] += kick * own
        _add_crossbars(circuit, conductances, drive, (here, moved), arriving * np.sqrt(0.5 * step))
        if not isinstance(tech.clamp, DiodeClamp):
            moved[:, :n] = np.clip(moved[:, :n], *circuit.levels)
        put_quick_states(circuit, conductances, drive, moved)
        states, voltages[:, k + 1] = moved, moved[:, :n]
    return Waveform(np.linspace(0.0, duration, steps + 1), voltages, "native, with thermal noise")


def _add_crossbars(
    circuit: Circuit, conductances: Conductances, drive: Drive, states: tuple[Doubles, Doubles], charges: Doubles
) -> None:
    """Add what the crossbars' noise brings in a step [A s], to columns that lag or through conveyors to neurons."""
    tech, n, (here, moved) = circuit.technology, circuit.network.n_nodes, states
    limits = circuit.limits
    if limits is not None and limits.column_time > 0.0:
        moved[:, -n:] += charges / (tech.unit_conductance * limits.column_time)
        return
    if limits is not None:
        charges = charges * amplifier_slopes(circuit, conductances, drive, here)[1]
    moved[:, :n] += charges / tech.node_capacitance


def noise_steps(circuit: Circuit, duration: float, steps: int | None) -> int:
    """How many steps a noisy waveform of ``duration`` [s] has: as asked, or `STEPS_PER_TIME_CONSTANT`."""
    if steps is None:
        steps = max(1, round(duration / quickest(circuit) * STEPS_PER_TIME_CONSTANT))
    if steps < 1 or not duration > 0.0:
        raise InputError(f"noisy waveform: {steps} steps in {duration!r} s; give a time above zero and a step at least")
    return steps


def _covariance(around: Linearisation, noise: NoiseCurrents, sample: int) -> Doubles:
    n = around.circuit.network.n_nodes
    moving, pull, kicks = _linear(around, noise, sample)
    found = np.zeros((n, n))
    if not (moving < n).any():
        return found
    if np.linalg.eigvals(pull).real.min() <= 0.0:
        raise NotSettledError(
            f"noise: sample {sample} stands where deviations grow, so its noise has no variance; settle it first, or "
            "nudge less"
        )
    neurons = moving[moving < n]
    found[np.ix_(neurons, neurons)] = solve_continuous_lyapunov(pull, kicks)[: len(neurons), : len(neurons)]
    return found


def _linear(around: Linearisation, noise: NoiseCurrents, sample: int) -> tuple[NDArray[np.intp], Doubles, Doubles]:
    """Numbers of the states that move, neurons first, with their A [1/s] and B [V²/s]."""
    circuit, n, pull = around.circuit, around.circuit.network.n_nodes, around.relaxation(sample)
    tech, column_time = circuit.technology, 0.0 if circuit.limits is None else circuit.limits.column_time
    kicks, neurons = np.zeros_like(pull), slice(0, n)
    kicks[neurons, neurons] = np.diag(noise.own[sample]) / (2.0 * tech.node_capacitance**2)
    if column_time > 0.0:
        kicks[-n:, -n:] = noise.crossbars / (2.0 * (tech.unit_conductance * column_time) ** 2)
    else:
        sending = around.sending[sample]
        kicks[neurons, neurons] += noise.crossbars * np.outer(sending, sending) / (2.0 * tech.node_capacitance**2)
    moving = np.flatnonzero(np.append(~around.held[sample], np.ones(len(pull) - n, dtype=bool)))
    return moving, pull[np.ix_(moving, moving)], kicks[np.ix_(moving, moving)]


def _speeds(circuit: Circuit, conductances: Conductances, drive: Drive, states: Doubles) -> Doubles:
    """Mean speed of every state [V/s], diode clamps included."""
    tech, n = circuit.technology, circuit.network.n_nodes
    speeds = state_speeds(circuit, conductances, drive, states)
    if isinstance(tech.clamp, DiodeClamp):
        lower, upper = circuit.levels
        drawn = clamp_current(states[:, :n], tech.clamp, upper, tech.temperature, lower)[0]
        speeds[:, :n] -= drawn / tech.node_capacitance
    return speeds
