"""The command, run as a person runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograd_lite import VALUE, Value
from autograd_lite.cli import main, read_point
from autograd_lite.errors import ExpressionError

AT = "w=0.5,x=2,b=-1"


def test_draw_prints_a_tree_with_values_and_gradients(capsys):
    assert main(["draw", "tanh(w*x + b)", "--at", AT]) == 0
    out = capsys.readouterr().out
    assert "tanh" in out
    assert all(f"{name} " in out for name in "wxb")


@pytest.mark.parametrize("suffix", [".svg", ".html", ".dot", ".txt"])
def test_draw_writes_every_format_without_dot(tmp_path, suffix, capsys):
    path = tmp_path / f"graph{suffix}"
    assert main(["draw", "tanh(w*x + b)", "--at", AT, "-o", str(path)]) == 0
    assert "tanh" in path.read_text(encoding="utf-8")
    assert str(path) in capsys.readouterr().out


def test_check_confirms_right_gradients_with_status_0(capsys):
    assert main(["check", "tanh(w*x + b)", "--at", AT]) == 0
    assert "verdict: ok" in capsys.readouterr().out


def test_check_is_inconclusive_at_a_kink_with_status_1(capsys):
    assert main(["check", "relu(x)", "--at", "x=0"]) == 1
    assert "inconclusive: at a kink of relu" in capsys.readouterr().out


BAD = {
    "no formula": ("draw", "", "x=1", "is not a formula"),
    "syntax": ("draw", "tanh(w*", "w=1", "is not a formula"),
    "caret": ("draw", "x^2", "x=1", "write **"),
    "unknown function": ("check", "foo(x)", "x=1", "unknown function 'foo'"),
    "code": ("check", "__import__('os')", "x=1", "unknown function '__import__'"),
    "attribute": ("check", "x.__class__", "x=1", "not allowed"),
    "missing number": ("draw", "w*x", "w=1", "no number for x"),
    "unused number": ("draw", "x*2", "x=1,y=2", "--at gives y"),
    "not a number": ("draw", "x*2", "x=two", "'x=two' is not of the form name=number"),
    "given twice": ("draw", "x*2", "x=1,x=2", "'x' is given twice"),
    "no variable": ("draw", "1 + 2", "", "no variables"),
    "outside the domain": ("draw", "log(x)", "x=-1", "needs x > 0"),
    "domain in check": ("check", "1/x", "x=0", "needs y != 0"),
    "overflow": ("check", "exp(x)", "x=1e6", "too large"),
    "comparison": ("draw", "x > 0", "x=1", "has no derivative"),
    "constant branch": ("draw", "2 if x > 0 else 3", "x=1", "has no derivative"),
    "comparison in check": ("check", "x > 0", "x=1", "must return one Value"),
    "deep": ("draw", "(" * 4000 + "x" + ")" * 4000, "x=1", "not a formula"),
    "long": ("draw", "x+" * 9000 + "x", "x=1", "too long"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_gets_one_line_and_status_2(case, capsys):
    command, formula, at, words = BAD[case]
    assert main([command, formula, "--at", at]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_an_unknown_suffix_names_those_that_work(tmp_path, capsys):
    assert main(["draw", "x*2", "--at", "x=1", "-o", str(tmp_path / "graph.gif")]) == 2
    assert ".svg" in capsys.readouterr().err


def test_a_missing_folder_is_named_as_the_user_wrote_it(tmp_path, capsys):
    path = tmp_path / "nowhere" / "graph.svg"
    assert main(["draw", "x*2", "--at", "x=1", "-o", str(path)]) == 2
    assert f"cannot write {path}: there is no folder" in capsys.readouterr().err


def test_a_point_is_read_exactly():
    assert read_point(" w = 0.1 ,x=-2e-3,") == {"w": 0.1, "x": -2e-3}
    with pytest.raises(ExpressionError, match="form name=number"):
        read_point("=1")


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "autograd_lite.cli", "check", "sin(x)", "--at", "x=1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "verdict: ok" in done.stdout


def test_the_readmes_picture_is_what_its_command_draws():
    out = VALUE.formula("tanh(w*x + b)", ("b", "w", "x"))(
        *(Value(v, n) for n, v in (("b", -0.6), ("w", 0.5), ("x", 2)))
    )
    out.backward()
    committed = Path(__file__).parent.parent / "docs" / "neuron.svg"
    assert out.graph().svg(engine="builtin") == committed.read_text(encoding="utf-8")
