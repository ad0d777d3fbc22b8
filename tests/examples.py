"""What several test files work on: micrograd's own README expression, and a number that is interrupted as it is set."""

from autograd_lite import Value

README = """
a, b = Value(-4.0), Value(2.0)
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
g.backward()
"""


def readme(value=Value):
    """Returns a, b and g of micrograd's README expression, over any class like Value."""
    names = {"Value": value}
    exec(README, names)
    return names["a"], names["b"], names["g"]


def interrupting(number, when):
    """Returns a Value that raises KeyboardInterrupt once its data is set, whenever `when(new)` holds."""

    class Interrupting(Value):
        @property
        def data(self):
            return super().data

        @data.setter
        def data(self, new):
            Value.data.fset(self, new)
            if when(new):
                raise KeyboardInterrupt

    return Interrupting(number)
