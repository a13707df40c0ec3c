"""The tables and keys that a technology file may have, by circuit family, and what is said of any other."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from analogeq.errors import TechnologyError
from analogeq.hardware.description.cost_keys import HOPFIELD_COST_KEYS, RESISTIVE_COST_KEYS
from analogeq.hardware.description.memory_keys import MEMORY_KEYS, memory_kinds
from analogeq.hardware.diodes import REAL_DIODES
from analogeq.hardware.keys import (
    Bits,
    Flag,
    FullScale,
    Key,
    Number,
    Numbers,
    Optional,
    Quantity,
    Text,
    Unbounded,
    Whole,
)

Keys = Mapping[str, Key]

_SHOWN_KINDS = 3


@dataclass(frozen=True)
class Vocabulary:
    """What the files of one family are written in.

    Attributes
    ----------
    family : str
        Value of ``[chip] family``.
    sections : mapping
        Tables whose keys are fields of the technology.
    kinds : mapping
        Tables whose keys depend on their ``kind``: the keys of every kind.
    fields : mapping
        Fields of the technology that are called otherwise than their (table, key).
    """

    family: str
    sections: Mapping[str, Keys]
    kinds: Mapping[str, Mapping[str, Keys]]
    fields: Mapping[tuple[str, str], str]

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table."""
        return (*self.sections, *self.kinds)

    def field(self, table: str, key: str) -> str:
        """Field of the technology that a key sets."""
        return self.fields.get((table, key), key)

    def homes(self) -> dict[str, str]:
        """Where every key belongs, as ``[table]``; of several tables all are named."""
        found: dict[str, dict[str, None]] = {}
        of_kinds = ((table, keys) for table, kinds in self.kinds.items() for keys in kinds.values())
        for table, keys in (*self.sections.items(), *of_kinds):
            for key in keys:
                found.setdefault(key, {})[f"[{table}]"] = None
        return {key: " or ".join(tables) for key, tables in found.items()}


_TEMPERATURE = Quantity("degC", "27 degC")
_SEGMENT = Quantity("Ohm", "1 Ohm")
_OFFSET = Quantity("V", "1 mV")
_BANDWIDTH = Unbounded("Hz", "100 MHz")
_COEFFICIENT = Quantity("1/K", "500 ppm/K")
CLAMP_SPREAD: Keys = {"lower_spread": _OFFSET, "upper_spread": _OFFSET, "seed": Whole()}
"""Keys of a clamp of any kind."""
_CONVERTER: Keys = {
    "bits": Bits(),
    "full_scale": FullScale(),
    "gain": Number(),
    "offset": _OFFSET,
    "nonlinearity": Number(),
    "gain_spread": Number(),
    "offset_spread": _OFFSET,
    "noise": Quantity("V", "1 mV"),
    "seed": Whole(),
}
_NUDGED_WITH: Keys = {"conductance_gain": Number(), "conductance_spread": Number()}
_CHIP = {"family": Text(), "name": Text()}
_WIRES: Keys = {
    "word_line_resistance": _SEGMENT,
    "bit_line_resistance": _SEGMENT,
    "driver_resistance": Quantity("Ohm", "100 Ohm"),
    "sense_resistance": Quantity("Ohm", "100 Ohm"),
    "driven_from": Text(),
    "sensed_at": Text(),
}

HOPFIELD = Vocabulary(
    "hopfield",
    {
        "chip": {**_CHIP, "rail": Quantity("V", "1 V"), "temperature": _TEMPERATURE},
        "neuron": {
            "unit_conductance": Quantity("S", "10 uS"),
            "node_capacitance": Quantity("F", "1 pF"),
            "temperature_coefficient": _COEFFICIENT,
        },
        "crossbar": {
            "conductance_low": Quantity("S", "0.1 uS"),
            "conductance_high": Quantity("S", "100 uS"),
            "arrays": Text(),
            "mapping": Text(),
            "affine_headroom": Number(),
            "mirror_mismatch": Number(),
            "mirror_seed": Whole(),
            "temperature_coefficient": _COEFFICIENT,
        },
        "amplifiers": {
            "sense_gain": Number(),
            "follower_gain": Number(),
            "sense_offset": _OFFSET,
            "sense_offset_spread": _OFFSET,
            "sense_gain_spread": Number(),
            "follower_offset": _OFFSET,
            "follower_offset_spread": _OFFSET,
            "follower_low": Unbounded("V", "100 mV", low=True),
            "follower_high": Unbounded("V", "900 mV"),
            "follower_bandwidth": _BANDWIDTH,
            "sense_bandwidth": _BANDWIDTH,
            "sense_current_limit": Unbounded("A", "10 uA"),
            "amplifier_seed": Whole(),
        },
        "dac": _CONVERTER,
        "adc": _CONVERTER,
        "nudge": {**_CONVERTER, **_NUDGED_WITH},
        "wires": _WIRES,
        "cost": HOPFIELD_COST_KEYS,
    },
    {
        "clamp": {
            "ideal": {"stiffness": Number(), **CLAMP_SPREAD},
            "diode": {
                "saturation_current": Quantity("A", "2.52 nA"),
                "ideality": Number(),
                "series_resistance": Quantity("Ohm", "0.5 Ohm"),
                "name": Text(),
                **CLAMP_SPREAD,
            },
            **dict.fromkeys(REAL_DIODES, CLAMP_SPREAD),
        },
        "memory": memory_kinds(MEMORY_KEYS),
    },
    {
        ("crossbar", "temperature_coefficient"): "device_temperature_coefficient",
        ("neuron", "temperature_coefficient"): "leak_temperature_coefficient",
    },
)

_SATURATION = Quantity("A", "1 uA")
_THERMAL = Quantity("V", "50 mV")
_BIASES = {"upper": Quantity("V", "1 V"), "lower": Quantity("V", "-1 V")}
_CARD: Keys = {
    "saturation_current": _SATURATION,
    "ideality": Number(),
    "series_resistance": Quantity("Ohm", "0.5 Ohm"),
    "temperature": _TEMPERATURE,
    "name": Text(),
}

PAIR = "-pair"
"""What follows a part's name where two of it stand between a node and two bias sources."""

RESISTIVE = Vocabulary(
    "resistive",
    {
        "chip": _CHIP,
        "crossbar": {"conductance_low": Quantity("S", "0.1 uS"), "conductance_high": Unbounded("S", "100 uS")},
        "inputs": {"gain": Number(), "kind": Text(), "bias_voltage": Optional(Quantity("V", "0.5 V"))},
        "outputs": {"kind": Text()},
        "biases": {"currents": Text()},
        "nudge": {**_NUDGED_WITH, "seed": Whole()},
        "amplifier": {"voltage_gain": Numbers(), "current_gain": Numbers()},
        "wires": _WIRES,
        "cost": RESISTIVE_COST_KEYS,
    },
    {
        "device": {
            "ideal": {"stiffness": Quantity("S", "1e12 S")},
            "shockley": {"saturation_current": _SATURATION, "scaled_thermal_voltage": _THERMAL},
            "double-shockley": {
                "saturation_current": _SATURATION,
                "thermal_voltage": _THERMAL,
                "offset": Quantity("V", "1 V"),
            },
            "diode-pair": {"saturation_current": _SATURATION, "thermal_voltage": _THERMAL, **_BIASES},
            "curve": {"file": Text(), "volts": Numbers(), "amperes": Numbers(), "half": Flag()},
            "none": {},
            "junction": _CARD,
            "junction-pair": {**_CARD, **_BIASES},
            **{part: {"temperature": _TEMPERATURE} for part in REAL_DIODES},
            **{part + PAIR: {"temperature": _TEMPERATURE, **_BIASES} for part in REAL_DIODES},
        },
        "memory": memory_kinds({key: how for key, how in MEMORY_KEYS.items() if key != "pairs"}),
    },
    {
        ("inputs", "gain"): "input_gain",
        ("inputs", "kind"): "inputs",
        ("outputs", "kind"): "outputs",
        ("biases", "currents"): "bias_currents",
    },
)

FAMILIES: Mapping[str, Vocabulary] = {known.family: known for known in (HOPFIELD, RESISTIVE)}


def refuse_unknown_table(name: str, known: Vocabulary) -> None:
    """Raise `TechnologyError` with the nearest table or key unless the family has the table."""
    if name not in known.tables:
        hint = _other_table(name, known) or _close(name, known.tables) or _close_elsewhere(name, known)
        raise TechnologyError(f"{name}: unknown table; {hint or _all_of(known.tables)}")


def refuse_unknown_key(name: str, keys: Collection[str], table: str, known: Vocabulary) -> None:
    """Raise `TechnologyError` with the nearest key, or where the key belongs, unless it is one of ``keys``."""
    if name in keys:
        return
    home = known.homes().get(name)
    hint = _other_kind(name, table, known) or (f"it belongs in {home}" if home else _other_key(name, known))
    hint = hint or _close(name, keys) or _close_elsewhere(name, known)
    raise TechnologyError(f"[{table}] {name}: unknown key; {hint or _all_of(keys)}")


def refuse_unknown_kind(kind: str, table: str, known: Vocabulary) -> None:
    """Raise `TechnologyError` with the nearest kind unless the table has it."""
    kinds = known.kinds[table]
    if kind not in kinds:
        hint = _close(kind, kinds) or _all_of(kinds)
        raise TechnologyError(f"[{table}] {kind}: unknown kind; {hint}")


def read_family(tables: Mapping[str, object]) -> Vocabulary:
    """Vocabulary that ``[chip] family`` names; the first family's where it names none."""
    chip = tables.get("chip")
    family = chip.get("family", HOPFIELD.family) if isinstance(chip, dict) else HOPFIELD.family
    return family_called(Text().read(family, "[chip] family"), "[chip] family")


def family_called(name: str, what: str) -> Vocabulary:
    """Vocabulary of a family."""
    if name not in FAMILIES:
        raise TechnologyError(f"{what}: {name[:60]!r} is unknown; {_close(name, FAMILIES) or _all_of(FAMILIES)}")
    return FAMILIES[name]


_REASONS = {
    ("resistive", "mapping"): "a weight of a resistive network is one conductance, and has no sign; ",
}
"""Why a family lacks what the other has, where one may well look for it."""


def _other_table(name: str, known: Vocabulary) -> str | None:
    other = next((v for v in FAMILIES.values() if v is not known and name in v.tables), None)
    return None if other is None else _of_family(other, name, known, _near(name, known.tables))


def _other_key(name: str, known: Vocabulary) -> str | None:
    other = next((v for v in FAMILIES.values() if v is not known and name in v.homes()), None)
    return None if other is None else _of_family(other, name, known, None)


def _of_family(other: Vocabulary, name: str, known: Vocabulary, near: str | None) -> str:
    why = _REASONS.get((known.family, name), "")
    meant = f'{why}set [chip] family = "{other.family}", or take it out'
    return f"it belongs to family {other.family!r}; {meant}" + (f" (or did you mean {near!r}?)" if near else "")


def _other_kind(name: str, table: str, known: Vocabulary) -> str | None:
    kinds = [kind for kind, keys in known.kinds.get(table, {}).items() if name in keys]
    return f"it belongs to kind {' or '.join(map(repr, kinds[:_SHOWN_KINDS]))}" if kinds else None


def _close(name: str, among: Collection[str]) -> str | None:
    near = _near(name, among)
    return f"did you mean {near!r}?" if near else None


def _close_elsewhere(name: str, known: Vocabulary) -> str | None:
    homes = known.homes()
    near = _near(name, homes)
    return f"did you mean {near!r} in {homes[near]}?" if near else None


def _near(name: str, among: Collection[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, among, n=1)), None)


def _all_of(among: Collection[str]) -> str:
    return f"there are {', '.join(among)}" if among else "there is none"
