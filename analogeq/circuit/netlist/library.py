"""The hand-written subcircuits: where their text is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from analogeq.errors import InputError

CELLS = (
    "pair",
    "sense",
    "sense_real",
    "neuron",
    "clamp_ideal",
    "clamp_diode",
    "neuron_between",
    "clamp_ideal_between",
    "clamp_diode_between",
    "follower",
    "follower_stage",
    "conveyor_stage",
    "conveyor_limited",
    "tether",
    "nudge",
    "conductance",
    "amplifier",
    "doubled_input",
    "ideal_diode",
    "diode",
    "diode_pair",
)
"""Files of the library, without their suffix."""


@cache
def cell_text(name: str) -> str:
    """Text of one subcircuit, comments included.

    Parameters
    ----------
    name : str
        One of `CELLS`.
    """
    if name not in CELLS:
        raise InputError(f"cell {name!r}: the library has {', '.join(CELLS)}; name one of them")
    return (_folder() / f"{name}.cir").read_text(encoding="utf-8")


def _folder() -> Traversable:
    """Beside this module in an installed wheel, ``netlists/lib`` in a checkout."""
    installed = files("analogeq.circuit.netlist") / "lib"
    if installed.is_dir():
        return installed
    return Path(__file__).parents[3] / "netlists" / "lib"
