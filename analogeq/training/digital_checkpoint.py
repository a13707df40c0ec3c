"""A digital run's state on disk at the end of an epoch: enough to go on bit for bit."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.digital.adaptive import AdaptiveSteps
from analogeq.digital.layered import EulerSteps, Settling, Sweeps
from analogeq.errors import CheckpointError
from analogeq.files import write_atomically
from analogeq.network import Parameters
from analogeq.network.network import Floats
from analogeq.training.digital_records import DigitalEpoch

FORMAT = 2


@dataclass(frozen=True, eq=False)
class DigitalCheckpoint:
    """Where a digital run stands; sample order and nudge signs follow from seed and epoch.

    Attributes
    ----------
    fingerprint : str
        Of config, settings and data.
    circuit, copy : Parameters
    history : tuple of DigitalEpoch
        One for each epoch finished.
    trained, match_at : int
        Minibatches so far, and the one before which the quickest settling is looked for again.
    free, fresh : EulerSteps, Sweeps or AdaptiveSteps
        Free phases in training, and of samples that have no kept state.
    nudged : mapping of float to the same
        By beta.
    kept : ndarray, shape (sample, node)
        Where each training sample's last free phase ended; no rows where states are not kept.
    """

    fingerprint: str
    circuit: Parameters
    copy: Parameters
    history: tuple[DigitalEpoch, ...]
    trained: int
    match_at: int
    free: Settling
    fresh: Settling
    nudged: Mapping[float, Settling]
    kept: Floats

    def save(self, path: Path) -> None:
        """Write to ``path`` (.npz), all of it or nothing."""
        arrays = {f"{name}.{part}": getattr(getattr(self, name), part) for name, part in _PARTS}
        state = {
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "history": [asdict(epoch) for epoch in self.history],
            "trained": self.trained,
            "match_at": self.match_at,
            "free": _told(self.free),
            "fresh": _told(self.fresh),
            "nudged": [[beta, _told(how)] for beta, how in self.nudged.items()],
        }
        arrays["kept"] = self.kept
        arrays["state"] = np.array(json.dumps(state))
        write_atomically(path, lambda stream: np.savez(stream, allow_pickle=False, **arrays))


_PARTS = tuple((name, part) for name in ("circuit", "copy") for part in ("weights", "biases"))


def load_digital_checkpoint(path: Path) -> DigitalCheckpoint:
    """Read what `DigitalCheckpoint.save` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another format.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        state = json.loads(str(arrays["state"]))
        if state["format"] != FORMAT:
            raise CheckpointError(
                f"{path}: checkpoint format {state['format']}, this version reads {FORMAT}; start anew"
            )
        return DigitalCheckpoint(
            state["fingerprint"],
            Parameters(arrays["circuit.weights"], arrays["circuit.biases"]),
            Parameters(arrays["copy.weights"], arrays["copy.biases"]),
            tuple(DigitalEpoch(**epoch) for epoch in state["history"]),
            state["trained"],
            state["match_at"],
            _settling(state["free"]),
            _settling(state["fresh"]),
            {beta: _settling(how) for beta, how in state["nudged"]},
            arrays["kept"],
        )
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no checkpoint there; run without it") from None
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as damage:
        raise CheckpointError(f"{path}: damaged checkpoint ({damage}); delete it and start anew") from damage


def _told(how: Settling) -> dict[str, Any]:
    return {"kind": type(how).__name__, **asdict(how)}


def _settling(told: dict[str, Any]) -> Settling:
    kinds: dict[str, type[Settling]] = {kind.__name__: kind for kind in (EulerSteps, Sweeps, AdaptiveSteps)}
    return kinds[told["kind"]](**{key: value for key, value in told.items() if key != "kind"})
