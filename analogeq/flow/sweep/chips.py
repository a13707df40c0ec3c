"""Experiments whose points are chips: all are taught the same and differ in what they are made of.

A script says which technologies there are and by which settings its rows and figure tell them apart; what every
such script does besides is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogeq.flow.points import Finished, Result, Settings
from analogeq.flow.sweep.work import work

WAYS = ("in place", "transferred")
"""Trained on the chip itself, or on one without flaws and then written to it."""

ERRORS_AND_COSINE = {
    "settled_error": ("settled error", "%"),
    "copy_error": ("copy error", "%"),
    "phase_cosine": ("gradient cosine", "1"),
}
"""Metric of a study to what a row calls it, with its unit."""


@dataclass(frozen=True)
class Lesson:
    """What every chip is taught, and on what.

    Attributes
    ----------
    data : str
        As `analogeq.data.load` takes it.
    layers : tuple of int
    train, test : int or None
        At most so many samples, the first ones; all if None.
    epochs, batch : int
    """

    data: str = "mnist"
    layers: tuple[int, ...] = (784, 50, 10)
    train: int | None = 5000
    test: int | None = None
    epochs: int = 5
    batch: int = 20

    def settings(self, data_dir: Path | None, metrics: Sequence[str], *, samples: int = 1) -> dict[str, Any]:
        """Return what the points share, as `analogeq.flow.sweep.work` takes it; native.

        Parameters
        ----------
        data_dir : Path or None
            Folder of the data's files.
        metrics : sequence of str
        samples : int
            Test samples of the metrics that need gradients.
        """
        return {
            "data": self.data,
            "data_dir": None if data_dir is None else str(data_dir),
            "layers": list(self.layers),
            "train": self.train,
            "test": self.test,
            "engine": "native",
            "metrics": list(metrics),
            "samples": samples,
        }

    def training(self, options: Mapping[str, Any], way: str | None = None) -> dict[str, Any]:
        """Return options with epochs and minibatches, and one of `WAYS` where the experiment compares them."""
        asked = {**options, "epochs": self.epochs, "batch": self.batch}
        return asked if way is None else {**asked, "transferred": way == "transferred"}


def taught(settings: Settings, folder: Path) -> Result:
    """Train and measure one chip, or write to it what was trained."""
    where = settings["data_dir"]
    return work(settings, folder, None if where is None else Path(where))


def measured(finished: Sequence[Finished], metric: str, *keys: str) -> dict[tuple[Any, ...], list[float]]:
    """Gather a metric of what has finished by the settings that tell its chips apart, in the order of the points.

    Points that failed, or have no such number, are left out.
    """
    found: dict[tuple[Any, ...], list[float]] = {}
    for one in finished:
        value = None if one.result is None else one.result["metrics"][metric]
        if value is not None:
            found.setdefault(tuple(one.point.settings[key] for key in keys), []).append(float(value))
    return found


def means(finished: Sequence[Finished], metric: str, *keys: str) -> dict[tuple[Any, ...], float]:
    """Take the mean of what `measured` gathers."""
    return {at: sum(values) / len(values) for at, values in measured(finished, metric, *keys).items()}


def lesson_of(finished: Sequence[Finished]) -> str:
    """Say in a title what was taught: "784-50-10 on 5,000 images of mnist"."""
    s = finished[0].point.settings
    count = "all" if s["train"] is None else f"{s['train']:,}"
    return f"{'-'.join(map(str, s['layers']))} on {count} images of {s['data']}"
