"""What a study draws: no point of a third axis or of another corner is lost or mixed with others."""

import pytest

from analogeq.flow.points import Finished, Point
from analogeq.flow.sweep.running import picture
from analogeq.flow.sweep.study import Study
from analogeq.flow.sweep.summary import summarise
from analogeq.report.sweep import MetricMap

AXES = {"training.epochs": [1, 2], "training.beta": [0.1, 0.5], "technology.adc.bits": [4, 8]}


def study(corners: tuple[str, ...]) -> Study:
    return Study.model_validate(
        {
            "study": {"name": "three", "layers": [4, 5, 3], "metrics": ["settled_error"]},
            "vary": AXES,
            "corners": {corner: {} for corner in corners},
        }
    )


def drawn(corners: tuple[str, ...], failed: tuple[str, int] | None = None) -> MetricMap:
    """Errors that say where they are from: tens are bits, ones are epochs, tenths are beta, hundreds the corner."""
    finished = []
    for k, corner in enumerate(corners):
        for epochs in AXES["training.epochs"]:
            for beta in AXES["training.beta"]:
                for bits in AXES["technology.adc.bits"]:
                    place = {"corner": corner, "draw": None, "seed": 0}
                    place["varied"] = dict(zip(AXES, (epochs, beta, bits), strict=True))
                    point = Point(f"{corner} {epochs} {beta} {bits}", {"metrics": ["settled_error"], "place": place})
                    error = {"metrics": {"settled_error": 100.0 * k + 10.0 * bits + epochs + beta}}
                    lost = (corner, bits) == failed
                    finished.append(Finished(point, None if lost else error, "lost" if lost else "", 0.0, 0.0))
    which = study(corners)
    found = picture(which, summarise(which, finished), "settled_error")
    assert isinstance(found, MetricMap)
    return found


def test_every_value_of_a_third_axis_has_its_own_map() -> None:
    found = drawn(("nominal",))
    assert list(found.panels) == ["bits 4", "bits 8"]
    for bits, cells in zip((4, 8), found.panels.values(), strict=True):
        for beta, row in zip((0.1, 0.5), cells, strict=True):
            assert row == pytest.approx([10.0 * bits + epochs + beta for epochs in (1, 2)])


def test_every_corner_has_its_own_maps_also_where_all_its_points_failed() -> None:
    found = drawn(("cold", "hot"), failed=("hot", 8))
    assert list(found.panels) == ["cold, bits 4", "cold, bits 8", "hot, bits 4", "hot, bits 8"]
    assert found.panels["hot, bits 4"][0][0] == pytest.approx(141.1)
    assert found.panels["hot, bits 8"] == [[None, None], [None, None]]
