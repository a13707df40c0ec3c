"""A run's state on disk: enough to go on bit for bit."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analogeq.errors import CheckpointError
from analogeq.files import write_atomically
from analogeq.hardware.memory import DeviceState
from analogeq.network import Network, Parameters
from analogeq.training.learner import Learned

FORMAT = 1
PARTS = ("circuit", "copy", "circuit_velocity", "copy_velocity")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a run stands.

    Sample order and nudge signs of an epoch follow from seed and epoch alone, so counters say it all.

    Attributes
    ----------
    learned : Learned
    epoch, batch : int
        Epochs finished, and minibatches finished of the epoch under way.
    fingerprint : str
        Of the config and the data the state belongs to.
    """

    learned: Learned
    epoch: int
    batch: int
    fingerprint: str

    def save(self, path: Path) -> None:
        """Write to ``path`` (.npz), all of it or nothing."""
        arrays = {}
        for name in PARTS:
            parameters: Parameters | None = getattr(self.learned, name)
            if parameters is not None:
                arrays[f"{name}.weights"] = parameters.weights
                arrays[f"{name}.biases"] = parameters.biases
        if self.learned.devices is not None:
            arrays |= self.learned.devices.as_arrays("devices")
        counters = {"format": FORMAT, "epoch": self.epoch, "batch": self.batch, "fingerprint": self.fingerprint}
        arrays["counters"] = np.array(json.dumps(counters))
        write_atomically(path, lambda stream: np.savez(stream, allow_pickle=False, **arrays))


def load_checkpoint(path: Path, network: Network, wiring: Network) -> Checkpoint:
    """Read a checkpoint and check that it fits.

    Parameters
    ----------
    path : Path
    network, wiring : Network
        What the copy's and what the circuit's parameters belong to.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another format, or of another network.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        counters = json.loads(str(arrays["counters"]))
        if counters["format"] != FORMAT:
            raise CheckpointError(
                f"{path}: checkpoint format {counters['format']}, this version reads {FORMAT}; train anew"
            )
        found = Checkpoint(
            learned=Learned(
                _parameters(arrays, "circuit", wiring),
                _parameters(arrays, "copy", network),
                _parameters(arrays, "circuit_velocity", wiring) if _has(arrays, "circuit_velocity") else None,
                _parameters(arrays, "copy_velocity", network) if _has(arrays, "copy_velocity") else None,
                DeviceState.from_arrays(arrays, "devices"),
            ),
            epoch=int(counters["epoch"]),
            batch=int(counters["batch"]),
            fingerprint=str(counters["fingerprint"]),
        )
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no checkpoint there; start without --resume") from None
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as damage:
        if isinstance(damage, CheckpointError):
            raise
        raise CheckpointError(
            f"{path}: damaged checkpoint ({damage}); delete it and start without --resume"
        ) from damage
    return found


def _has(arrays: dict[str, np.ndarray], name: str) -> bool:
    return f"{name}.weights" in arrays


def _parameters(arrays: dict[str, np.ndarray], name: str, network: Network) -> Parameters:
    weights, biases = arrays[f"{name}.weights"], arrays[f"{name}.biases"]
    if weights.shape != (network.n_edges,) or biases.shape != (network.n_nodes,):
        raise CheckpointError(
            f"checkpoint: {name} has {weights.size} weights and {biases.size} biases, the network "
            f"{network.n_edges} and {network.n_nodes}; it is another network's"
        )
    return Parameters(weights, biases)
