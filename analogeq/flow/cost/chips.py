"""What a chip of either family costs."""

from __future__ import annotations

from typing import Any, cast

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.digital.operations import predicting
from analogeq.flow.cost import hopfield, resistive
from analogeq.flow.cost.parts import digital
from analogeq.flow.cost.priced import Priced
from analogeq.flow.cost.rows import CostRow
from analogeq.flow.cost.updates import update_costs
from analogeq.flow.families import Settler, check_family, programmed
from analogeq.training import ResistiveTrainingConfig, TrainingConfig


def costs(priced: Priced[Any, Any], settler: Settler | None = None) -> tuple[CostRow, ...]:
    """Measure and count; medians over the samples.

    Raises
    ------
    InputError
        If the config is for circuits of the other family.
    """
    circuit = priced.circuit
    check_family(circuit, priced.config)
    held = programmed(circuit, priced.parameters)
    with (settler or Settler()).open(circuit) as session:
        session.program(held)
        if isinstance(circuit, Circuit):
            phases = hopfield.phase_costs(cast(Priced[Circuit, TrainingConfig], priced), held, session)
            built = hopfield.part_costs(circuit)
        else:
            of_family = cast(Priced[ResistiveCircuit, ResistiveTrainingConfig], priced)
            phases = resistive.phase_costs(of_family, held, session)
            built = resistive.part_costs(circuit)
    return (*phases, *update_costs(priced), *built, *digital(predicting(circuit.network), circuit.technology.cost))
