"""T4: PyTorch and JAX, both in 64 bits, and HIPS autograd, on the same points and programs.

Equal, or listed here with the reason.
"""

import importlib
import math
import warnings
from types import MappingProxyType

import pytest
from hypothesis import assume, given, settings

from autograd_lite import RULES
from autograd_lite.testing import RAW, SMOOTH, Instruction, Operation, Program, operands, programs

EXAMPLES = settings(max_examples=max(15, settings().max_examples // 3))


class Torch:
    """PyTorch's name for each rule where it differs from ours, and what it lacks."""

    lacks = ("cbrt",)
    renamed = MappingProxyType({"log_sigmoid": "logsigmoid"})

    def __init__(self):
        self.torch = pytest.importorskip("torch")

    def gradient(self, program):
        leaves = [self.torch.tensor(x, dtype=self.torch.float64, requires_grad=True) for x in program.inputs]
        out = perform(program, leaves, self.function, lambda c: self.torch.tensor(c, dtype=self.torch.float64))
        if not out.requires_grad:
            return out.item(), [0.0] * len(leaves)
        slopes = self.torch.autograd.grad(out, leaves, allow_unused=True)
        return out.item(), [0.0 if slope is None else slope.item() for slope in slopes]

    def function(self, name):
        name = self.renamed.get(name, name)
        return getattr(self.torch, name, None) or getattr(self.torch.nn.functional, name)


class Jax:
    """JAX's name for each rule where it differs from ours."""

    lacks = ()

    def __init__(self):
        self.jax = pytest.importorskip("jax")
        self.jax.config.update("jax_enable_x64", True)

    def gradient(self, program):
        def compute(*leaves):
            return perform(program, leaves, self.function, self.jax.numpy.float64)

        value, slopes = self.jax.value_and_grad(compute, argnums=tuple(range(len(program.inputs))))(*program.inputs)
        return float(value), [float(slope) for slope in slopes]

    def function(self, name):
        for home in (self.jax.numpy, self.jax.nn, self.jax.scipy.special):
            if hasattr(home, name):
                return getattr(home, name)
        raise AttributeError(name)


class Autograd(Jax):
    """HIPS autograd: NumPy's functions, and erf from SciPy."""

    lacks = ("cbrt", "hypot", "heaviside", "sigmoid", "log_sigmoid", "softplus", "relu", "leaky_relu", "elu", "selu")
    lacks = (*lacks, "gelu", "silu", "arctan2", "round")

    def __init__(self):
        self.autograd = pytest.importorskip("autograd")
        self.homes = [importlib.import_module(f"autograd.{home}") for home in ("numpy", "scipy.special")]

    def gradient(self, program):
        def compute(leaves):
            return perform(program, [leaves[i] for i in range(len(program.inputs))], self.function, float)

        inputs = self.autograd.numpy.array(program.inputs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns when the output does not depend on the inputs
            slopes = self.autograd.grad(compute)(inputs)
        return float(compute(inputs)), [float(slope) for slope in slopes]

    def function(self, name):
        return next(getattr(home, name) for home in self.homes if hasattr(home, name))


OPERATORS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x: -x,
    "identity": lambda x: x,
}
SPECIAL = {  # the same mathematics, asked for by its full name
    "softplus": lambda of: lambda x: of("logaddexp")(x, 0 * x),  # torch's own is linear above 20: off by 2e-9
    "gelu": lambda of: lambda x: x * of("erfc")(-x / math.sqrt(2)) / 2,  # JAX's own is an approximation by default
    "where": lambda of: lambda x, y: of("where")(x > 0, x, y),
    "heaviside": lambda of: lambda x: of("where")(x > 0, 1 + 0 * x, 0 * x),  # theirs asks for the value at 0
    "leaky_relu": lambda of: lambda x: of("where")(x > 0, x, 0.01 * x),
}


LOSES = ("arcsin", "arccos", "arccosh", "arctanh")
"""Where the others compute 1 - x*x, which cancels near 1; (1 - x)*(1 + x) does not. See test_oracle_ulp.py."""


def perform(program, leaves, function, number):
    """Runs the program with another library's functions."""
    trail = [*(number(c) for c in program.constants), *leaves]
    for instruction in program.instructions:
        operation = instruction.operation
        count = 1 if operation.second is not None else operation.rule.arity
        places = [(-1 - back) % len(trail) for back in (instruction.x, instruction.y)[:count]]
        numbers = [trail[i] for i in places] + ([] if operation.second is None else [operation.second])
        if operation.name in SPECIAL:
            call = SPECIAL[operation.name](function)
        else:
            call = OPERATORS.get(operation.name) or function(operation.name)
        trail.append(call(*numbers))
    return trail[-1]


def assert_same(library, program, *, relative):
    value, slopes = library.gradient(program)
    ours = [program.run(), *program.gradient()]
    scale = max(1.0, *(abs(x) for x in ours))
    assert ours == pytest.approx([value, *slopes], rel=relative, abs=relative * scale)


@pytest.mark.parametrize("kind", [Torch, Jax, Autograd])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_agrees_with_the_library_off_its_kinks(rule, kind):
    if rule.name in kind.lacks:
        pytest.skip(f"{kind.__name__} has no {rule.name}, or no derivative of it")
    library = kind()

    @EXAMPLES
    @given(operands(rule, least=1e-3, limit=8.0, off_kinks=True))
    def search(point):
        assume(rule.name != "pow" or point[0] != 0)  # the edge of its domain, where libraries say nan
        program = Program(point, (), (Instruction(Operation(rule.name), rule.arity - 1, 0),))
        slopes = program.gradient()
        assume(all(math.isfinite(slope) for slope in slopes))
        assert_same(library, program, relative=1e-6 if rule.name in LOSES else 1e-12)

    search()


@pytest.mark.parametrize("kind", [Torch, Jax])
@pytest.mark.parametrize("ops", [SMOOTH, RAW], ids=["smooth", "raw"])
def test_shared_graphs_agree_with_the_library(ops, kind):
    library = kind()
    known = [operation for operation in ops if operation.name not in kind.lacks]

    @EXAMPLES
    @given(programs(known, domain=(-8.0, 8.0), max_size=8))
    def search(program):
        assert_same(library, program, relative=1e-9)

    search()
