"""Programmable devices: what they can hold, how they are written, and what they do on their own."""

from analogeq.hardware.memory.ageing import Drift, Retention
from analogeq.hardware.memory.array import DeviceArray, DeviceState
from analogeq.hardware.memory.faults import Faults
from analogeq.hardware.memory.levels import Levels
from analogeq.hardware.memory.measured import MeasuredDevice, fit_pulses
from analogeq.hardware.memory.memory import Memory, check_range
from analogeq.hardware.memory.noise import Noise
from analogeq.hardware.memory.presets import PRESETS, Preset, preset_called
from analogeq.hardware.memory.programming import Programming, Written
from analogeq.hardware.memory.pulse_table import PulseTable, read_pulses
from analogeq.hardware.memory.pulses import Branch, Pulses
from analogeq.hardware.memory.remarks import remarks
from analogeq.hardware.memory.spread import Spread

__all__ = [
    "PRESETS",
    "Branch",
    "DeviceArray",
    "DeviceState",
    "Drift",
    "Faults",
    "Levels",
    "MeasuredDevice",
    "Memory",
    "Noise",
    "Preset",
    "Programming",
    "PulseTable",
    "Pulses",
    "Retention",
    "Spread",
    "Written",
    "check_range",
    "fit_pulses",
    "preset_called",
    "read_pulses",
    "remarks",
]
