"""What the chip is made of."""

from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.converter import Converter, quantise
from analogeq.hardware.description import (
    default_technology_toml,
    load_technology,
    technology_from_tables,
    technology_from_toml,
    to_toml,
)
from analogeq.hardware.diodes import REAL_DIODES, RealDiode, real_diode
from analogeq.hardware.nudge import NudgeConductance, NudgeSource
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.hardware.technology import Technology
from analogeq.hardware.wires import Wires

__all__ = [
    "REAL_DIODES",
    "Clamp",
    "Converter",
    "DiodeClamp",
    "IdealClamp",
    "NudgeConductance",
    "NudgeSource",
    "RealDiode",
    "ResistiveTechnology",
    "Technology",
    "Wires",
    "default_technology_toml",
    "load_technology",
    "quantise",
    "real_diode",
    "technology_from_tables",
    "technology_from_toml",
    "to_toml",
]
