"""The `autograd-lite` command.

    autograd-lite demo                                          train a net to read digits, prove it, write a report
    autograd-lite draw "tanh(w*x + b)" --at w=0.5,x=2,b=-1      the graph, with values and gradients
    autograd-lite check "tanh(w*x + b)" --at w=0.5,x=2,b=-1     the gradients beside numeric ones
    autograd-lite step "tanh(w*x + b)" --at w=0.5,x=2,b=-1 -o out.html          every step, as a page
    autograd-lite step script.py:function --at x=2                              the same of a function, as text
    autograd-lite worksheet "tanh(w*x + b)" --at w=0.5,x=2,b=-1 -o sheet.html   to be filled in by hand, and the key
    autograd-lite lab -o lab.html                                               famous mistakes beside the engine

Exit status: 0 done; 1 a gradient was not confirmed; 2 the request made no sense, or a file could not be written;
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .check import gradcheck
from .errors import AutogradError, ExpressionError
from .expressions import names_in
from .functions import VALUE
from .value import Value

if TYPE_CHECKING:
    from .stepper import Stepper

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status.

    Args:
        arguments: what follows the command's name; sys.argv's if None.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest:
        numbers = ",".join(part.strip(" ,") for part in (getattr(options, "at", ""), *rest)).strip(",")
        apart = hasattr(options, "at") and all("=" in part and not part.startswith("-") for part in rest)
        hint = f"; join numbers by commas, without spaces: --at {numbers}" if apart else ""
        parser.error(f"unrecognized arguments: {' '.join(rest)}{hint}")
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (AutogradError, OSError) as error:
        print(f"autograd-lite {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"autograd-lite {options.command}: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograd-lite",
        description="See, step, question and prove every derivative of plain scalar Python.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="train a net to read digits, check its gradients, write a report")
    demo.add_argument("-o", "--output", type=Path, default=Path("report.html"), help="the report (default report.html)")
    demo.add_argument("--epochs", type=int, default=30, help="passes over the training data (default 30)")
    demo.add_argument(
        "--seed", type=int, default=0, help="seed of the split, the weights and the shuffling (default 0)"
    )
    demo.set_defaults(run=_demo)

    draw = commands.add_parser("draw", help="the graph of a formula, with values and gradients")
    _add_formula(draw)
    draw.add_argument(
        "-o", "--output", type=Path, help="a .svg, .html, .dot or .txt file (.png, .pdf with Graphviz); default: text"
    )
    draw.set_defaults(run=_draw)

    check = commands.add_parser("check", help="the gradients of a formula beside numeric ones")
    _add_formula(check)
    check.set_defaults(run=_check)

    step = commands.add_parser("step", help="every step of the forward and the backward pass, as a page or as text")
    _add_program(step)
    step.add_argument("-o", "--output", type=Path, help="a .html file to step through; default: text")
    step.set_defaults(run=_step)

    worksheet = commands.add_parser(
        "worksheet", help="the graph with empty boxes, to be filled in by hand, and the key"
    )
    _add_program(worksheet)
    worksheet.add_argument(
        "--blanks", default="all", choices=("values", "gradients", "all"), help="what is to be found"
    )
    worksheet.add_argument("--no-key", dest="key", action="store_false", help="leave the answers out")
    worksheet.add_argument("-o", "--output", type=Path, help="a .html file to print; default: text")
    worksheet.set_defaults(run=_worksheet)

    lab = commands.add_parser("lab", help="famous mistakes in backpropagation, each beside the engine")
    lab.add_argument("--mistake", metavar="NAME", help="only this one; without it all")
    lab.add_argument("-o", "--output", type=Path, help="a .html file to step through; default: a table")
    lab.set_defaults(run=_lab)
    return parser


def _add_formula(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formula", help='for example "tanh(w*x + b)"; powers are **')
    parser.add_argument("--at", default="", metavar="NAME=NUMBER,...", help="a number for every name in the formula")


def _add_program(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("program", help='a formula such as "tanh(w*x + b)", or script.py:function')
    parser.add_argument(
        "--at", default="", metavar="NAME=NUMBER,...", help="numbers; a function's other parameters keep their defaults"
    )


def read_point(text: str) -> dict[str, float]:
    """Returns {"w": 0.5, "x": 2.0} for "w=0.5,x=2".

    Raises:
        ExpressionError: a part is not name=number, or a name is given twice.
    Example:
        >>> read_point("w=0.5, x=2")
        {'w': 0.5, 'x': 2.0}
    """
    point: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, digits = (piece.strip() for piece in part.partition("="))
        try:
            number = float(digits)
        except ValueError:
            number, equals = 0.0, ""
        if not equals or not name.isidentifier():
            raise ExpressionError(f"--at: {part!r:.60} is not of the form name=number")
        if name in point:
            raise ExpressionError(f"--at: {name!r} is given twice")
        point[name] = number
    return point


def _formula(formula: str, at: str) -> tuple[Callable[..., Value], dict[str, float]]:
    """Returns the formula as a function of Values, and the point, its names in the formula's order."""
    from .stepper.scripts import is_script

    if is_script(formula):
        raise ExpressionError(
            f"{formula!r:.60} is a script, not a formula; only step and worksheet take script.py:function"
        )
    names, point = names_in(formula), read_point(at)
    missing, extra = [n for n in names if n not in point], [n for n in point if n not in names]
    if missing:
        raise ExpressionError(f"no number for {', '.join(missing)}; add --at {','.join(f'{n}=1' for n in missing)}")
    if extra:
        raise ExpressionError(f"--at gives {', '.join(extra)}, which the formula {formula!r:.60} does not use")
    if not names:
        raise ExpressionError(f"{formula!r:.60} has no variables, so there is nothing to differentiate by")
    return VALUE.formula(formula, names), {name: point[name] for name in names}


def _give(output: Path | None, write: Callable[[Path], object], text: Callable[[], object]) -> int:
    """Writes the file that was asked for, or prints the text."""
    if output:
        write(output)
        _say(f"wrote {output}")
    else:
        _say(text())
    return 0


def _say(words: object) -> None:
    """Prints, whatever the terminal can show: other signs are written as escapes."""
    encoding = sys.stdout.encoding or "utf-8"
    print(str(words).encode(encoding, "backslashreplace").decode(encoding))


def _draw(options: argparse.Namespace) -> int:
    function, point = _formula(options.formula, options.at)
    out = function(*(Value(number, name) for name, number in point.items()))
    if not isinstance(out, Value):
        raise ExpressionError(f"{options.formula!r:.60} is {out!r} here, which has no derivative by its variables")
    out.backward()
    view = out.graph()
    return _give(options.output, view.render, lambda: view)


def _check(options: argparse.Namespace) -> int:
    function, point = _formula(options.formula, options.at)
    report = gradcheck(function, list(point.values()), names=tuple(point))
    _say(report)
    _say(f"verdict: {report.verdict}")
    return 0 if report.ok else 1


def _require_page(output: Path | None) -> None:
    """Raises InputError for a file of another kind than a page, before anything is computed."""
    from .view.skeleton import require_page

    if output:
        require_page(output)


def _stepper(options: argparse.Namespace) -> Stepper:
    """Returns the steps of the formula, or of the script's function."""
    from .stepper import step
    from .stepper.scripts import is_script, step_script

    _require_page(options.output)
    if is_script(options.program):
        return step_script(options.program, read_point(options.at))
    function, point = _formula(options.program, options.at)
    return step(function, *point.values(), title=options.program)


def _step(options: argparse.Namespace) -> int:
    stepper = _stepper(options)
    return _give(options.output, stepper.to_html, lambda: stepper.story)


def _worksheet(options: argparse.Namespace) -> int:
    from .stepper import worksheet

    sheet = worksheet(_stepper(options), blanks=options.blanks, key=options.key)
    return _give(options.output, sheet.to_html, lambda: sheet)


def _lab(options: argparse.Namespace) -> int:
    from .stepper.laboratory import laboratory

    _require_page(options.output)
    found = laboratory(options.mistake)
    return _give(options.output, found.to_html, lambda: found)


def _demo(options: argparse.Namespace) -> int:
    from nn.demo import run  # the command is where the two packages meet; nothing else here knows nn

    return run(options.output, epochs=options.epochs, seed=options.seed)


if __name__ == "__main__":
    sys.exit(main())
