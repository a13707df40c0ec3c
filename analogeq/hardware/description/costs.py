"""``[cost]``: the figures that parts are counted with, between TOML and `CostFigures`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from analogeq.errors import TechnologyError
from analogeq.hardware.cost_figures import CostFigures
from analogeq.hardware.description.sections import read_keys
from analogeq.hardware.description.vocabulary import Vocabulary
from analogeq.hardware.memory import PRESETS, Memory

C = TypeVar("C", bound=CostFigures)


def read_cost(held: Mapping[str, object], memory: Memory, known: Vocabulary, kind: type[C]) -> C:
    """Make the figures of a ``[cost]`` table; what it does not say of a published device, its source may."""
    values = {**_brought_by(memory), **read_keys("cost", held, known.sections["cost"], known)}
    try:
        return kind(**values)  # type: ignore[arg-type]  # the table of keys decides the types, the figures check
    except TechnologyError as error:
        raise TechnologyError(f"[cost] {error}") from error


def cost_lines(cost: CostFigures, memory: Memory, known: Vocabulary) -> list[str]:
    """Lines of the table: what differs from the default figures and from what the device brings."""
    default = {**vars(type(cost)()), **_brought_by(memory)}
    return [
        f"{key} = {how.write(getattr(cost, key))}"
        for key, how in known.sections["cost"].items()
        if getattr(cost, key) != default[key]
    ]


def _brought_by(memory: Memory) -> Mapping[str, float]:
    """Figures of a published device."""
    return PRESETS[memory.name].figures if memory.name in PRESETS else {}
