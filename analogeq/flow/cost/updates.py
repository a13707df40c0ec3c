"""What one update costs: the pulses or writes that move the devices by what a minibatch teaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.digital import FeedforwardCopy
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow, times, total
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler, programmed
from analogeq.hardware.cost_figures import CostFigures
from analogeq.hardware.memory import Memory, Noise
from analogeq.network import Parameters
from analogeq.training.learner import Learned

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

_DOUBLE: np.dtype[np.floating] = np.dtype(np.float64)

ALONE = "neighbours that are half selected, wires and the controller are not counted"


@dataclass(frozen=True, eq=False)
class Update:
    """What an update takes of every device, those of a second array included.

    Attributes
    ----------
    pulses, reads : ndarray of int, shape (device,)
        Writes or pulses, and readings that verify them.
    siemens : ndarray, shape (device,)
        Mean of what each device holds before and after [S].
    """

    pulses: Ints
    reads: Ints
    siemens: Doubles

    def writing_energy(self, cost: CostFigures) -> float | None:
        """Energy of all pulses [J]; None if it is not stated."""
        return cost.writing_energy(float(self.pulses.sum()), float(self.pulses @ self.siemens))


def update_costs(priced: Priced[Any, Any]) -> tuple[CostRow, ...]:
    """Rows of one update, by the first minibatch of the samples."""
    circuit, config, held = priced.circuit, priced.config, priced.parameters
    inputs, targets = priced.inputs[: config.batch_size], priced.targets[: config.batch_size]
    update = update_of(circuit, held, wanted_after(circuit, config, held, priced.copy, inputs, targets))
    taught = f"one minibatch of {len(inputs)} samples, as trained"
    pulses, cost = int(update.pulses.sum()), circuit.technology.cost
    return (
        CostRow("pulses of an update", pulses, "1", "writes or pulses of every device that moves", taught),
        CostRow("reads of an update", int(update.reads.sum()), "1", "before the first try and after each, to verify",
                "write and verify alone reads; the controller knows what the other devices hold"),
        total("energy of an update", _energies(circuit, update), "J", f"{taught}; {ALONE}"),
        CostRow("time of an update", times(pulses, cost.device_time), "s", "pulses × time of a pulse",
                "one device after the other; reads are not counted"),
    )  # fmt: skip


def _energies(circuit: AnyCircuit, update: Update) -> dict[str, float | None]:
    """Energies of pulses and of the conversions that verify them, under the formula that each is counted by."""
    cost, reads = circuit.technology.cost, int(update.reads.sum())
    how = "pulses × pulse_energy" if cost.pulse_energy is not None else "Σ pulse_voltage² G pulse_width over pulses"
    found = {how: update.writing_energy(cost) if update.pulses.any() else 0.0}
    if reads:
        bits = circuit.technology.adc.bits if isinstance(circuit, Circuit) else None
        found["reads × conversion"] = times(reads, cost.conversion_energy("adc", bits))
    return found


def wanted_after(
    circuit: AnyCircuit, config: AnyConfig, held: Parameters, copy: FeedforwardCopy, inputs: Floats, targets: Floats
) -> Parameters:
    """What a minibatch asks the devices to hold, were they ideal."""
    ideal: Any = replace(circuit, technology=replace(circuit.technology, memory=Memory()))  # type: ignore[arg-type]  # of one family
    with Settler().open(ideal) as session:
        learner = config.learner(session, np.float64)
        learner.restore(Learned(held.doubles(), copy.parameters.doubles()))
        learner.learn(inputs, targets, 1.0)
        return learner.learned().circuit


def update_of(circuit: AnyCircuit, before: Parameters, wanted: Parameters) -> Update:
    """What it takes from one set of parameters to another; an ideal device that moves is written once."""
    before, wanted, copies = before.doubles(), wanted.doubles(), _second_array(circuit)
    affine = isinstance(circuit, Circuit) and circuit.technology.mapping == "affine"  # laid out once, moved within that
    if circuit.technology.memory.ideal and not affine:
        old, new = (_conductances(circuit, programmed(circuit, held), copies) for held in (before, wanted))
        moved = (old != new).astype(np.int64)
        return Update(moved, np.zeros_like(moved), 0.5 * (old + new))
    circuit = _without_read_noise(circuit)
    devices = circuit.new_devices()
    devices.write(before)
    old = _conductances(circuit, circuit.reading(devices, _DOUBLE), copies)  # type: ignore[arg-type]  # of one family
    taken = devices.move(before, wanted)
    new = _conductances(circuit, circuit.reading(devices, _DOUBLE), copies)  # type: ignore[arg-type]  # likewise
    pulses, reads = (np.concatenate([each, each[copies]]) for each in (taken.pulses, taken.reads))
    return Update(pulses, reads, 0.5 * (old + new))


def _without_read_noise(circuit: AnyCircuit) -> Any:
    """Let a circuit be read as it is: pulses meet what the devices hold, not what a reading finds."""
    memory = replace(circuit.technology.memory, read_noise=Noise())
    return replace(circuit, technology=replace(circuit.technology, memory=memory))  # type: ignore[arg-type]  # of one family


def _second_array(circuit: AnyCircuit) -> Ints:
    """Devices of the first arrays that stand in an array of their own for the way back, too, in their order there."""
    if not isinstance(circuit, Circuit) or circuit.technology.arrays == "shared":
        return np.zeros(0, dtype=np.int64)
    net = circuit.network
    between = np.zeros(net.n_edges, dtype=bool)
    for block in net.blocks:
        between[block.edges] = block.pre > 0
    coupled = np.flatnonzero(between)
    paired = circuit.technology.mapping == "differential"
    return np.concatenate([coupled, coupled + net.n_edges + net.n_nodes]) if paired else coupled


def _conductances(circuit: AnyCircuit, held: Any, copies: Ints) -> Doubles:
    """Conductances of all devices [S]: those of the `DeviceArray`, in its order, and those of second arrays."""
    if not isinstance(circuit, Circuit):
        return np.asarray(held.g, dtype=np.float64)
    weights, biases, back = (held.pairs(which) for which in ("weights", "biases", "backward"))
    if held.references is None:
        there = [weights[0], biases[0], weights[1], biases[1]]
        second = np.concatenate([back[0], biases[0], back[1], biases[1]])
    else:
        shared = held.references
        lines = np.concatenate([*shared.forward, *shared.backward, [shared.bias]])
        there, second = [weights[0], biases[0], lines], back[0]
    return np.concatenate([*there, second[copies]]).astype(np.float64, copy=False)
