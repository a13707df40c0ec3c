"""Crossbars with wires that resist, solved exactly."""

from analogeq.circuit.crossbar.crossbar import Crossbar, LineVoltages

__all__ = ["Crossbar", "LineVoltages"]
