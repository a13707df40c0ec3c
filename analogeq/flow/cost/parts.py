"""What is counted from a circuit's size: conversions, amplifiers, areas, and the digital copy's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analogeq.flow.cost.rows import CostRow, times, total
from analogeq.hardware.cost_figures import CostFigures

FIGURES = "figures of the technology's [cost] table"
SAMPLE = "without its share of an update, and without the copy's own learning"
"""What a training sample leaves out."""


@dataclass(frozen=True)
class Conversions:
    """How often converters of each kind convert.

    Attributes
    ----------
    dac, adc : int
    dac_bits, adc_bits : int or None
        Their resolution; None for ideal ones, which count with that of the cost figures.
    """

    dac: int
    adc: int
    dac_bits: int | None = None
    adc_bits: int | None = None

    def energy(self, cost: CostFigures) -> dict[str, float | None]:
        """Energy of all of them [J], by kind."""
        return {
            "DACs": times(self.dac, cost.conversion_energy("dac", self.dac_bits)),
            "ADCs": times(self.adc, cost.conversion_energy("adc", self.adc_bits)),
        }

    def row(self, what: str, cost: CostFigures) -> CostRow:
        """Their energy, with how many there are and of how many bits."""
        bits = [cost.converter_bits if one is None else one for one in (self.dac_bits, self.adc_bits)]
        formula = f"{self.dac:,} DAC × 2^{bits[0]} steps + {self.adc:,} ADC × 2^{bits[1]} steps, a figure of merit each"
        found = total(what, self.energy(cost), "J", FIGURES)
        return CostRow(found.what, found.value, "J", formula, found.assumptions)


@dataclass(frozen=True)
class Held:
    """What is at work while phases are held.

    Attributes
    ----------
    phases : mapping
        Energy of each kind of phase [J]; None where it is not stated.
    seconds : float or None
        How long all of them take [s].
    amplifiers : int
    conversions : Conversions
    started : mapping
        Energy of what makes the state that they start from [J].
    """

    phases: Mapping[str, float | None]
    seconds: float | None
    amplifiers: int
    conversions: Conversions
    started: Mapping[str, float | None]

    def rows(self, what: str, included: str, cost: CostFigures, assumptions: str = "") -> tuple[CostRow, ...]:
        """Energies of converters and amplifiers, and of everything together."""
        supply = times(self.amplifiers, cost.amplifier_power)
        taken = None if supply is None else times(supply, self.seconds)
        own: dict[str, float | None] = {"amplifiers": taken} if self.amplifiers else {}
        parts = {**self.phases, **own, **self.conversions.energy(cost), **self.started}
        formula = f"{self.amplifiers:,} × supply × time"
        amplifiers = (CostRow(f"amplifiers, {what}", taken, "J", formula, FIGURES),) if self.amplifiers else ()
        return (
            self.conversions.row(f"converters, {what}", cost),
            *amplifiers,
            total(f"energy of {what}, {included} included", parts, "J", assumptions),
        )


@dataclass(frozen=True)
class Built:
    """What stands on a chip.

    Attributes
    ----------
    devices, nodes, amplifiers, clamps, dacs, adcs : int
        Programmable devices; nodes with what belongs to them; converters, one for every channel.
    capacitor_area : float or None
        Of one node's capacitor [m2]; 0 where there is none.
    """

    devices: int
    nodes: int
    amplifiers: int
    clamps: int
    dacs: int
    adcs: int
    capacitor_area: float | None = 0.0

    def area(self, cost: CostFigures) -> CostRow:
        """Area of everything that a figure is stated for [m2]."""
        parts = {
            f"{self.devices:,} devices": times(self.devices, cost.device_area),
            f"{self.nodes:,} capacitors": times(self.nodes, self.capacitor_area),
            f"{self.amplifiers:,} amplifiers": times(self.amplifiers, cost.amplifier_area),
            f"{self.clamps:,} clamps": times(self.clamps, cost.clamp_area),
            f"{self.dacs:,} DACs": times(self.dacs, cost.dac_area),
            f"{self.adcs:,} ADCs": times(self.adcs, cost.adc_area),
        }
        used = {name: value for name, value in parts.items() if not name.startswith("0 ") and value != 0.0}
        return total("area", used, "m2", "one converter a channel; wiring and controller are not counted")


def copy_parts(macs: int, cost: CostFigures) -> dict[str, float | None]:
    """Energy of the copy's prediction in float32 [J]: arithmetic, and reading its weights once."""
    return {
        "the copy's arithmetic": times(macs, cost.float32_energy),
        "the copy's weights": times(macs / 2.0, cost.access_energy),
    }


def digital(macs: int, cost: CostFigures) -> tuple[CostRow, ...]:
    """What the copy alone costs."""
    given = "arithmetic alone; by default 45 nm (Horowitz, ISSCC 2014)"
    memory = "a memory of 8 kB, each weight read once; by default 45 nm (Horowitz, ISSCC 2014)"
    unit = "by default 45 nm (Dally, NIPS 2015; from memory, not confirmed)"
    halves, eighths = times(macs / 2, cost.access_energy), times(macs / 8, cost.access_energy)
    return (
        CostRow("multiply-accumulates of the copy", macs, "1", "one for every weight", "biases are added"),
        _arithmetic("32-bit floating point", macs, cost.float32_energy, given),
        _arithmetic("8-bit integers", macs, cost.int8_energy, given),
        CostRow("reading the copy's weights, 32 bits", halves, "J", "weights / 2 × 64 bits", memory),
        CostRow("reading the copy's weights, 8 bits", eighths, "J", "weights / 8 × 64 bits", memory),
        CostRow("area of one unit, 32-bit floating point", cost.float32_area, "m2", "multiplier and adder", unit),
        CostRow("area of one unit, 8-bit integers", cost.int8_area, "m2", "multiplier and adder", unit),
    )  # fmt: skip


def _arithmetic(kind: str, macs: int, each: float | None, given: str) -> CostRow:
    formula = f"multiply-accumulates × {'?' if each is None else f'{each * 1e12:g}'} pJ"
    return CostRow(f"the copy in {kind}", times(macs, each), "J", formula, given)
