"""A circuit of the ``hopfield`` family and its copy, taught by Initialized Equilibrium Propagation.

Algorithm 1 of O'Connor et al. 2019, minibatch by minibatch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analogeq.circuit.circuit import ChipDevices
from analogeq.circuit.referenced import ReferencedDevices
from analogeq.controller import Controller
from analogeq.digital import FeedforwardCopy
from analogeq.engines import Session
from analogeq.hardware.memory import DeviceState
from analogeq.learning import Descent, contrastive_gradient
from analogeq.learning.input_projection import check_projectable, project_inputs
from analogeq.network import Parameters, glorot_uniform
from analogeq.training.copy_activation import activation_for
from analogeq.training.copy_step import copy_step
from analogeq.training.devices import step_in_place
from analogeq.training.evaluate import settled_signals
from analogeq.training.learner import Floats, Learned, Tally

if TYPE_CHECKING:
    from analogeq.training.config import TrainingConfig


class HopfieldLearner:
    """See `analogeq.training.learner.Learner`.

    Parameters
    ----------
    session : Session
        An open circuit, of whatever engine.
    config : TrainingConfig
    dtype : type
        Of weights and biases.
    """

    def __init__(self, session: Session, config: TrainingConfig, dtype: type[np.floating]) -> None:
        self.network = self.wiring = session.circuit.network
        self.config = config
        if config.circuit_optimizer == "affine-projection":
            check_projectable(self.network)
        self.controller = Controller(session, config.schedule)
        for_circuit, for_copy = np.random.SeedSequence(config.seed).spawn(2)
        self.parameters = self._draw(for_circuit, dtype)
        technology = session.circuit.technology
        activation = activation_for(technology, config.copy_activation)
        self.copy = FeedforwardCopy(self.network, self._draw(for_copy, dtype), activation)
        limit = technology.weight_limit
        self._devices: ChipDevices | None = None
        self._hold(self.parameters)
        self._descent = Descent(self.network, config.rates, limit=limit, momentum=config.momentum, ridge=config.ridge)
        self._copy_descent = Descent(
            self.network, config.copy_rates or config.rates, momentum=config.momentum, ridge=config.copy_ridge
        )

    def _draw(self, seed: np.random.SeedSequence, dtype: type[np.floating]) -> Parameters:
        return glorot_uniform(self.network, np.random.default_rng(seed), scale=self.config.scale, dtype=dtype)

    def _hold(self, parameters: Parameters, state: DeviceState | None = None) -> None:
        """Hold parameters as they are, or as devices do: of a new chip that is written once, or as a state has them."""
        self.parameters = parameters
        circuit = self.controller.session.circuit
        if not circuit.technology.remembers:
            return
        self._devices = circuit.new_devices()
        if state is None:
            self._devices.write(parameters)
        else:
            self._devices.restore(state)
        self.parameters = self._devices.held(parameters.weights.dtype)

    def _program(self, *, aside: bool = False) -> None:
        """Show the session what is held; ``aside`` leaves what is learned later as it would have been."""
        if self._devices is None:
            self.controller.program(self.parameters)
        else:
            circuit = self.controller.session.circuit
            self.controller.take(circuit.reading(self._devices, self.parameters.weights.dtype, aside=aside))

    def _descend(self, gradient: Parameters) -> int:
        """Step down; return how many weights and biases hit the limit."""
        if self._devices is None:
            return self._descent.step(self.parameters, gradient)
        devices = self._devices

        def descend(wanted: Parameters) -> int:
            clipped = self._descent.step(wanted, gradient)
            return clipped + (devices.bound(wanted) if isinstance(devices, ReferencedDevices) else 0)

        self.parameters, clipped = step_in_place(devices, self.parameters, descend)
        return clipped

    @property
    def n_signals(self) -> int:
        """Output nodes."""
        return self.network.n_outputs

    def begin_epoch(self, epoch: int) -> None:
        """Let the rates decay."""
        self._descent.factor = self.config.decay**epoch
        self._copy_descent.factor = self.config.copy_decay**epoch

    def learn(self, inputs: Floats, targets: Floats, sign: float) -> Tally:
        """Run the phases on a minibatch and move both sets of weights."""
        forward = self.copy.forward(inputs)
        prediction = forward[0]
        self._program()
        pair = self.controller.run(inputs, targets, prediction if self.config.initialise else None, sign=sign)
        gradient = contrastive_gradient(self.network, pair.inputs, pair.first, pair.second, pair.span)
        if self.config.circuit_optimizer == "affine-projection":
            project_inputs(self.network, gradient, pair.inputs, pair.first, pair.second, pair.span)
        clipped = self._descend(gradient)
        self._copy_descent.step(self.copy.parameters, copy_step(self.copy, self.config, inputs, pair.free, forward))
        gap = float(np.abs(prediction - pair.free).mean())
        return Tally(gap, clipped, float(np.median(pair.points[0].kcl_residual)))

    def settled(self, inputs: Floats) -> Floats:
        """Signals of all neurons after the free phase."""
        self._program(aside=True)
        return settled_signals(self.controller, self.copy, inputs, initialise=self.config.initialise)

    def outputs(self, settled: Floats) -> Floats:
        """Signals of the output neurons."""
        read: Floats = settled[:, self.network.outputs]
        return read

    def learned(self) -> Learned:
        """Hand over what a checkpoint keeps."""
        devices = None if self._devices is None else self._devices.state
        velocities = self._descent.velocity, self._copy_descent.velocity
        return Learned(self.parameters, self.copy.parameters, *velocities, devices=devices)

    def restore(self, learned: Learned) -> None:
        """Go on from a checkpoint."""
        self._hold(learned.circuit, learned.devices)
        self.copy = replace(self.copy, parameters=learned.copy)
        self._descent.velocity, self._copy_descent.velocity = learned.circuit_velocity, learned.copy_velocity
