"""The keys of ``[memory]``, by kind."""

from __future__ import annotations

from collections.abc import Mapping

from analogeq.hardware.keys import Key, Number, Numbers, Optional, Quantity, Text, Unbounded, Whole
from analogeq.hardware.memory import PRESETS

_SECONDS = Quantity("s", "25 s")


def _noise(of: str) -> dict[str, Key]:
    return {
        f"{of}_sd": Quantity("S", "0.5 uS"),
        f"{of}_sd_of_range": Number(),
        f"{of}_sd_of_value": Number(),
        f"{of}_sd_polynomial": Numbers(),
    }


MEMORY_KEYS: Mapping[str, Key] = {
    "name": Text(),
    "levels": Optional(Whole()),
    "spacing": Text(),
    **_noise("write"),
    "verify_pulses": Whole(),
    "verify_tolerance": Number(),
    "pulses_up": Optional(Number()),
    "pulses_down": Optional(Number()),
    "constant_up": Optional(Number()),
    "constant_down": Optional(Number()),
    "cycle_sd_of_range": Number(),
    "cycle_sd_of_step": Number(),
    "rounding": Text(),
    "device_sd_of_step": Number(),
    "device_sd_of_asymmetry": Number(),
    "device_sd_of_low": Number(),
    "device_sd_of_high": Number(),
    "resistance_tolerance": Number(),
    **_noise("read"),
    "drift_exponent": Number(),
    "drift_exponent_sd": Number(),
    "drift_start": _SECONDS,
    "retention": Unbounded("s", "10 s"),
    "retention_rest": Number(),
    "stuck_low": Number(),
    "stuck_high": Number(),
    "stuck_open": Number(),
    "pairs": Text(),
    "update_period": _SECONDS,
    "read_after": _SECONDS,
    "seed": Whole(),
}
"""Everything that describes a device that is not ideal."""


def memory_kinds(keys: Mapping[str, Key]) -> Mapping[str, Mapping[str, Key]]:
    """Kinds of a family that knows these keys.

    ``described`` starts from an ideal device, ``measured`` from a fitted one, a preset's name from that preset.
    """
    return {"ideal": {}, "described": keys, "measured": {"file": Text(), **keys}, **dict.fromkeys(PRESETS, keys)}
