"""The table: every operation's value and partial derivatives, each stated once, as text.

Nothing else in this project knows a derivative. `expressions.py` turns a row into a function in any arithmetic, into
LaTeX, MathML or source; `value.py` generates the methods of `Value` from the rows; tests iterate over them. To add an
operation, add a row.

Legend, obeyed everywhere:

    x, y      the operands of a rule             c         the condition of `where`, which has no derivative
    out       its result                         partial   d out / d operand
    adjoint   d root / d node                    seed      the adjoint of the root
    line      an entry of the tape               leaf      a node with no rule

Columns of a row:

    name      NumPy's name for the operation where it has one
    value     the result, an expression in x, y (and c)
    partials  one expression an operand, in x, y and out
    lone      the partials when the other operand is a constant, where that changes the convention at a tie
    domain    where the operation is defined; outside it the engine raises. Empty: everywhere
    kinks     expressions that vanish exactly where a partial does not exist
    remedy    what to write instead when the result is undefined or not finite

Conventions at edges, one rule: at a kink the subgradient (or supergradient) of least norm; at the edge of a domain the
limit, which may be inf; outside it an error. NaN is never hidden: each conditional sends it to a branch that returns
it.

Conditionals choose between branches that are *the same analytic function* wherever the operation is smooth (see
`sigmoid`), so that derivatives of every order are right on both sides of the switch. A smooth rule must not use `abs`,
whose own derivative at 0 would spoil the higher ones. `elu` is smooth to first order only: its slope is continuous at
0, so 0 is no kink, but its second derivative jumps there.

Source: of the activations that school does not teach,
    softplus: Dugas, Bengio, Bélisle, Nadeau, Garcia, "Incorporating second-order functional knowledge", NIPS, 2001.
    elu: Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by ELUs", ICLR, 2016.
    gelu: Hendrycks, Gimpel, "Gaussian error linear units", arXiv:1606.08415, 2016; the exact form, by erf.
    selu: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural networks", NIPS, 2017, equation 2.
    silu: Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units", Neural Networks 107, 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from types import MappingProxyType

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True, eq=False)
class Rule:
    """One row of the table: an operation and everything that is known about it.

    `value` and `partials` are expressions, or Python functions for a black box (see `define_rule`): then `value` takes
    the operands and each partial takes the operands and the result.

    Example:
        >>> RULES["tanh"].partials
        ('4*sigmoid(2*x)*sigmoid(-2*x)',)
        >>> RULES["div"].arity
        2
    """

    name: str
    value: str | Callable[..., float]
    partials: tuple[str | Callable[..., float], ...]
    lone: tuple[str, ...] | None = field(default=None, kw_only=True)
    domain: str = field(default="", kw_only=True)
    kinks: tuple[str, ...] = field(default=(), kw_only=True)
    remedy: str = field(default="", kw_only=True)

    @property
    def arity(self) -> int:
        """The number of operands that have a derivative: 1 or 2."""
        return len(self.partials)

    @property
    def operands(self) -> tuple[str, ...]:
        """The operands' names in the order of the call: ("x",), ("x", "y") or, for `where`, ("c", "x", "y")."""
        return ("c", "x", "y") if self.name == "where" else ("x", "y")[: self.arity]

    @property
    def signature(self) -> Signature:
        """How a function of these operands is called: what `help` shows, and what a stepper calls its arguments."""
        return Signature([Parameter(letter, Parameter.POSITIONAL_ONLY) for letter in self.operands])

    def __repr__(self) -> str:
        return f"<Rule {self.name}>"


_SHIFT = "Subtract the largest exponent first, as log-sum-exp and softmax do."
_ADD = "Keep the operand above 0: add a small constant."
_CLIP = "Clip the operand to [-1, 1]."
_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu: mean 0 and variance 1 are then a fixed point

_ROWS = (
    # arithmetic
    Rule("add", "x + y", ("1", "1")),
    Rule("sub", "x - y", ("1", "-1")),
    Rule("mul", "x * y", ("y", "x")),
    Rule("div", "x / y", ("1/y", "-out/y"), domain="y != 0", remedy="Keep the divisor away from 0: x / (y + eps)."),
    Rule(
        "pow",
        "x ** y",
        (
            "y*out/x if y < 0.5 and 0 < x < inf else y*x**(y - 1) if y != 0 else 0",
            "out*log(x) if x > 0 else 0 if x == 0 else nan",
        ),
        domain="x > 0 or (x == 0 and y >= 0) or (x < 0 and y == floor(y))",
        kinks=("x if y < 1 and y != 0 else 1",),
        remedy="A negative base needs a whole-number exponent, a zero base one that is not negative.",
    ),
    Rule("neg", "-x", ("-1",)),
    Rule("identity", "x", ("1",)),
    # pieces
    Rule("abs", "abs(x)", ("sign(x)",), kinks=("x",)),
    Rule(
        "maximum",
        "x if x >= y else y if y > x else nan",
        (
            "1 if x > y else 0.5 if x == y else 0 if x < y else nan",
            "1 if y > x else 0.5 if x == y else 0 if y < x else nan",
        ),
        lone=("1 if x > y else 0 if x <= y else nan", "1 if y > x else 0 if y <= x else nan"),
        kinks=("x - y",),
    ),
    Rule(
        "minimum",
        "x if x <= y else y if y < x else nan",
        (
            "1 if x < y else 0.5 if x == y else 0 if x > y else nan",
            "1 if y < x else 0.5 if x == y else 0 if y > x else nan",
        ),
        lone=("1 if x < y else 0 if x >= y else nan", "1 if y < x else 0 if y >= x else nan"),
        kinks=("x - y",),
    ),
    Rule("where", "x if c != 0 else y", ("1 if c != 0 else 0", "0 if c != 0 else 1")),
    Rule("sign", "1 if x > 0 else -1 if x < 0 else x", ("0 if x == x else nan",), kinks=("x",)),
    Rule("heaviside", "1 if x > 0 else 0 if x <= 0 else nan", ("0 if x == x else nan",), kinks=("x",)),
    Rule("floor", "floor(x)", ("0 if x == x else nan",), domain="-inf < x < inf", kinks=("x - round(x)",)),
    Rule("round", "round(x)", ("0 if x == x else nan",), domain="-inf < x < inf", kinks=("x - floor(x) - 0.5",)),
    # exponentials and logarithms
    Rule("exp", "exp(x)", ("out",), remedy=_SHIFT),
    Rule("expm1", "expm1(x)", ("exp(x)",), remedy=_SHIFT),
    Rule("exp2", "exp2(x)", ("out*log(2)",), remedy=_SHIFT),
    Rule(
        "log",
        "log(x)",
        ("1/x",),
        domain="x > 0",
        remedy="For log(1 + u) use log1p(u), for log(sigmoid(u)) use log_sigmoid(u); else add a small constant.",
    ),
    Rule("log1p", "log1p(x)", ("1/(1 + x)",), domain="x > -1", remedy="Keep the operand above -1."),
    Rule("log2", "log2(x)", ("1/log(2)/x",), domain="x > 0", remedy=_ADD),
    Rule("log10", "log10(x)", ("1/log(10)/x",), domain="x > 0", remedy=_ADD),
    Rule(
        "logaddexp",
        "x + log1p(exp(y - x)) if x >= y else y + log1p(exp(x - y)) if y > x else nan",
        ("sigmoid(x - y)", "sigmoid(y - x)"),
    ),
    # powers and roots
    Rule("sqrt", "sqrt(x)", ("0.5/out",), domain="x >= 0", remedy="The slope at 0 is infinite: take sqrt(x + eps)."),
    Rule("cbrt", "cbrt(x)", ("1/(3*out*out)",), kinks=("x",)),
    Rule("hypot", "hypot(x, y)", ("x/out if out != 0 else 0", "y/out if out != 0 else 0"), kinks=("hypot(x, y)",)),
    # circular
    Rule("sin", "sin(x)", ("cos(x)",), domain="-inf < x < inf"),
    Rule("cos", "cos(x)", ("-sin(x)",), domain="-inf < x < inf"),
    Rule("tan", "tan(x)", ("1 + out*out",), domain="-inf < x < inf"),
    Rule(
        "arcsin",
        "arcsin(x)",
        ("1/sqrt((1 - x)*(1 + x))",),
        domain="-1 <= x <= 1",
        remedy=_CLIP,
    ),
    Rule(
        "arccos",
        "arccos(x)",
        ("-1/sqrt((1 - x)*(1 + x))",),
        domain="-1 <= x <= 1",
        remedy=_CLIP,
    ),
    Rule("arctan", "arctan(x)", ("1/(1 + x*x) if -1e150 < x < 1e150 else 1/x/x",)),
    Rule(
        "arctan2",
        "arctan2(x, y)",
        ("y/hypot(x, y)/hypot(x, y)", "-x/hypot(x, y)/hypot(x, y)"),
        kinks=("x if y <= 0 else hypot(x, y)",),
    ),
    # hyperbolic
    Rule("sinh", "sinh(x)", ("cosh(x)",)),
    Rule("cosh", "cosh(x)", ("sinh(x)",)),
    Rule("tanh", "tanh(x)", ("4*sigmoid(2*x)*sigmoid(-2*x)",)),
    Rule("arcsinh", "arcsinh(x)", ("1/hypot(1, x)",)),
    Rule(
        "arccosh",
        "arccosh(x)",
        ("1/(sqrt(x - 1)*sqrt(x + 1))",),
        domain="x >= 1",
        remedy="Keep the operand at or above 1.",
    ),
    Rule(
        "arctanh",
        "arctanh(x)",
        ("1/((1 - x)*(1 + x))",),
        domain="-1 < x < 1",
        remedy="Keep the operand between -1 and 1.",
    ),
    # error functions
    Rule("erf", "erf(x)", ("2/sqrt(pi)*exp(-x*x)",)),
    Rule("erfc", "erfc(x)", ("-2/sqrt(pi)*exp(-x*x)",)),
    # activations
    Rule("sigmoid", "1/(1 + exp(-x)) if x >= 0 else exp(x)/(1 + exp(x))", ("out*sigmoid(-x)",)),
    Rule("log_sigmoid", "-log1p(exp(-x)) if x > 0 else x - log1p(exp(x))", ("sigmoid(-x)",)),
    Rule("softplus", "x + log1p(exp(-x)) if x > 0 else log1p(exp(x))", ("sigmoid(x)",)),
    Rule("relu", "0 if x <= 0 else x", ("1 if x > 0 else 0 if x <= 0 else nan",), kinks=("x",)),
    Rule("leaky_relu", "x if x > 0 else 0.01*x", ("1 if x > 0 else 0.01 if x <= 0 else nan",), kinks=("x",)),
    Rule("elu", "x if x > 0 else expm1(x)", ("1 if x > 0 else exp(x)",)),
    Rule(
        "selu",
        f"{_SCALE}*x if x >= 0 else {_SCALE}*{_ALPHA}*expm1(x)",
        (f"{_SCALE} if x >= 0 else {_SCALE}*{_ALPHA}*exp(x)",),
        kinks=("x",),
    ),
    Rule("gelu", "x*erfc(-x/sqrt(2))/2", ("erfc(-x/sqrt(2))/2 + x*exp(-x*x/2)/sqrt(2*pi)",)),
    Rule("silu", "x*sigmoid(x)", ("sigmoid(x) + out*sigmoid(-x)",)),
)

RULES: Mapping[str, Rule] = MappingProxyType({row.name: row for row in _ROWS})
"""The table by name, in the order above; read-only."""
