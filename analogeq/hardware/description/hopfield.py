"""The first family's tables, between TOML and `Technology`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.converter import Converter
from analogeq.hardware.cost_figures import HopfieldCost
from analogeq.hardware.description.costs import cost_lines, read_cost
from analogeq.hardware.description.memories import memory_lines, read_memory
from analogeq.hardware.description.sections import placed, read_keys, read_part, read_section, section_lines
from analogeq.hardware.description.vocabulary import CLAMP_SPREAD, HOPFIELD, refuse_unknown_kind
from analogeq.hardware.diodes import REAL_DIODES, real_diode
from analogeq.hardware.keys import Text
from analogeq.hardware.nudge import NudgeSource
from analogeq.hardware.technology import Technology
from analogeq.hardware.wires import Wires


def read(tables: Mapping[str, Mapping[str, object]], folder: Path | None) -> Technology:
    """Make the technology that the tables describe; files it names are below ``folder``."""
    memory, values = read_memory(tables.get("memory", {"kind": "ideal"}), folder, HOPFIELD)
    values |= {"memory": memory, "cost": read_cost(tables.get("cost", {}), memory, HOPFIELD, HopfieldCost)}
    for table, held in tables.items():
        if table in ("memory", "cost"):
            continue
        if table == "clamp":
            values["clamp"] = _read_clamp(held)
        elif table in PARTS:
            values[table] = read_part(table, held, HOPFIELD, PARTS[table])
        else:
            values |= read_section(table, held, HOPFIELD)
    try:
        return Technology(**values)  # type: ignore[arg-type]  # the table of keys decides the types, Technology checks
    except TechnologyError as error:
        raise TechnologyError(placed(str(error), HOPFIELD)) from error


def parts(technology: Technology) -> dict[str, list[str]]:
    """Lines of every table; figures of cost that are the default ones are left out."""
    tables = [table for table in HOPFIELD.sections if table != "cost"]
    held = {table: getattr(technology, table) if table in PARTS else technology for table in tables}
    written = {table: section_lines(table, vars(part), HOPFIELD) for table, part in held.items()}
    if own := cost_lines(technology.cost, technology.memory, HOPFIELD):
        written["cost"] = own
    return {**written, "clamp": _clamp_lines(technology.clamp), "memory": memory_lines(technology.memory)}


def _read_clamp(held: Mapping[str, object]) -> Clamp:
    kind = Text().read(held.get("kind", "ideal"), "[clamp] kind")
    others = {key: value for key, value in held.items() if key != "kind"}
    if kind.lower() in REAL_DIODES:
        if own := [key for key in others if key not in CLAMP_SPREAD]:
            raise TechnologyError(
                f'[clamp] {own[0]}: the part {kind} brings its own values; leave the key out, or set kind to "diode"'
            )
        return _checked(partial(replace, real_diode(kind)), read_keys("clamp", others, CLAMP_SPREAD, HOPFIELD))
    refuse_unknown_kind(kind, "clamp", HOPFIELD)
    values = read_keys("clamp", others, HOPFIELD.kinds["clamp"][kind], HOPFIELD)
    return _checked(IdealClamp if kind == "ideal" else DiodeClamp, values)


def _checked(made: Callable[..., Clamp], values: Mapping[str, object]) -> Clamp:
    try:
        return made(**values)  # the table of keys decides the types, the clamp checks
    except TechnologyError as error:
        raise TechnologyError(f"[clamp] {error}") from error


PARTS: Mapping[str, type[Wires] | type[Converter]] = {
    "wires": Wires,
    **dict.fromkeys(("dac", "adc"), Converter),
    "nudge": NudgeSource,
}
"""Tables that are a part of the technology, not fields of it."""


def _clamp_lines(clamp: Clamp) -> list[str]:
    kind = "ideal" if isinstance(clamp, IdealClamp) else "diode"
    if isinstance(clamp, DiodeClamp) and clamp.name in REAL_DIODES:
        spread = {key: getattr(clamp, key) for key in CLAMP_SPREAD}
        kind = clamp.name if clamp == replace(real_diode(clamp.name), **spread) else kind
    lines = [f"{key} = {how.write(getattr(clamp, key))}" for key, how in HOPFIELD.kinds["clamp"][kind].items()]
    return [f'kind = "{kind}"', *lines]
