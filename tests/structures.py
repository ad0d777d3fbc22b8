"""The structures that users write in loops: losses over networks of any size, each with parameters and batches."""

import numpy as np
from lifting import affine, matrix, product, rows, softmax, spread

from autograd_lite.lookup import take

# Each function below returns (loss, parameters, *batches) for sizes of its own; the number of samples comes last.


def dense(depth, activation="tanh"):
    def build(width, samples):
        parameters = spread(depth * width * (width + 1) + width)

        def loss(x, y):
            rest, signals = parameters, x
            for _ in range(depth):
                W, rest = matrix(rest, width, width)
                b, rest = rest[:width], rest[width:]
                signals = [getattr(each, activation)() for each in affine(W, b, signals)]
            return (product(rest, signals) - y) ** 2

        return loss, parameters, rows(samples, width), rows(samples, seed=2)

    return build


def unequal_layers(first, second, samples):
    parameters = spread(3 * first + first * second + second)

    def loss(x):
        V, rest = matrix(parameters, first, 3)
        W, out = matrix(rest, second, first)
        hidden = [product(row, x).sigmoid() for row in V]
        return product(out, [product(row, hidden).tanh() for row in W])

    return loss, parameters, rows(samples, 3)


def convolution(stride):
    def build(length, samples):
        *kernel, bias = parameters = spread(4)

        def loss(x):
            windows = [x[i : i + 3] for i in range(0, len(x) - 2, stride)]
            return sum((product(kernel, window) + bias).tanh() for window in windows)

        return loss, parameters, rows(samples, length)

    return build


def image(stride):
    def build(side, channels, filters, samples):
        parameters = spread(filters * (9 * channels + 1))
        kernels, biases = matrix(parameters, filters, 9 * channels)

        def loss(x):
            total = 0.0
            for kernel, bias in zip(kernels, biases, strict=True):
                for i in range(0, side - 2, stride):
                    for j in range(0, side - 2, stride):
                        patch = [x[c][i + a][j + b] for c in range(channels) for a in range(3) for b in range(3)]
                        total = total + (product(kernel, patch) + bias).tanh()
            return total

        return loss, parameters, rows(samples, channels, side, side)

    return build


def max_pooling(side, samples):
    *kernel, bias = parameters = spread(5)

    def loss(x):
        last = range(side - 1)
        h = [[product(kernel, [*x[i][j : j + 2], *x[i + 1][j : j + 2]]) + bias for j in last] for i in last]
        pools = [(i, j) for i in range(0, side - 2, 2) for j in range(0, side - 2, 2)]
        return sum(h[i][j].maximum(h[i][j + 1]).maximum(h[i + 1][j].maximum(h[i + 1][j + 1])) for i, j in pools)

    return loss, parameters, rows(samples, side, side)


def recurrence(width, samples, steps=3):
    parameters = spread(width * (width + 2))
    W, rest = matrix(parameters, width, width)

    def loss(x):
        hidden = [0.0] * width
        for number in x:
            hidden = [(product(row, hidden) + u * number).tanh() for row, u in zip(W, rest[:width], strict=True)]
        return product(rest[width:], hidden)

    return loss, parameters, rows(samples, steps)


def long_memory(width, samples, steps=3):
    parameters = spread(width * (4 * (width + 2) + 1))
    gates, rest = matrix(parameters, 4 * width, width + 2)

    def loss(x):
        hidden, cell = [0.0] * width, [0.0] * width
        for number in x:
            z = [product(row, [*hidden, number, 1.0]) for row in gates]
            keep, take_in, new, show = (z[k * width : (k + 1) * width] for k in range(4))
            cell = [
                k.sigmoid() * c + t.sigmoid() * n.tanh() for k, c, t, n in zip(keep, cell, take_in, new, strict=True)
            ]
            hidden = [s.sigmoid() * c.tanh() for s, c in zip(show, cell, strict=True)]
        return product(rest, hidden)

    return loss, parameters, rows(samples, steps)


def attention(heads, width, positions, samples):
    """Causal: position t looks at positions 0 to t."""
    size = heads * width
    parameters = spread(4 * size * size)
    Q, K, V, O = (matrix(parameters[i * size * size :], size, size)[0] for i in range(4))  # noqa: E741

    def loss(x):
        keys, values, total = [], [], 0.0
        for token in x:
            query = [product(row, token) for row in Q]
            keys.append([product(row, token) for row in K])
            values.append([product(row, token) for row in V])
            mixed = []
            for at in range(0, size, width):
                head = slice(at, at + width)
                weights = softmax([product(query[head], key[head]) / width**0.5 for key in keys])
                mixed += [product(weights, [value[at + j] for value in values]) for j in range(width)]
            total = total + sum(product(row, mixed) ** 2 for row in O)
        return total

    return loss, parameters, rows(samples, positions, size)


def log_sum_exp(width, samples):
    parameters = spread(width * width)
    W, _ = matrix(parameters, width, width)

    def loss(x):
        scores = [product(row, x) for row in W]
        return sum(score.exp() for score in scores).log() - scores[0]

    return loss, parameters, rows(samples, width)


def cross_entropy(width, samples):
    parameters = spread(width * width)
    W, _ = matrix(parameters, width, width)

    def loss(x, label):
        return -take(softmax([product(row, x) for row in W]), label).log()

    return loss, parameters, rows(samples, width), np.arange(samples) % width


def layer_norm(width, samples):
    parameters = spread(2 * width)

    def loss(x):
        mean = sum(x) / width
        scale = (sum((each - mean) ** 2 for each in x) / width + 1e-5) ** -0.5
        normal = [(each - mean) * scale for each in x]
        return sum((n * g + b).tanh() for n, g, b in zip(normal, parameters, parameters[width:], strict=False))

    return loss, parameters, rows(samples, width)


def rms_norm(width, samples):
    parameters = spread(width)

    def loss(x):
        size = (sum(each * each for each in x) / width + 1e-5).sqrt()
        return sum((each / size * g).tanh() for each, g in zip(x, parameters, strict=True))

    return loss, parameters, rows(samples, width)


def penalties(width, samples):
    parameters = spread(width)

    def loss(x, y):
        squares, sizes_ = sum(p * p for p in parameters), sum(abs(p) for p in parameters)
        return (product(parameters, x) - y) ** 2 + 0.1 * squares + 0.01 * sizes_

    return loss, parameters, rows(samples, width), rows(samples, seed=2)


def gram(points, width, samples):
    parameters = spread(width)

    def loss(x):
        scaled = [[a * p for a, p in zip(row, parameters, strict=True)] for row in x]
        return sum(product(u, v).tanh() for u in scaled for v in scaled)

    return loss, parameters, rows(samples, points, width)


def distances(points, width, samples):
    parameters = spread(width)

    def loss(x):
        scaled = [[a * p for a, p in zip(row, parameters, strict=True)] for row in x]
        pairs = [(u, v) for i, u in enumerate(scaled) for v in scaled[:i]]
        return sum((-sum((a - b) ** 2 for a, b in zip(u, v, strict=True))).exp() for u, v in pairs)

    return loss, parameters, rows(samples, points, width)


def embedding(words, width, positions, samples):
    """The table is also the output's weights."""
    parameters = spread(words * width)
    table, _ = matrix(parameters, words, width)

    def loss(tokens):
        found = [take(table, token) for token in tokens]
        hidden = [sum(column).tanh() for column in zip(*found, strict=True)]
        scores = [product(row, hidden) for row in table]
        return sum(score.exp() for score in scores).log() - take(scores, tokens[0])

    return loss, parameters, np.random.default_rng(0).integers(0, words, (samples, positions))


def skip_connections(width, samples):
    parameters = spread(2 * width * width)
    A, rest = matrix(parameters, width, width)
    B, _ = matrix(rest, width, width)

    def loss(x):
        h = x
        for W in (A, B):
            h = [a + product(row, h).tanh() for a, row in zip(h, W, strict=True)]
        return sum(a * a for a in h)

    return loss, parameters, rows(samples, width)


def tied(width, samples):
    parameters = spread(width * width)
    A, _ = matrix(parameters, width, width)

    def loss(x):
        code = [product(row, x).tanh() for row in A]
        back = [product(column, code) for column in zip(*A, strict=True)]
        return sum((a - b) ** 2 for a, b in zip(x, back, strict=True))

    return loss, parameters, rows(samples, width)


def mixture(first, second, third, samples):
    widths = (first, second, third)
    parameters = spread(4 * sum(widths))

    def loss(x):
        rest, total = parameters, 0.0
        for width in widths:
            W, rest = matrix(rest, width, 3)
            out, rest = rest[:width], rest[width:]
            total = total + product(out, [product(row, x).tanh() for row in W])
        return total

    return loss, parameters, rows(samples, 3)


def triangle(width, samples):
    parameters = spread(width * width)
    A, _ = matrix(parameters, width, width)

    def loss(x):
        return sum(product(row[: i + 1], x[: i + 1]).tanh() for i, row in enumerate(A))

    return loss, parameters, rows(samples, width)


def own_product(height, width, samples):
    """A matrix and a vector that both differ from sample to sample."""
    parameters = spread(1)

    def loss(vector, matrix_):
        return parameters[0] * sum(product(row, vector) ** 2 for row in matrix_)

    return loss, parameters, rows(samples, width), rows(samples, height, width, seed=2)


def quadratic_features(width, samples):
    parameters = spread(width * width)
    A, _ = matrix(parameters, width, width)

    def loss(x):
        return sum(A[i][j] * x[i] * x[j] for i in range(width) for j in range(width)).tanh()

    return loss, parameters, rows(samples, width)
