"""The `resistive` family: networks of programmable conductances, diodes and, if asked for, amplifiers."""

from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.convexity import Certificate, convexity, largest_negative_nudge
from analogeq.circuit.resistive.drive import ResistiveDrive
from analogeq.circuit.resistive.laws import co_content, kirchhoff_residual, node_imbalance

__all__ = [
    "Certificate",
    "ResistiveCircuit",
    "ResistiveConductances",
    "ResistiveDrive",
    "co_content",
    "convexity",
    "kirchhoff_residual",
    "largest_negative_nudge",
    "node_imbalance",
]
