"""``[cost]``: the figures that parts are counted with, between TOML and `CostFigures`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from analogeq.errors import TechnologyError
from analogeq.hardware.cost_figures import CostFigures
from analogeq.hardware.description.sections import read_keys
from analogeq.hardware.description.vocabulary import Vocabulary

C = TypeVar("C", bound=CostFigures)


def read_cost(held: Mapping[str, object], known: Vocabulary, kind: type[C]) -> C:
    """Make the figures of a ``[cost]`` table."""
    values = read_keys("cost", held, known.sections["cost"], known)
    try:
        return kind(**values)  # type: ignore[arg-type]  # the table of keys decides the types, the figures check
    except TechnologyError as error:
        raise TechnologyError(f"[cost] {error}") from error


def cost_lines(cost: CostFigures, known: Vocabulary) -> list[str]:
    """Lines of the table: what differs from the default figures."""
    default = type(cost)()
    return [
        f"{key} = {how.write(getattr(cost, key))}"
        for key, how in known.sections["cost"].items()
        if getattr(cost, key) != getattr(default, key)
    ]
