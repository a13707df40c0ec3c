"""``[device]``: what stands between a hidden node and ground, between TOML and a `NodeDevice`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analogeq.errors import TechnologyError
from analogeq.hardware.description.curves import curve_lines, make_curve
from analogeq.hardware.description.sections import read_keys
from analogeq.hardware.description.vocabulary import RESISTIVE, refuse_unknown_kind
from analogeq.hardware.keys import Text
from analogeq.hardware.resistive import (
    DiodePair,
    DoubleShockley,
    IdealDiode,
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
}
"""Devices whose keys are their fields; a curve has a file or points."""


def read_device(held: Mapping[str, object], folder: Path | None) -> NodeDevice:
    """Make the device of a ``[device]`` table; a curve's file is below ``folder``."""
    kind = Text().read(held.get("kind", "ideal"), "[device] kind")
    refuse_unknown_kind(kind, "device", RESISTIVE)
    others = {key: value for key, value in held.items() if key != "kind"}
    values = read_keys("device", others, RESISTIVE.kinds["device"][kind], RESISTIVE)
    try:
        return make_curve(values, folder) if kind == "curve" else KINDS[kind](**values)
    except TechnologyError as error:
        raise TechnologyError(f"[device] {error}") from error


def device_lines(device: NodeDevice) -> list[str]:
    """Lines of a device's table."""
    if isinstance(device, MeasuredCurve):
        return ['kind = "curve"', *curve_lines(device)]
    kind = next((kind for kind, made in KINDS.items() if type(device) is made), None)
    if kind is None:
        raise TechnologyError(
            f"device {type(device).__name__}: no file can describe it; use one of analogeq.hardware.resistive"
        )
    keys = RESISTIVE.kinds["device"][kind]
    return [f'kind = "{kind}"', *(f"{key} = {how.write(getattr(device, key))}" for key, how in keys.items())]
