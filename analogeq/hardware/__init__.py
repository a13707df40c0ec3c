"""What the chip is made of."""

from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.technology import Technology

__all__ = ["Clamp", "DiodeClamp", "IdealClamp", "Technology"]
