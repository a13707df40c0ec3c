"""Training a resistive circuit as fast as it goes: compiled where the circuit fits, step by step elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.engines import ResistiveSession
from analogeq.engines.native import NativeEngine
from analogeq.engines.native.resistive.folding import is_plain
from analogeq.engines.native.resistive.layered import Plan, fits, planned
from analogeq.engines.native.resistive.problem import device_constants
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.errors import InputError
from analogeq.learning.costs import SoftmaxCrossEntropy, SquaredError
from analogeq.learning.rules import EquilibriumPropagation, Rule
from analogeq.training.resistive import ResistiveSchedule, ResistiveState, ResistiveTrainer
from analogeq.training.resistive_learner import descent_of

Array = NDArray[np.floating]

LOOKED_AT = 64
"""Samples by which the background is found; it does not change what is computed, so few are enough."""


def trainer_of(
    circuit: ResistiveCircuit, rule: Rule, schedule: ResistiveSchedule, *, engine_name: str = "native"
) -> ResistiveTrainer:
    """Put session, rule and descent together for a circuit, its amplifiers' factors and shared edges included."""
    session: ResistiveSession
    session = NativeEngine().open(circuit) if engine_name == "native" else NgspiceEngine().open(circuit)
    return ResistiveTrainer(session, rule, descent_of(circuit), schedule)


def compiled_epoch_fits(trainer: ResistiveTrainer) -> bool:
    """Whether `compiled_epoch` does what the trainer does, but for rounding."""
    circuit, rule = trainer.session.circuit, trainer.rule
    last = circuit.network.layers[-1]
    return (
        find_spec("numba") is not None
        and fits(circuit)
        and np.array_equal(circuit.network.outputs, np.arange(last.start, last.stop))
        and circuit.technology.memory.ideal
        and circuit.technology.nudge.nominal
        and is_plain(circuit)
        and isinstance(rule, EquilibriumPropagation)
        and rule.sides == "centred"
        and isinstance(rule.cost, SquaredError | SoftmaxCrossEntropy)
        and trainer.schedule.sweeps is not None
        and not trainer.descent.tied
        and trainer.descent.tied_biases is None
    )


@dataclass(frozen=True, eq=False)
class CompiledEpochs:
    """The epochs of a trainer, each in one call.

    Attributes
    ----------
    trainer : ResistiveTrainer
    plan : Plan
        Where layers and links stand.
    """

    trainer: ResistiveTrainer
    plan: Plan

    def epoch(self, state: ResistiveState, inputs: Array, targets: Array) -> ResistiveState:
        """As `ResistiveTrainer.epoch`, in the precision of the conductances.

        Raises
        ------
        InputError
            If the nudge of -beta was not certain to leave a stable circuit.
        """
        from analogeq.flow.compiled.epoch import centred_epoch
        from analogeq.flow.compiled.steps import BY_CONDUCTANCE, BY_CURRENT

        schedule, rule, circuit = self.trainer.schedule, self.trainer.rule, self.trainer.session.circuit
        assert isinstance(rule, EquilibriumPropagation)  # noqa: S101  compiled_epoch_fits has seen to it
        circuit.checked(ResistiveConductances(state.g, state.bias_currents))
        order = np.random.default_rng([schedule.seed, state.epoch]).permutation(len(inputs)).astype(np.int64)
        rates = schedule.rates.decayed(schedule.decay**state.epoch)
        first, tech, kind = circuit.wiring.input_blocks[0], circuit.technology, state.g.dtype
        stopped = centred_epoch(
            first.view(state.g),
            state.g[first.edges.stop :],
            state.bias_currents,
            inputs.astype(kind, copy=False),
            targets.astype(kind, copy=False),
            order,
            tech.input_gain,
            background_of(inputs),
            circuit.polarity.astype(kind),
            device_constants(tech.device),
            self.plan.starts,
            self.plan.ends,
            self.plan.turned,
            np.array(rates.edges),
            np.array(rates.biases),
            tech.conductance_low,
            tech.conductance_high,
            rule.beta,
            BY_CONDUCTANCE if rule.by == "conductance" else BY_CURRENT,
            2 if rule.pairs else 1,
            rule.cost.temperature if isinstance(rule.cost, SoftmaxCrossEntropy) else 0.0,
            schedule.sweeps or 1,
            schedule.batch,
        )
        if stopped >= 0:
            raise InputError(
                f"beta {rule.beta!r} S: at minibatch {stopped} of epoch {state.epoch} its negative nudge was not "
                "certain to leave a stable circuit; give a smaller beta, or sides = 'positive'"
            )
        return replace(state, epoch=state.epoch + 1)


def background_of(inputs: Array) -> float:
    """Find the signal that most inputs have, by the first samples."""
    values, counts = np.unique(inputs[:LOOKED_AT], return_counts=True)
    return float(values[counts.argmax()])


def epochs_of(trainer: ResistiveTrainer) -> ResistiveTrainer | CompiledEpochs:
    """Return what runs the trainer's epochs fastest."""
    if compiled_epoch_fits(trainer):
        return CompiledEpochs(trainer, planned(trainer.session.circuit))
    return trainer
