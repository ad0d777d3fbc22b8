"""Formulas as text: read them, refuse what is not a formula, and turn them into functions or source.

A formula uses names, numbers, `+ - * / **`, comparisons, conditionals (`a if test else b`), and calls of the functions
in the table. It is parsed with `ast` and rebuilt from the allowed parts only; nothing is ever handed to `eval` that
this module did not write itself.

`compile_formula` is how a row of the table becomes a function in some arithmetic (see `arithmetics.py`):

    >>> from autograd_lite.rules import RULES
    >>> double = compile_formula("2*x + y", {}, arguments=("x", "y"))
    >>> double(3, 1)
    7
"""

from __future__ import annotations

import ast
import functools
import linecache
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import ExpressionError
from .rules import RULES

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "calls_in",
    "compile_formula",
    "compile_source",
    "derivative",
    "float_source",
    "names_in",
    "parse",
    "primitive",
    "rewritten",
    "specialised",
    "substitute",
]

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "nan": math.nan, "inf": math.inf}
"""Names that stand for a number."""

_OPERATOR_ROWS = frozenset({"add", "sub", "mul", "div", "pow", "neg", "identity", "where"})
FUNCTIONS: frozenset[str] = frozenset(RULES) - _OPERATOR_ROWS
"""Names that may be called in a formula: every row of the table that is not written with an operator."""

_LIMIT = 10_000  # characters; Python's own parser gives up (or crashes) on deeper nesting than this allows
_DEPTH = 200
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def parse(text: str, names: Iterable[str] | None = None) -> ast.expr:
    """Returns the syntax tree of a formula, checked node by node.

    Args:
        text: the formula, at most 10,000 characters.
        names: the variables it may use; any if None.

    Raises:
        ExpressionError: not a formula; the message shows the offending part and what is allowed.

    Example:
        >>> ast.unparse(parse("x*2 + 1"))
        'x * 2 + 1'
        >>> parse("__import__('os')")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.ExpressionError: unknown function '__import__' in "__import__('os')"; known are abs, ...
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a formula is text, got {type(text).__name__} {text!r:.60}")
    return _parse(text, None if names is None else frozenset(names))


@functools.lru_cache(maxsize=4096)
def _parse(text: str, names: frozenset[str] | None) -> ast.expr:
    if len(text) > _LIMIT:
        raise ExpressionError(f"a formula of {len(text):,} characters is too long; the limit is {_LIMIT:,}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ExpressionError(f"{_shown(text)} is not a formula{where}; write one like tanh(w*x + b)") from None
    _check(tree, text, names, 0)
    return tree


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else repr(text[:77] + "...")


def _check(node: ast.AST, text: str, names: frozenset[str] | None, depth: int) -> None:
    """Raises unless `node` and everything below it is allowed in a formula."""
    if depth > _DEPTH:
        raise ExpressionError(f"{_shown(text)} is nested more than {_DEPTH} deep")
    match node:
        case ast.Constant(value=bool() | None) | ast.Constant(value=str() | bytes() | complex()):
            raise ExpressionError(f"{node.value!r} in {_shown(text)} is not a real number")
        case ast.Constant(value=int() | float() as literal):
            try:
                float(literal)
            except OverflowError:
                raise ExpressionError(f"a number in {_shown(text)} is too large for a float") from None
        case ast.Name(id=name):
            if name in FUNCTIONS:
                raise ExpressionError(f"{name!r} in {_shown(text)} is a function; call it, as in {name}(x)")
            if names is not None and name not in names and name not in CONSTANTS:
                known = ", ".join(sorted(names)) or "none"
                raise ExpressionError(f"unknown name {name!r} in {_shown(text)}; known are {known}")
        case ast.BinOp(op=op) if isinstance(op, _BINARY):
            pass
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            pass
        case ast.BoolOp() | ast.IfExp():
            pass
        case ast.Compare(ops=ops) if all(isinstance(op, _COMPARE) for op in ops):
            pass
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            _check_call(name, args, text)
            for argument in args:
                _check(argument, text, names, depth + 1)
            return
        case ast.BinOp(op=ast.BitXor()):
            raise ExpressionError(f"^ in {_shown(text)} is not a power in Python; write **")
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args) if name in FUNCTIONS:
            called = f"{name}({', '.join(map(ast.unparse, args or [owner]))})"
            dotted = repr(ast.unparse(node))
            raise ExpressionError(f"{dotted:.60} in {_shown(text)} is not allowed in a formula; write {called:.60}")
        case ast.expr():
            part = ast.get_source_segment(text.strip(), node)
            raise ExpressionError(f"{part!r:.60} in {_shown(text)} is not allowed in a formula")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _check(child, text, names, depth + 1)


def _check_call(name: str, args: list[ast.expr], text: str) -> None:
    if name not in FUNCTIONS:
        known = ", ".join(sorted(FUNCTIONS))
        raise ExpressionError(f"unknown function {name!r} in {_shown(text)}; known are {known}")
    if len(args) != RULES[name].arity:
        wanted = RULES[name].arity
        raise ExpressionError(f"{name} in {_shown(text)} takes {wanted} operand{'s'[: wanted - 1]}, got {len(args)}")


def names_in(text: str) -> tuple[str, ...]:
    """Returns the variables of a formula, sorted; constants and functions are not variables.

    Example:
        >>> names_in("tanh(w*x + b) + pi")
        ('b', 'w', 'x')
    """
    called = {id(node.func) for node in ast.walk(parse(text)) if isinstance(node, ast.Call)}
    found = {n.id for n in ast.walk(parse(text)) if isinstance(n, ast.Name) and id(n) not in called}
    return tuple(sorted(found - set(CONSTANTS)))


def substitute(text: str, texts: Mapping[str, str]) -> str:
    """Returns a formula with other formulas in place of some of its variables.

    Example:
        >>> substitute("2*x + y", {"x": "a + b"})
        '2 * (a + b) + y'
    """

    class Substitution(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            node.args = [self.visit(argument) for argument in node.args]
            return node

        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.parse(texts[node.id], mode="eval").body if node.id in texts else node

    return ast.unparse(Substitution().visit(ast.parse(text.strip(), mode="eval").body))


def specialised(text: str, numbers: Mapping[str, float]) -> str:
    """Returns a formula with some of its variables known: what they decide is decided, what they give is computed.

    Functions stay, as do pi and whatever is undefined or not finite: log(2) and 1/0 are written so.

    Raises:
        ExpressionError: not a formula.
    Example:
        >>> specialised("y*x**(y - 1) if y != 0 else 0", {"y": 2.0})
        '2 * x'
        >>> specialised("x/y if x < 0 and y > 0 else -y", {"y": 0.5})
        'x / 0.5 if x < 0 else -0.5'
    """
    return ast.unparse(_Specialise(numbers).visit(_fresh(text)))


def _literal(number: float) -> ast.expr:
    """Returns a number as a formula has it: whole ones without a point."""
    if number < 0:
        return ast.UnaryOp(ast.USub(), _literal(-number))
    if not math.isfinite(number):
        return ast.Name(repr(float(number)), ast.Load())
    return ast.Constant(int(number) if float(number).is_integer() and number < _EXACT else number)


def _known(node: ast.expr) -> float | None:
    """Returns the number that a piece is, None where it is more than that."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=("inf" | "nan") as name):
            return CONSTANTS[name]
        case ast.UnaryOp(ast.USub(), operand):
            inner = _known(operand)
            return None if inner is None else -inner
    return None


_EXACT = 2**53  # up to here a float holds every whole number
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_ORDER: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class _Specialise(ast.NodeTransformer):
    """Puts numbers for variables, and computes what follows from them; a decided test is 1 or 0."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _literal(self.numbers[node.id]) if node.id in self.numbers else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        known = _known(test)
        if known is not None:
            return self.visit(node.body if known else node.orelse)  # type: ignore[no-any-return]  # any AST
        return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        sides = [_known(side) for side in (node.left, *node.comparators)]
        links = zip(sides, node.ops, sides[1:], strict=False)
        holds = [None if a is None or b is None else _ORDER[type(op)](a, b) for a, op, b in links]
        if False in holds:
            return ast.Constant(0)
        return node if None in holds else ast.Constant(1)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        tests = all(_is_test(value) for value in node.values)  # else Python returns one of the numbers
        self.generic_visit(node)
        if not tests:
            return node
        decisive = isinstance(node.op, ast.Or)
        known = [_known(value) for value in node.values]
        if any(one is not None and bool(one) == decisive for one in known):
            return ast.Constant(int(decisive))
        open_ = [value for value, one in zip(node.values, known, strict=True) if one is None]
        return ast.BoolOp(node.op, open_) if len(open_) > 1 else open_[0] if open_ else ast.Constant(int(not decisive))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        inner = _known(node.operand)
        if inner is None:
            return node
        return ast.Constant(int(not inner)) if isinstance(node.op, ast.Not) else _literal(_known(node) or inner)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = _known(node.left), _known(node.right)
        if left is not None and right is not None:
            try:
                number = _ARITHMETIC[type(node.op)](left, right)
            except (ArithmeticError, ValueError):
                return node
            return _literal(number) if math.isfinite(number) else node
        match node.op, left, right:
            case (ast.Pow(), _, 0.0):
                return ast.Constant(1)
            case (ast.Pow() | ast.Mult() | ast.Div(), _, 1.0):
                return node.left
            case (ast.Mult(), 1.0, _):
                return node.right
            case (ast.Mult(), -1.0, _):
                return ast.UnaryOp(ast.USub(), node.right)
        return node


def _is_test(node: ast.expr) -> bool:
    match node:
        case ast.BoolOp(values=values):
            return all(map(_is_test, values))
        case ast.UnaryOp(op=ast.Not()):
            return True
    return isinstance(node, ast.Compare)


def derivative(text: str, name: str) -> str:
    """Returns the derivative of a formula by one of its variables, from the table's own partials.

    A comparison has no derivative; a conditional has that of the branch it takes.

    Raises:
        ExpressionError: the formula calls a function that is not in the table.

    Example:
        >>> derivative("x*x + y", "x")
        'x + x'
        >>> derivative("g*tanh(x)", "x")
        'g * (4 * sigmoid(2 * x) * sigmoid(-2 * x))'
    """
    return ast.unparse(_derived(ast.parse(text.strip(), mode="eval").body, name) or ast.Constant(0))


_RULE_OF = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.USub: "neg"}


def _derived(node: ast.expr, name: str) -> ast.expr | None:
    """Returns the derivative of a formula, None where it is 0 everywhere."""
    match node:
        case ast.Name(id=found):
            return ast.Constant(1) if found == name else None
        case ast.IfExp(test, body, orelse):
            branches = [_derived(branch, name) for branch in (body, orelse)]
            if branches == [None, None]:
                return None
            return ast.IfExp(test, *(branch or ast.Constant(0) for branch in branches))
        case ast.BinOp(left, op, right):
            return _chained(node, _RULE_OF[type(op)], [left, right], name)
        case ast.UnaryOp(ast.USub(), operand):
            return _chained(node, "neg", [operand], name)
        case ast.UnaryOp(ast.UAdd(), operand):
            return _derived(operand, name)
        case ast.Call(ast.Name(id=called), args):
            inner = [_derived(argument, name) for argument in args]
            if called not in FUNCTIONS and any(inner):
                raise ExpressionError(f"the derivative of {called}(...) is not known as a formula")
            return _chained(node, called, args, name) if any(inner) else None
    return None  # numbers, comparisons


def _chained(node: ast.expr, rule: str, operands: list[ast.expr], name: str) -> ast.expr | None:
    """Returns the sum over operands of partial * derivative."""
    total: ast.expr | None = None
    texts = {letter: ast.unparse(operand) for letter, operand in zip("xy", operands, strict=False)}
    for partial, operand in zip(RULES[rule].partials, operands, strict=True):
        inner = _derived(operand, name)
        if inner is None or partial == "0":
            continue
        assert isinstance(partial, str), "rows of the table are formulas"
        outer = ast.parse(substitute(partial, {**texts, "out": ast.unparse(node)}), mode="eval").body
        term = _product(outer, inner)
        total = term if total is None else ast.BinOp(total, ast.Add(), term)
    return total


def _product(x: ast.expr, y: ast.expr) -> ast.expr:
    ones = [isinstance(side, ast.Constant) and side.value == 1 for side in (x, y)]
    return y if ones[0] else x if ones[1] else ast.BinOp(x, ast.Mult(), y)


def calls_in(text: str) -> tuple[str, ...]:
    """Returns the functions that a formula calls, sorted."""
    return tuple(
        sorted({n.func.id for n in ast.walk(parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)})
    )


def primitive(name: str) -> bool:
    """Says whether an arithmetic must bring this function itself: its row defines it only by its own name.

    Example:
        >>> primitive("exp"), primitive("sigmoid")
        (True, False)
    """
    value = RULES[name].value
    return isinstance(value, str) and name in calls_in(value)


def _fresh(text: str) -> ast.expr:
    """Returns a checked tree of its own, which may be rewritten."""
    parse(text)
    return ast.parse(text.strip(), mode="eval").body


class _Rewrite(ast.NodeTransformer):
    """Rewrites a formula for one arithmetic: its numbers, its comparisons, its conditionals, its fallible operators."""

    def __init__(self, *, number: bool, real: bool, where: bool, divide: bool, power: bool) -> None:
        self.number, self.real, self.where = number, real, where
        self.divide, self.power = divide, power

    def _call(self, name: str, *args: ast.expr) -> ast.expr:
        return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(args), keywords=[])

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, float) and self.number:
            return self._call("_number", node)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if self.where:
            return self._call("_where", self.visit(node.test), self.visit(node.body), self.visit(node.orelse))
        return self.generic_visit(node)  # type: ignore[return-value]  # NodeTransformer is typed for any AST

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        if self.real:
            sides = [self._call("_real", side) for side in sides]
        if not self.where or len(node.ops) == 1:
            return ast.Compare(left=sides[0], ops=node.ops, comparators=sides[1:])
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        tests = [ast.Compare(left=a, ops=[op], comparators=[b]) for a, op, b in pairs]
        return self._call("_all", *tests)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return self._call("_all" if isinstance(node.op, ast.And) else "_any", *node.values) if self.where else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return self._call("_not", node.operand) if self.where and isinstance(node.op, ast.Not) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if self.divide and isinstance(node.op, ast.Div):
            return self._call("_divide", node.left, node.right)
        if self.power and isinstance(node.op, ast.Pow):
            return self._call("_power", node.left, node.right)
        return node


class _Fold(ast.NodeTransformer):
    """Writes a formula over floats: whole numbers as floats, parts without variables computed once, `**` as a call.

    (`(-2.0) ** 0.5` is a complex number in Python; `math.pow` raises, as everything else over floats does.)
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = {"_power": math.pow, **CONSTANTS, **namespace, "__builtins__": {}}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(float(node.value))  # type: ignore[arg-type]  # checked by parse

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            node = ast.Call(func=ast.Name(id="_power", ctx=ast.Load()), args=[node.left, node.right], keywords=[])
        match node:
            case ast.BinOp(left=ast.Constant(), right=ast.Constant()) | ast.UnaryOp(operand=ast.Constant()):
                pass
            case ast.Call(args=args) if all(isinstance(argument, ast.Constant) for argument in args):
                pass
            case _:
                return node
        code = compile(ast.fix_missing_locations(ast.Expression(node)), "<constant>", "eval")
        try:
            return ast.Constant(float(eval(code, self.namespace)))  # noqa: S307  # a formula that parse has checked
        except (ArithmeticError, ValueError):
            return node  # 1/0: raises when it is evaluated, if it is

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(math.pi) if node.id == "pi" else node


def float_source(text: str, namespace: Mapping[str, Any]) -> str:
    """Returns the formula as Python source over floats, its constant parts computed.

    Example:
        >>> float_source("2*x/sqrt(4)", {"sqrt": math.sqrt})
        '2.0 * x / 2.0'
    """
    tree = _Fold(namespace).visit(_fresh(text))
    return ast.unparse(ast.fix_missing_locations(tree))


def compile_formula(
    text: str,
    namespace: Mapping[str, Any],
    *,
    arguments: Iterable[str],
    number: Callable[[float], Any] | None = None,
    real: Callable[[Any], Any] | None = None,
    where: Callable[[Any, Any, Any], Any] | None = None,
    divide: Callable[[Any, Any], Any] | None = None,
    power: Callable[[Any, Any], Any] | None = None,
) -> Callable[..., Any]:
    """Returns the formula as a Python function of `arguments`.

    Args:
        text: the formula.
        namespace: the functions it may call, by name.
        arguments: names of the parameters, in order.
        number: turns a literal like 0.5 into the arithmetic's number; None leaves it a float.
        real: what a comparison looks at, e.g. the real part of a complex number; None compares as it stands.
        where: chooses elementwise; None uses Python's own conditional, which evaluates one branch only.
        divide: replaces `/`, if the arithmetic's own would raise.
        power: replaces `**`, if the arithmetic's own would raise.

    Raises:
        ExpressionError: not a formula.
    """
    parse(text)
    source = rewritten(
        text, number=bool(number), real=bool(real), where=bool(where), divide=bool(divide), power=bool(power)
    )
    constants = {name: number(value) if number else value for name, value in CONSTANTS.items() if name in text}
    hidden = {"_number": number, "_real": real, "_where": where, "_divide": divide, "_power": power}
    hidden |= {"_all": _all, "_any": _any, "_not": lambda test: test == False}  # noqa: E712  # elementwise
    return compile_source(source, {**constants, **namespace, **hidden}, arguments=arguments)


def rewritten(
    text: str,
    *,
    number: bool = False,
    real: bool = False,
    where: bool = False,
    divide: bool = False,
    power: bool = False,
) -> str:
    """Returns the formula as source in which calls of `_number`, `_real`, `_where`, ... stand where they are asked for.

    Example:
        >>> rewritten("x if x > 0 else 0", where=True)
        '_where(x > 0, x, 0)'
    """
    rewrite = _Rewrite(number=number, real=real, where=where, divide=divide, power=power)
    return ast.unparse(ast.fix_missing_locations(rewrite.visit(ast.parse(text.strip(), mode="eval").body)))


def _all(*tests: Any) -> Any:
    """Joins elementwise tests: all of them hold."""
    return functools.reduce(operator.and_, tests)


def _any(*tests: Any) -> Any:
    """Joins elementwise tests: one of them holds."""
    return functools.reduce(operator.or_, tests)


def compile_source(source: str, namespace: Mapping[str, Any], *, arguments: Iterable[str]) -> Callable[..., Any]:
    """Returns `lambda arguments: source`; the source is one this package has written."""
    function = f"lambda {', '.join(arguments)}: {source}"
    filename = f"<formula {source}>"
    linecache.cache[filename] = (len(function), None, [function], filename)
    compiled: Callable[..., Any] = eval(compile(function, filename, "eval"), {**namespace, "__name__": __name__})  # noqa: S307  # our text
    return compiled
