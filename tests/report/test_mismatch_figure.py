"""The mismatch figure: means, bands from chip to chip, and a legend that says which is which."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.mismatch import MismatchCurve, mismatch_figure

AMOUNTS = (0.0, 5.0, 20.0)
CURVES = [
    MismatchCurve("in place", AMOUNTS, ((9.0, 11.0),) * 3, ((9.5, 10.5),) * 3, ((1.0, 1.0), (0.99, 0.97), (0.9, 0.8))),
    MismatchCurve("transferred", AMOUNTS, ((9.0, 11.0),) * 3, ((9.5, 10.5),) * 3, ((1.0, 1.0),) * 3),
]


def test_lines_are_means_and_bands_reach_from_chip_to_chip() -> None:
    errors, cosines = mismatch_figure(CURVES, title="Mismatch").axes
    lines = {line.get_label(): line for line in errors.lines}
    assert list(lines) == ["in place: settled", "in place: copy alone", "transferred: settled"]
    assert lines["in place: settled"].get_ydata() == pytest.approx([10.0] * 3)
    assert cosines.lines[0].get_ydata() == pytest.approx([1.0, 0.98, 0.85])
    band = cosines.collections[0].get_paths()[0].vertices
    assert (np.min(band[:, 1]), np.max(band[:, 1])) == (0.8, 1.0)
    assert "[%]" in errors.get_xlabel()
    assert "[%]" in errors.get_ylabel()


def test_curves_that_lack_chips_are_refused() -> None:
    with pytest.raises(InputError, match="for each amount"):
        MismatchCurve("in place", AMOUNTS, ((1.0,),) * 2, ((1.0,),) * 3, ((1.0,),) * 3)
    with pytest.raises(InputError, match="unknown"):
        MismatchCurve("elsewhere", (), (), (), ())
    with pytest.raises(InputError, match="no curve"):
        mismatch_figure([], title="")
