"""What differs between the two circuit families for whole commands, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive
from analogeq.circuit import netlist as hopfield
from analogeq.circuit.resistive import Certificate, ResistiveCircuit, ResistiveDrive, convexity
from analogeq.circuit.resistive import netlist as resistive
from analogeq.digital import FeedforwardCopy
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.hardware.memory import remarks
from analogeq.network import Network, Parameters, glorot_limit, glorot_uniform
from analogeq.network.network import Ints
from analogeq.training import ResistiveTrainingConfig, TrainingConfig
from analogeq.training.copy_activation import activation_for
from analogeq.training.resistive_learner import activation_of, first_conductances

Floats = NDArray[np.floating]
AnyCircuit = Circuit | ResistiveCircuit
AnyConfig = TrainingConfig | ResistiveTrainingConfig


@dataclass(frozen=True)
class Settler:
    """Which engine settles, and with how many workers."""

    name: str = "native"
    workers: int | None = None

    def open(self, circuit: AnyCircuit) -> Any:
        """Open a circuit: a session of its family."""
        opened: Any = engine(self.name, workers=self.workers)
        return opened.open(circuit)


def family_of(circuit: AnyCircuit) -> str:
    """Name of a circuit's family, as a technology file has it."""
    return "resistive" if isinstance(circuit, ResistiveCircuit) else "hopfield"


def wiring_of(circuit: AnyCircuit) -> Network:
    """Return the network that a circuit's parameters belong to."""
    return circuit.wiring if isinstance(circuit, ResistiveCircuit) else circuit.network


def shared_of(circuit: AnyCircuit) -> tuple[Mapping[int, Ints], Ints | None]:
    """Return which of a circuit's edges and neurons learn as one."""
    return (circuit.shared, circuit.shared_nodes) if isinstance(circuit, ResistiveCircuit) else ({}, None)


def check_family(circuit: AnyCircuit, config: AnyConfig) -> None:
    """Refuse a config of the other family."""
    meant = "resistive" if isinstance(config, ResistiveTrainingConfig) else "hopfield"
    if meant != family_of(circuit):
        raise InputError(
            f"training: this config is for circuits of the {meant} family, the technology is of the "
            f"{family_of(circuit)} one; use {'ResistiveTrainingConfig' if meant == 'hopfield' else 'TrainingConfig'}"
        )


LARGEST_SCALE = 1e6
"""Of random weights: a million times Glorot's is far out of any range that devices have."""


def first_weights(circuit: AnyCircuit, seed: int, scale: float = 1.0) -> tuple[Parameters, FeedforwardCopy]:
    """Draw what a circuit and its copy hold before the first step of a training with this seed.

    ``scale`` multiplies the limits of random weights; conductances of resistive circuits are drawn from their range.
    """
    if not 0.0 <= scale <= LARGEST_SCALE:
        raise InputError(f"--scale {scale}: give a factor from 0 to {LARGEST_SCALE:g}")
    for_circuit, for_copy = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    network = circuit.network
    if isinstance(circuit, ResistiveCircuit):
        drawn = glorot_uniform(network, for_copy, scale=scale)
        pairs = circuit.technology.outputs == "pairs"
        copy = FeedforwardCopy(network, drawn, activation_of(circuit), pairs)
        return first_conductances(circuit, for_circuit), copy
    own = glorot_uniform(network, for_circuit, scale=scale)
    return own, FeedforwardCopy(network, glorot_uniform(network, for_copy, scale=scale))


def copy_of(circuit: AnyCircuit, parameters: Parameters, config: AnyConfig) -> FeedforwardCopy:
    """Put a copy's weights behind the activation that it was taught with."""
    if isinstance(circuit, ResistiveCircuit):
        return FeedforwardCopy(
            circuit.network, parameters, activation_of(circuit), circuit.technology.outputs == "pairs"
        )
    check_family(circuit, config)
    assert isinstance(config, TrainingConfig)  # noqa: S101  check_family has seen to it
    return FeedforwardCopy(circuit.network, parameters, activation_for(circuit.technology, config.copy_activation))


def programmed(circuit: AnyCircuit, parameters: Parameters) -> Any:
    """Return conductances as the circuit's chip can hold them."""
    if isinstance(circuit, ResistiveCircuit):
        return circuit.program(parameters.weights, parameters.biases)
    return circuit.program(parameters)


def presented(circuit: AnyCircuit, signals: Floats) -> Drive:
    """Input signals, and nothing done to the outputs."""
    if isinstance(circuit, ResistiveCircuit):
        return ResistiveDrive(signals)
    return Drive(signals * circuit.technology.rail)


def remark(circuit: AnyCircuit) -> str:
    """What a user should know of a circuit before trusting what it learns; empty if there is nothing."""
    said = [*hopeless(circuit), _of_amplifiers(circuit)]
    return "\n".join(sentence for sentence in said if sentence)


def hopeless(circuit: AnyCircuit) -> tuple[str, ...]:
    """What about a circuit's chip no training can mend, a sentence each."""
    tech = circuit.technology
    return (*_of_range(circuit), *remarks(tech.memory, tech.conductance_low, tech.conductance_high))


def _of_range(circuit: AnyCircuit) -> tuple[str, ...]:
    """Weights that cannot even reach half of what they are drawn from leave nothing to learn."""
    if not isinstance(circuit, Circuit):
        return ()
    limit, first = circuit.technology.weight_limit, max(map(glorot_limit, circuit.network.blocks))
    if limit >= 0.5 * first:
        return ()
    return (
        f"crossbar: the range of the devices reaches weights of ±{limit:.2g}, and learning starts from up to "
        f"±{first:.2g}; widen the range, or raise sense_gain",
    )


def _of_amplifiers(circuit: AnyCircuit) -> str:
    if isinstance(circuit, Circuit) or circuit.stages.consistent:
        return ""
    return (
        "amplifiers: A/c differs between neurons that share a neighbour upstream, so no function is minimised and "
        "learning follows the gradient only roughly; `analogeq gradient-check` measures the cosine lost"
    )


def uniqueness(circuit: AnyCircuit, parameters: Parameters, signals: Floats) -> Certificate | None:
    """Certificate of a resistive circuit's one operating point; None for the other family, which may have several."""
    if isinstance(circuit, Circuit):
        return None
    return convexity(circuit, programmed(circuit, parameters), presented(circuit, signals))


def readable_netlist(circuit: AnyCircuit, parameters: Parameters, signals: Floats) -> str:
    """Netlist for a person: one sample of input signals, shape (1, input)."""
    held, drive = programmed(circuit, parameters), presented(circuit, signals)
    if isinstance(circuit, ResistiveCircuit):
        return resistive.readable_netlist(circuit, held, drive)
    return hopfield.readable_netlist(circuit, held, drive)


def simulation_netlist(circuit: AnyCircuit, parameters: Parameters) -> str:
    """Folded netlist, as the ngspice engine loads it."""
    held = programmed(circuit, parameters)
    if isinstance(circuit, ResistiveCircuit):
        return resistive.simulation_netlist(circuit, held)
    return hopfield.simulation_netlist(circuit, held)
