"""`gradcheck`: are these gradients right? Compared with numeric derivatives that know no rule.

    >>> from autograd_lite.functions import tanh
    >>> report = gradcheck(lambda x, y: tanh(x) * y, (0.5, 2.0))
    >>> report.verdict
    'ok'

The numeric derivatives are `scipy.differentiate.derivative`'s: high-order differences with shrinking steps and an
estimate of their own error. Where they cannot decide, near a kink or where rounding drowns the difference, the verdict
is "inconclusive", which is not "ok".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .arithmetics import FLOAT, IEEE
from .context import recording
from .errors import ArithmeticFault, InputError, OperandError
from .operands import number
from .recording import flatten, trace
from .tape import Tape
from .transforms import leaves_of, map_nested
from .value import Value, local_partial

__all__ = ["Check", "GradientReport", "gradcheck"]

Verdict = Literal["ok", "wrong", "inconclusive"]

_STEPS = (2.0**-4, 2.0**-10, 2.0**-16)  # the first step of each attempt, as a part of the scale: for smooth to steep
_FINEST = 2.0**-16  # the scale at x = 0 when that is to be small: nothing tells how small, so a step like the last
_ROUNDING = 2e-16  # of one operation, relative: a little less than the spacing of floats, 2**-52
_DEMANDED = 1e-14  # relative tolerance asked of scipy: more than floats give, so it refines until rounding stops it
_ENOUGH = 1e-9  # an estimated relative error as small as this needs no further attempt
_TRUSTED = 1e-4  # a numeric derivative whose relative error is larger did not converge
_DOUBT = 10  # times the estimated error is what a difference may be: the estimate is no bound
_NEAR = 1e-9  # a kink closer than this, relative to the operands, is one we stand on
_JUDGED = 500  # operations tried one by one when the suspect is sought: each costs up to 200 evaluations


@dataclass(frozen=True)
class Check:
    """The verdict on one input.

    Args:
        name: the input's name or position.
        analytic: the engine's derivative.
        numeric: the numeric one; nan if it could not be computed.
        error: the estimated error of the numeric one.
        verdict: "ok", "wrong" or "inconclusive".
        reason: why, when it is not "ok".
    """

    name: str
    analytic: float
    numeric: float
    error: float
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class GradientReport:
    """What `gradcheck` found: a check per input, and which rule is to blame if one is wrong.

    Args:
        checks: one per input.
        suspect: the rule whose partial disagrees most with its own value, among the last 500 operations that depend on
            a wrong input; "" if no input is wrong, or if none of these operations disagrees. A rule that is wrong
            further from the result, or a gradient lost by reading `.data`, is not found.
    """

    checks: tuple[Check, ...]
    suspect: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of the checks: "wrong" if any is, else "inconclusive" if any is, else "ok"."""
        verdicts = {check.verdict for check in self.checks}
        return "wrong" if "wrong" in verdicts else "inconclusive" if "inconclusive" in verdicts else "ok"

    @property
    def largest_difference(self) -> float:
        """The largest |analytic - numeric|; nan if no numeric derivative could be computed, at any input.

        Inputs without a numeric derivative are left out.
        """
        gaps = [abs(check.analytic - check.numeric) for check in self.checks]
        return max((gap for gap in gaps if gap == gap), default=math.nan)

    @property
    def ok(self) -> bool:
        """Whether every input was confirmed."""
        return self.verdict == "ok"

    def __str__(self) -> str:
        width = max([5, *(len(check.name) for check in self.checks)])
        rows = [f"{'input':<{width}}  {'analytic':>22}  {'numeric':>22}  {'error':>8}  verdict"]
        for c in self.checks:
            reason = f": {c.reason}" if c.reason else ""
            rows.append(
                f"{c.name:<{width}}  {c.analytic:>22.15g}  {c.numeric:>22.15g}  {c.error:>8.1e}  {c.verdict}{reason}"
            )
        if self.suspect:
            rows.append(f"The rule that disagrees most with its own value is {self.suspect}.")
        return "\n".join(rows)


def gradcheck(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    names: Sequence[str] = (),
    rtol: float = 1e-7,
    atol: float = 1e-9,
) -> GradientReport:
    """Compares the gradient of `function` at `inputs` with numeric derivatives.

    Args:
        function: returns one Value. If the inputs are Values, it is called without arguments and must use them
            itself (a loss that closes over its parameters); their data is changed and put back.
        inputs: one entry an argument, a number or nested lists of numbers; or leaf Values.
        names: how the report calls the inputs; the Values' own names, or x0, x1, ... if not given.
        rtol: relative difference tolerated beyond the numeric error, >= 0.
        atol: absolute difference tolerated, >= 0.

    Returns:
        A report; `print` it, or ask its `verdict`.

    Raises:
        InputError: no inputs, a mixture of Values and numbers, or a negative tolerance.
        OperandError: the function does not return one Value, or an input is no number.

    Example:
        >>> print(gradcheck(lambda x: abs(x), [0.0]))
        input                analytic                 numeric     error  verdict
        x0                          0                       0   0.0e+00  inconclusive: at a kink of abs

    Source: scipy.differentiate, SciPy 1.15, for the numeric derivative; the verdicts are ours.
    """
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not number(tolerance, name) >= 0:
            raise InputError(f"{name} = {tolerance!r} must be at least 0")
    probe = _Probe(function, inputs)
    if names:
        probe.rename(names)
    slopes = probe.gradient()
    kinks = _kinks(probe.tape, probe.values)
    checks = tuple(
        _check(probe, i, slopes[i], kinks=kinks.get(i, ()), rtol=rtol, atol=atol) for i in range(len(probe.point))
    )
    wrong = [i for i, check in enumerate(checks) if check.verdict == "wrong"]
    return GradientReport(checks, _suspect(probe.tape, probe.values, wrong) if wrong else "")


class _Probe:
    """The function under test, as a function of a flat list of floats."""

    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any]) -> None:
        if len(inputs) == 0:
            raise InputError("gradcheck needs at least one input")
        self.function = function
        self.leaves = flatten(list(inputs))
        self.inputs = list(inputs)
        flat = leaves_of(self.inputs)
        if self.leaves and len(self.leaves) != len(flat):
            raise InputError("inputs mixes Values and numbers, or repeats a Value; pass one kind, each once")
        for leaf in self.leaves:
            if not leaf.is_leaf:
                raise InputError(
                    f"{leaf.label()} is a result, not a leaf; check the gradient by the leaves it came from"
                )
        self.point = [v.data if isinstance(v, Value) else number(v, f"input {i}") for i, v in enumerate(flat)]
        self.names = [v.name if isinstance(v, Value) and v.name else f"x{i}" for i, v in enumerate(flat)]

    def rename(self, names: Sequence[str]) -> None:
        """Takes other names for the inputs."""
        if len(names) != len(self.names):
            raise InputError(f"got {len(names)} names for {len(self.names)} inputs")
        self.names = list(names)

    def gradient(self) -> list[float]:
        """Returns the engine's gradient, and keeps the tape it came from."""
        nodes = self.leaves or [Value(x, name) for x, name in zip(self.point, self.names, strict=True)]
        output = self._call(nodes)
        self.tape, kept = trace([output], inputs=nodes)
        self.values = [v.data if isinstance(v, Value) else v for v in kept]
        # the partials that the nodes carry, so that a rule is judged by what `backward` would use
        adjoints = [0.0] * len(kept)
        adjoints[self.tape.outputs[0]] = 1.0
        for line, position, operand in self.tape.sweep:
            node = kept[line]
            slope = node.partials[position] if isinstance(node, Value) else None
            if slope is not None:
                adjoints[operand] += slope * adjoints[line]
        # to first order, f carries the rounding of each result times its adjoint; the largest sets the noise
        carried = [abs(adjoints[line.index] * self.values[line.index]) for line in self.tape.lines if line.rule]
        self.size = max(filter(math.isfinite, carried), default=0.0)
        return adjoints[: len(nodes)]

    def _call(self, nodes: Sequence[Value]) -> Value:
        rest = iter(nodes)
        with recording():  # also inside `no_grad`
            output = self.function(*([] if self.leaves else map_nested(lambda _: next(rest), self.inputs)))
        if not isinstance(output, Value):
            raise OperandError(
                f"the function returned {type(output).__name__} {output!r:.60}; it must return one Value"
            )
        return output

    def at(self, position: int, x: float) -> float:
        """Returns the function with one input replaced; nan where it is undefined."""
        moved = [*self.point[:position], x, *self.point[position + 1 :]]
        try:
            if not self.leaves:
                return self._call([Value(v) for v in moved]).data
            self.leaves[position].data = x
            return self._call(self.leaves).data
        except ArithmeticFault:
            return math.nan
        finally:
            if self.leaves:
                self.leaves[position].data = self.point[position]


def _check(probe: _Probe, position: int, analytic: float, *, kinks: Sequence[str], rtol: float, atol: float) -> Check:
    """Returns the verdict on one input: central differences first, one-sided ones where they disagree."""
    name, x = probe.names[position], probe.point[position]

    def along(t: float) -> float:
        return probe.at(position, t)

    def near(a: float, b: float, error: float) -> bool:
        return abs(a - b) <= atol + rtol * max(abs(a), abs(b)) + _DOUBT * error

    def converged(estimate: tuple[float, float]) -> bool:
        return estimate[1] <= atol + _TRUSTED * abs(estimate[0])

    numeric, error = first = numeric_derivative(along, x, size=probe.size)
    if kinks:
        return Check(name, analytic, numeric, error, "inconclusive", f"at a kink of {', '.join(sorted(set(kinks)))}")
    trusted = converged(first)
    if trusted and near(analytic, numeric, error):
        return Check(name, analytic, numeric, error, "ok")
    second = numeric_derivative(along, x, size=probe.size, scale=min(1.0, abs(x)) or _FINEST)
    if trusted and converged(second) and not near(numeric, second[0], error + second[1]):
        reason = f"slopes differ by step: {numeric:.6g} and {second[0]:.6g}"
        return Check(name, analytic, numeric, error, "inconclusive", reason)
    if not trusted and converged(second):
        numeric, error = second
        trusted = True
        if near(analytic, numeric, error):
            return Check(name, analytic, numeric, error, "ok")
    left, left_error = numeric_derivative(along, x, size=probe.size, direction=-1)
    right, right_error = numeric_derivative(along, x, size=probe.size, direction=1)
    if not (math.isfinite(left) and math.isfinite(right) and math.isfinite(analytic)):
        return Check(name, analytic, numeric, error, "inconclusive", "undefined or infinite nearby")
    if not near(left, right, left_error + right_error):
        return Check(
            name, analytic, numeric, error, "inconclusive", f"slopes differ: {left:.6g} left, {right:.6g} right"
        )
    if not trusted:
        return Check(name, analytic, numeric, error, "inconclusive", "the numeric derivative did not converge")
    return Check(name, analytic, numeric, error, "wrong", f"off by {abs(analytic - numeric):.3g}")


def numeric_derivative(
    function: Callable[[float], float], x: float, *, direction: int = 0, scale: float = 0.0, size: float = 0.0
) -> tuple[float, float]:
    """Returns (derivative, estimated error) of a function of one float, by `scipy.differentiate`.

    Args:
        function: may return nan outside its domain.
        x: where.
        direction: 0 central, -1 from the left, 1 from the right.
        scale: on which the function is expected to vary; 0.0 means max(1, |x|).
        size: of the largest number whose rounding the function carries, if that is larger than its value.
    """
    import numpy as np
    from scipy.differentiate import derivative

    vector = np.vectorize(function, otypes=[float])
    best = (math.nan, math.inf)
    scale = scale or max(1.0, abs(x))
    size = max(size, abs(function(x)))
    for step in _STEPS:
        with np.errstate(all="ignore"):
            found = derivative(
                vector,
                x,
                initial_step=step * scale,
                step_direction=direction,
                order=8,
                maxiter=6,
                tolerances={"atol": 0.0, "rtol": _DEMANDED},
            )
        estimate, error = float(found.df), float(found.error)
        # no estimate is better than rounding allows: f's own, over the step
        error = max(error, _ROUNDING * abs(estimate), _ROUNDING * size / (step * scale))
        if math.isfinite(estimate) and error < best[1]:
            best = (estimate, error)
        if best[1] <= _ENOUGH * abs(best[0]):
            break
    return best


def _kinks(tape: Tape, values: Sequence[float]) -> dict[int, list[str]]:
    """Returns, for each leaf that leads to a kink, the names of the rules that are evaluated at one."""
    found: dict[int, list[str]] = {}
    for line in tape.lines:
        if line.rule is None or not line.rule.kinks:
            continue
        operands = [values[i] for i in line.operands]
        scale = max(1.0, *(abs(v) for v in operands))
        if any(
            abs(IEEE.formula(text, ("x", "y")[: line.rule.arity])(*operands)) <= _NEAR * scale
            for text in line.rule.kinks
        ):
            for leaf in _leaves_below(tape, line.index):
                found.setdefault(leaf, []).append(line.rule.name)
    return found


def _leaves_below(tape: Tape, index: int) -> set[int]:
    """Returns the leaves that a line was made from."""
    met, stack = {index}, [index]
    while stack:
        fresh = set(tape.lines[stack.pop()].operands) - met
        met |= fresh
        stack += fresh
    return {i for i in met if tape.lines[i].is_leaf}


def _suspect(tape: Tape, values: Sequence[float], wrong: Sequence[int]) -> str:
    """Returns the rule whose partial disagrees most with the numeric derivative of its own value.

    Args:
        tape: the function's.
        values: one a line.
        wrong: the leaves whose gradients are wrong; only operations that depend on them can be to blame.
    """
    reached = set(wrong)
    for line in tape.lines:
        if any(operand in reached for operand in line.operands):
            reached.add(line.index)
    worst, name = 0.0, ""
    for line in [tape.lines[i] for i in sorted(reached) if tape.lines[i].rule is not None][-_JUDGED:]:
        assert line.rule is not None
        operands = [values[i] for i in line.operands]
        offset = len(operands) - line.rule.arity
        for position in range(line.rule.arity):
            if line.operands[position + offset] not in reached:
                continue
            along = _alone(FLOAT.value(line.rule), operands, position + offset)
            claimed = local_partial(line.rule, position, operands, values[line.index], lone=tape.lone(line))
            numeric, error = numeric_derivative(along, operands[position + offset])
            gap = abs(claimed - numeric) - _DOUBT * error
            if gap > worst * max(1.0, abs(numeric)):
                worst, name = gap / max(1.0, abs(numeric)), line.rule.name
    return name


def _alone(value: Callable[..., float], operands: Sequence[float], place: int) -> Callable[[float], float]:
    """Returns a function of several operands as a function of the one at `place`; nan where it is undefined."""

    def along(x: float) -> float:
        try:
            return float(value(*operands[:place], x, *operands[place + 1 :]))
        except (ArithmeticError, ValueError):
            return math.nan

    return along
