"""What a trained copy is worth once it stands alone, and what its circuit's weights are worth on a chip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.digital import HARD_SIGMOID, FeedforwardCopy, TabulatedActivation
from analogeq.engines.native import NativeEngine
from analogeq.export import CopyMetadata, export_copy
from analogeq.export.onnx_graph import run_onnx
from analogeq.flow.families import AnyCircuit, AnyConfig
from analogeq.hardware import Technology
from analogeq.network.network import Floats
from analogeq.training import Learned, Learner, error_percent
from analogeq.training.copy_activation import activation_for

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Deployed:
    """Errors of a copy without its circuit [%].

    Attributes
    ----------
    copy : float
        As it was taught.
    deployed : float
        Exported to ONNX, read back and run by onnxruntime.
    elsewhere : int
        Samples whose class the export changed.
    behind_hard_sigmoid : float or None
        Its weights behind the papers' clip to the rails; None of a circuit without rails.
    """

    copy: float
    deployed: float
    elsewhere: int
    behind_hard_sigmoid: float | None


def deploy(
    copy: FeedforwardCopy, circuit: AnyCircuit, inputs: Floats, labels: Labels, path: Path, about: CopyMetadata
) -> Deployed:
    """Export a copy to ``path`` (.onnx) and measure it on its own.

    One that follows the curve of its circuit's diodes, which the format does not hold, has its weights put behind the
    clip at their knees for that.
    """
    error, behind = error_percent(copy.outputs(inputs), labels), None
    if isinstance(circuit.technology, Technology):
        behind = error_percent(replace(copy, activation=HARD_SIGMOID).outputs(inputs), labels)
        if isinstance(copy.activation, TabulatedActivation):
            copy = replace(copy, activation=activation_for(circuit.technology, "knees"))
    read = run_onnx(export_copy(copy, path, about).read_bytes(), inputs)[0]
    moved = int(np.count_nonzero(read.argmax(axis=1) != copy.outputs(inputs).argmax(axis=1)))
    return Deployed(error, error_percent(read, labels), moved, behind)


def settled_classes(circuit: AnyCircuit, config: AnyConfig, learned: Learned, inputs: Floats) -> Labels:
    """Class of each sample by a circuit that holds what was learned, started as in training and settled natively."""
    learner: Learner
    opened: Any = NativeEngine("coarse").open(circuit)
    with opened as session:
        learner = config.learner(session, np.float64)
        learner.restore(learned)
        return np.asarray(np.argmax(learner.outputs(learner.settled(inputs)), axis=1))
