"""Scalar reverse-mode automatic differentiation whose every derivative can be seen, stepped and proved.

>>> from autograd_lite import Value
>>> x, y = Value(2.0, name="x"), Value(3.0, name="y")
>>> z = x * y + x.tanh()
>>> z.backward()
>>> x.grad, y.grad
(3.0706508248531645, 2.0)
"""

from typing import TYPE_CHECKING, Any

from .anomaly import Anomaly, find_anomaly
from .arithmetics import COMPLEX, FLOAT, FRACTION, IEEE, Arithmetic, numpy_arithmetic
from .check import GradientReport, gradcheck
from .context import detect_anomaly, ieee, no_grad, remember_places
from .errors import (
    ArithmeticFault,
    AutogradError,
    DetachedError,
    DivisionByZero,
    DomainError,
    ExpressionError,
    GraphError,
    InputError,
    LabelError,
    LiftError,
    NonFiniteError,
    OperandError,
    Overflow,
    RuleError,
    ShapeError,
    TapeError,
)
from .extend import define_rule
from .files import write_whole
from .functions import (
    VALUE,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cbrt,
    cos,
    cosh,
    elu,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    gelu,
    heaviside,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    maximum,
    minimum,
    relu,
    selu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    where,
)
from .lookup import WholeInput, stop_gradient, take
from .notation import rule_latex, rule_mathml, to_latex, to_mathml
from .recording import record
from .rules import RULES, Rule
from .run import Run
from .scopes import in_scope, mark_scope, scoped
from .tape import Line, Tape
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .value import Value

__version__ = "0.1.0"

__all__ = [
    "COMPLEX",
    "FLOAT",
    "FRACTION",
    "IEEE",
    "RULES",
    "VALUE",
    "Anomaly",
    "Arithmetic",
    "ArithmeticFault",
    "AutogradError",
    "DetachedError",
    "DivisionByZero",
    "DomainError",
    "ExpressionError",
    "Finding",
    "GradientReport",
    "GraphError",
    "GraphView",
    "InputError",
    "LabelError",
    "LiftError",
    "Lifted",
    "Line",
    "NonFiniteError",
    "OperandError",
    "Overflow",
    "Rule",
    "RuleError",
    "Run",
    "ShapeError",
    "Stepper",
    "Tape",
    "TapeError",
    "TrainingRecorder",
    "Value",
    "WholeInput",
    "Worksheet",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "cos",
    "cosh",
    "define_rule",
    "detect_anomaly",
    "draw",
    "elu",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "find_anomaly",
    "findings",
    "floor",
    "gelu",
    "grad",
    "gradcheck",
    "heaviside",
    "hessian",
    "hvp",
    "hypot",
    "ieee",
    "in_scope",
    "jacobian",
    "jvp",
    "laboratory",
    "leaky_relu",
    "lift",
    "lift_graph",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "logaddexp",
    "mark_scope",
    "maximum",
    "minimum",
    "no_grad",
    "numpy_arithmetic",
    "record",
    "relu",
    "remember_places",
    "rule_latex",
    "rule_mathml",
    "scoped",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "step",
    "stop_gradient",
    "take",
    "tan",
    "tanh",
    "to_latex",
    "to_mathml",
    "value_and_grad",
    "vjp",
    "where",
    "worksheet",
    "write_whole",
]

if TYPE_CHECKING:
    from .lift import Lifted, lift, lift_graph
    from .stepper import Stepper, step
    from .stepper.findings import Finding, findings
    from .stepper.laboratory import laboratory
    from .stepper.training import TrainingRecorder
    from .stepper.worksheet import Worksheet, worksheet
    from .view import GraphView, draw

_LATER = {
    "GraphView": "view",
    "draw": "view",
    "Lifted": "lift",
    "lift": "lift",
    "lift_graph": "lift",
    "Stepper": "stepper",
    "step": "stepper",
    "Worksheet": "stepper.worksheet",
    "worksheet": "stepper.worksheet",
    "TrainingRecorder": "stepper.training",
    "laboratory": "stepper.laboratory",
    "Finding": "stepper.findings",
    "findings": "stepper.findings",
}


def __getattr__(name: str) -> Any:
    """Imports the pictures, the matrix programs and the stepper when somebody asks for one."""
    if name in _LATER:
        from importlib import import_module

        found = getattr(import_module(f".{_LATER[name]}", __name__), name)
        globals()[name] = found  # `lift` is also the name of its package, which importing it has bound here
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
