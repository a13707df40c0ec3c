"""What was found of networks of several depths, kinds of weights and seeds, each settled in every way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.digital.operations import presenting, settling
from analogeq.flow.points import Finished, Settings
from analogeq.hardware.cost_figures import FLOAT32_JOULES
from analogeq.network import Network

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class WaysFound:
    """All that finished, looked up by what was asked.

    Attributes
    ----------
    finished : sequence of Finished
        Their settings have ``kind``, ``depth`` and ``width`` of a network 64-width-…-10; their results, under
        ``starts``, what `analogeq.flow.ways.Ways.measure` returns for each start.
    """

    finished: Sequence[Finished]

    @property
    def depths(self) -> list[int]:
        """In order."""
        return sorted({one.point.settings["depth"] for one in self.finished})

    @property
    def kinds(self) -> list[str]:
        """In the order measured."""
        return list(dict.fromkeys(one.point.settings["kind"] for one in self.finished))

    def starts(self, kind: str) -> list[str]:
        """Those that a kind was settled from."""
        return next((list(one.result["starts"]) for one in self.of(kind) if one.result), [])

    def of(self, kind: str, depth: int | None = None) -> list[Finished]:
        """Points that finished, one a seed."""
        wanted = [one for one in self.finished if one.result is not None and one.point.settings["kind"] == kind]
        return [one for one in wanted if depth is None or one.point.settings["depth"] == depth]

    def medians(self, kind: str, start: str, what: str, to: str) -> Doubles:
        """Median over the digits, shape (depth, seed); infinite where the median digit did not arrive.

        ``what`` is a method, "joules", or a method and "joules": its multiply-accumulates' energy.
        """
        rows = [[_median(one, start, what, to) for one in self.of(kind, depth)] for depth in self.depths]
        return np.array(rows)


def _median(one: Finished, start: str, what: str, to: str) -> float:
    assert one.result is not None  # noqa: S101  `of` gives no other
    method = what.removesuffix(" joules")
    values = one.result["starts"][start][method][to]
    middle = float(np.median([np.inf if v is None else v for v in values]))
    return _digital_joules(one.point.settings, middle) if method != what else middle


def _digital_joules(s: Settings, steps: float) -> float:
    if not np.isfinite(steps):
        return np.inf
    network = Network.layered((64, *[s["width"]] * s["depth"], 10))
    return FLOAT32_JOULES * (presenting(network) + settling(network, round(steps)))
