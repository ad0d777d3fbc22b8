"""A GPT written number by number: 4,192 Values that learn to spell names, and the same model written by hand in arrays.

    python benchmarks/scalar_gpt.py            or:  --steps 1000 --array jax

`gpt` is plain scalar Python: one token in, 27 scores out, the keys and values of earlier positions kept in lists.
Training lifts it: one program of array instructions for each length of name, Adam with a rate that falls to zero, and
at the end names that nobody wrote. `numpy_loss_and_gradient` and `jax_loss` are the model vectorised by hand;
`benchmarks/lift.py` measures us beside them.

Source: Andrej Karpathy, microgpt, 2026, for the architecture.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import nn
from autograd_lite import Value, lift, no_grad, take

LETTERS = "abcdefghijklmnopqrstuvwxyz"
END = len(LETTERS)  # begins and ends every document
VOCABULARY, WIDTH, HEADS, HIDDEN, BLOCK = END + 1, 16, 4, 64, 16
EPSILON, HEAD = 1e-5, WIDTH // HEADS
SHAPES = {
    "wte": (VOCABULARY, WIDTH),  # what a token looks like
    "wpe": (BLOCK, WIDTH),  # what a position looks like
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mixed": (WIDTH, WIDTH),  # what attention has gathered, back to the stream
    "up": (HIDDEN, WIDTH),
    "down": (WIDTH, HIDDEN),
    "head": (VOCABULARY, WIDTH),
}
SIZE = sum(rows * columns for rows, columns in SHAPES.values())
Array = np.ndarray[Any, np.dtype[Any]]
Vector = list[Value]


# ---------------------------------------------------------------- names to learn from


def names(count: int, seed: int) -> list[str]:
    """Returns pronounceable names of 3 to 12 letters, made of syllables."""
    rng = random.Random(seed)
    onsets, vowels = [*"bcdfghjklmnprstvwyz", "br", "dr", "gr", "st", "th"], [*"aaeeiioouy", "ai", "ia", "ee", "ey"]
    codas = ["", "", "", "", *"lmnnrsx", "th"]
    made: list[str] = []
    while len(made) < count:
        syllables = [rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas) for _ in range(rng.randint(1, 3))]
        name = rng.choice(["", "", *"aeio"]) + "".join(syllables)
        if 3 <= len(name) <= 12:
            made.append(name)
    return made


def tokenize(name: str) -> list[int]:
    """Returns the letters as numbers, with END on both sides."""
    return [END, *map(LETTERS.index, name), END]


# ---------------------------------------------------------------- the model, number by number


class GPT:
    """One layer of attention and a small perceptron, on scalar Values.

    Args:
        seed: of the weights, which are normal with deviation 0.08.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.state = {
            name: [[Value(rng.gauss(0, 0.08), name=f"{name}{r}_{c}") for c in range(columns)] for r in range(rows)]
            for name, (rows, columns) in SHAPES.items()
        }

    def parameters(self) -> Vector:
        """Returns the weights, matrix by matrix and row by row."""
        return [weight for matrix in self.state.values() for row in matrix for weight in row]

    def gpt(self, token: int, position: int, keys: list[Vector], values: list[Vector]) -> Vector:
        """Returns the scores of the next token; `keys` and `values` hold the earlier positions and grow by this one."""
        state = self.state
        x = rmsnorm([t + p for t, p in zip(take(state["wte"], token), state["wpe"][position], strict=True)])

        normed = rmsnorm(x)
        query = linear(normed, state["query"])
        keys.append(linear(normed, state["key"]))
        values.append(linear(normed, state["value"]))
        gathered = []
        for start in range(0, WIDTH, HEAD):
            part = slice(start, start + HEAD)
            scores = [dot(query[part], key[part]) * HEAD**-0.5 for key in keys]
            weights = nn.softmax(scores)
            gathered += [dot(weights, [value[i] for value in values]) for i in range(start, start + HEAD)]
        x = [a + b for a, b in zip(linear(gathered, state["mixed"]), x, strict=True)]

        hidden = [h.relu() for h in linear(rmsnorm(x), state["up"])]
        x = [a + b for a, b in zip(linear(hidden, state["down"]), x, strict=True)]
        return linear(x, state["head"])

    def document_loss(self, tokens: Sequence[int]) -> Value:
        """Returns the mean surprise, in nats, at each token given those before it."""
        keys: list[Vector] = []
        values: list[Vector] = []
        losses = []
        for position in range(len(tokens) - 1):
            probabilities = nn.softmax(self.gpt(tokens[position], position, keys, values))
            losses.append(-take(probabilities, tokens[position + 1]).log())
        return sum(losses[1:], losses[0]) / len(losses)

    def sample(self, rng: random.Random, temperature: float = 0.5) -> str:
        """Returns a name, drawn letter by letter."""
        keys: list[Vector] = []
        values: list[Vector] = []
        token, name = END, ""
        with no_grad():
            for position in range(BLOCK):
                scores = self.gpt(token, position, keys, values)
                weights = [p.data for p in nn.softmax([score / temperature for score in scores])]
                token = rng.choices(range(VOCABULARY), weights)[0]
                if token == END:
                    break
                name += LETTERS[token]
        return name


def dot(a: Vector, b: Vector) -> Value:
    """Returns the sum of the products."""
    products = [x * y for x, y in zip(a, b, strict=True)]
    return sum(products[1:], products[0])


def linear(x: Vector, rows: list[Vector]) -> Vector:
    """Returns one sum for each row of weights."""
    return [dot(row, x) for row in rows]


def rmsnorm(x: Vector) -> Vector:
    """Returns the numbers scaled to a mean square of one."""
    scale = (dot(x, x) / len(x) + EPSILON) ** -0.5
    return [number * scale for number in x]


# ---------------------------------------------------------------- the model by hand, in NumPy


def matrices(theta: Array) -> dict[str, Array]:
    """Returns views of a flat vector of weights, one matrix a name."""
    ends = np.cumsum([rows * columns for rows, columns in SHAPES.values()])[:-1]
    parts = zip(SHAPES.items(), np.split(theta, ends), strict=True)
    return {name: part.reshape(shape) for (name, shape), part in parts}


def numpy_loss_and_gradient(documents: Array) -> Callable[[Array], tuple[float, Array]]:  # noqa: PLR0915
    """Returns a function of the weights: the mean loss over documents of one length, and its gradient.

    Arrays have one row a feature and one column a token, documents running fastest: sums over features and over earlier
    positions then go along whole rows of memory, which at this width is twice as fast as the usual order.

    Args:
        documents: (batch, n + 1) token numbers.
    """
    batch, n = len(documents), documents.shape[1] - 1
    tokens, targets = documents.T[:-1].ravel(), documents.T[1:].ravel()
    columns, one_hot = np.arange(n * batch), (tokens == np.arange(VOCABULARY)[:, None]).astype(float)
    future = np.where(np.arange(n)[:, None] > np.arange(n), -np.inf, 0.0)[:, :, None]  # [earlier, now]
    gradient = np.empty(SIZE)
    slope, attention = matrices(gradient), slice(VOCABULARY * WIDTH + BLOCK * WIDTH, None)
    slope_qkv = gradient[attention][: 3 * WIDTH * WIDTH].reshape(3 * WIDTH, WIDTH)
    slope["wpe"][n:] = 0.0  # positions that no document reaches

    def norm(x: Array) -> tuple[Array, Array]:
        scale = (np.einsum("cn,cn->n", x, x) / WIDTH + EPSILON) ** -0.5
        return x * scale, scale

    def norm_back(dy: Array, y: Array, scale: Array) -> Array:
        dx = dy - y * (np.einsum("cn,cn->n", dy, y) / WIDTH)
        dx *= scale
        return dx

    def run(theta: Array) -> tuple[float, Array]:  # noqa: PLR0915
        w = matrices(theta)
        qkv = theta[attention][: 3 * WIDTH * WIDTH].reshape(3 * WIDTH, WIDTH)

        # forward
        embedded = w["wte"].T[:, tokens].reshape(WIDTH, n, batch) + w["wpe"].T[:, :n, None]
        x, scale = norm(embedded.reshape(WIDTH, -1))
        a, a_scale = norm(x)
        q, k, v = (qkv @ a).reshape(3, HEADS, HEAD, n, batch)
        p = np.einsum("hdsb,hdtb->hstb", k, q)
        p *= HEAD**-0.5
        p += future
        p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=1, keepdims=True)
        gathered = np.einsum("hstb,hdsb->hdtb", p, v).reshape(WIDTH, -1)
        y = w["mixed"] @ gathered
        y += x
        m, m_scale = norm(y)
        hidden = w["up"] @ m
        np.maximum(hidden, 0.0, out=hidden)
        z = w["down"] @ hidden
        z += y
        scores = w["head"] @ z
        scores -= scores.max(axis=0)
        picked = scores[targets, columns].sum()
        np.exp(scores, out=scores)
        total = scores.sum(axis=0)
        loss = (np.log(total).sum() - picked) / total.size

        # backward
        scores /= total * total.size
        scores[targets, columns] -= 1 / total.size
        np.matmul(scores, z.T, out=slope["head"])
        dz = w["head"].T @ scores
        np.matmul(dz, hidden.T, out=slope["down"])
        dh = w["down"].T @ dz
        dh *= hidden > 0
        np.matmul(dh, m.T, out=slope["up"])
        dz += norm_back(w["up"].T @ dh, m, m_scale)
        np.matmul(dz, gathered.T, out=slope["mixed"])
        dg = (w["mixed"].T @ dz).reshape(HEADS, HEAD, n, batch)
        dqkv = np.empty((3, HEADS, HEAD, n, batch))
        np.einsum("hstb,hdtb->hdsb", p, dg, out=dqkv[2])
        ds = np.einsum("hdsb,hdtb->hstb", v, dg)
        ds -= np.einsum("hstb,hstb->htb", p, ds)[:, None]
        ds *= p
        ds *= HEAD**-0.5
        np.einsum("hstb,hdsb->hdtb", ds, k, out=dqkv[0])
        np.einsum("hstb,hdtb->hdsb", ds, q, out=dqkv[1])
        rows = dqkv.reshape(3 * WIDTH, -1)
        np.matmul(rows, a.T, out=slope_qkv)
        dz += norm_back(qkv.T @ rows, a, a_scale)
        de = norm_back(dz, x, scale)
        np.matmul(one_hot, de.T, out=slope["wte"])
        slope["wpe"][:n] = de.reshape(WIDTH, n, batch).sum(axis=2).T
        return float(loss), gradient

    return run


# ---------------------------------------------------------------- the model by hand, in JAX


def jax_loss(w: dict[str, Any], documents: Any) -> Any:
    """Returns the mean loss over (batch, n + 1) documents of one length; `w` holds the matrices of `SHAPES`."""
    import jax
    import jax.numpy as jnp

    batch, n = len(documents), documents.shape[1] - 1

    def norm(x: Any) -> Any:
        return x * jax.lax.rsqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)

    def heads(x: Any) -> Any:
        return x.reshape(batch, n, HEADS, HEAD)

    x = norm(w["wte"][documents[:, :-1]] + w["wpe"][:n])
    a = norm(x)
    q, k, v = (heads(a @ w[name].T) for name in ("query", "key", "value"))
    scores = jnp.einsum("bthd,bshd->bhts", q, k) * HEAD**-0.5
    p = jax.nn.softmax(jnp.where(jnp.tri(n, dtype=bool), scores, -jnp.inf))
    x = x + jnp.einsum("bhts,bshd->bthd", p, v).reshape(batch, n, WIDTH) @ w["mixed"].T
    x = x + jax.nn.relu(norm(x) @ w["up"].T) @ w["down"].T
    surprise = -jax.nn.log_softmax(x @ w["head"].T)
    return jnp.take_along_axis(surprise, documents[:, 1:, None], axis=-1).mean()


# ---------------------------------------------------------------- training


def train(model: GPT, documents: list[list[int]], *, steps: int, batch: int, array: str, rng: random.Random) -> None:
    """Trains with Adam, each step on documents of one length, and lifts the model once for each length."""
    from tqdm import trange

    parameters = model.parameters()
    theta = np.array([p.data for p in parameters])
    mean, square = np.zeros(SIZE), np.zeros(SIZE)
    by_length: dict[int, list[list[int]]] = {}
    for document in documents:
        by_length.setdefault(len(document), []).append(document)
    lengths, counts = [*by_length], [len(group) for group in by_length.values()]
    programs: dict[int, Any] = {}
    smooth = math.log(VOCABULARY)
    with trange(1, steps + 1, unit="step") as bar:
        for step in bar:
            length = rng.choices(lengths, counts)[0]
            if length not in programs:
                lifted = lift(model.document_loss, parameters)
                programs[length] = lifted.to("jax") if array == "jax" else lifted
            loss, gradient = programs[length].value_and_grad(np.array(rng.choices(by_length[length], k=batch)))
            rate = 0.01 * (1 - (step - 1) / steps)
            theta, mean, square = nn.adam_update(
                theta, gradient, mean, square, step=step, learning_rate=rate, beta1=0.9, beta2=0.99, epsilon=1e-8
            )
            for parameter, number in zip(parameters, theta.tolist(), strict=True):
                parameter.data = number
            smooth += 0.05 * (loss - smooth)
            bar.set_postfix(loss=f"{smooth:.3f}", refresh=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500, help="steps of training (default 500)")
    parser.add_argument("--batch", type=int, default=32, help="names a step (default 32)")
    parser.add_argument("--array", choices=("numpy", "jax"), default="numpy", help="what runs the program")
    parser.add_argument("--seed", type=int, default=1, help="of weights, names and samples (default 1)")
    options = parser.parse_args()
    known, chance = names(2000, options.seed), random.Random(options.seed)
    net = GPT(options.seed)
    train(net, [*map(tokenize, known)], steps=options.steps, batch=options.batch, array=options.array, rng=chance)
    print("learnt from", ", ".join(known[:8]))
    print("writes     ", ", ".join(net.sample(chance) for _ in range(16)))
