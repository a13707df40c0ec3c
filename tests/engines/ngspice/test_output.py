import pytest

from analogeq.engines.ngspice.output import errors_while_loading, errors_while_running


@pytest.mark.parametrize(
    "line",
    [
        "stderr Note: can't find the initialization file spinit.",
        "stderr Note: Starting dynamic gmin stepping",
        "stderr Trying gmin =   1.0000E-03 Note: One successful gmin step",
        "stderr Warning: Dynamic gmin stepping failed",
        "stderr Note: Starting source stepping",
        "stderr Supplies reduced to   0.0000% Note: One successful source step",
        "stderr Note: Source stepping completed",
        "stderr Warning: singular matrix:  check nodes n1 and n2",
        "stdout Doing analysis at TEMP = 27.000000 and TNOM = 27.000000",
        "stderr Using KLU as Direct Linear Solver",
        "stdout No. of Data Rows : 20",
        "stdout ",
    ],
)
def test_notes_and_successful_rescues_are_not_errors(line: str) -> None:
    assert errors_while_running([line]) == ()


@pytest.mark.parametrize(
    "line",
    [
        "stderr Error: vector n3 is not available",
        "stderr doAnalyses: TRAN:  Timestep too small; time = 0, timestep = 1e-21: trouble with node n1",
        "stderr tran simulation(s) aborted",
        "stderr run simulation(s) aborted",
        "stdout Simulation interrupted due to error!",
        "stderr no such command available in ngspice",
        "stderr Error: no circuit loaded!",
        "stderr fatal: cannot recover and awaits to be detached",
    ],
)
def test_failures_are_errors_on_either_stream(line: str) -> None:
    assert errors_while_running(["stdout Doing analysis", line]) == (line.partition(" ")[2],)


def test_a_warning_while_loading_is_an_error_since_what_we_write_gives_none() -> None:
    said = ["stdout Note: No compatibility mode selected!", "stderr Warning: r1: resistance to low, set to 1 mOhm"]
    assert errors_while_loading(said) == ("Warning: r1: resistance to low, set to 1 mOhm",)
    assert errors_while_running(said) == ()
