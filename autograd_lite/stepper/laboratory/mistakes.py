"""Famous mistakes of those who write backpropagation themselves: what they write, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable

from autograd_lite.stepper.chapter import Chapter, chapter_of
from autograd_lite.stepper.story import Story
from autograd_lite.value import Value

from .mistake import Mistake, Stories
from .programs import two_passes, two_steps, without_shift
from .sweeps import assigned, at_the_input, moved_in_between, not_cleared, out_of_order, read_late

__all__ = ["MISTAKES"]

# ---------------------------------------------------------------- what is compared


def _swept(wrong: Callable[[Chapter], Chapter]) -> Callable[[Value], Stories]:
    def stories(root: Value) -> Stories:
        chapter = chapter_of(root)
        return Story((chapter,)), Story((wrong(chapter),))

    return stories


def _mutated(root: Value) -> Stories:
    chapter = chapter_of(root)
    return Story((moved_in_between(chapter),)), Story((read_late(chapter),))


def _stale(root: Value) -> Stories:
    right = two_passes(root)
    first, second = right.chapters
    return right, Story((first, not_cleared(first, second)))


def _zero_grad(root: Value) -> Stories:
    return two_steps(root, clear=True), two_steps(root, clear=False)


def _max_shift(root: Value) -> Stories:
    return Story((chapter_of(root),)), Story((chapter_of(without_shift(root)),))


# ---------------------------------------------------------------- the smallest graphs


def _square() -> Value:
    x = Value(3.0, name="x")
    return x * x


def _square_of_a_result() -> Value:
    y = Value(2.0, name="x") + 1
    y.name = "y"
    return y * y


def _chain() -> Value:
    y = Value(2.0, name="x") + 1
    y.name = "y"
    return y * 3


def _parabola() -> Value:
    return Value(1.0, name="w") ** 2


def _softmax_of_one() -> Value:
    z = Value(710.0, name="z")
    exponential = (z - z.data).exp()
    return exponential / exponential


def _tanh() -> Value:
    return Value(2.0, name="x").tanh()


# ---------------------------------------------------------------- the table

_SWEEP = """for node in reversed(order):
    for operand, slope in node.edges:
        {step}"""

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "assign",
        "= in place of +=",
        _SWEEP.format(step="operand.grad = slope * node.grad"),
        _SWEEP.format(step="operand.grad += slope * node.grad"),
        "A value that is used twice moves the result in two ways, and its derivative is the sum over both. With = the "
        "last use that the sweep meets is all that is left.",
        "It is harmless as long as nothing is used twice, as in a chain or a tree: so it survives first tests.",
        _square,
        _swept(assigned),
    ),
    Mistake(
        "order",
        "Recursion in place of a topological order",
        """def backward(node):
    if node not in visited:
        visited.add(node)
        for operand, slope in node.edges:
            operand.grad += slope * node.grad
            backward(operand)

backward(root)""",
        """for node in reversed(topological_order(root)):
    for operand, slope in node.edges:
        operand.grad += slope * node.grad""",
        "A result passes its adjoint on as soon as it has been reached once, when others that use it have yet to add "
        "theirs. What arrives later is written down, and never passed on. Every consumer has to come before what it "
        "consumes: that is all that the order means.",
        "It is harmless as long as no result is used twice; leaves may be, as they pass nothing on.",
        _square_of_a_result,
        _swept(out_of_order),
        tolerance=1e-12,  # it adds in another order
    ),
    Mistake(
        "stale",
        "Results keep their adjoints from one backward to the next",
        """root.grad = 1.0
for node in reversed(order):
    for operand, slope in node.edges:
        operand.grad += slope * node.grad""",
        """for node in order:
    if not node.is_leaf:
        node.grad = 0.0
root.grad = 1.0
for node in reversed(order):
    for operand, slope in node.edges:
        operand.grad += slope * node.grad""",
        "Leaves are meant to add up over several backward passes; results between them and the root are not. What the "
        "first pass left in them is passed on once more by the second, so that two passes over one graph bring more "
        "than twice the gradient.",
        "It is harmless where every graph is differentiated once, or nothing lies between the root and the leaves.",
        _chain,
        _stale,
    ),
    Mistake(
        "zero_grad",
        "zero_grad() forgotten between two steps",
        """for x, y in data:
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()""",
        """for x, y in data:
    optimizer.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()""",
        "backward() adds to what leaves have, so that losses can be summed. Without zero_grad() every step is taken by "
        "the sum of all gradients since the beginning, most of them of weights that are gone: the step is too long, "
        "goes past the minimum, and comes back too late. It often still learns, which hides it.",
        "It is harmless in the first step only.",
        _parabola,
        _zero_grad,
    ),
    Mistake(
        "max_shift",
        "softmax without subtracting the largest score",
        """exponentials = [z.exp() for z in scores]
total = sum(exponentials)
return [e / total for e in exponentials]""",
        """largest = max(z.data for z in scores)
exponentials = [(z - largest).exp() for z in scores]
total = sum(exponentials)
return [e / total for e in exponentials]""",
        "exp(z) is above every float from z = 709.79 on: inf, and inf/inf is nan, which no later operation takes back. "
        "On paper the shift changes nothing; in floats it keeps the largest exponential at 1. The mistake is in the "
        "program, not in the sweep: backpropagation differentiates faithfully what was computed. Here it is computed "
        "as NumPy does, in ieee(); otherwise this engine stops at the exponential and says so.",
        "It is harmless as long as scores are small.",
        _softmax_of_one,
        _max_shift,
        tolerance=1e-9,
    ),
    Mistake(
        "activation",
        "A slope that is a formula of the output, put in the input",
        """def tanh_slope(x):
    return 1 - x**2""",
        """def tanh_slope(x):
    return 1 - tanh(x) ** 2""",
        "tanh' = 1 - t*t and sigmoid' = s*(1 - s) hold for the outputs t and s. With the input in their place the "
        "slope even changes its sign, for tanh where |x| > 1; the loss then grows along what is taken for its descent.",
        "It is nearly harmless for tanh close to 0, where output and input are alike.",
        _tanh,
        _swept(at_the_input),
    ),
    Mistake(
        "mutated",
        "Data changed between forward and backward",
        """def __mul__(self, other):
    def backward(upstream):
        self.grad += other.data * upstream
        other.grad += self.data * upstream
    return Value(self.data * other.data, backward)

loss = x * x
x.data += 1
loss.backward()""",
        """def __mul__(self, other):
    slope, other_slope = other.data, self.data
    def backward(upstream):
        self.grad += slope * upstream
        other.grad += other_slope * upstream
    return Value(self.data * other.data, backward)

loss = x * x
x.data += 1
loss.backward()""",
        "The derivative belongs to the numbers that the loss was computed from. A rule that looks at its operands when "
        "backward runs finds others, if a step of the optimizer, say, came in between: a gradient of neither the old "
        "loss nor the new one. This engine keeps every slope as it was at the time of the operation.",
        "It is harmless where slopes do not depend on what was changed, as in a sum.",
        _square,
        _mutated,
    ),
)
