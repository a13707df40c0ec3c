"""The true gradient at a free equilibrium, and what equilibrium propagation tends to: each by one linear solve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances
from analogeq.circuit.periphery import offset_slopes, per_column
from analogeq.circuit.reference_lines import line_slopes
from analogeq.circuit.stages import amplifier_slopes
from analogeq.circuit.wired import pull_back
from analogeq.controller.controller import arriving, presented
from analogeq.engines.small_signal import backward_shares, cost_adjoint, nudge_response
from analogeq.learning.exact import exact_gradient, small_signal_gradient
from analogeq.network import Parameters

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Subject:
    """A circuit with its weights, and the minibatch it is checked on, in signals.

    Attributes
    ----------
    circuit : Circuit
    parameters : Parameters
    inputs : ndarray, shape (batch, input)
    targets : ndarray, shape (batch, output)
    prediction : ndarray, shape (batch, node), or None
        Where the copy starts the circuit, and what it tethers it to.
    tether : float
        Lambda.
    """

    circuit: Circuit
    parameters: Parameters
    inputs: Floats
    targets: Floats
    prediction: Floats | None = None
    tether: float = 0.0


def oracle(subject: Subject, voltages: NDArray[np.float64]) -> tuple[Parameters, Parameters, int]:
    """Exact gradient and beta → 0 estimate at a free equilibrium [V], and how many nodes are at a corner."""
    circuit, tech = subject.circuit, subject.circuit.technology
    drive = presented(tech, subject.inputs, subject.prediction, subject.tether)
    held = circuit.program(subject.parameters)
    where = circuit, held, drive, voltages
    adjoint = cost_adjoint(*where, subject.targets * tech.rail)
    response = nudge_response(*where, arriving(tech, subject.targets))
    signals = drive.inputs / tech.rail, voltages / tech.rail
    # Devices feel what their lines carry and what their conveyors hand on, where amplifiers have limits.
    lines = voltages if circuit.limits is None else circuit.limits.followed(voltages)
    pushed = adjoint.voltages * amplifier_slopes(circuit, held, drive, voltages)[1]
    gradient = partial(
        exact_gradient,
        circuit.network,
        signals[0],
        lines / tech.rail,
        pushed / tech.rail,
        follower=tech.follower_factor,
    )
    exact = _by_devices(circuit, held, gradient)
    limit = small_signal_gradient(circuit.network, *signals, response.voltages / tech.rail)
    return exact, limit, int(np.count_nonzero(adjoint.corners))


def _by_devices(circuit: Circuit, held: Conductances, gradient: Callable[..., Parameters]) -> Parameters:
    """Differentiate by what the devices hold: through mirrored arrays, wires, temperature, amplifiers that differ."""
    shares, net, flaws = backward_shares(circuit), circuit.network, circuit.amplifiers
    if held.references is not None and shares is not None:
        shares = shares * (held.pairs("backward")[0] > 0.0)  # a device that a mismatch would take below 0 S stays there
    warm = circuit.technology.device_factor
    errs = flaws is not None or circuit.line_amplifiers is not None or circuit.follower_offsets is not None
    if circuit.technology.wires.are_ideal and not errs and warm == 1.0:
        return gradient(backward_shares=shares)
    edges = np.ones(net.n_edges)
    forward, both = gradient(backward_shares=0.0 * edges), gradient(backward_shares=edges)
    there, back, biases = (
        np.asarray(slopes, dtype=np.float64)
        for slopes in (forward.weights, both.weights - forward.weights, forward.biases)
    )
    if held.references is not None:
        there, back, biases = line_slopes(circuit, held, there, back, biases)
        return Parameters(warm * (there + (back if shares is None else shares * back)), warm * biases)
    if flaws is not None:
        there, back = per_column(net, there, back, flaws.gain)
    if not circuit.technology.wires.are_ideal:
        there, back = pull_back(net, held, there, "forward"), pull_back(net, held, back, "backward")
    if flaws is not None:
        more = offset_slopes(net, held, flaws, biases)
        there, back, biases = there + more[0], back + more[1], biases * flaws.gain + more[2]
    return Parameters(warm * (there + (back if shares is None else shares * back)), warm * biases)
