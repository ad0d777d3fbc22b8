"""The `autograd-lite` command.

    autograd-lite demo                                          train a net to read digits, prove it, write a report
    autograd-lite draw "tanh(w*x + b)" --at w=0.5,x=2,b=-1      the graph, with values and gradients
    autograd-lite check "tanh(w*x + b)" --at w=0.5,x=2,b=-1     the gradients beside numeric ones

Exit status: 0 done; 1 a gradient was not confirmed; 2 the request made no sense, or a file could not be written;
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__
from .check import gradcheck
from .errors import AutogradError, ExpressionError
from .expressions import names_in
from .functions import VALUE
from .value import Value

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status.

    Args:
        arguments: what follows the command's name; sys.argv's if None.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
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
    return parser


def _add_formula(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("formula", help='for example "tanh(w*x + b)"; powers are **')
    parser.add_argument("--at", default="", metavar="NAME=NUMBER,...", help="a number for every name in the formula")


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


def _formula(options: argparse.Namespace) -> tuple[Callable[..., Value], dict[str, float]]:
    """Returns the formula as a function of Values, and the point, its names in the formula's order."""
    names, point = names_in(options.formula), read_point(options.at)
    missing, extra = [n for n in names if n not in point], [n for n in point if n not in names]
    if missing:
        raise ExpressionError(f"no number for {', '.join(missing)}; add --at {','.join(f'{n}=1' for n in missing)}")
    if extra:
        raise ExpressionError(f"--at gives {', '.join(extra)}, which the formula {options.formula!r:.60} does not use")
    if not names:
        raise ExpressionError(f"{options.formula!r:.60} has no variables, so there is nothing to differentiate by")
    return VALUE.formula(options.formula, names), {name: point[name] for name in names}


def _draw(options: argparse.Namespace) -> int:
    function, point = _formula(options)
    out = function(*(Value(number, name) for name, number in point.items()))
    if not isinstance(out, Value):
        raise ExpressionError(f"{options.formula!r:.60} is {out!r} here, which has no derivative by its variables")
    out.backward()
    view = out.graph()
    if options.output:
        view.render(options.output)
        print(f"wrote {options.output}")
    else:
        print(view)
    return 0


def _check(options: argparse.Namespace) -> int:
    function, point = _formula(options)
    report = gradcheck(function, list(point.values()), names=tuple(point))
    print(report)
    print(f"verdict: {report.verdict}")
    return 0 if report.ok else 1


def _demo(options: argparse.Namespace) -> int:
    from nn.demo import run  # the command is where the two packages meet; nothing else here knows nn

    return run(options.output, epochs=options.epochs, seed=options.seed)


if __name__ == "__main__":
    sys.exit(main())
