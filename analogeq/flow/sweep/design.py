"""From a study to the points it consists of: every combination of values, corners, draws and seeds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from analogeq.errors import InputError, TechnologyError
from analogeq.flow.points import Point
from analogeq.flow.sweep.axes import Range, Value, drawn_value
from analogeq.flow.sweep.study import Study
from analogeq.hardware import technology_from_tables, to_toml


@dataclass(frozen=True)
class Place:
    """Where a point stands in its study.

    Attributes
    ----------
    corner : str
    varied : mapping
        Key to value.
    draw : int or None
    seed : int
    """

    corner: str
    varied: Mapping[str, Value]
    draw: int | None
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """As a point's settings hold it."""
        return {"corner": self.corner, "varied": dict(self.varied), "draw": self.draw, "seed": self.seed}


def places(study: Study) -> Iterator[Place]:
    """Every place, seeds fastest."""
    axes = {key: how.values() if isinstance(how, Range) else how for key, how in study.vary.items()}
    draws = [None] if study.draw is None else list(range(study.draw.count))
    for corner, *values, draw, seed in product(study.corners, *axes.values(), draws, study.study.seeds):
        yield Place(corner, dict(zip(axes, values, strict=True)), draw, seed)


def points(study: Study, folder: Path) -> list[Point]:
    """Turn a study into points that need nothing but themselves.

    Parameters
    ----------
    study : Study
    folder : Path
        The study file's; its technology, and what that names, are looked for below it.

    Raises
    ------
    InputError
        If a value is impossible; before anything is run.
    """
    base, below = base_technology(study, folder)
    return [point(study, place, base, below) for place in places(study)]


def point(study: Study, place: Place, base: Mapping[str, Any], below: Path) -> Point:
    """Make the point at a place."""
    tables = {name: dict(table) for name, table in base.items()}
    training, layers = dict(study.training), list(study.study.layers)
    for key, value in _values(study, place).items():
        part, *rest = key.split(".")
        if part == "technology":
            tables.setdefault(rest[0], {})[rest[1]] = value
        elif part == "training":
            training[rest[0]] = value
        else:
            layers = list(value)
    try:
        technology = to_toml(technology_from_tables(tables, below))
    except TechnologyError as error:
        raise InputError(f"{_title(place)}: {error}") from error
    settings = {
        "technology": technology,
        "training": training,
        "layers": layers,
        "seed": place.seed,
        **{key: getattr(study.study, key) for key in ("data", "samples", "train", "test", "engine")},
        "metrics": list(study.study.metrics),
        "place": place.as_dict(),
    }
    return Point(_title(place)[:80], settings)


def _values(study: Study, place: Place) -> dict[str, Value]:
    """Every key that is not as in the base: a corner's, then what is varied, then what is drawn."""
    draws = study.draw
    drawn = {}
    if draws is not None and place.draw is not None:
        drawn = {key: drawn_value(how, key, place.draw, draws.seed) for key, how in draws.values.items()}
    return {**study.corners[place.corner], **place.varied, **drawn}


def _title(place: Place) -> str:
    """Name of a point: letters that a file's name may hold."""
    parts = [place.corner, *(f"{key.split('.')[-1]}={value}" for key, value in place.varied.items())]
    parts += [] if place.draw is None else [f"draw={place.draw}"]
    return re.sub(r"[^A-Za-z0-9._=+-]+", "-", "_".join([*parts, f"seed={place.seed}"]))


def base_technology(study: Study, folder: Path) -> tuple[dict[str, Any], Path]:
    """Tables of the study's technology, and the folder of the files it names."""
    if study.study.technology is None:
        return {}, folder
    file = (folder / study.study.technology).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise InputError(f"technology {study.study.technology!r}: lies outside the study's folder; put it below it")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig")), file.parent
    except OSError as trouble:
        why = f"cannot be read ({trouble.strerror}); check the path from the study's folder"
        raise InputError(f"technology {study.study.technology!r}: {why}") from trouble
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as trouble:
        raise InputError(f"technology {study.study.technology!r}: is not TOML: {trouble}") from trouble
