"""T6, the tests of the tests: every corrupted rule and every classic engine bug must be caught by the same oracles."""

import ast
import itertools
from collections import deque
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample

from autograd_lite import FRACTION, RULES
from autograd_lite.testing import defined, exact_gradient, kink_points, programs, refute

# ---------------------------------------------------------------- corrupted rules

NUMBERS = (0.3, -0.7, 1.7, -2.3, 0.001, 0.99, 5.0, 20.0, 0.0, -1.0, 1.0)
TURNED = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}


class Epsilon(ast.NodeTransformer):
    """1/x becomes 1/(x + 1e-8), as in code that is afraid of zero."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Div):
            node.right = ast.BinOp(node.right, ast.Add(), ast.Constant(1e-8))
        return node


class Swap(ast.NodeTransformer):
    """x becomes y and y becomes x."""

    def visit_Name(self, node):
        return ast.Name({"x": "y", "y": "x"}.get(node.id, node.id))


def turned_comparisons(text):
    """Yields the formula with each comparison in turn including or excluding equality."""
    count = sum(isinstance(node, ast.Compare) for node in ast.walk(ast.parse(text)))
    for which in range(count):
        tree = ast.parse(text, mode="eval")
        comparison = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)][which]
        for place, sign in enumerate(comparison.ops):
            if type(sign) in TURNED:
                comparison.ops[place] = TURNED[type(sign)]()
                yield f"turned {ast.unparse(comparison)}", ast.unparse(tree)
                comparison.ops[place] = sign


def corrupted(text, arity):
    """Yields (what was done, the corrupted formula)."""
    yield "sign", f"-({text})"
    yield "factor", f"({text})*1.000001"
    yield "dropped", "0"
    yield "offset", f"({text}) + 1e-7"
    for name, transformer in (("epsilon", Epsilon()), ("swapped operands", Swap())):
        changed = ast.unparse(ast.fix_missing_locations(transformer.visit(ast.parse(text, mode="eval"))))
        if changed != ast.unparse(ast.parse(text, mode="eval")) and (name == "epsilon" or arity == 2):
            yield name, changed
    yield from turned_comparisons(text)


def mutants_of(rule):
    for column in ("partials", "lone"):
        for position, text in enumerate(getattr(rule, column) or ()):
            for what, changed in corrupted(text, rule.arity):
                texts = list(getattr(rule, column))
                texts[position] = changed
                yield f"{rule.name}-{column}{position}-{what}", replace(rule, **{column: tuple(texts)})
    if rule.arity == 2 and rule.partials[0] != rule.partials[1]:
        yield f"{rule.name}-exchanged partials", replace(rule, partials=rule.partials[::-1])


MUTANTS = dict(itertools.chain.from_iterable(mutants_of(rule) for rule in RULES.values()))

ZERO = "the partial is 0, and 0 times anything is 0"
TAKEN = "equality was decided by an earlier branch"
SMOOTH = "both branches are the same analytic function there"
EQUIVALENT = {
    **{
        f"{name}-partials0-{what}": ZERO
        for name in ("sign", "heaviside", "floor", "round")
        for what in ("sign", "factor")
    },
    **{f"{name}-partials0-dropped": ZERO for name in ("sign", "heaviside", "floor", "round")},
    **{
        f"{name}-partials{i}-turned {text}": TAKEN
        for name, i, text in (
            ("maximum", 0, "x <= y"),
            ("maximum", 1, "y <= x"),
            ("minimum", 0, "x >= y"),
            ("minimum", 1, "y >= x"),
        )
    },
    "arctan-partials0-turned -1e+150 <= x < 1e+150": SMOOTH,
    "arctan-partials0-turned -1e+150 < x <= 1e+150": SMOOTH,
    "elu-partials0-turned x >= 0": SMOOTH,
    "pow-partials0-turned y <= 0.5": SMOOTH,
    "pow-partials0-turned 0 < x <= inf": "no operand is infinite",
}


def points(rule):
    """Returns where a corrupted rule is looked at: its kinks, then neat and less neat operands in its domain."""
    grid = [p for p in itertools.product(NUMBERS, repeat=rule.arity) if defined(rule, (1.0, *p)[-len(rule.operands) :])]
    return [*kink_points(rule), *grid, *(p for p in [(1.2,), (3.5,)] if rule.name == "arccosh")]


def caught(rule):
    for point in points(RULES[rule.name]):
        try:
            if refute(rule, point):
                return True
        except ArithmeticError:  # the value itself is out of range
            continue
    return False


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_rules_of_the_table_pass_where_their_mutants_must_fail(rule):
    assert not caught(rule)


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in EQUIVALENT])
def test_every_corrupted_partial_is_caught(name):
    assert caught(MUTANTS[name])


@pytest.mark.parametrize("name", EQUIVALENT)
def test_mutants_called_equivalent_are_so(name):
    assert not caught(MUTANTS[name])


# ---------------------------------------------------------------- wrong engines


def each_use(line):
    return list(enumerate(line.operands))


def each_operand_once(line):
    """As when operands are kept in a set: x*x is counted once."""
    return [(line.operands.index(operand), operand) for operand in set(line.operands)]


def reverse_order(tape):
    return [line.index for line in reversed(tape.lines) if line.rule]


def breadth_first(tape):
    """Each node as soon as it is met, whether or not all its consumers have been."""
    seen, queue, order = set(tape.outputs), deque(tape.outputs), []
    while queue:
        index = queue.popleft()
        if tape.lines[index].rule:
            order.append(index)
        for operand in tape.lines[index].operands:
            if operand not in seen:
                seen.add(operand)
                queue.append(operand)
    return order


def fold(run, *, order=reverse_order, uses=each_use, add=True, adjoints=None):
    """A reverse sweep whose usual parts are exposed, each of which has a usual bug."""
    tape = run.tape
    adjoints = [Fraction(0)] * len(tape.lines) if adjoints is None else adjoints
    adjoints[tape.outputs[0]] = Fraction(1)
    for index in order(tape):
        for position, operand in uses(tape.lines[index]):
            term = run.partial(index, position) * adjoints[index]
            adjoints[operand] = adjoints[operand] + term if add else term
    return adjoints


def stale(run):
    """Two passes in which interior adjoints are not cleared, halved; right for the leaves only if they were."""
    adjoints = fold(run, adjoints=fold(run))
    return [adjoint / 2 for adjoint in adjoints]


ENGINES = {
    "breadth-first order": lambda run: fold(run, order=breadth_first),
    "operands in a set": lambda run: fold(run, uses=each_operand_once),
    "overwriting instead of accumulating": lambda run: fold(run, add=False),
    "stale interior gradients on the second pass": stale,
    "forward order": lambda run: fold(run, order=lambda tape: reverse_order(tape)[::-1]),
}

SEARCH = settings(max_examples=3000, derandomize=True, database=None, deadline=None)
SMALL = programs(("add", "sub", "mul", "neg"), domain=(-1e6, 1e6), kinks=True, max_size=10)


def disagrees(engine):
    def check(program):
        tape = program.tape()
        inputs = [Fraction(x) for x in program.inputs]
        adjoints = engine(tape.evaluate(inputs, arithmetic=FRACTION))
        return [adjoints[i] for i in tape.leaves] != exact_gradient(tape, inputs)

    return check


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_a_wrong_engine_is_caught_by_a_tiny_program(engine):
    program = find(SMALL, disagrees(engine), settings=SEARCH)
    assert len(program.instructions) <= 4, str(program)


@pytest.mark.parametrize("engine", [fold, lambda run: run.adjoints()], ids=["plain", "ours"])
def test_a_right_engine_is_not_caught(engine):
    with pytest.raises(NoSuchExample):
        find(SMALL, disagrees(engine), settings=settings(SEARCH, max_examples=300))
