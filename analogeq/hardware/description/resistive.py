"""The resistive family's tables, between TOML and `ResistiveTechnology`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analogeq.errors import TechnologyError
from analogeq.hardware.cost_figures import ResistiveCost
from analogeq.hardware.description.costs import cost_lines, read_cost
from analogeq.hardware.description.devices import device_lines, read_device
from analogeq.hardware.description.memories import memory_lines, read_memory
from analogeq.hardware.description.sections import placed, read_keys, read_part, read_section, section_lines
from analogeq.hardware.description.vocabulary import RESISTIVE
from analogeq.hardware.nudge import NudgeConductance
from analogeq.hardware.resistive import Amplifier, ResistiveTechnology
from analogeq.hardware.wires import Wires


def read(tables: Mapping[str, Mapping[str, object]], folder: Path | None) -> ResistiveTechnology:
    """Make the technology that the tables describe; files it names are below ``folder``."""
    memory, values = read_memory(tables.get("memory", {"kind": "ideal"}), folder, RESISTIVE)
    values |= {"memory": memory, "cost": read_cost(tables.get("cost", {}), memory, RESISTIVE, ResistiveCost)}
    for table, held in tables.items():
        if table in ("memory", "cost"):
            continue
        if table == "device":
            values["device"] = read_device(held, folder)
        elif table == "amplifier":
            values["amplifier"] = _read_amplifier(held)
        elif table == "wires":
            values["wires"] = read_part(table, held, RESISTIVE, Wires)
        elif table == "nudge":
            values["nudge"] = read_part(table, held, RESISTIVE, NudgeConductance)
        else:
            values |= read_section(table, held, RESISTIVE)
    try:
        return ResistiveTechnology(**values)  # type: ignore[arg-type]  # the tables decide the types
    except TechnologyError as error:
        raise TechnologyError(placed(str(error), RESISTIVE)) from error


def parts(technology: ResistiveTechnology) -> dict[str, list[str]]:
    """Lines of every table; amplifiers that are not there have none, nor have default nudges, wires and costs."""
    tables = [table for table in RESISTIVE.sections if table not in ("amplifier", "wires", "nudge", "cost")]
    written = {table: section_lines(table, vars(technology), RESISTIVE) for table in tables}
    if technology.nudge != NudgeConductance():
        written["nudge"] = section_lines("nudge", vars(technology.nudge), RESISTIVE)
    if technology.wires != Wires():
        written["wires"] = section_lines("wires", vars(technology.wires), RESISTIVE)
    if technology.amplifier is not None:
        written["amplifier"] = section_lines("amplifier", vars(technology.amplifier), RESISTIVE)
    if own := cost_lines(technology.cost, technology.memory, RESISTIVE):
        written["cost"] = own
    return {**written, "device": device_lines(technology.device), "memory": memory_lines(technology.memory)}


def _read_amplifier(held: Mapping[str, object]) -> Amplifier:
    values = read_keys("amplifier", held, RESISTIVE.sections["amplifier"], RESISTIVE)
    try:
        return Amplifier(**values)  # type: ignore[arg-type]  # the table of keys decides the types, Amplifier checks
    except TechnologyError as error:
        raise TechnologyError(f"[amplifier] {str(error).removeprefix('amplifier ')}") from error
