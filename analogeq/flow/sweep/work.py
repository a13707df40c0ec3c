"""One point of a study: build, train in place or elsewhere, measure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from analogeq.circuit import compile_circuit
from analogeq.data import Dataset, load
from analogeq.errors import InputError
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler, hopeless
from analogeq.flow.options import TrainOptions, config_of
from analogeq.flow.points import Result, Settings
from analogeq.flow.sweep.metrics import METRICS, Outcome
from analogeq.flow.sweep.transfer import ideal_counterpart, written
from analogeq.hardware import technology_from_toml, to_toml
from analogeq.network import Network
from analogeq.training import Trainer, TrainingResult

TRAINED = ("technology", "training", "layers", "seed", "data", "train", "test", "engine", "validation")
"""Settings that decide what is learned, where they are given."""

REMEMBERED = 4
"""Trainings without flaws that a process keeps, for the chips that they are written to."""


def work(settings: Settings, folder: Path, data_dir: Path | None = None) -> Result:
    """Train the circuit that ``settings`` describe and measure it; a checkpoint is kept in ``folder``.

    Where the data's files are, ``data_dir``, is no setting: it decides nothing. With ``validation`` true, training
    samples that are kept out of the training take the place of the test set, so that settings can be chosen.
    """
    circuit, config = planned(settings)
    settler, data = _settler(settings), _data(settings, data_dir)
    if is_transferred(settings["training"]):
        result = written(circuit, config, _learned_without_flaws(settings, circuit, data_dir), data, settler)
    else:
        result = _trained(circuit, config, data, settler, folder)
    outcome = Outcome(circuit, config, result.circuit, result.copy, result.history, data, settler, settings["samples"])
    return {
        "metrics": {name: METRICS[name].measure(outcome) for name in settings["metrics"]},
        "hopeless": list(hopeless(circuit)),
    }


def is_transferred(training: Mapping[str, Any]) -> bool:
    """Read ``transferred``: learned on a chip without flaws, then written once to this one."""
    asked = training.get("transferred", False)
    if not isinstance(asked, bool):
        raise InputError(f"training: transferred {asked!r}; write true or false")
    return asked


def planned(settings: Settings) -> tuple[AnyCircuit, AnyConfig]:
    """Compile circuit and config of a point."""
    circuit = compile_circuit(Network.layered(settings["layers"]), technology_from_toml(settings["technology"]))
    given = {name: value for name, value in settings["training"].items() if name != "transferred"}
    try:
        options = TrainOptions(**given, seed=settings["seed"])
    except TypeError as trouble:
        raise InputError(f"training: {trouble}; check the options' values") from trouble
    # No metric asks for the settled error of any but the last epoch, which is always measured.
    return circuit, replace(config_of(circuit, options), evaluate_settled_every=0)


def _trained(
    circuit: AnyCircuit, config: AnyConfig, data: Dataset, settler: Settler, folder: Path | None
) -> TrainingResult:
    with settler.open(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder)
        if folder is not None and (folder / "checkpoint.npz").exists():
            trainer.resume()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        return trainer.run()


def _learned_without_flaws(settings: Settings, circuit: AnyCircuit, data_dir: Path | None) -> TrainingResult:
    """What the chip's ideal counterpart learns: once for all chips that differ in their flaws only."""
    ideal = {**settings, "technology": to_toml(ideal_counterpart(circuit.technology))}
    return _learned(json.dumps({name: ideal[name] for name in TRAINED if name in ideal}, sort_keys=True), data_dir)


@lru_cache(maxsize=REMEMBERED)
def _learned(text: str, data_dir: Path | None) -> TrainingResult:
    settings = json.loads(text)
    return _trained(*planned(settings), _data(settings, data_dir), _settler(settings), None)


def _settler(settings: Settings) -> Settler:
    return Settler(settings["engine"], 1 if settings["engine"] == "ngspice" else None)


def _data(settings: Settings, data_dir: Path | None) -> Dataset:
    found = load(settings["data"], data_dir=data_dir, validation=settings.get("validation", False))
    train, test = settings["train"], settings["test"]
    return replace(
        found,
        x_train=found.x_train[:train],
        y_train=found.y_train[:train],
        x_test=found.x_test[:test],
        y_test=found.y_test[:test],
    )
