"""Network and technology to circuit, circuit to netlist."""

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.compilation import compile_circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.drive import Drive, Nudge, Tether
from analogeq.circuit.laws import co_content, kirchhoff_residual
from analogeq.circuit.power import Power, power_flow, stored_energy

__all__ = [
    "Circuit",
    "Conductances",
    "Drive",
    "Nudge",
    "Power",
    "Tether",
    "co_content",
    "compile_circuit",
    "kirchhoff_residual",
    "power_flow",
    "stored_energy",
]
