"""`Value`: a number that remembers how it was made, and can say how everything it was made from affects it.

    >>> a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    >>> c = a * b + b**3
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (0.0, 2.0, 8.0)

The operators and methods are generated from the table (`operations.py`). Here are the node itself, the reverse sweep,
and what happens off the beaten path: other kinds of operands, faults, modes.
"""

from __future__ import annotations

import gc
import math
import os
import threading
from collections.abc import Callable, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from . import operations
from .arithmetics import FLOAT, IEEE, inside_domain
from .context import hint, modes
from .errors import DetachedError, GraphError, OperandError, RuleError
from .faults import Place, describe, fault, here, non_finite
from .operands import is_array, is_number, number, remedy, shown, text
from .rules import Rule
from .tracing import Guard, current

if TYPE_CHECKING:
    from .stepper import Stepper
    from .view import Fold, GraphView

__all__ = ["NOT_COMPUTED", "Call", "Choice", "More", "Operand", "Value", "apply", "local_partial"]

NOT_COMPUTED = float("0")
"""The gradient of a node that no backward pass has reached: reads as 0.0, and is known by identity (`is`)."""

_SWEEPING = threading.Lock()  # two threads may sweep graphs that share leaves
if hasattr(os, "register_at_fork"):  # a child must not inherit the lock of a thread that it does not inherit
    os.register_at_fork(before=_SWEEPING.acquire, after_in_parent=_SWEEPING.release, after_in_child=_SWEEPING.release)


class Call(NamedTuple):
    """Marks a node as an output of a named piece of the program, e.g. "mlp.layer0.neuron3"; see `scopes.py`.

    Args:
        name: the scope's own name.
        inputs: what the piece was called with; Values in it bound the piece from below.
        parts: names of pieces side by side inside it, one an output; empty if it has none.
        outputs: the identities of the outputs that `parts` names, in the same order.
    """

    name: str
    inputs: tuple[Any, ...]
    parts: tuple[str, ...] = ()
    outputs: tuple[int, ...] = ()


class Choice(NamedTuple):
    """Marks a node as the element of `among` at the place that the leaf `at` says; see `take`."""

    at: Value
    among: tuple[Value | float, ...]


class More(NamedTuple):
    """What only some nodes carry; never changed, so that nodes can share it.

    Args:
        name: given by the user.
        calls: the pieces of the program that the node is an output of, innermost first.
        place: the source line that made it, under `remember_places` or `detect_anomaly`.
        condition: of `where`.
        choice: of `take`, while tracing.
    """

    name: str = ""
    calls: tuple[Call, ...] = ()
    place: Place | None = None
    condition: float | None = None
    choice: Choice | None = None


_NOTHING_MORE = More()


class Value:
    """A scalar node of a computational graph.

    Args:
        data: a real number: int, float, or a NumPy scalar or 0-d array; kept as a float.
        name: how pictures and errors call this node; any text.

    Raises:
        OperandError: data is not a real number.
        Overflow: data is an integer too large for a float.

    Example:
        >>> x = Value(3)
        >>> y = x * x + 2 * x
        >>> y.backward()
        >>> x.grad
        8.0

    Source: Andrej Karpathy, micrograd, 2020, for the shape of the interface.
    """

    # _x, _y: the operands, a Value or a constant float. _dx, _dy: the local partials at the time of the operation, None
    # where no gradient flows. _more: what only some nodes carry.
    __slots__ = ("_data", "_dx", "_dy", "_grad", "_more", "_rule", "_x", "_y")

    _data: float
    _grad: float
    _rule: Rule | None
    _x: Value | float | None
    _y: Value | float | None
    _dx: float | None
    _dy: float | None
    _more: More | None

    def __init__(self, data: Any, name: str = "") -> None:
        self._data = number(data, "Value(...)")
        self._grad = NOT_COMPUTED
        self._rule = self._x = self._y = self._dx = self._dy = self._more = None
        if name:
            self.name = name

    # ------------------------------------------------------------ what a node shows

    @property
    def data(self) -> float:
        """The number itself. Assigning is for leaves: results stay what they were computed to be."""
        if hint["tracing"] and (trace := current()):
            trace.refuse(self, ".data")
        return self._data

    @data.setter
    def data(self, new: Any) -> None:
        if self._rule is not None:
            raise GraphError(f"{self.label()} is the result of {self._rule.name}; set the data of a leaf and recompute")
        self._data = number(new, "data")

    @property
    def grad(self) -> float:
        """D root / d self from the last `backward`; a leaf adds up all passes since it was set to 0.

        Reads 0.0 when nothing has been computed; `grad_computed` and the repr tell the two apart.
        """
        return self._grad

    @grad.setter
    def grad(self, new: Any) -> None:
        self._grad = number(new, "grad")

    @property
    def grad_computed(self) -> bool:
        """Whether `grad` was computed (or set) rather than never reached."""
        return self._grad is not NOT_COMPUTED

    @property
    def name(self) -> str:
        """The name given at construction or later; empty if none."""
        return self.more.name

    @name.setter
    def name(self, new: str) -> None:
        self._more = self.more._replace(name=text(new, "a name"))

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made this node: an input, a parameter, or a result under `no_grad`."""
        return self._rule is None

    @property
    def rule(self) -> Rule | None:
        """The row of the table that made this node; None for a leaf."""
        return self._rule

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What the operation was applied to: Values, and floats for constants."""
        if self._rule is None:
            return ()
        sides: tuple[Any, ...] = (self._x, self._y)[: self._rule.arity]
        return sides if self._rule.name != "where" else (self.more.condition or 0.0, *sides)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """The local derivatives d self / d operand, as they were when the node was made; None for a constant."""
        return (self._dx, self._dy)[: self._rule.arity] if self._rule else ()

    # ------------------------------------------------------------ the reverse sweep

    def backward(self, seed: Any = 1.0) -> None:
        """Computes d self / d node for every node this one was made from, and leaves it in their `grad`.

            operand.grad += partial * node.grad,  for each node from this one back, consumers first

        A node must not pass its adjoint on before all its consumers have added to it; hence the order. Adjoints of
        results are computed afresh each time; leaves add up, so that losses can be summed by calling backward on each.

        Args:
            seed: d root / d self, a real number.

        Raises:
            NonFiniteError: under `detect_anomaly`, an adjoint or a local partial is nan or infinite; the first one that
                the sweep meets is named, with the source line that made its node.

        Example:
            >>> x = Value(3.0)
            >>> (x * x).backward()      # x is used twice: 3 + 3
            >>> x.grad
            6.0
        """
        seed = number(seed, "seed")
        order: list[Value] = []
        leaves: list[tuple[Value, float]] = []
        path: list[Value] = []
        with _SWEEPING:
            try:
                self._walk(order, leaves, path)
                self._grad = seed
                for node in reversed(order):
                    adjoint = node._grad
                    partial = node._dx
                    if partial is not None:
                        node._x._grad += partial * adjoint  # type: ignore[union-attr]  # a partial means a Value
                    partial = node._dy
                    if partial is not None:
                        node._y._grad += partial * adjoint  # type: ignore[union-attr]
                for leaf, before in leaves:
                    leaf._grad += before
            except BaseException:  # interrupted: give the leaves back what they had
                for leaf, before in leaves:
                    leaf._grad = before
                for node in (*order, *path):
                    node._grad = NOT_COMPUTED
                raise
        if hint["careful"] and modes().anomaly:
            for node in (*reversed(order), *(leaf for leaf, _ in leaves)):  # as swept: what comes first is the cause
                _require_finite(node)

    def _walk(self, order: list[Value], leaves: list[tuple[Value, float]], path: list[Value]) -> None:
        """Lists the results this node depends on, operands before consumers, and the leaves with their gradients.

        `path` is empty before and after; in between, it leads from this node to the one being looked at.

        A depth-first walk without recursion. Every node met gets a gradient of `zero`, an object of its own made for
        this pass: whoever carries it has been met, so no set of visited nodes is needed, and the sweep can add to it.
        """
        zero = float("0")
        if self._rule is None:
            leaves.append((self, self._grad))
            return
        path.append(self)
        self._grad = zero
        push, pop, done = path.append, path.pop, order.append
        node = self
        while True:
            if node._dx is not None:
                operand: Value = node._x  # type: ignore[assignment]
                if operand._grad is not zero:
                    if operand._rule is None:
                        leaves.append((operand, operand._grad))
                        operand._grad = zero
                    else:
                        push(operand)
                        operand._grad = zero
                        node = operand
                        continue
            if node._dy is not None:
                operand = node._y  # type: ignore[assignment]
                if operand._grad is not zero:
                    if operand._rule is None:
                        leaves.append((operand, operand._grad))
                        operand._grad = zero
                    elif (operand._dx is None or operand._x._grad is zero) and (  # type: ignore[union-attr]
                        operand._dy is None or operand._y._grad is zero  # type: ignore[union-attr]
                    ):  # nothing new below it, as for most of the products that a neuron adds up
                        done(operand)
                        operand._grad = zero
                    else:
                        push(operand)
                        operand._grad = zero
                        node = operand
                        continue
            done(pop())
            if not path:
                return
            node = path[-1]

    # ------------------------------------------------------------ pictures

    def graph(self, *, fold: Fold = "auto", focus: Value | None = None, hops: int = 2) -> GraphView:
        """Returns a picture of everything that led to this node: Jupyter shows it, `print` writes a tree.

        Args:
            fold: which named pieces are drawn as one node: "auto" for as many as legibility needs, None for none, a
                depth (1 folds the outermost), or a set of paths such as {"mlp.layer0"}.
            focus: draw only the neighbourhood of this Value, its pieces open.
            hops: how many edges away from the focus, 0 or more.
        Raises:
            InputError: the focus is not part of the computation, or fold or hops make no sense.
        """
        from .view import draw

        return draw(self, fold=fold, focus=focus, hops=hops)

    def step(self, *, title: str = "", seed: Any = 1.0) -> Stepper:
        """Returns every step of the forward pass and of `backward`, to be gone through back and forth; changes nothing.

        Jupyter shows it; `to_html(path)` writes it as one page; `print` says where it is. To see the source line of
        each step, compute `with remember_places():`, or call `step(function, ...)`, which does that.

        Args:
            title: what to call it.
            seed: d self / d self, a real number.
        """
        from .stepper import step

        return step(self, title=title, seed=seed)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Shows the graph when a node is the last line of a notebook cell; its text stays the short repr."""
        return {**self.graph()._repr_mimebundle_(), "text/plain": repr(self)}

    # ------------------------------------------------------------ how a node behaves as an object

    def label(self) -> str:
        """Returns how messages call this node: its name, else its operation and value."""
        if self.name:
            return repr(self.name) if len(self.name) <= 60 else repr(self.name[:57] + "...")
        return f"{self._rule.name if self._rule else 'a leaf'} = {self._data!r}"

    @property
    def more(self) -> More:
        """What only some nodes carry: a name, scopes, a source line."""
        return self._more or _NOTHING_MORE

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        grad = repr(self._grad) if self.grad_computed else "not computed"
        return f"Value(data={self._data!r}, grad={grad}{name})"

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value):
            return self is other
        if is_number(other) or isinstance(other, Number):
            raise DetachedError(f"{self.label()} == {shown(other)}: Values are equal only to themselves; compare .data")
        return NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, "<", float.__lt__)

    def __le__(self, other: Any) -> bool:
        return self._compared(other, "<=", float.__le__)

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, ">", float.__gt__)

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, ">=", float.__ge__)

    def _compared(self, other: Any, sign: str, compare: Callable[[float, float], bool]) -> bool:
        if isinstance(other, Value):
            outcome = compare(self._data, other._data)
        elif is_array(other):
            return NotImplemented  # type: ignore[no-any-return]  # NumPy's turn
        else:
            other = number(other, f"{self.label()} {sign} ...")
            outcome = compare(self._data, other)
        if hint["tracing"] and (trace := current()):
            trace.guards.append(Guard(self, sign, other, outcome))
        return outcome

    def __bool__(self) -> NoReturn:
        raise DetachedError(f"the truth of {self.label()} is ambiguous; compare, as in v > 0, or use bool(v.data)")

    def __float__(self) -> NoReturn:
        raise DetachedError(
            f"float({self.label()}) would leave the graph in silence; use v.data for the number, "
            "and v.sin() rather than math.sin(v)"
        )

    def __int__(self) -> NoReturn:
        raise DetachedError(f"int({self.label()}) would leave the graph in silence; use int(v.data), or v.floor()")

    def __complex__(self) -> NoReturn:
        raise DetachedError(f"complex({self.label()}) would leave the graph in silence; use complex(v.data)")

    def __reduce__(self) -> Any:
        if self._rule is not None:
            raise GraphError(
                f"{self.label()} is part of a graph and cannot be copied or pickled alone; "
                "save the computation with record(v).save(path), or its number with v.data"
            )
        return _restore, (type(self), self._data, self._grad if self.grad_computed else None, self.name)

    # micrograd's private names, which its drawing scripts read
    @property
    def _prev(self) -> set[Value]:
        return {operand for operand in self.operands if isinstance(operand, Value)}

    @property
    def _op(self) -> str:
        return operations.symbol(self._rule) if self._rule else ""

    if TYPE_CHECKING:  # written from the table at import; tests/test_operations.py keeps this list complete

        def __add__(self, other: Operand) -> Value: ...
        def __radd__(self, other: Operand) -> Value: ...
        def __sub__(self, other: Operand) -> Value: ...
        def __rsub__(self, other: Operand) -> Value: ...
        def __mul__(self, other: Operand) -> Value: ...
        def __rmul__(self, other: Operand) -> Value: ...
        def __truediv__(self, other: Operand) -> Value: ...
        def __rtruediv__(self, other: Operand) -> Value: ...
        def __pow__(self, other: Operand) -> Value: ...
        def __rpow__(self, other: Operand) -> Value: ...
        def __neg__(self) -> Value: ...
        def __pos__(self) -> Value: ...
        def __abs__(self) -> Value: ...
        def __floor__(self) -> Value: ...
        def __round__(self, ndigits: None = None) -> Value: ...
        def maximum(self, other: Operand) -> Value: ...
        def minimum(self, other: Operand) -> Value: ...
        def logaddexp(self, other: Operand) -> Value: ...
        def hypot(self, other: Operand) -> Value: ...
        def arctan2(self, other: Operand) -> Value: ...
        def sign(self) -> Value: ...
        def heaviside(self) -> Value: ...
        def abs(self) -> Value: ...
        def floor(self) -> Value: ...
        def round(self) -> Value: ...
        def exp(self) -> Value: ...
        def expm1(self) -> Value: ...
        def exp2(self) -> Value: ...
        def log(self) -> Value: ...
        def log1p(self) -> Value: ...
        def log2(self) -> Value: ...
        def log10(self) -> Value: ...
        def sqrt(self) -> Value: ...
        def cbrt(self) -> Value: ...
        def sin(self) -> Value: ...
        def cos(self) -> Value: ...
        def tan(self) -> Value: ...
        def arcsin(self) -> Value: ...
        def arccos(self) -> Value: ...
        def arctan(self) -> Value: ...
        def sinh(self) -> Value: ...
        def cosh(self) -> Value: ...
        def tanh(self) -> Value: ...
        def arcsinh(self) -> Value: ...
        def arccosh(self) -> Value: ...
        def arctanh(self) -> Value: ...
        def erf(self) -> Value: ...
        def erfc(self) -> Value: ...
        def sigmoid(self) -> Value: ...
        def log_sigmoid(self) -> Value: ...
        def softplus(self) -> Value: ...
        def relu(self) -> Value: ...
        def leaky_relu(self) -> Value: ...
        def elu(self) -> Value: ...
        def selu(self) -> Value: ...
        def gelu(self) -> Value: ...
        def silu(self) -> Value: ...


Operand = Value | float


def _restore(kind: type[Value], data: float, grad: float | None, name: str) -> Value:
    leaf = kind(data, name)
    if grad is not None:
        leaf.grad = grad
    return leaf


# ---------------------------------------------------------------- off the beaten path


def apply(rule: Rule, *operands: Any, condition: float | None = None) -> Value:
    """Returns the node of any rule applied to Values and numbers: the careful path, which knows modes and faults.

    Args:
        rule: a row of the table, or a rule of the user's.
        operands: as many as the rule's arity.
        condition: for `where` only, 1.0 or 0.0.

    Raises:
        OperandError: an operand is no real number.
        ArithmeticFault: the result is undefined, and `ieee()` is not in force.
        RuleError: a black box returned what is no number.
    """
    if len(operands) != rule.arity:
        raise OperandError(f"{rule.name} takes {rule.arity} operand(s), got {len(operands)}")
    sides = tuple(v if isinstance(v, Value) else number(v, f"{rule.name}(...)") for v in operands)
    numbers = [v._data if isinstance(v, Value) else v for v in sides]
    names = [v.name if isinstance(v, Value) else "" for v in sides]
    if condition is not None:
        numbers.insert(0, condition)
        names.insert(0, "")
    mode = modes()
    try:
        out = _real(FLOAT.value(rule)(*numbers), rule, "value", numbers)
    except RuleError:
        raise
    except (ArithmeticError, ValueError) as error:
        if not mode.ieee or (not isinstance(rule.value, str) and inside_domain(rule, numbers)):  # a black box failed
            raise fault(rule, numbers, error, names=names, place=here() or "") from None
        out = IEEE.value(rule)(*numbers)
    if mode.anomaly and not math.isfinite(out):
        raise non_finite(describe(rule, numbers, names), out, place=here() or "", remedy=rule.remedy)
    free = not mode.record  # of derivatives; a recording that stands for other samples keeps the operation even so
    if not any(isinstance(v, Value) for v in sides) or (free and not current()):
        return Value(out)
    node = Value.__new__(Value)
    node._data, node._grad, node._rule, node._more = out, NOT_COMPUTED, rule, None
    node._x, node._y = (*sides, None)[:2]
    lone = any(not isinstance(v, Value) for v in sides)
    slopes = [
        local_partial(rule, position, numbers, out, lone=lone) if isinstance(v, Value) and not free else None
        for position, v in enumerate(sides)
    ]
    node._dx, node._dy = (*slopes, None)[:2]
    if condition is not None or mode.places:
        node._more = More(condition=condition, place=here() if mode.places else None)
    return node


def _require_finite(node: Value) -> None:
    """Raises NonFiniteError if the node's adjoint, or one of its local partials, is nan or infinite."""
    if all(partial is None or math.isfinite(partial) for partial in (node._grad, node._dx, node._dy)):
        return
    rule, place = node._rule, node.more.place or ""
    if rule is None:
        raise non_finite(f"the gradient of {node.label()}", node._grad, place=place)
    sides = node.operands
    numbers = [v._data if isinstance(v, Value) else v for v in sides]
    what = describe(rule, numbers, [v.name if isinstance(v, Value) else "" for v in sides])
    if not math.isfinite(node._grad):
        raise non_finite(f"the gradient of {what}", node._grad, place=place)
    for letter, partial in zip("xy", node.partials, strict=False):
        if partial is not None and not math.isfinite(partial):
            by = f" by {letter}" if rule.arity == 2 else ""
            raise non_finite(f"the slope of {what}{by}", partial, place=place, remedy=rule.remedy)


def local_partial(rule: Rule, position: int, numbers: Sequence[float], out: float, *, lone: bool = False) -> float:
    """Returns d out / d operand at these numbers; where floats would raise, the limit that IEEE 754 gives.

    Args:
        rule: the operation.
        position: 0 for x, 1 for y.
        numbers: the operands, the condition first where there is one.
        out: the result.
        lone: the other operand is a constant.
    """
    if out != out and not inside_domain(rule, numbers):
        return math.nan  # outside the domain there is no value, so no slope either, whatever the formula says
    try:
        slope = FLOAT.partial(rule, position, lone=lone)(*numbers, out)
    except (ArithmeticError, ValueError):
        slope = IEEE.partial(rule, position, lone=lone)(*numbers, out)
    return _real(slope, rule, f"partial by {'xy'[position]}", numbers)


def _real(result: Any, rule: Rule, what: str, numbers: Sequence[float]) -> float:
    """Returns what a rule gives as a float; a black box may give anything."""
    if isinstance(result, str | bytes) or not (hasattr(result, "__float__") or hasattr(result, "__index__")):
        at = ", ".join(map(repr, numbers))
        raise RuleError(
            f"{rule.name}: its {what} at ({at}) is {type(result).__name__} {shown(result)}, not a number; let the "
            "function that define_rule was given return a float"
        )
    return float(result)


def operate(rule: Rule, x: Any, y: Any) -> Value:
    """Returns x (operator) y for whatever Python hands to an operator; arrays and strangers get their own turn."""
    other = y if isinstance(x, Value) else x
    known = is_number(other) or isinstance(other, Value) or remedy(other)
    if is_array(other) or not known:
        return NotImplemented  # type: ignore[no-any-return]  # the other operand's turn
    return apply(rule, x, y)


# ---------------------------------------------------------------- the methods, and the blank nodes they fill in

_BATCH = 16384
_blanks: list[Value] = []


def _refill() -> Value:
    """Makes a batch of blank nodes and returns one: this is what keeps the garbage collector cheap, twice over.

    Python collects after every 700 new objects. Nothing in a batch can be garbage yet, so collection waits until the
    batch is made, and then takes place once; otherwise collecting took longer than making the nodes.

    A batch is used up from its end, so that a node lies *before* its operands in the collector's list, which then finds
    a graph reachable in one pass along memory. The other way round, a full collection visits it in an order that misses
    the cache at every step.
    """
    new, collecting = object.__new__, gc.isenabled()
    gc.disable()
    try:
        _blanks.extend([new(Value) for _ in range(_BATCH)])
    finally:
        if collecting:
            gc.enable()
    return _blanks.pop()


hint |= {
    "pop": _blanks.pop,
    "refill": _refill,
    "Value": Value,
    "NOT_COMPUTED": NOT_COMPUTED,
    "apply": apply,
    "operate": operate,
}
for _name, _method in operations.install(hint).items():
    setattr(Value, _name, _method)
