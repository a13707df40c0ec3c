"""The keys of ``[cost]``, by family."""

from __future__ import annotations

from collections.abc import Mapping

from analogeq.hardware.keys import Key, Number, Optional, Quantity, Whole

_ENERGY = Optional(Quantity("J", "1 pJ"))
_STEP = Optional(Quantity("J", "20 fJ"))
_SECONDS = Optional(Quantity("s", "100 ns"))
_AREA = Optional(Quantity("m2", "100 um2"))

COST_KEYS: Mapping[str, Key] = {
    "adc_energy_per_step": _STEP,
    "dac_energy_per_step": _STEP,
    "converter_bits": Whole(),
    "adc_area": _AREA,
    "dac_area": _AREA,
    "amplifier_power": Optional(Quantity("W", "10 uW")),
    "amplifier_area": _AREA,
    "clamp_area": _AREA,
    "pulse_energy": _ENERGY,
    "pulse_voltage": Optional(Quantity("V", "2 V")),
    "pulse_width": _SECONDS,
    "pulse_time": _SECONDS,
    "cell_area": _AREA,
    "feature_size": Optional(Quantity("m", "130 nm")),
    "cell_area_in_f2": Optional(Number()),
    "float32_energy": _ENERGY,
    "int8_energy": _ENERGY,
    "float32_area": _AREA,
    "int8_area": _AREA,
    "access_energy": _ENERGY,
}
"""Of either family."""

HOPFIELD_COST_KEYS: Mapping[str, Key] = {
    **COST_KEYS,
    "capacitor_density": Optional(Quantity("F/m2", "1.5 fF/um2")),
}

RESISTIVE_COST_KEYS: Mapping[str, Key] = {**COST_KEYS, "phase_time": Optional(Quantity("s", "1 us"))}
