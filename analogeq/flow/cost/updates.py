"""What one update costs: the pulses or writes that move the devices by what a minibatch teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.digital import FeedforwardCopy
from analogeq.flow.cost.rows import CostRow, times
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler, programmed
from analogeq.hardware.memory import Memory
from analogeq.network import Parameters
from analogeq.training.learner import Learned

Floats = NDArray[np.floating]


def update_costs(
    circuit: AnyCircuit, config: AnyConfig, held: Parameters, copy: FeedforwardCopy, inputs: Floats, targets: Floats
) -> tuple[CostRow, ...]:
    """Rows of one update, by the first minibatch of ``inputs``."""
    some = slice(0, config.batch_size)
    wanted = wanted_after(circuit, config, held, copy, inputs[some], targets[some])
    pulses, cost = pulses_of(circuit, held, wanted), circuit.technology.cost
    taught = f"one minibatch of {len(inputs[some])} samples, as trained; a controller's own work is not counted"
    mirrored = isinstance(circuit, Circuit) and circuit.technology.arrays == "mirrored"
    first = "; those of the second array of couplings are not counted" if mirrored else ""
    return (
        CostRow("pulses of an update", pulses, "1", "writes or pulses of every device that moves", taught + first),
        CostRow("energy of an update", times(pulses, cost.pulse_energy), "J", "pulses × energy of a pulse", taught),
        CostRow("time of an update", times(pulses, cost.pulse_time), "s", "pulses × time of a pulse",
                "one device after the other"),
    )  # fmt: skip


def wanted_after(
    circuit: AnyCircuit, config: AnyConfig, held: Parameters, copy: FeedforwardCopy, inputs: Floats, targets: Floats
) -> Parameters:
    """What a minibatch asks the devices to hold, were they ideal."""
    ideal: Any = replace(circuit, technology=replace(circuit.technology, memory=Memory()))  # type: ignore[arg-type]  # of one family
    with Settler().open(ideal) as session:
        learner = config.learner(session, np.float64)
        learner.restore(Learned(_doubles(held), _doubles(copy.parameters)))
        learner.learn(inputs, targets, 1.0)
        return learner.learned().circuit


def pulses_of(circuit: AnyCircuit, before: Parameters, wanted: Parameters) -> int:
    """Pulses or writes from one set of parameters to another; an ideal device that moves is written once."""
    if circuit.technology.memory.ideal:
        return sum(int(np.count_nonzero(a != b)) for a, b in zip(*map(_of(circuit), (before, wanted)), strict=True))
    devices = circuit.new_devices()
    devices.write(_doubles(before))
    if isinstance(circuit, Circuit) and circuit.technology.mapping == "affine":  # new ends, so a new layout of all
        return devices.write(_doubles(wanted))
    return devices.move(_doubles(before), _doubles(wanted))


def _of(circuit: AnyCircuit) -> Callable[[Parameters], list[NDArray[np.float64]]]:
    """Return what gives the conductances of all devices [S]."""

    def conductances(parameters: Parameters) -> list[NDArray[np.float64]]:
        held = programmed(circuit, _doubles(parameters))
        if isinstance(circuit, Circuit) and held.references is not None:
            own, shared = [held.pairs(which)[0] for which in ("weights", "biases")], held.references
            return [*own, *shared.forward, *shared.backward, np.array([shared.bias])]
        if isinstance(circuit, Circuit):
            return [g for which in ("weights", "biases") for g in held.pairs(which)]
        return [held.g]

    return conductances


def _doubles(parameters: Parameters) -> Parameters:
    return Parameters(parameters.weights.astype(np.float64), parameters.biases.astype(np.float64))
