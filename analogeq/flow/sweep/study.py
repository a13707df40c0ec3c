"""A study file: what is built, what is varied, what is measured and what is required of it."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, ValidationError, field_validator, model_validator

from analogeq.errors import InputError
from analogeq.flow.options import TrainOptions
from analogeq.flow.sweep.axes import TAGS, Axis, Drawn, Range, Strict, Uniform, Value
from analogeq.flow.sweep.metrics import METRICS

PARTS = ("technology", "training", "network")
"""What a key of an axis begins with: a technology's table and key follow the first, an option the second."""

TRAINING = (*(field.name for field in fields(TrainOptions) if field.name != "seed"), "transferred")
"""Options of training; transferred is what only a study has: learned on a chip without flaws, then written once."""


MOST_POINTS = 100_000
"""Of a study: each has a file of its own, and a day of two cores ends long before."""


class Subject(Strict):
    """What is trained.

    Attributes
    ----------
    name : str
        Of the study; part of file names.
    data : str
        As `analogeq.data.load` takes it.
    layers : tuple of int
    technology : str or None
        A TOML file, relative to the study's; the default technology where it is left out.
    seeds : tuple of int
        Every point is trained once with each.
    metrics : tuple of str
    samples : int
        Test samples of the metrics that need waveforms or gradients.
    train, test : int or None
        At most so many of the data's samples, the first ones; all where left out.
    engine : {"native", "ngspice"}
    """

    name: str
    data: str = "digits"
    layers: tuple[int, ...] = Field(min_length=2)
    technology: str | None = None
    seeds: tuple[NonNegativeInt, ...] = Field(default=(0,), min_length=1)
    metrics: tuple[str, ...] = ("copy_error", "settled_error")
    samples: int = Field(default=20, ge=1)
    train: int | None = Field(default=None, ge=1)
    test: int | None = Field(default=None, ge=1)
    engine: Literal["native", "ngspice"] = "native"

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
            raise ValueError(f"{name[:60]!r}: give a small letter and up to 40 small letters, digits, _ and -")
        return name

    @field_validator("metrics")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            known(name, METRICS, "metric")
        return names


class Draws(Strict):
    """Monte Carlo: how many chips, and what differs among them."""

    count: int = Field(ge=1)
    seed: int = Field(default=0, ge=0)
    values: Mapping[str, Drawn] = Field(min_length=1)


class Spec(Strict):
    """What a metric has to be: at least ``min``, at most ``max``; ``typ`` is what is expected, and not tested."""

    min: float | None = None
    typ: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _check(self) -> Spec:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    def allows(self, value: float) -> bool:
        """Whether a value is within."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class Sensitivity(Strict):
    """Which of several parameters moves a metric most.

    Attributes
    ----------
    metric : str
    samples : int
        Size of Sobol's sample, a power of 2; with d parameters there are so many times d + 2 runs. 0: one at a
        time only.
    seed : int
        Of the sample.
    ranges : mapping of str to Uniform
    """

    metric: str
    samples: int = Field(default=0, ge=0)
    seed: int = Field(default=0, ge=0)
    ranges: Mapping[str, Uniform] = Field(min_length=1)

    @field_validator("samples")
    @classmethod
    def _power_of_two(cls, samples: int) -> int:
        if samples & (samples - 1):
            raise ValueError(f"{samples}: Sobol's sequence is balanced at powers of 2 only; give 8, 16, 32, …")
        return samples


class Study(Strict):
    """Everything a study file says.

    Attributes
    ----------
    study : Subject
    training : mapping
        Options of ``analogeq train``, by name with underscores, and ``transferred``.
    vary : mapping of str to list or Range
        Every combination is a point.
    corners : mapping of str to mapping
        Named sets of values; each is combined with every point. Without any there is one, ``nominal``.
    draw : Draws or None
    specs : mapping of str to Spec
        By metric.
    sensitivity : Sensitivity or None
        What `analogeq sensitivity` does; the other tables but corners, whose first is taken, play no part in it.
    """

    study: Subject
    training: Mapping[str, Value] = Field(default_factory=dict)
    vary: Mapping[str, Axis] = Field(default_factory=dict)
    corners: Mapping[str, Mapping[str, Value]] = Field(default_factory=lambda: {"nominal": {}})
    draw: Draws | None = None
    specs: Mapping[str, Spec] = Field(default_factory=dict)
    sensitivity: Sensitivity | None = None

    @field_validator("corners")
    @classmethod
    def _plain(cls, corners: Mapping[str, Mapping[str, Value]]) -> Mapping[str, Mapping[str, Value]]:
        for name in corners:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._=+-]{0,40}", name):
                raise ValueError(f"{name[:60]!r}: a corner's name is up to 41 letters, digits, blanks and ._=+-")
        return corners

    @model_validator(mode="after")
    def _check(self) -> Study:
        for name in self.training:
            known(name, TRAINING, "training option")
        for key in self.keys():
            check_key(key)
        for name in self.specs:
            known(name, self.study.metrics, "measured metric")
        if self.sensitivity is not None:
            known(self.sensitivity.metric, self.study.metrics, "measured metric")
        drawn = set() if self.draw is None else set(self.draw.values)
        if twice := sorted(drawn & set(self.vary)):
            raise ValueError(f"{twice[0]}: both varied and drawn; leave it in one of the two tables")
        if self.size > MOST_POINTS:
            raise ValueError(f"{self.size:,} points; a study has at most {MOST_POINTS:,}: vary less, or make several")
        return self

    @property
    def size(self) -> int:
        """How many points there are."""
        axes = (how.count if isinstance(how, Range) else len(how) for how in self.vary.values())
        draws = 1 if self.draw is None else self.draw.count
        return math.prod(axes) * draws * len(self.corners) * len(self.study.seeds)

    def keys(self) -> Iterable[str]:
        """Every key that is varied, drawn, ranged over or set by a corner."""
        drawn: Mapping[str, Any] = {} if self.draw is None else self.draw.values
        ranged: Mapping[str, Any] = {} if self.sensitivity is None else self.sensitivity.ranges
        cornered = [key for corner in self.corners.values() for key in corner]
        return dict.fromkeys([*self.vary, *drawn, *ranged, *cornered])


def check_key(key: str) -> None:
    """Refuse a key that names nothing which can be varied.

    Tables and keys of a technology are checked when a point's technology is read, where units are known, too.
    """
    part, *rest = key.split(".")
    known(part, PARTS, "beginning of a key")
    if part == "training":
        known(".".join(rest), TRAINING, "training option")
    elif part == "network" and rest != ["layers"]:
        raise ValueError(f"{key}: of the network only network.layers can be varied")
    elif part == "technology" and len(rest) != 2:
        raise ValueError(f"{key}: write technology.TABLE.KEY, for example technology.crossbar.conductance_low")


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises
    ------
    InputError
        If it cannot be read, or says something that no study can; the message names table and key.
    """
    try:
        return Study.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as trouble:
        raise InputError(f"{path}: cannot be read ({trouble.strerror}); check the path") from trouble
    except UnicodeDecodeError as trouble:
        raise InputError(f"{path}: is no text in UTF-8 ({trouble.reason}); save it as such") from trouble
    except tomllib.TOMLDecodeError as trouble:
        raise InputError(f"{path}: is not TOML: {trouble}") from trouble
    except ValidationError as trouble:
        raise InputError("\n".join([f"{path}: is no study", *map(_sentence, trouble.errors())])) from trouble


def _sentence(error: Mapping[str, Any]) -> str:
    at = ".".join(str(part) for part in error["loc"] if part not in TAGS)
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = f"unknown key{nearest(str(error['loc'][-1]), _all_names())}"
    return f"  - {at}: {said}" if at else f"  - {said}"


def _all_names() -> list[str]:
    models = (Study, Subject, Draws, Spec, Sensitivity, Range)
    return [str(field.alias or name) for model in models for name, field in model.model_fields.items()]


def known(name: str, names: Iterable[str], what: str) -> None:
    """Raise ValueError with the nearest name unless ``name`` is one."""
    listed = list(names)
    if name not in listed:
        raise ValueError(f"{name!r} is no {what}{nearest(name, listed)}")


def nearest(name: str, names: Iterable[str]) -> str:
    """Point to the nearest name, or to all of them."""
    listed = sorted(set(names))
    close = difflib.get_close_matches(name, listed, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(listed)}"
