"""Technologies as TOML: one table a part of the chip, every value with its unit.

A key that is left out has the value of the default technology; a key or a table that is not known
is refused with the nearest that is.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path

from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.diodes import REAL_DIODES, real_diode
from analogeq.hardware.keys import Bits, Key, Number, Quantity, Text, Whole
from analogeq.hardware.technology import Technology

SECTIONS: Mapping[str, Mapping[str, Key]] = {
    "chip": {
        "name": Text(),
        "rail": Quantity("V", "1 V"),
        "temperature": Quantity("degC", "27 degC"),
    },
    "neuron": {
        "unit_conductance": Quantity("S", "10 uS"),
        "node_capacitance": Quantity("F", "1 pF"),
    },
    "crossbar": {
        "conductance_low": Quantity("S", "0.1 uS"),
        "conductance_high": Quantity("S", "100 uS"),
        "arrays": Text(),
        "mirror_mismatch": Number(),
        "mirror_seed": Whole(),
    },
    "amplifiers": {
        "sense_gain": Number(),
        "follower_gain": Number(),
    },
    "converters": {
        "dac_bits": Bits(),
        "adc_bits": Bits(),
    },
}
"""Tables whose keys are fields of `Technology`; ``[clamp]`` is the one whose keys depend on its kind."""

_CLAMP_KEYS: Mapping[str, Mapping[str, Key]] = {
    "ideal": {"stiffness": Number()},
    "diode": {
        "saturation_current": Quantity("A", "2.52 nA"),
        "ideality": Number(),
        "series_resistance": Quantity("Ohm", "0.5 Ohm"),
        "name": Text(),
    },
}


def default_technology_toml() -> str:
    """Return the default technology as a commented TOML file."""
    return (resources.files("analogeq.hardware") / "default_technology.toml").read_text(encoding="utf-8")


def load_technology(path: str | Path) -> Technology:
    """Read a technology from a TOML file.

    Raises
    ------
    TechnologyError
        If the file cannot be read or `technology_from_toml` refuses what it says.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TechnologyError(f"{file}: cannot be read ({error}); check the path") from error
    return technology_from_toml(text, source=str(file))


def technology_from_toml(text: str, *, source: str = "technology") -> Technology:
    """Read a technology from TOML text.

    Parameters
    ----------
    text : str
        As `default_technology_toml` shows it.
    source : str
        Where the text is from, for messages.

    Raises
    ------
    TechnologyError
        If it is no TOML, a table or key is unknown, a value lacks its unit, has one that could
        mean two things or of another dimension, or is out of range.
    """
    try:
        tables = tomllib.loads(text)
        values = _values(tables)
    except tomllib.TOMLDecodeError as error:
        raise TechnologyError(f"{source}: is not TOML: {error}") from error
    except TechnologyError as error:
        raise TechnologyError(f"{source}: {error}") from error
    try:
        return Technology(**values)  # type: ignore[arg-type]  # the table of keys decides the types, Technology checks
    except TechnologyError as error:
        raise TechnologyError(f"{source}: {_placed(str(error))}") from error


def _values(tables: Mapping[str, object]) -> dict[str, object]:
    """Read every table; the result is what `Technology` is made from."""
    values: dict[str, object] = {}
    for section, held in tables.items():
        _check_known(section, (*SECTIONS, "clamp"), "table", "")
        if not isinstance(held, dict):
            raise TechnologyError(f"{section}: is a table; begin it with a line [{section}]")
        values |= {"clamp": _read_clamp(held)} if section == "clamp" else _read(section, held, SECTIONS[section])
    return values


def _placed(message: str) -> str:
    """Put the table before a message of `Technology`, which begins with the key."""
    key = message.split(":", 1)[0]
    table = next((table for table, keys in SECTIONS.items() if key in keys), None)
    return f"[{table}] {message}" if table else message


def to_toml(technology: Technology) -> str:
    """Write a technology as TOML that reads back equal."""
    parts = []
    for section, keys in SECTIONS.items():
        lines = [f"{key} = {kind.write(getattr(technology, key))}" for key, kind in keys.items()]
        parts.append("\n".join([f"[{section}]", *lines]))
    parts.append("\n".join(["[clamp]", *_clamp_lines(technology.clamp)]))
    return "\n\n".join(parts) + "\n"


def _read(section: str, held: Mapping[str, object], keys: Mapping[str, Key]) -> dict[str, object]:
    values = {}
    for key, value in held.items():
        _check_known(key, keys, "key", section)
        values[key] = keys[key].read(value, f"[{section}] {key}")
    return values


def _read_clamp(held: Mapping[str, object]) -> Clamp:
    kind = Text().read(held.get("kind", "ideal"), "[clamp] kind")
    others = {key: value for key, value in held.items() if key != "kind"}
    if kind not in _CLAMP_KEYS:
        if kind.lower() not in REAL_DIODES:
            _check_known(kind, (*_CLAMP_KEYS, *REAL_DIODES), "kind", "clamp")
        if others:
            raise TechnologyError(
                f"[clamp] {next(iter(others))}: the part {kind} brings its own values; leave the key out, or set kind "
                'to "diode"'
            )
        return real_diode(kind)
    values = _read("clamp", others, _CLAMP_KEYS[kind])
    made: type[IdealClamp | DiodeClamp] = IdealClamp if kind == "ideal" else DiodeClamp
    try:
        return made(**values)  # type: ignore[arg-type]  # the table of keys decides the types, the clamp checks
    except TechnologyError as error:
        raise TechnologyError(f"[clamp] {error}") from error


def _clamp_lines(clamp: Clamp) -> list[str]:
    if isinstance(clamp, DiodeClamp) and clamp.name in REAL_DIODES and clamp == real_diode(clamp.name):
        return [f'kind = "{clamp.name}"']
    kind = "ideal" if isinstance(clamp, IdealClamp) else "diode"
    lines = [f"{key} = {how.write(getattr(clamp, key))}" for key, how in _CLAMP_KEYS[kind].items()]
    return [f'kind = "{kind}"', *lines]


def _check_known(name: str, known: Collection[str], noun: str, section: str) -> None:
    if name in known:
        return
    where = f"[{section}] " if section else ""
    home = next((table for table, keys in SECTIONS.items() if noun == "key" and name in keys), None)
    close = difflib.get_close_matches(name, known, n=1)
    everywhere = {key: table for table, keys in SECTIONS.items() for key in keys}
    elsewhere = difflib.get_close_matches(name, everywhere, n=1) if noun != "kind" else []
    if home is not None:
        hint = f"it belongs in [{home}]"
    elif close:
        hint = f"did you mean {close[0]!r}?"
    elif elsewhere:
        hint = f"did you mean {elsewhere[0]!r} in [{everywhere[elsewhere[0]]}]?"
    else:
        hint = f"there are {', '.join(known)}"
    raise TechnologyError(f"{where}{name}: unknown {noun}; {hint}")
