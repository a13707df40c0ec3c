"""The figure of two ways of teaching says which line is which."""

import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.teaching import Taught, teaching_figure


def taught(way: str) -> Taught:
    errors = np.array([[9.0, 4.0], [11.0, 6.0]])
    return Taught(way, errors, errors + 1.0, np.linspace(-0.2, 0.8, 12).reshape(2, 3, 2))


def test_every_network_has_errors_and_cosines_of_both_ways() -> None:
    figure = teaching_figure({"a": [taught("local losses"), taught("global loss")], "b": [taught("local losses")]})
    errors, _, cosines, _ = figure.axes
    assert errors.get_legend().get_texts()[0].get_text() == "local losses, copy: 5.00 % at the end"
    assert len(errors.lines) == 4
    assert len([line for line in cosines.lines if not line.get_label().startswith("_")]) == 4
    assert np.allclose(cosines.lines[0].get_ydata(), taught("").cosines[:, :, 0].mean(axis=0))


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="pass at least one way"):
        teaching_figure({"a": []})
