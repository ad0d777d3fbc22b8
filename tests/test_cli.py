"""The command, run as a person runs it."""

import re
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
    "of a module": ("check", "1 + math.sin(x)", "x=1", "write sin(x)"),
    "a method": ("draw", "x.tanh()", "x=1", "write tanh(x)"),
    "a script": ("draw", "script.py:f", "x=1", "only step and worksheet take script.py:function"),
    "a script in check": ("check", "script.py", "", "is a script, not a formula"),
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["w*x", "--at", "w=0.5", "x=2"], "x=2; join numbers by commas, without spaces: --at w=0.5,x=2\n"),
        (["w*x", "--at", "w=0.5,", "x=2,", "b=1"], "--at w=0.5,x=2,b=1\n"),
        (["x", "--at", "x=1", "--far=2"], "unrecognized arguments: --far=2\n"),
    ],
)
def test_numbers_apart_are_to_be_joined(arguments, words, capsys):
    with pytest.raises(SystemExit) as error:
        main(["draw", *arguments])
    assert error.value.code == 2
    assert capsys.readouterr().err.endswith(words)


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
        *(Value(v, n) for n, v in (("b", -0.3), ("w", 0.5), ("x", 2)))
    )
    out.backward()
    committed = Path(__file__).parent.parent / "docs" / "neuron.svg"
    assert out.graph().svg(engine="builtin") == committed.read_text(encoding="utf-8")


# ---------------------------------------------------------------- step and worksheet

SCRIPT = """
import math
from dataclasses import dataclass

from neighbour import SCALE


@dataclass
class Settings:
    rate: float = 1.0


def neuron(w, x, b=-1.0, power=2):
    return (w * x + b).tanh() ** power * SCALE


def silent(x):
    x * 2


def broken(x):
    return x / len([])


def undefined(x):
    return x.log()


def looks_up(x, i):
    return [x, x * 2][i]


def caret(x):
    return x^2


if __name__ == "__main__":
    raise SystemExit("not when imported")
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    modules = set(sys.modules)
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("SCALE = 10.0\n", encoding="utf-8")
    yield path
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def test_step_lists_every_event_of_a_formula(capsys):
    assert main(["step", "tanh(w*x + b)", "--at", AT]) == 0
    out = capsys.readouterr().out
    assert out.startswith("forward\n  1  v2 = w * x = 0.5 * 2 = 1\n")
    assert "\nseed\n  4  dL/dv5 = 1" in out
    assert "\nbackward\n  5  dL/dv4 gets" in out
    assert out.count("\n") == 3 + 9


def test_step_leaves_out_what_is_more_than_200_events_and_says_how_to_see_it(capsys):
    assert main(["step", "+".join(["x*x"] * 60), "--at", "x=1"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\n200  .*\n\.\.\. and \d+ more events; a page steps through all: -o story\.html", out)
    assert "\n201  " not in out


def test_step_writes_a_page(tmp_path, capsys):
    path = tmp_path / "out.html"
    assert main(["step", "tanh(w*x + b)", "--at", AT, "-o", str(path)]) == 0
    assert "autograd-lite story" in path.read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"wrote {path}\n"


def test_step_takes_a_function_of_a_script_with_its_defaults(script, capsys):
    assert main(["step", f"{script}:neuron", "--at", "w=0.5,x=2"]) == 0
    out = capsys.readouterr().out
    assert "v4 = v2 + b = 1 + (-1) = 0" in out  # a float default is a leaf
    assert "v7 = v5 ** 2 = 0 ** 2 = 0" in out  # a whole number is a number
    assert main(["step", f"{script}:neuron", "--at", "w=0.5,x=2"]) == 0  # twice in one process


def test_worksheet_writes_a_page_or_text(script, tmp_path, capsys):
    path = tmp_path / "sheet.html"
    assert main(["worksheet", "tanh(w*x + b)", "--at", AT, "-o", str(path)]) == 0
    assert 'class="key"' in path.read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert main(["worksheet", f"{script}:neuron", "--at", "w=1,x=2,b=0", "--blanks", "values", "--no-key"]) == 0
    assert capsys.readouterr().out.startswith("neuron\nGiven: w = 1, x = 2, b = 0\nForward\n1. v2 = w * x = ____\n")


BAD_PROGRAMS = {  # (command, program after the script's folder, point, output), words
    "no script": (("step", "nothing.py:f", "", ""), "there is no script"),
    "no name": (
        ("step", "train.py", "x=1", ""),
        "train.py:function, one of its functions, which are neuron, silent, bro",
    ),
    "no function": (("step", "train.py:nothing", "x=1", ""), "has no function 'nothing'"),
    "a module in it": (("step", "train.py:math", "x=1", ""), "has no function 'math'"),
    "missing number": (("step", "train.py:neuron", "w=1", ""), "no number for x of train.py:neuron; add --at x=1"),
    "unused number": (("worksheet", "train.py:silent", "x=1,y=2", ""), "--at gives y, which train.py:silent does not"),
    "no Value": (("step", "train.py:silent", "x=1", ""), "step(silent): it returned None"),
    "division": (("step", "train.py:broken", "x=1", ""), "needs y != 0"),
    "fault": (("step", "train.py:undefined", "x=-1", ""), "train.py: return x.log()"),
    "caret": (("step", "train.py:caret", "x=1", ""), "for ^: 'Value' and 'int'; ^ is not a power in Python; write **"),
    "look-up": (
        ("step", "train.py:looks_up", "x=1,i=1", ""),
        "train.py:looks_up raised TypeError at line 30: lis",
    ),
    "raising script": (("step", "raising.py:f", "", ""), "raising.py raised ValueError at line 2: no such data"),
    "exiting script": (("step", "exiting.py:f", "", ""), "exiting.py raised SystemExit at line 1: 3"),
    "no Python": (("step", "syntax.py:f", "", ""), "syntax.py raised SyntaxError at line 1: "),
    "another page": (("step", "train.py:undefined", "x=1", "out.svg"), "'out.svg': the suffix '.svg' is not a page's"),
    "no folder": (("step", "train.py:undefined", "x=1", "nowhere/out.html"), "there is no folder"),
}


@pytest.mark.parametrize("case", BAD_PROGRAMS)
def test_a_bad_program_gets_one_line_and_status_2(case, script, capsys):
    (command, program, at, output), words = BAD_PROGRAMS[case]
    folder = script.parent
    (folder / "raising.py").write_text("x = 1\nraise ValueError('no such\\ndata')\n", encoding="utf-8")
    (folder / "exiting.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    (folder / "syntax.py").write_text("def f(:\n", encoding="utf-8")
    options = ["-o", str(folder / output)] if output else []
    assert main([command, str(folder / program), "--at", at, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("case", [case for case in BAD if BAD[case][0] == "draw" and case != "a script"])
def test_a_formula_is_refused_by_step_as_by_draw(case, capsys):
    _, formula, at, words = BAD[case]
    assert main(["step", formula, "--at", at]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_lab_lists_the_mistakes_and_writes_a_page_of_one(tmp_path, capsys):
    assert main(["lab"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("assign", "order", "stale", "zero_grad", "max_shift"))
    page = tmp_path / "lab.html"
    assert main(["lab", "--mistake", "assign", "-o", str(page)]) == 0
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert page.read_text(encoding="utf-8").count('"name":"assign"') == 1


def test_lab_names_the_mistakes_there_are_when_asked_for_another(tmp_path, capsys):
    assert main(["lab", "--mistake", "typo"]) == 2
    assert "no mistake called 'typo'; it has assign, " in capsys.readouterr().err
    assert main(["lab", "-o", str(tmp_path / "lab.pdf")]) == 2
    assert "'.pdf' is not a page's" in capsys.readouterr().err
