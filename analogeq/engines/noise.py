r"""What noise currents do to a settled circuit, and along its waveform.

Around an operating point :math:`C\,\dot{\delta v} = -J\,\delta v + i(t)` with white currents of one-sided cross
densities S, a diagonal where no two nodes have a source of noise in common (`analogeq.circuit.noise`). Their stationary
covariance solves Lyapunov's equation [1]_

.. math:: A \Sigma + \Sigma A^T = S / (2 C^2), \qquad A = J / C,

and a node's voltage noise has the one-sided density :math:`(Z S Z^*)_{kk}` with
:math:`Z = (J + 2\pi i f C)^{-1}`, whose integral over f is :math:`\Sigma_{kk}`. Without conveyors
every conductance cools as it heats: :math:`\Sigma_{kk} = kT/C`, whatever the conductances are. A node that an ideal
clamp holds at a rail does not move. All this is linear: near a rail, where the clamp takes one side of a deviation
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
from analogeq.circuit.noise import crossbar_noise, noise_currents, own_noise, root_of
from analogeq.engines.contract import Waveform
from analogeq.engines.small_signal import Linearisation
from analogeq.errors import InputError, NotSettledError
from analogeq.hardware import DiodeClamp, Technology
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
    return np.stack([_covariance(around, noise.matrix(k), k) for k in range(len(voltages))])


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
        free = np.flatnonzero(~around.held[k])
        matrix, densities = around.jacobian(k)[np.ix_(free, free)], noise.matrix(k)[np.ix_(free, free)]
        susceptance = 2.0j * np.pi * circuit.technology.node_capacitance * np.eye(len(free))
        for at, frequency in enumerate(frequencies):
            response = np.linalg.inv(matrix + frequency * susceptance)
            found[k, at, free] = ((response @ densities) * response.conj()).sum(axis=1).real
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
        100 a time constant if not given.

    Returns
    -------
    Waveform
        After every step, the start included.

    References
    ----------
    .. [1] P. E. Kloeden, E. Platen, "Numerical Solution of Stochastic Differential Equations", Springer (1992), ch. 9.
    """
    tech = circuit.technology
    steps = noise_steps(tech, duration, steps)
    rng, step = np.random.default_rng(seed), duration / steps
    voltages = np.empty((len(start), steps + 1, circuit.network.n_nodes))
    voltages[:, 0] = start
    shared = crossbar_noise(circuit, conductances)
    alone = np.diag(shared).copy()
    root = None if np.array_equal(shared, np.diag(alone)) else root_of(shared)
    kick = np.sqrt(0.5 * step) / tech.node_capacitance
    for k in range(steps):
        here = voltages[:, k]
        own = own_noise(circuit, drive, here) + (alone if root is None else 0.0)
        moved = here + step / tech.node_capacitance * _currents(circuit, conductances, drive, here)
        moved += kick * np.sqrt(own) * rng.standard_normal(here.shape)
        if root is not None:
            moved += kick * rng.standard_normal(here.shape) @ root
        voltages[:, k + 1] = moved if isinstance(tech.clamp, DiodeClamp) else np.clip(moved, *circuit.levels)
    return Waveform(np.linspace(0.0, duration, steps + 1), voltages, "native, with thermal noise")


def noise_steps(technology: Technology, duration: float, steps: int | None) -> int:
    """How many steps a noisy waveform of ``duration`` [s] has: as asked, or `STEPS_PER_TIME_CONSTANT`."""
    if steps is None:
        steps = max(1, round(duration / technology.time_constant * STEPS_PER_TIME_CONSTANT))
    if steps < 1 or not duration > 0.0:
        raise InputError(f"noisy waveform: {steps} steps in {duration!r} s; give a time above zero and a step at least")
    return steps


def _covariance(around: Linearisation, densities: Doubles, sample: int) -> Doubles:
    free = np.flatnonzero(~around.held[sample])
    capacitance = around.circuit.technology.node_capacitance
    found = np.zeros((len(densities), len(densities)))
    if len(free) == 0:
        return found
    pull = around.jacobian(sample)[np.ix_(free, free)] / capacitance
    if np.linalg.eigvals(pull).real.min() <= 0.0:
        raise NotSettledError(
            f"noise: sample {sample} stands where deviations grow, so its noise has no variance; settle it first, or "
            "nudge less"
        )
    found[np.ix_(free, free)] = solve_continuous_lyapunov(pull, densities[np.ix_(free, free)] / (2.0 * capacitance**2))
    return found


def _currents(circuit: Circuit, conductances: Conductances, drive: Drive, voltages: Doubles) -> Doubles:
    """Mean current [A] into each node, diode clamps included."""
    tech = circuit.technology
    total = np.asarray(circuit.unclamped_currents(conductances, drive, voltages), dtype=np.float64)
    if isinstance(tech.clamp, DiodeClamp):
        lower, upper = circuit.levels
        total = total - clamp_current(voltages, tech.clamp, upper, tech.temperature, lower)[0]
    return total
