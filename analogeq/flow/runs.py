"""A run's folder: what was trained, on what, and how, so that a later command can go on from it."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from analogeq.circuit import compile_circuit
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital import FeedforwardCopy
from analogeq.errors import CheckpointError, InputError
from analogeq.files import write_text_atomically
from analogeq.flow.design import compile_drawn
from analogeq.flow.families import AnyCircuit, AnyConfig, copy_of, family_of, shared_of, wiring_of
from analogeq.hardware import ResistiveTechnology, Technology, technology_from_toml, to_toml
from analogeq.hardware.memory import DeviceState
from analogeq.network import (
    Network,
    Parameters,
    graph_from_network,
    write_graph,
)
from analogeq.training import ResistiveTrainingConfig, TrainingConfig
from analogeq.training.checkpoint import load_checkpoint

PACKAGES = ("numpy", "scipy", "PySpice", "networkx", "matplotlib", "scikit-learn", "safetensors")


@dataclass(frozen=True)
class DataSource:
    """Which dataset, and where its files are.

    Attributes
    ----------
    name : str
        As `analogeq.data.load` takes it.
    folder : str or None
        ``--data-dir``.
    """

    name: str
    folder: str | None = None

    def load(self) -> Dataset:
        """Read the dataset."""
        return load(self.name, data_dir=None if self.folder is None else Path(self.folder))


@dataclass(frozen=True, eq=False)
class Run:
    """A trained or half-trained network with its surroundings.

    Attributes
    ----------
    folder : Path
    circuit : Circuit
    source : DataSource
    config : TrainingConfig
    engine : str
        What settled it in training.
    parameters : Parameters
        Of the analog circuit.
    copy : FeedforwardCopy
    devices : DeviceState or None
        What the circuit's devices hold, where its memory is not ideal.
    """

    folder: Path
    circuit: AnyCircuit
    source: DataSource
    config: AnyConfig
    engine: str
    parameters: Parameters
    copy: FeedforwardCopy
    devices: DeviceState | None = None


def describe_run(
    folder: Path, circuit: AnyCircuit, source: DataSource, config: AnyConfig, engine: str, command: str = ""
) -> None:
    """Write run.json, technology.toml and, for a drawn network, network.graphml with what it shares.

    ``command`` is what a user typed for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network, (shared, nodes) = circuit.network, shared_of(circuit)
    if network.is_layered and not shared and nodes is None:
        drawn: dict[str, object] = {"layers": list(network.layer_sizes)}
    else:
        write_graph(graph_from_network(network, shared=shared, shared_nodes=nodes), folder / "network.graphml")
        drawn = {"graph": "network.graphml"}
    write_text_atomically(folder / "technology.toml", to_toml(circuit.technology))
    described = {
        "family": family_of(circuit),
        "network": drawn,
        "data": asdict(source),
        "engine": engine,
        "training": asdict(config),
        "command": command,
        "versions": versions(),
    }
    write_json(folder / "run.json", described)


def open_run(folder: Path) -> Run:
    """Read what a training left in ``folder``.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    try:
        described = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder}: no run.json there; train one first: analogeq train --output {folder}") from None
    except NotADirectoryError:
        raise InputError(f"{folder}: is a file; give the folder that analogeq train wrote") from None
    except json.JSONDecodeError as damage:
        raise InputError(f"{folder / 'run.json'}: not JSON ({damage}); train the run anew") from damage
    try:
        return _opened(folder, described)
    except (KeyError, TypeError, AttributeError) as damage:
        raise InputError(
            f"{folder / 'run.json'}: is not as train writes it ({type(damage).__name__}: {damage}); train the run anew"
        ) from damage


def _opened(folder: Path, described: dict[str, Any]) -> Run:
    circuit = _circuit(folder, described["network"], _technology(folder))
    if not (folder / "checkpoint.npz").exists():
        raise InputError(f"{folder}: its training left no checkpoint; train it again, without --resume")
    learned = load_checkpoint(folder / "checkpoint.npz", circuit.network, wiring_of(circuit)).learned
    config = config_from(described.get("family", "hopfield"), described["training"])
    return Run(
        folder=folder,
        circuit=circuit,
        source=DataSource(**described["data"]),
        config=config,
        engine=described["engine"],
        parameters=learned.circuit,
        copy=copy_of(circuit, learned.copy, config),
        devices=learned.devices,
    )


def _technology(folder: Path) -> Technology | ResistiveTechnology:
    file = folder / "technology.toml"
    try:
        return technology_from_toml(file.read_text(encoding="utf-8"), source=str(file))
    except FileNotFoundError:
        raise InputError(f"{file}: is missing, so nobody knows what the run's chip is made of; train it anew") from None


def check_same_circuit(folder: Path, circuit: AnyCircuit) -> None:
    """Refuse to go on with a run for another chip or another network than it was begun with.

    Raises
    ------
    CheckpointError
        Naming what differs.
    """
    if not (folder / "run.json").exists():
        return
    begun = open_run(folder).circuit
    if to_toml(begun.technology) != to_toml(circuit.technology):
        raise CheckpointError(
            f"{folder}: was trained on another chip, that of {folder / 'technology.toml'}; resume with "
            "--technology and that file, or choose another --output"
        )
    if not begun.network.same_as(circuit.network):
        raise CheckpointError(f"{folder}: was trained on another network; resume with the same, or another --output")


def config_from(family: str, stored: dict[str, object]) -> AnyConfig:
    """Rebuild a config from its JSON form."""
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    if family == "resistive":
        return ResistiveTrainingConfig(**fields)  # type: ignore[arg-type]  # checked by the config itself
    fields["schedule"] = Schedule(**fields["schedule"])  # type: ignore[arg-type]  # JSON: checked by Schedule itself
    return TrainingConfig(**fields)  # type: ignore[arg-type]  # likewise


def _circuit(folder: Path, drawn: dict[str, Any], technology: Technology | ResistiveTechnology) -> AnyCircuit:
    if "layers" in drawn:
        return compile_circuit(Network.layered([int(n) for n in drawn["layers"]]), technology)
    return compile_drawn(folder / str(drawn["graph"]), technology)


def write_json(path: Path, content: object) -> None:
    """Write ``content`` as indented JSON, all of it or nothing."""
    write_text_atomically(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of what it computes with."""
    found = {"analogeq": metadata.version("analogeq"), "python": platform.python_version(), "platform": sys.platform}
    for package in PACKAGES:
        found[package] = metadata.version(package)
    return found
