"""Any sequence of what a user may do, against a naive model over fractions that recomputes everything each time."""

import gc
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from autograd_lite import Tape, Value, no_grad, record

SMALL = st.integers(-3, 3).map(lambda n: n / 2)  # halves: exact in floats as long as results stay small
OPERATIONS = {  # name: (what it does, its partials)
    "add": (lambda x, y: x + y, lambda x, y: (1, 1)),
    "sub": (lambda x, y: x - y, lambda x, y: (1, -1)),
    "mul": (lambda x, y: x * y, lambda x, y: (y, x)),
}


@dataclass(eq=False)
class Model:
    """A node as a child would write it down: a number, where it came from, and the gradient it should show."""

    number: Fraction
    sources: tuple = ()  # pairs (model of the operand, partial as it was then)
    grad: Fraction = Fraction(0)

    def slope(self, of: "Model", known: dict) -> Fraction:
        """Returns d self / d of, from the definition: the sum over all paths."""
        if self is of:
            return Fraction(1)
        if id(self) not in known:
            known[id(self)] = sum((partial * m.slope(of, known) for m, partial in self.sources), Fraction(0))
        return known[id(self)]

    def reaches(self) -> list:
        """Returns every node this one was made from, itself included, each once."""
        found, stack = {}, [self]
        while stack:
            model = stack.pop()
            if id(model) not in found:
                found[id(model)] = model
                stack.extend(m for m, _ in model.sources)
        return list(found.values())


@dataclass(eq=False)
class Pair:
    """A node of the engine beside its model."""

    value: Value
    model: Model
    touched: bool = field(default=False)


class Engine(RuleBasedStateMachine):
    nodes = Bundle("nodes")

    def __init__(self):
        super().__init__()
        self.alive = []

    def pair(self, value, model):
        made = Pair(value, model)
        self.alive.append(made)
        return made

    @initialize(target=nodes, numbers=st.tuples(SMALL, SMALL, SMALL))
    def a_small_graph(self, numbers):
        """Starts with a diamond: results that share operands are where reverse sweeps go wrong."""
        a, b, c = (self.new_leaf(number) for number in numbers)
        shared = self.operate(a, b, "mul", track=True)
        return multiple(a, b, c, shared, self.operate(shared, c, "add", track=True))

    @rule(target=nodes, number=SMALL)
    def new_leaf(self, number):
        return self.pair(Value(number), Model(Fraction(number)))

    @rule(target=nodes, x=nodes, y=nodes, name=st.sampled_from(list(OPERATIONS)), track=st.booleans())
    def operate(self, x, y, name, track):
        compute, partials = OPERATIONS[name]
        number = compute(x.model.number, y.model.number)
        if abs(number) > 1000 or number.denominator > 1024:
            return x
        slopes = [Fraction(p) for p in partials(x.model.number, y.model.number)]
        if track:
            sources = tuple(zip((x.model, y.model), slopes, strict=True))
            return self.pair(compute(x.value, y.value), Model(number, sources))
        with no_grad():
            value = compute(x.value, y.value)
        assert value.is_leaf
        return self.pair(value, Model(number))

    @rule(target=nodes, x=nodes, constant=SMALL, left=st.booleans(), name=st.sampled_from(list(OPERATIONS)))
    def operate_with_a_constant(self, x, constant, left, name):
        compute, partials = OPERATIONS[name]
        operands = (Fraction(constant), x.model.number) if left else (x.model.number, Fraction(constant))
        number = compute(*operands)
        if abs(number) > 1000 or number.denominator > 1024:
            return x
        value = compute(constant, x.value) if left else compute(x.value, constant)
        return self.pair(value, Model(number, ((x.model, Fraction(partials(*operands)[left])),)))

    @rule(x=nodes, number=SMALL)
    def set_data(self, x, number):
        if x.value.is_leaf:
            x.value.data = number
            x.model.number = Fraction(number)

    def backward(self, x, seed):
        reached = x.model.reaches()
        slopes = [Fraction(seed) * x.model.slope(model, {}) for model in reached]
        if any(
            abs(s) > 2**20 or s.denominator > 2**20 or abs(m.grad) > 2**20 for s, m in zip(slopes, reached, strict=True)
        ):
            return  # floats would round
        x.value.backward(seed=seed)
        for model, slope in zip(reached, slopes, strict=True):
            model.grad = slope if model.sources else model.grad + slope  # interiors are fresh, leaves add up

    @rule(x=nodes, y=nodes, seed=SMALL)
    def backward_of_two_losses(self, x, y, seed):
        """As in multi-task training: the second pass meets what the first left behind."""
        self.backward(x, seed)
        self.backward(y, seed)

    @rule(x=nodes)
    def zero_grad(self, x):
        x.value.grad = 0.0
        x.model.grad = Fraction(0)

    @rule(x=consumes(nodes))
    def drop(self, x):
        if len(self.alive) > 1:
            self.alive.remove(x) if x in self.alive else None
            del x
            gc.collect(0)

    @rule(x=nodes)
    def save_and_load(self, x):
        tape = record(x.value)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tape.json"
            tape.save(path)
            assert Tape.load(path) == tape

    @invariant()
    def every_node_shows_what_the_model_says(self):
        for pair in self.alive:
            assert Fraction(pair.value.data) == pair.model.number
            assert Fraction(pair.value.grad) == pair.model.grad


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=4 * settings().max_examples, stateful_step_count=30)
