"""How much of the true gradient an EP estimate keeps: by beta, settling time and read noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product

import numpy as np
from numpy.typing import NDArray

from analogeq.controller import Controller, Schedule
from analogeq.controller.controller import presented
from analogeq.engines import OperatingPoint, Session, engine
from analogeq.errors import InputError, NotSettledError
from analogeq.flow.families import Settler
from analogeq.flow.oracle import Subject, oracle
from analogeq.learning import contrastive_gradient
from analogeq.network import Network, Parameters

Floats = NDArray[np.floating]

LIMIT = "small-signal"
"""What rows of the beta → 0 estimate hold where others name their nudging."""


FARTHEST = 1e9
"""From 1, either way, of nudge strengths and volts: beyond it double precision holds no difference of two phases."""


@dataclass(frozen=True)
class Sweep:
    """What is varied.

    Attributes
    ----------
    betas : tuple of float
        Nudge strengths, positive; each is tried one-sided and centred.
    free_times, nudged_times : tuple of float or None
        Durations of the phases in time constants; None follows them to the equilibrium.
    noises : tuple of float
        Standard deviations of what is added to every node voltage that is read [V].
    draws : int
        How often a noisy reading is repeated; cosines and ratios are means over them.
    seed : int
        Of the noise, which is the same for every beta.
    """

    betas: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
    free_times: tuple[float | None, ...] = (None,)
    nudged_times: tuple[float | None, ...] = (None,)
    noises: tuple[float, ...] = (0.0,)
    draws: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.betas or any(not 1.0 / FARTHEST <= b <= FARTHEST for b in self.betas):
            raise InputError(
                f"betas {self.betas}: give positive numbers between {1.0 / FARTHEST:g} and {FARTHEST:g}; the sign is "
                "the nudging's own choice"
            )
        if not self.noises or any(not 0.0 <= s <= FARTHEST for s in self.noises):
            raise InputError(
                f"noise {self.noises} V: a standard deviation is between 0 and {FARTHEST:g}; give for example 0.001"
            )
        if not self.free_times or not self.nudged_times:
            raise InputError("times: a phase needs a duration; give time constants, or 0 for the equilibrium")
        if self.draws < 1:
            raise InputError(f"draws {self.draws}: give 1 or more")


@dataclass(frozen=True)
class Setting:
    """How an estimate was made: times in time constants, None for the equilibrium."""

    nudging: str
    beta: float
    free_time: float | None
    nudged_time: float | None


@dataclass(frozen=True)
class GradientRow:
    """One layer of one estimate.

    ``loss`` is 1 - cosine, without the rounding of that difference; ``ratio`` is the estimate's
    norm over the exact gradient's, None where that is zero; ``noise`` is in volts.
    """

    setting: Setting
    noise: float
    layer: str
    cosine: float
    loss: float
    ratio: float | None


@dataclass(frozen=True)
class Missing:
    """An estimate that could not be made, and why."""

    setting: Setting
    reason: str


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Everything a check found.

    Attributes
    ----------
    samples : int
    corners : int
        Nodes exactly at a clamp's corner, over all samples: there the exact gradient is one-sided.
    kirchhoff_residual : float
        Largest of the free equilibrium [A].
    rows : tuple of GradientRow
    missing : tuple of Missing
    remark : str
        What the numbers alone do not say.
    """

    samples: int
    corners: int
    kirchhoff_residual: float
    rows: tuple[GradientRow, ...]
    missing: tuple[Missing, ...]
    remark: str = ""

    @property
    def zero(self) -> tuple[str, ...]:
        """Layers of which the exact gradient is zero: whatever an estimate is, there is nothing to hold it against."""
        return tuple(dict.fromkeys(row.layer for row in self.rows if row.ratio is None))

    @property
    def vacuous(self) -> str:
        """Say that the exact gradient is zero everywhere; empty where it is not."""
        if {row.layer for row in self.rows} != set(self.zero):
            return ""
        return (
            f"the exact gradient of these {self.samples} samples is zero in every layer: each output already stands at "
            "its target or at a rail, and cosines say nothing; take more samples, or a run that is less trained"
        )

    def worst(self) -> tuple[GradientRow, ...]:
        """For each setting and noise the row of the layer that loses most."""
        groups = groupby(self.rows, key=lambda r: (r.setting, r.noise))
        return tuple(max(rows, key=lambda r: r.loss) for _, rows in groups)

    def proposals(self) -> tuple[GradientRow, ...]:
        """For each pair of times and noise the nudging whose worst layer loses least."""
        best: dict[tuple[float | None, float | None, float], GradientRow] = {}
        for row in self.worst():
            key = row.setting.free_time, row.setting.nudged_time, row.noise
            if row.setting.nudging != LIMIT and (key not in best or row.loss < best[key].loss):
                best[key] = row
        return tuple(best.values())


def check_gradients(subject: Subject, sweep: Sweep, settler: Settler | None = None) -> GradientCheck:
    """Compare every estimate of a sweep with the exact gradient, layer by layer.

    The exact gradient is that of the cost at the free equilibrium, whatever time the phases are given.

    Raises
    ------
    NotSettledError
        If the circuit has no free equilibrium to differentiate at.
    """
    settler = settler or Settler()
    circuit, network = subject.circuit, subject.circuit.network
    with engine(settler.name, workers=settler.workers).open(circuit) as session:
        bench = _Bench(subject, sweep, session)
        free = bench.free_equilibrium()
        exact, limit, corners = oracle(subject, np.asarray(free.voltages))
        rows = score(network, Setting(LIMIT, 0.0, None, None), 0.0, [limit], exact)
        for setting, noise, estimates in bench.estimates():
            rows += score(network, setting, noise, estimates, exact)
    residual = float(free.kcl_residual.max())
    return GradientCheck(len(subject.inputs), corners, residual, tuple(rows), tuple(bench.missing))


class _Bench:
    """Runs the phases of a sweep on an open session and reads them with noise."""

    def __init__(self, subject: Subject, sweep: Sweep, session: Session) -> None:
        self.subject, self.sweep = subject, sweep
        self.controller = Controller(session, Schedule(tether=subject.tether, free_time=None, nudged_time=None))
        self.controller.program(subject.parameters)
        tech = subject.circuit.technology
        self.inputs = presented(tech, subject.inputs, None, 0.0).inputs / tech.rail
        self.rail = tech.rail
        self.missing: list[Missing] = []

    def free_equilibrium(self) -> OperatingPoint:
        """Settle the free phase, however long it takes."""
        self.controller.present(self.subject.inputs, self.subject.prediction)
        try:
            return self.controller.free_phase()
        finally:
            self.controller.release()

    def estimates(self) -> Iterator[tuple[Setting, float, list[Parameters]]]:
        """Every setting and noise with one estimate a draw."""
        for free_time in self.sweep.free_times:
            self.controller.schedule = replace(self.controller.schedule, free_time=free_time)
            self.controller.present(self.subject.inputs, self.subject.prediction)
            try:
                free = self.controller.read(self.controller.free_phase())
                for nudged_time, beta in product(self.sweep.nudged_times, self.sweep.betas):
                    yield from self._nudged(free, beta, (free_time, nudged_time))
            finally:
                self.controller.release()

    def _nudged(
        self, free: Floats, beta: float, times: tuple[float | None, float | None]
    ) -> Iterator[tuple[Setting, float, list[Parameters]]]:
        self.controller.schedule = replace(self.controller.schedule, nudged_time=times[1])
        up, down = self._nudge(beta), self._nudge(-beta)
        for nudging, below, span in (("one-sided", free, beta), ("centred", down, 2.0 * beta)):
            setting = Setting(nudging, beta, *times)
            if isinstance(up, str) or isinstance(below, str):
                self.missing.append(Missing(setting, up if isinstance(up, str) else str(below)))
                continue
            for noise in self.sweep.noises:
                yield setting, noise, self._read(below, up, span, noise)

    def _nudge(self, beta: float) -> Floats | str:
        try:
            return self.controller.read(self.controller.nudged_phase(self.subject.targets, beta))
        except NotSettledError as failure:
            return str(failure)

    def _read(self, below: Floats, up: Floats, span: float, noise: float) -> list[Parameters]:
        """Gradients of repeated readings of the same two states."""
        network, found = self.subject.circuit.network, []
        for draw in range(self.sweep.draws if noise > 0.0 else 1):
            first, second = below, up
            if noise > 0.0:
                error = np.random.default_rng((self.sweep.seed, draw)).standard_normal((2, *up.shape))
                first, second = (s + e * (noise / self.rail) for s, e in zip((below, up), error, strict=True))
            found.append(contrastive_gradient(network, self.inputs, first, second, span))
        return found


def score(
    network: Network, setting: Setting, noise: float, estimates: Sequence[Parameters], exact: Parameters
) -> list[GradientRow]:
    """Compare estimates of one setting with the exact gradient, layer by layer."""
    truth, rows = by_layer(network, exact), []
    parts = [by_layer(network, estimate) for estimate in estimates]
    for layer, true in truth.items():
        loss = float(np.mean([cosine_loss(part[layer], true) for part in parts]))
        norm = float(np.linalg.norm(true))
        ratio = float(np.mean([np.linalg.norm(part[layer]) for part in parts])) / norm if norm > 0.0 else None
        rows.append(GradientRow(setting, noise, layer, 1.0 - loss, loss, ratio))
    return rows


def by_layer(network: Network, gradient: Parameters) -> dict[str, Floats]:
    """Gradients of each block of weights and of each layer's biases, by name; layer 0 holds the inputs."""
    parts = {f"weights {b.pre}→{b.post}": gradient.weights[b.edges] for b in network.blocks}
    return parts | {f"biases {k}": gradient.biases[layer] for k, layer in enumerate(network.layers, start=1)}


def cosine_loss(estimate: Floats, truth: Floats) -> float:
    """1 - cosine, exact to rounding also near zero; 0 if both are zero, 1 if one is."""
    norms = float(np.linalg.norm(estimate)), float(np.linalg.norm(truth))
    if 0.0 in norms:
        return 0.0 if norms == (0.0, 0.0) else 1.0
    return 0.5 * float(np.sum((estimate / norms[0] - truth / norms[1]) ** 2))
