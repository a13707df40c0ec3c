"""Model files of the user's: what passes, what is refused, and that nothing hostile runs."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analogeq.circuit.netlist.model_file import LARGEST_FILE, parse_models, read_model_file
from analogeq.errors import InputError

GOOD = """
.param scale=2 offset={1/3}
.model D1N4148 D (IS=2.52n RS=0.568 N=1.752
+ CJO=4p M=0.4
+ TT=20n)
.model q1 npn(is=1e-15 bf=100)

.subckt clamp2 node rail r=10
d1 node mid D1N4148
R1 mid rail {r*scale}
b1 node 0 i=v(node)>1 ? v(node)-1 : 0
.ends clamp2
"""

HOSTILE = [
    ".control\nshell touch canary\n.endc",
    ".include /etc/passwd",
    ".inc other.cir",
    ".lib models.lib typical",
    "* a comment",
    ".model d1 d(is=1e-14) ; shell touch canary",
    ".model d1 d(is=1e-14) $ note",
    ".model d1 d(is=1e-14) // note",
    ".model d1 d(is=`touch canary`)",
    ".model d1 d(is=1e-14\n.control",
    ".model time d(is=1e-14)",
    ".model d1 filesource(file=x)",
    ".options reltol=1",
    ".tran 1n 1u",
    ".end",
    ".ends",
    ".ends other",
    ".csparam x=1",
    ".func f(x)={x}",
    "r1 a b 1k",
    ".subckt s a b\nr1 a b 1k",
    ".subckt s a b\na1 a b model\n.ends",
    ".subckt s a b\n.subckt t a\n.ends\n.ends",
    ".subckt s a b\nb1 a b v=((1)\n.ends",
    ".subckt s a b\nb1 a b v=1)\n.ends",
    ".subckt s a b\nr1 a b {1\n.ends",
    ".subckt s a b\nv1 a b file=wave\n.ends",
    '.subckt s a b\nr1 a b "1k"\n.ends',
    ".subckt s a b\nquit()\n.ends t",
    "+ continued from nothing",
    ".param x=1 \\\n.control",
    ".param x=é",
    ".param x=1\x00",
    ".param x=1\x0b.control",
    ".param x=1\r.control",
    ".param x=1\u2028.control",
    ".param x",
    "shell touch canary",
    "echo hello",
    ".model d1 d(is=1e-14) " + "x" * 5000,
]


def parsed(text):
    return parse_models(text, Path("part.lib"))


def test_models_and_subcircuits_pass_in_lower_case_with_continuations_joined():
    models = parsed(GOOD)
    assert models.models == ("d1n4148", "q1")
    assert models.subcircuits == ("clamp2",)
    assert ".model d1n4148 d (is=2.52n rs=0.568 n=1.752 cjo=4p m=0.4 tt=20n)" in models.lines
    assert models.text.endswith(".ends clamp2\n")


def test_what_passed_passes_again_unchanged():
    models = parsed(GOOD)
    assert parsed(models.text) == models


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_else_is_refused_with_its_line(text):
    with pytest.raises(InputError, match=r"part\.lib"):
        parsed(text)


def test_a_refusal_names_line_and_remedy():
    with pytest.raises(InputError, match=r"line 3: .*'\$'.*remove comments"):
        parsed(".param x=1\n\n.param y=2 $ note")


CARDS = (".model ", ".subckt ", ".ends", ".param ", ".control", ".include ", "shell ", "d1 ", "r1 ", "a b ", "is=1e-14")
MARKS = ("(", ")", "{", "}", "'", '"', "`", ";", "$", "//", "*", "+", "=", "\\", "\n", "\r", "\t", "\x00", "\u2028")
PIECES = st.sampled_from((*CARDS, *MARKS))


@example(GOOD)
@given(st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join))
def test_whatever_passes_is_plain_and_of_the_allowed_kinds(text):
    try:
        models = parsed(text)
    except InputError:
        return
    for line in models.lines:
        assert re.match(r"\.(model|subckt|param) |\.ends\b|[b-mq-x]", line)
        assert not re.search(r"[`$;\"\\#\x00-\x1f\x7f-\U0010ffff]|//|control|include|shell", line)
        assert line.count("(") == line.count(")")


def test_a_file_is_read_below_its_root(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "part.lib").write_bytes(GOOD.replace("\n", "\r\n").encode())
    models = read_model_file(Path("models/part.lib"), tmp_path)
    assert models.path == (tmp_path / "models" / "part.lib").resolve()
    assert models.models == ("d1n4148", "q1")


def test_a_path_that_leaves_its_root_is_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    outside = tmp_path / "part.lib"
    outside.write_text(GOOD)
    (root / "link.lib").symlink_to(outside)
    for path in (Path("../part.lib"), outside, Path("link.lib")):
        with pytest.raises(InputError, match="outside"):
            read_model_file(path, root)


def test_a_missing_a_huge_and_a_binary_file_are_refused(tmp_path):
    (tmp_path / "huge.lib").write_bytes(b"\n" * (LARGEST_FILE + 1))
    (tmp_path / "binary.lib").write_bytes(b".param x=1\n\xff\xfe")
    for name, rule in (("none.lib", "no such file"), ("huge.lib", "more than"), ("binary.lib", "not ASCII")):
        with pytest.raises(InputError, match=rule):
            read_model_file(Path(name), tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_model_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.lib")
    with pytest.raises(InputError, match="no such file"):
        read_model_file(Path("pipe.lib"), tmp_path)


@pytest.mark.ngspice
def test_ngspice_reads_what_passed(run_netlist):
    text = f"models\n{parsed(GOOD).text}v1 a 0 dc 2\nrs a b 1k\nx1 b 0 clamp2 r=5\n.end\n"
    ends = run_netlist(text, "op")
    # 5*2 Ohm and one diode drop below 2 V through 1 kOhm
    assert 0.4 < ends["b"] < 0.9
