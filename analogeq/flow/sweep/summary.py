"""What a study found: every point, statistics of each place, and what its specifications say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from scipy.stats import binomtest

from analogeq.flow.points import Finished
from analogeq.flow.sweep.metrics import METRICS
from analogeq.flow.sweep.study import Spec, Study

CONFIDENCE = 0.95
"""Of the interval of a yield."""


@dataclass(frozen=True)
class Spread:
    """A metric over the draws and seeds of one place.

    Attributes
    ----------
    median, low, high : float
    without : int
        Points that were measured and have no such number, as a gradient of zero has no direction.
    """

    median: float
    low: float
    high: float
    without: int = 0


@dataclass(frozen=True)
class Yield:
    """How many chips keep every specification.

    Attributes
    ----------
    passed, chips : int
        A point that failed is a chip that does not pass.
    low, high : float
        Clopper and Pearson's interval of the share [1]_.

    References
    ----------
    .. [1] Clopper, Pearson, Biometrika 26 (1934), 404-413.
    """

    passed: int
    chips: int
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """A corner and one combination of varied values, over draws and seeds.

    Attributes
    ----------
    corner : str
    varied : mapping
    spreads : mapping of str to Spread
        By metric; without those that no point has a number of.
    failures : tuple of str
        Of the points that failed, why.
    verdicts : mapping of str to bool
        By metric with a specification: whether every point keeps it, which one without a number does not.
    chips : Yield or None
        None where nothing is specified.
    hopeless : tuple of str
        What about its chips no training can mend, a sentence each.
    """

    corner: str
    varied: Mapping[str, Any]
    spreads: Mapping[str, Spread]
    failures: tuple[str, ...]
    verdicts: Mapping[str, bool]
    chips: Yield | None
    hopeless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """Everything a study found.

    Attributes
    ----------
    points : tuple of mapping
        One row a point: place, metrics, failure, seconds.
    groups : tuple of Group
    missing : int
        Points not run yet.
    """

    points: tuple[Mapping[str, Any], ...]
    groups: tuple[Group, ...]
    missing: int = 0

    @property
    def failed(self) -> int:
        """Points that failed."""
        return sum(len(group.failures) for group in self.groups)

    @property
    def kept(self) -> bool:
        """Whether every specification is kept everywhere, by every point."""
        return all(all(group.verdicts.values()) for group in self.groups) and self.failed == 0


def summarise(study: Study, finished: Sequence[Finished], missing: int = 0) -> Summary:
    """Gather finished points of a study; ``missing`` is how many there are besides."""
    parts = groupby(sorted(finished, key=_place), key=_place)
    order = {_place(one): at for at, one in reversed(list(enumerate(finished)))}
    gathered = sorted(((key, list(ones)) for key, ones in parts), key=lambda item: order[item[0]])
    return Summary(
        tuple(_row(one) for one in finished), tuple(_group(study.specs, ones) for _, ones in gathered), missing
    )


def _place(one: Finished) -> tuple[str, str]:
    place = one.point.settings["place"]
    return place["corner"], repr(sorted(place["varied"].items()))


def _row(one: Finished) -> dict[str, Any]:
    place = one.point.settings["place"]
    measured = one.result["metrics"] if one.result is not None else {}
    return {
        "corner": place["corner"],
        **place["varied"],
        "draw": place["draw"],
        "seed": place["seed"],
        **{name: measured.get(name) for name in one.point.settings["metrics"]},
        "failure": one.failure,
        "seconds": one.seconds,
    }


def _group(specs: Mapping[str, Spec], ones: Sequence[Finished]) -> Group:
    place = ones[0].point.settings["place"]
    measured = [one.result["metrics"] for one in ones if one.result is not None]
    names = ones[0].point.settings["metrics"]
    spreads = {name: found for name in names if (found := _spread([m[name] for m in measured])) is not None}
    kept = [{name: m[name] is not None and spec.allows(m[name]) for name, spec in specs.items()} for m in measured]
    whole = len(measured) == len(ones)
    return Group(
        place["corner"],
        place["varied"],
        spreads,
        tuple(one.failure for one in ones if one.failure),
        {name: whole and all(k[name] for k in kept) for name in specs},
        _yield(sum(all(k.values()) for k in kept), len(ones)) if specs else None,
        tuple(dict.fromkeys(said for one in ones if one.result is not None for said in one.result.get("hopeless", ()))),
    )


def _spread(values: Sequence[float | None]) -> Spread | None:
    numbers = [value for value in values if value is not None]
    if not numbers:
        return None
    without = len(values) - len(numbers)
    return Spread(float(np.median(numbers)), float(np.min(numbers)), float(np.max(numbers)), without)


def _yield(passed: int, chips: int) -> Yield:
    interval = binomtest(passed, chips).proportion_ci(CONFIDENCE, method="exact")
    return Yield(passed, chips, float(interval.low), float(interval.high))


def table(summary: Summary) -> list[dict[str, Any]]:
    """One flat row a group, for CSV and people."""
    rows = []
    metrics = dict.fromkeys(name for group in summary.groups for name in group.spreads)
    lacking = [name for name in metrics if any(_without(group, name) for group in summary.groups)]
    for group in summary.groups:
        row: dict[str, Any] = {"corner": group.corner, **group.varied}
        for name in metrics:
            spread = group.spreads.get(name)
            heads = (f"{name} median [{METRICS[name].unit}]", f"{name} low", f"{name} high")
            numbers = (None,) * 3 if spread is None else (spread.median, spread.low, spread.high)
            row |= dict(zip(heads, numbers, strict=True))
        row |= {f"{name} without a number": _without(group, name) for name in lacking}
        row |= {f"{name} kept": kept for name, kept in group.verdicts.items()}
        if group.chips is not None:
            row |= {"chips": group.chips.chips, "passed": group.chips.passed}
            row |= {"yield low": group.chips.low, "yield high": group.chips.high}
        rows.append({**row, "failed": len(group.failures), "hopeless": " ".join(group.hopeless)})
    return rows


def _without(group: Group, name: str) -> int | None:
    """Points of a group that lack a metric; None where no point has it."""
    spread = group.spreads.get(name)
    return None if spread is None else spread.without
