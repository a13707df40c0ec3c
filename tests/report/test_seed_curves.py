import numpy as np
import pytest

from analogeq.errors import InputError
from analogeq.report.seed_curves import SeedCurves, seed_curves_figure


def test_a_panel_has_a_solid_copy_and_a_dashed_settled_line_of_one_colour_and_a_band_of_seeds() -> None:
    errors = np.array([[5.0, 3.0], [7.0, 4.0]])
    figure = seed_curves_figure(
        {"small": [SeedCurves("one", errors + 1.0, errors), SeedCurves("plain", None, errors[:1])], "deep": [
            SeedCurves("two", None, errors)]}, title="Errors",
    )  # fmt: skip
    small, deep = figure.axes
    copy, settled, plain = small.get_lines()
    assert [list(line.get_ydata()) for line in (copy, settled, plain)] == [[7.0, 4.5], [6.0, 3.5], [5.0, 3.0]]
    assert copy.get_color() == settled.get_color() != plain.get_color()
    assert copy.get_linestyle() == "-" != settled.get_linestyle()
    assert len(small.collections) == 2
    assert len(deep.get_lines()) == 1
    labels = [text.get_text() for text in small.get_legend().get_texts()]
    assert labels[0] == "one: copy, 4.50 % (mean of 2 seeds)"


def test_curves_without_epochs_or_of_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="not empty"):
        SeedCurves("none", None, np.zeros((1, 0)))
    with pytest.raises(InputError, match="same seeds and epochs"):
        SeedCurves("two", np.ones((2, 3)), np.ones((1, 3)))
    with pytest.raises(InputError, match="at least one curve"):
        seed_curves_figure({"empty": []}, title="Errors")
