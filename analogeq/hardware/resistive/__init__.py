"""What circuits of the resistive family are made of."""

from analogeq.hardware.resistive.curve import MeasuredCurve, read_curve
from analogeq.hardware.resistive.device import NodeDevice
from analogeq.hardware.resistive.double_shockley import DiodePair, DoubleShockley
from analogeq.hardware.resistive.ideal_diode import IdealDiode
from analogeq.hardware.resistive.no_device import NoDevice
from analogeq.hardware.resistive.real_diodes import JunctionDiode, JunctionPair
from analogeq.hardware.resistive.shockley import ShockleyDiode
from analogeq.hardware.resistive.technology import Amplifier, ResistiveTechnology

__all__ = [
    "Amplifier",
    "DiodePair",
    "DoubleShockley",
    "IdealDiode",
    "JunctionDiode",
    "JunctionPair",
    "MeasuredCurve",
    "NoDevice",
    "NodeDevice",
    "ResistiveTechnology",
    "ShockleyDiode",
    "read_curve",
]
