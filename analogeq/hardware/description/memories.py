"""``[memory]``: the programmable devices, between TOML and a `Memory`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analogeq.errors import TechnologyError
from analogeq.hardware.description.curves import inside
from analogeq.hardware.description.memory_keys import MEMORY_KEYS
from analogeq.hardware.description.sections import read_keys
from analogeq.hardware.description.vocabulary import Vocabulary, refuse_unknown_kind
from analogeq.hardware.keys import Text
from analogeq.hardware.memory import (
    PRESETS,
    Branch,
    Drift,
    Faults,
    Levels,
    Memory,
    Noise,
    Programming,
    Pulses,
    Retention,
    Spread,
    fit_pulses,
    read_pulses,
)

Range = dict[str, object]


def read_memory(held: Mapping[str, object], folder: Path | None, known: Vocabulary) -> tuple[Memory, Range]:
    """Make the memory of a ``[memory]`` table, and the range that its preset or its measurement has.

    The range is for a technology whose ``[crossbar]`` does not say its own.
    """
    given = Text().read(held.get("kind", "described"), "[memory] kind")
    kinds = known.kinds["memory"]
    kind = given.lower() if given.lower() in kinds else given
    refuse_unknown_kind(kind, "memory", known)
    values = read_keys("memory", {k: v for k, v in held.items() if k != "kind"}, kinds[kind], known)
    with _placed():
        base, low, high = _start(kind, values, folder)
        own_range: Range = {"conductance_low": low, "conductance_high": high}
        return _made({**_flat(base), **values}), {key: end for key, end in own_range.items() if end is not None}


def memory_lines(memory: Memory) -> list[str]:
    """Lines of a memory's table: its preset and what differs from that."""
    if memory == Memory():
        return ['kind = "ideal"']
    kind = memory.name if memory.name in PRESETS else "described"
    base = _flat(PRESETS[kind].memory) if kind in PRESETS else _flat(Memory())
    differ = {key: value for key, value in _flat(memory).items() if value != base[key]}
    return [f'kind = "{kind}"', *(f"{key} = {MEMORY_KEYS[key].write(value)}" for key, value in differ.items())]


def _start(kind: str, values: dict[str, object], folder: Path | None) -> tuple[Memory, float | None, float | None]:
    if kind in PRESETS:
        preset = PRESETS[kind]
        return preset.memory, preset.low, preset.high
    if kind != "measured":
        return Memory(), None, None
    if "file" not in values:
        raise TechnologyError("file: a measured device has one; give the CSV of its pulses, or another kind")
    found = fit_pulses(read_pulses(inside(str(values.pop("file")), folder)))
    return found.memory, found.low, found.high


def _flat(memory: Memory) -> dict[str, Any]:
    """Every key's value."""
    levels, pulses, spread, drift = memory.levels, memory.pulses, memory.spread, memory.drift
    return {
        "name": memory.name,
        "levels": None if levels is None else levels.count,
        "spacing": "conductance" if levels is None else levels.spacing,
        **_flat_noise("write", memory.programming.noise),
        "verify_pulses": memory.programming.budget,
        "verify_tolerance": memory.programming.tolerance,
        "pulses_up": None if pulses is None else pulses.up.pulses,
        "pulses_down": None if pulses is None else pulses.down.pulses,
        "constant_up": None if pulses is None else pulses.up.constant,
        "constant_down": None if pulses is None else pulses.down.constant,
        "cycle_sd_of_range": 0.0 if pulses is None else pulses.of_range,
        "cycle_sd_of_step": 0.0 if pulses is None else pulses.of_step,
        "rounding": memory.rounding,
        "device_sd_of_step": spread.step,
        "device_sd_of_asymmetry": spread.asymmetry,
        "device_sd_of_low": spread.low_end,
        "device_sd_of_high": spread.high_end,
        "resistance_tolerance": spread.tolerance,
        **_flat_noise("read", memory.read_noise),
        "drift_exponent": drift.exponent,
        "drift_exponent_sd": drift.exponent_sd,
        "drift_start": drift.start,
        "retention": memory.retention.time_constant,
        "retention_rest": memory.retention.rest,
        "stuck_low": memory.faults.stuck_low,
        "stuck_high": memory.faults.stuck_high,
        "stuck_open": memory.faults.stuck_open,
        "pairs": memory.pairs,
        "update_period": memory.update_period,
        "read_after": memory.read_after,
        "seed": memory.seed,
    }


def _flat_noise(of: str, noise: Noise) -> dict[str, Any]:
    return {
        f"{of}_sd": noise.absolute,
        f"{of}_sd_of_range": noise.of_range,
        f"{of}_sd_of_value": noise.of_value,
        f"{of}_sd_polynomial": noise.polynomial,
    }


def _made(v: Mapping[str, Any]) -> Memory:
    with _renamed(lambda key: f"write_{key}" if key.startswith("sd") else key):
        programming = Programming(_noise(v, "write"), v["verify_pulses"], v["verify_tolerance"])
    with _renamed(lambda key: f"read_{key}"):
        read_noise = _noise(v, "read")
    return Memory(
        name=v["name"],
        levels=None if v["levels"] is None else Levels(v["levels"], v["spacing"]),
        programming=programming,
        pulses=_pulses(v),
        rounding=v["rounding"],
        spread=Spread(
            v["device_sd_of_step"],
            v["device_sd_of_asymmetry"],
            v["device_sd_of_low"],
            v["device_sd_of_high"],
            v["resistance_tolerance"],
        ),
        read_noise=read_noise,
        drift=Drift(v["drift_exponent"], v["drift_exponent_sd"], v["drift_start"]),
        retention=Retention(v["retention"], v["retention_rest"]),
        faults=Faults(v["stuck_low"], v["stuck_high"], v["stuck_open"]),
        pairs=v["pairs"],
        update_period=v["update_period"],
        read_after=v["read_after"],
        seed=v["seed"],
    )


def _noise(v: Mapping[str, Any], of: str) -> Noise:
    polynomial = v[f"{of}_sd_polynomial"]
    terms = polynomial if isinstance(polynomial, tuple) else (polynomial,)
    return Noise(v[f"{of}_sd"], v[f"{of}_sd_of_range"], v[f"{of}_sd_of_value"], terms)


def _pulses(v: Mapping[str, Any]) -> Pulses | None:
    """Make the pulse model; what is said of one direction only holds for both."""
    spreads = v["cycle_sd_of_range"], v["cycle_sd_of_step"]
    if v["pulses_up"] is None and v["pulses_down"] is None:
        for key in ("constant_up", "constant_down", "cycle_sd_of_range", "cycle_sd_of_step"):
            if v[key]:
                raise TechnologyError(f"{key}: {v[key]!r} and no pulses; set pulses_up, the pulses from end to end")
        return None
    branches = []
    for way, other in (("up", "down"), ("down", "up")):
        count, constant = (
            v[f"{what}_{other}"] if v[f"{what}_{way}"] is None else v[f"{what}_{way}"]
            for what in ("pulses", "constant")
        )
        with _renamed(lambda key, way=way: f"{key}_{way}"):  # type: ignore[misc]  # mypy: a default in a lambda
            branches.append(Branch(count, math.inf if constant is None else constant))
    return Pulses(branches[0], branches[1], *spreads)


@contextmanager
def _renamed(name: Callable[[str], str]) -> Iterator[None]:
    """Call what a facet complains of as the table does."""
    try:
        yield
    except TechnologyError as error:
        key, colon, rest = str(error).partition(":")
        raise TechnologyError(f"{name(key)}{colon}{rest}") from error


@contextmanager
def _placed() -> Iterator[None]:
    try:
        yield
    except TechnologyError as error:
        raise TechnologyError(f"[memory] {error}") from error
