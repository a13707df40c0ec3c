"""Which parameter moves a metric most: one at a time, and by its share of the variance.

One at a time, every parameter goes to either end of its range with the others in the middle. The variance-based
indices are Sobol's [1]_, estimated as Saltelli et al. [2]_ do by the library SALib: the first-order index is the share
of the variance that a parameter explains alone, the total one the share that is left when all others are known.

References
----------
.. [1] Sobol', Mathematics and Computers in Simulation 55 (2001), 271-280.
.. [2] Saltelli et al., Computer Physics Communications 181 (2010), 259-270.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from analogeq.errors import AnalogeqError, InputError
from analogeq.files import write_text_atomically
from analogeq.flow.measurements import surroundings
from analogeq.flow.points import Finished, Point, failures, run_points
from analogeq.flow.sweep.axes import Value
from analogeq.flow.sweep.design import Place, base_technology, point
from analogeq.flow.sweep.metrics import METRICS
from analogeq.flow.sweep.running import Sweeping
from analogeq.flow.sweep.study import Sensitivity, Study, read_study
from analogeq.flow.sweep.work import work
from analogeq.report import save_figure, save_table_csv
from analogeq.report.sensitivity import Swing, sensitivity_figure

MIDDLE = 0.5
_INDICES = ("S1", "S1_conf", "ST", "ST_conf")


@dataclass(frozen=True)
class Influence:
    """What one parameter does to a metric.

    Attributes
    ----------
    key : str
    low, high : value
        Ends of its range.
    at_low, at_high : float
        The metric there, the others in the middle; means over seeds.
    first, total : float or None
        Sobol's indices; None where no sample was asked for, or the metric did not vary.
    first_uncertainty, total_uncertainty : float or None
        Half widths of their 95 % intervals, from resampling.
    """

    key: str
    low: Value
    high: Value
    at_low: float
    at_high: float
    first: float | None = None
    first_uncertainty: float | None = None
    total: float | None = None
    total_uncertainty: float | None = None

    @property
    def swing(self) -> float:
        """How far the metric moves from one end to the other."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Sensitivities:
    """Influences, the largest first, and the metric with everything in the middle."""

    metric: str
    middle: float
    influences: tuple[Influence, ...]
    runs: int


def sensitivity(file: Path, folder: Path, how: Sweeping, console: Console | None = None) -> Sensitivities:
    """Run what is missing of a study's sensitivity into ``folder``; write sensitivity.csv, .json and .png.

    Raises
    ------
    InputError
        If the study has no table ``[sensitivity]``.
    AnalogeqError
        If a point failed: indices of a set with holes would mean nothing.
    """
    study = read_study(file)
    asked = study.sensitivity
    if asked is None:
        raise InputError(f"{file}: has no table [sensitivity]; give it a metric and [sensitivity.ranges]")
    shares = _shares(asked)
    every = list(_points(study, asked, shares, file.parent))
    finished = run_points(
        every,
        partial(work, data_dir=how.data_dir),
        folder / "points",
        jobs=how.jobs,
        scheduler=how.scheduler,
        console=console,
    )
    if failures(finished):
        raise AnalogeqError(f"sensitivity: {failures(finished)}\nnarrow the ranges to where every point works")
    found = analyse(asked, _means(finished, asked.metric, len(study.study.seeds)), len(every))
    _write(found, folder)
    return found


def _shares(asked: Sensitivity) -> np.ndarray:
    """Where in its range each parameter is, shape (run, parameter): middle, ends in turn, Sobol's sample."""
    count = len(asked.ranges)
    rows = [np.full(count, MIDDLE)]
    for k in range(count):
        for end in (0.0, 1.0):
            row = np.full(count, MIDDLE)
            row[k] = end
            rows.append(row)
    alone = np.array(rows)
    if asked.samples == 0:
        return alone
    sample, _ = _salib()
    return np.vstack((alone, sample.sample(_problem(count), asked.samples, calc_second_order=False, seed=asked.seed)))


def _points(study: Study, asked: Sensitivity, shares: np.ndarray, folder: Path) -> Iterator[Point]:
    base, below = base_technology(study, folder)
    corner = next(iter(study.corners))
    for number, row in enumerate(shares):
        varied = {key: how.at(float(share)) for (key, how), share in zip(asked.ranges.items(), row, strict=True)}
        for seed in study.study.seeds:
            made = point(study, Place(corner, varied, None, seed), base, below)
            yield Point(f"run {number} seed={seed}", made.settings)


def _means(finished: Sequence[Finished], metric: str, seeds: int) -> np.ndarray:
    """Metric of every run, the mean over its seeds.

    Raises
    ------
    AnalogeqError
        If a run has no such number, as a gradient of zero has no cosine.
    """
    values = [one.result["metrics"][metric] for one in finished if one.result is not None]
    lacking = [one.point.name for one, value in zip(finished, values, strict=True) if value is None]
    if lacking:
        raise AnalogeqError(
            f"sensitivity: {lacking[0]} and {len(lacking) - 1} other runs have no {metric}, there being nothing to "
            "measure; give more samples, fewer epochs, or another metric"
        )
    means: np.ndarray = np.asarray(values, dtype=np.float64).reshape(-1, seeds).mean(axis=1)
    return means


def analyse(asked: Sensitivity, values: np.ndarray, runs: int = 0) -> Sensitivities:
    """Turn the metric of every run, in the order of `_shares`, into influences."""
    count = len(asked.ranges)
    ends, sample = values[1 : 1 + 2 * count].reshape(count, 2), values[1 + 2 * count :]
    indices: Mapping[str, Sequence[float | None]] = {name: [None] * count for name in _INDICES}
    if sample.size and float(np.ptp(sample)) > 0.0:
        _, estimate = _salib()
        indices = estimate.analyze(_problem(count), sample, calc_second_order=False, seed=asked.seed)
    influences = [
        Influence(key, how.low, how.high, float(at_low), float(at_high), *(_number(indices[n][k]) for n in _INDICES))
        for k, ((key, how), (at_low, at_high)) in enumerate(zip(asked.ranges.items(), ends, strict=True))
    ]
    return Sensitivities(
        asked.metric, float(values[0]), tuple(sorted(influences, key=lambda one: -one.swing)), runs or len(values)
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _problem(count: int) -> dict[str, Any]:
    return {"num_vars": count, "names": [f"x{k}" for k in range(count)], "bounds": [[0.0, 1.0]] * count}


def _salib() -> tuple[Any, Any]:
    """SALib's sampling and analysis."""
    try:
        from SALib.analyze import sobol as estimate
        from SALib.sample import sobol as sample
    except ModuleNotFoundError:
        raise InputError(
            "sensitivity: variance-based indices need SALib; install analogeq[sensitivity], or set samples to 0"
        ) from None
    return sample, estimate


def _write(found: Sensitivities, folder: Path) -> None:
    unit = METRICS[found.metric].unit
    rows = [{**asdict(one), "swing": one.swing, "unit": unit} for one in found.influences]
    save_table_csv(rows, folder / "sensitivity.csv")
    record = {"surroundings": surroundings(), **asdict(found)}
    write_text_atomically(folder / "sensitivity.json", json.dumps(record, indent=2) + "\n")
    swings = [
        Swing(
            f"{one.key}\n{one.low} … {one.high}", one.at_low, one.at_high, one.first, one.total, one.total_uncertainty
        )
        for one in found.influences
    ]
    label = f"{METRICS[found.metric].about} [{unit}]"
    save_figure(sensitivity_figure(label, found.middle, swings), folder / "sensitivity.png")
