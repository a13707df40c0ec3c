import pytest

from analogeq.errors import InputError
from analogeq.report.in_place import InPlaceCurve, in_place_figure


def curve(family="hopfield", label="stuck devices [%]", amounts=(0.0, 5.0)):
    errors = tuple((4.0 + k, 6.0 + k) for k in range(len(amounts)))
    return InPlaceCurve(family, label, amounts, {"in place": errors, "copy": errors, "transferred": errors})


def test_a_row_for_each_family_and_a_line_for_each_way():
    figure = in_place_figure([curve(), curve(label="bend"), curve("resistive")], title="both")
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == 3
    assert [len(axes.lines) for axes in visible] == [3, 3, 3]
    assert [axes.get_xlabel() for axes in visible] == ["stuck devices [%]", "bend", "stuck devices [%]"]
    assert list(visible[0].lines[0].get_ydata()) == [5.0, 6.0]  # means of the two seeds
    assert visible[1].get_legend() is not None


def test_a_curve_without_an_error_of_each_amount_is_refused():
    with pytest.raises(InputError, match="stuck: in place: give errors of each amount"):
        InPlaceCurve("hopfield", "stuck", (0.0, 5.0), {"in place": ((1.0,),)})
    with pytest.raises(InputError, match="no curve to draw"):
        in_place_figure([], title="none")
