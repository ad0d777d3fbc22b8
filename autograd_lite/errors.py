"""Every error this project raises, in one tree.

    AutogradError
    ├── OperandError (TypeError)            a number was wanted: str, None, bool, complex, list, ...
    ├── DetachedError (TypeError)           float(v), bool(v), v == 2: would silently leave the graph
    ├── ArithmeticFault                     a computation has no finite, defined result
    │   ├── DomainError (ValueError)        log(-1), (-2.0)**0.5
    │   ├── DivisionByZero (ZeroDivisionError)
    │   ├── Overflow (OverflowError)        exp(1000)
    │   └── NonFiniteError (ArithmeticError)  nan or inf appeared under `detect_anomaly()` or in training
    ├── LiftError (TypeError)               a recording cannot stand for this program: it read `.data`, say
    ├── GraphError (ValueError)             an operation on a graph that has no meaning: pickling half of it
    ├── TapeError (ValueError)              a tape, or a tape's file, is not well formed
    ├── ExpressionError (ValueError)        text that is not a formula, or not an allowed one
    ├── RuleError (ValueError)              a rule that contradicts itself, or an arithmetic that lacks it
    └── InputError (ValueError)             data, labels, shapes and settings handed to a function
        ├── ShapeError                      a length or width that does not fit
        └── LabelError                      a class label outside its range

Each also derives from the built-in it refines, so `except ZeroDivisionError` written for floats still works.
Messages say what was asked, the value, where, and what to do.
"""

from __future__ import annotations

__all__ = [
    "ArithmeticFault",
    "AutogradError",
    "DetachedError",
    "DivisionByZero",
    "DomainError",
    "ExpressionError",
    "GraphError",
    "InputError",
    "LabelError",
    "LiftError",
    "NonFiniteError",
    "OperandError",
    "Overflow",
    "RuleError",
    "ShapeError",
    "TapeError",
]


class AutogradError(Exception):
    """The root of the tree: catch this to catch everything the project raises on purpose."""


class OperandError(AutogradError, TypeError):
    """Something that is not a real number was used as one."""


class DetachedError(AutogradError, TypeError):
    """A `Value` was asked to become a plain number in silence, which would cut it off from its graph."""


class ArithmeticFault(AutogradError, ArithmeticError):
    """A computation without a finite, defined result; the message names the operation, the operands and the place.

    `scopes` are the named pieces of the program it passed through on its way out, innermost first;
    the message writes them as a path, outermost first: "mlp.layer0.neuron1".
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.scopes: list[str] = []

    def enter(self, scope: str) -> None:
        """Notes that the fault arose inside a named piece of the program."""
        self.scopes.append(str(scope))

    def __str__(self) -> str:
        inside = f" (in {'.'.join(reversed(self.scopes))})" if self.scopes else ""
        return f"{self.args[0]}{inside}"


class DomainError(ArithmeticFault, ValueError):
    """An operand lies outside the domain of the operation."""


class DivisionByZero(ArithmeticFault, ZeroDivisionError):
    """A division by zero, or zero to a negative power."""


class Overflow(ArithmeticFault, OverflowError):
    """The result is too large for a float."""


class NonFiniteError(ArithmeticFault):
    """A nan or an infinity appeared where a finite number was promised."""


class LiftError(AutogradError, TypeError):
    """A program whose recording could not stand for its other runs."""


class GraphError(AutogradError, ValueError):
    """An operation that makes no sense for this graph."""


class TapeError(AutogradError, ValueError):
    """A tape, or a file that should hold one, is not well formed."""


class ExpressionError(AutogradError, ValueError):
    """Text that cannot be read as a formula."""


class RuleError(AutogradError, ValueError):
    """A rule is malformed, or is not available in the arithmetic asked for."""


class InputError(AutogradError, ValueError):
    """Data or a setting outside what the function accepts."""


class ShapeError(InputError):
    """A sequence whose length or nesting does not fit."""


class LabelError(InputError):
    """A class label outside the range the loss or metric accepts."""
