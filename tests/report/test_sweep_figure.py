"""Metrics over what a study varied."""

from analogeq.report.sweep import MetricMap, MetricSeries, sweep_figure

LABEL = "median free phase to within 1 % of the rail of its end [s]"


def test_small_numbers_are_written_with_prefixes_and_long_labels_in_lines() -> None:
    lines = {"nominal": [(0, 4e-7, 3e-7, 5e-7), (1, 6e-7, 5e-7, 7e-7)]}
    figure = sweep_figure(MetricSeries(LABEL, "wires", ("1", "2"), (1.0, 2.0), lines))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert "\n" in axes.get_ylabel()
    assert all(text.get_text().endswith("n") for text in axes.get_yticklabels())


def test_a_map_writes_its_cells_with_prefixes_and_says_which_failed() -> None:
    figure = sweep_figure(MetricMap(LABEL, "x", "y", ("1", "2"), ("a",), [[4e-7, None]]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["400.0 n", "failed"]


def test_percentages_are_written_as_they_are() -> None:
    figure = sweep_figure(MetricMap("error [%]", "x", "y", ("1",), ("a",), [[5.25]]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["5.25"]


def test_what_is_zero_at_every_point_lies_on_the_axis_of_a_plain_scale() -> None:
    lines = {"nominal": [(0, 0.0, 0.0, 0.0), (1, 0.0, 0.0, 0.0)]}
    figure = sweep_figure(MetricSeries("devices at the high end [%]", "noise", ("1", "2"), (1.0, 2.0), lines))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert axes.get_ylim() == (0.0, 1.0)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
