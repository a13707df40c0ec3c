"""``[device]``: what stands between a hidden node and ground, between TOML and a `NodeDevice`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analogeq.errors import TechnologyError
from analogeq.hardware.description.curves import curve_lines, make_curve
from analogeq.hardware.description.sections import read_keys
from analogeq.hardware.description.vocabulary import PAIR, RESISTIVE, refuse_unknown_kind
from analogeq.hardware.diodes import REAL_DIODES
from analogeq.hardware.keys import Text
from analogeq.hardware.resistive import (
    DiodePair,
    DoubleShockley,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    NodeDevice,
    NoDevice,
    ShockleyDiode,
)

KINDS: Mapping[str, type[NodeDevice]] = {
    "ideal": IdealDiode,
    "shockley": ShockleyDiode,
    "double-shockley": DoubleShockley,
    "diode-pair": DiodePair,
    "none": NoDevice,
    "junction": JunctionDiode,
    "junction-pair": JunctionPair,
}
"""Devices whose keys are their fields; a curve has a file or points, and a real part brings its own values."""


def read_device(held: Mapping[str, object], folder: Path | None) -> NodeDevice:
    """Make the device of a ``[device]`` table; a curve's file is below ``folder``."""
    given = Text().read(held.get("kind", "ideal"), "[device] kind")
    kinds = RESISTIVE.kinds["device"]
    kind = given.lower() if given.lower() in kinds else given
    refuse_unknown_kind(kind, "device", RESISTIVE)
    others = {key: value for key, value in held.items() if key != "kind"}
    values = read_keys("device", others, kinds[kind], RESISTIVE)
    try:
        return make_curve(values, folder) if kind == "curve" else _made(kind, values)
    except TechnologyError as error:
        raise TechnologyError(f"[device] {error}") from error


def device_lines(device: NodeDevice) -> list[str]:
    """Lines of a device's table."""
    if isinstance(device, MeasuredCurve):
        return ['kind = "curve"', *curve_lines(device)]
    kind = _part(device) or next((kind for kind, made in KINDS.items() if type(device) is made), None)
    if kind is None:
        raise TechnologyError(
            f"device {type(device).__name__}: no file can describe it; use one of analogeq.hardware.resistive"
        )
    keys = RESISTIVE.kinds["device"][kind]
    return [f'kind = "{kind}"', *(f"{key} = {how.write(getattr(device, key))}" for key, how in keys.items())]


def _made(kind: str, values: Mapping[str, Any]) -> NodeDevice:
    if kind in REAL_DIODES:
        return JunctionDiode.of_part(kind, **values)
    if kind.removesuffix(PAIR) in REAL_DIODES:
        return JunctionPair.of_part(kind.removesuffix(PAIR), **values)
    return KINDS[kind](**values)


def _part(device: NodeDevice) -> str | None:
    """Kind of a device that is a real part as it is sold; None for any other."""
    if not isinstance(device, JunctionDiode) or device.name not in REAL_DIODES:
        return None
    kind = device.name + (PAIR if isinstance(device, JunctionPair) else "")
    settings = {key: getattr(device, key) for key in RESISTIVE.kinds["device"][kind]}
    return kind if device == _made(kind, settings) else None
