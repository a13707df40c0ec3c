"""One point of a study: build, train, measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analogeq.circuit import compile_circuit
from analogeq.data import Dataset, load
from analogeq.errors import InputError
from analogeq.flow.families import AnyCircuit, AnyConfig, Settler
from analogeq.flow.options import TrainOptions, config_of
from analogeq.flow.points import Result, Settings
from analogeq.flow.sweep.metrics import METRICS, Outcome
from analogeq.hardware import technology_from_toml
from analogeq.network import Network
from analogeq.training import Trainer


def work(settings: Settings, folder: Path, data_dir: Path | None = None) -> Result:
    """Train the circuit that ``settings`` describe and measure it; a checkpoint is kept in ``folder``.

    Where the data's files are, ``data_dir``, is no setting: it decides nothing.
    """
    circuit, config = planned(settings)
    settler = Settler(settings["engine"], 1 if settings["engine"] == "ngspice" else None)
    data = _data(settings, data_dir)
    with settler.open(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder)
        if (folder / "checkpoint.npz").exists():
            trainer.resume()
        folder.mkdir(parents=True, exist_ok=True)
        result = trainer.run()
    outcome = Outcome(circuit, config, result.circuit, result.copy, result.history, data, settler, settings["samples"])
    return {"metrics": {name: METRICS[name].measure(outcome) for name in settings["metrics"]}}


def planned(settings: Settings) -> tuple[AnyCircuit, AnyConfig]:
    """Compile circuit and config of a point."""
    circuit = compile_circuit(Network.layered(settings["layers"]), technology_from_toml(settings["technology"]))
    try:
        options = TrainOptions(**settings["training"], seed=settings["seed"])
        return circuit, config_of(circuit, options)
    except TypeError as trouble:
        raise InputError(f"training: {trouble}; check the options' values") from trouble


def _data(settings: Settings, data_dir: Path | None) -> Dataset:
    found = load(settings["data"], data_dir=data_dir)
    train, test = settings["train"], settings["test"]
    return replace(
        found,
        x_train=found.x_train[:train],
        y_train=found.y_train[:train],
        x_test=found.x_test[:test],
        y_test=found.y_test[:test],
    )
