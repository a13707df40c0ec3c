r"""The papers' digital settling: synchronous Euler steps of the node equation.

.. math:: s \leftarrow \mathrm{clip}\Big(s + \varepsilon\big(-s + b + xW_0 + \textstyle\sum W s
    + \lambda (s^f - s) + 2\beta (y - s)\big),\ 0,\ 1\Big)

(Scellier & Bengio 2017; O'Connor et al. 2019, Eqs. 2 and 10, the tether as their code has it.)
T steps of size epsilon stand for the circuit time ``epsilon · T · tau``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.network import Network, Parameters
from analogeq.network.network import Floats


@dataclass(frozen=True, eq=False)
class Forces:
    """What pulls on the neurons besides each other, in signals.

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
    prediction : ndarray, shape (batch, node), optional
        s^f, where the tether pulls to.
    tether : float
        Lambda; dimensionless.
    targets : ndarray, shape (batch, output), optional
        y, where the nudge pulls to.
    beta : float
        Nudge strength; dimensionless, negative pushes away.
    """

    inputs: Floats
    prediction: Floats | None = None
    tether: float = 0.0
    targets: Floats | None = None
    beta: float = 0.0


@dataclass(frozen=True, eq=False)
class EulerRelaxation:
    """Euler steps of size ``epsilon`` on a network with symmetric weights.

    Attributes
    ----------
    network : Network
    parameters : Parameters
    epsilon : float
        Step in units of tau; the papers use 0.5.
    """

    network: Network
    parameters: Parameters
    epsilon: float = 0.5

    def relax(self, forces: Forces, start: Floats, steps: int) -> Floats:
        """Signals after ``steps`` steps, shape (batch, node)."""
        constant, decay = self._constant(forces), self._decay(forces)
        signals = start
        for _ in range(steps):
            signals = self._step(signals, constant, decay)
        return signals

    def trajectory(self, forces: Forces, start: Floats, steps: int) -> Floats:
        """Signals before the first and after every step, shape (batch, steps + 1, node)."""
        constant, decay = self._constant(forces), self._decay(forces)
        path = np.empty((len(start), steps + 1, self.network.n_nodes), dtype=constant.dtype)
        path[:, 0] = start
        for t in range(steps):
            path[:, t + 1] = self._step(path[:, t], constant, decay)
        return path

    def _constant(self, forces: Forces) -> Floats:
        net, theta = self.network, self.parameters
        constant = np.empty((len(forces.inputs), net.n_nodes), dtype=theta.weights.dtype)
        constant[:] = theta.biases
        for block in net.input_blocks:
            constant[:, net.layer(block.post)] += forces.inputs @ block.matrix(theta.weights)
        if forces.prediction is not None:
            constant += forces.tether * forces.prediction
        if forces.targets is not None:
            constant[:, net.outputs] += 2.0 * forces.beta * forces.targets
        return constant

    def _decay(self, forces: Forces) -> Floats:
        decay = np.ones(self.network.n_nodes, dtype=self.parameters.weights.dtype)
        if forces.prediction is not None:
            decay += forces.tether
        if forces.targets is not None:
            decay[self.network.outputs] += 2.0 * forces.beta
        return decay

    def _step(self, signals: Floats, constant: Floats, decay: Floats) -> Floats:
        net, theta = self.network, self.parameters
        force = constant - decay * signals
        for block in net.coupling_blocks:
            pre, post = net.layer(block.pre), net.layer(block.post)
            weights = block.matrix(theta.weights)
            force[:, post] += signals[:, pre] @ weights
            force[:, pre] += signals[:, post] @ weights.T
        force *= self.epsilon
        force += signals
        return np.clip(force, 0.0, 1.0, out=force)
