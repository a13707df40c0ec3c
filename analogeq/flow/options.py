"""From the options of ``analogeq train`` to a config of the circuit's family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analogeq.controller import Schedule
from analogeq.errors import InputError
from analogeq.flow.families import AnyCircuit, AnyConfig, family_of
from analogeq.training import ResistiveTrainingConfig, TrainingConfig

ONLY = {
    "hopfield": ("momentum", "tether", "free_time", "nudged_time", "copy_activation"),
    "resistive": ("rule", "nudge_by", "cost", "temperature", "sweeps", "bias_rates", "first_spread"),
}
"""Options that one family has and the other does not."""


@dataclass(frozen=True)
class TrainOptions:
    """What was asked for; None leaves the choice to the family.

    Attributes
    ----------
    epochs, batch, seed : int
    initialise : bool
        Whether the copy starts the circuit.
    rates, copy_rates, bias_rates : str or None
        Numbers with commas, one for each layer after the inputs or one for all.
    copy_optimizer, copy_loss, copy_activation, nudging, rule, nudge_by, cost : str or None
    beta, momentum, tether, free_time, nudged_time, temperature, decay : float or None
        Times in time constants, 0 for the equilibrium; temperature in volts.
    sweeps : int or None
    first_spread : float or None
        As `analogeq.training.ResistiveTrainingConfig` has it.
    """

    epochs: int = 20
    batch: int = 10
    seed: int = 0
    initialise: bool = True
    rates: str | None = None
    copy_rates: str | None = None
    bias_rates: str | None = None
    copy_optimizer: str | None = None
    copy_loss: str | None = None
    copy_activation: str | None = None
    nudging: str | None = None
    beta: float | None = None
    momentum: float | None = None
    tether: float | None = None
    free_time: float | None = None
    nudged_time: float | None = None
    rule: str | None = None
    nudge_by: str | None = None
    cost: str | None = None
    temperature: float | None = None
    decay: float | None = None
    sweeps: int | None = None
    first_spread: float | None = None


def config_of(circuit: AnyCircuit, options: TrainOptions) -> AnyConfig:
    """Make the config of a circuit's family.

    Raises
    ------
    InputError
        If an option belongs to the other family, or its value is impossible.
    """
    family = family_of(circuit)
    given = {name: value for name, value in asdict(options).items() if value is not None}
    for other, names in ONLY.items():
        wrong = [name for name in names if name in given] if other != family else []
        if wrong:
            raise InputError(
                f"--{wrong[0].replace('_', '-')}: belongs to circuits of the {other} family, and this technology is of "
                f"the {family} one; leave it out"
            )
    n_layers = len(circuit.network.layers)
    for name in ("rates", "copy_rates", "bias_rates"):
        if name in given:
            given[name] = numbers(given[name], n_layers, f"--{name.replace('_', '-')}")
    return _resistive(circuit, given, n_layers) if family == "resistive" else _hopfield(given, n_layers)


def _common(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("epochs", "seed", "initialise", "rates", "copy_rates", "copy_optimizer", "copy_loss", "decay")
    return {"batch_size": given["batch"], **{name: given[name] for name in kept if name in given}}


def _hopfield(given: Mapping[str, Any], n_layers: int) -> TrainingConfig:
    """Fill in what works on handwritten digits: 10 + 2 time constants, rates that halve from layer to layer."""
    schedule = Schedule(
        given.get("beta", 0.5),
        given.get("nudging", "random-sign"),
        given.get("tether", 0.1),
        given.get("free_time", 10.0) or None,
        given.get("nudged_time", 2.0) or None,
    )
    usual = {"rates": tuple(0.2 * 0.5**k for k in range(n_layers)), "copy_rates": (0.5,) * n_layers}
    own = {name: given[name] for name in ("momentum", "copy_activation") if name in given}
    return TrainingConfig(**{**usual, **_common(given), **own}, schedule=schedule)


def _resistive(circuit: AnyCircuit, given: Mapping[str, Any], n_layers: int) -> ResistiveTrainingConfig:
    pairs = circuit.technology.outputs == "pairs"  # type: ignore[union-attr]  # family_of has said resistive
    renamed = {"nudging": "sides", "nudge_by": "by"}
    own = ("rule", "nudging", "nudge_by", "cost", "temperature", "beta", "sweeps", "bias_rates", "first_spread")
    fields = {renamed.get(name, name): given[name] for name in own if name in given}
    if "by" not in fields and (pairs or fields.get("cost") == "cross-entropy"):
        fields["by"] = "current"  # the only nudge there is for them
    usual = {"rates": (0.05,) * n_layers, "copy_rates": (0.5,) * n_layers}
    return ResistiveTrainingConfig(**{**usual, **_common(given), **fields})


def numbers(text: str, count: int, option: str) -> tuple[float, ...]:
    """Read numbers with commas: ``count`` of them, or one for all."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} {text!r}: not a list of numbers; write for example 0.1,0.05") from None
    if len(values) == 1:
        values *= count
    if len(values) != count:
        raise InputError(f"{option} {text!r}: {len(values)} rates, the network has {count} layers after the inputs")
    if not all(math.isfinite(value) for value in values):
        raise InputError(f"{option} {text!r}: every rate must be finite")
    return values
