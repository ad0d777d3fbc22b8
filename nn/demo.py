"""The main job: a net written in scalars learns to read, as a matrix program, and every claim about it is checked.

`autograd-lite demo` runs it. 1,797 digits of 8 x 8 pixels, written by 13 people; a quarter is held out. The report is
one HTML file that needs nothing else.

Source: E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from autograd_lite import GradientReport, GraphView, InputError, Lifted, Value, draw, gradcheck, lift, record

from .inputs import whole
from .layers import MLP, Neuron
from .losses import softmax_cross_entropy
from .metrics import classify, confusion_table, correct
from .optimizers import Adam
from .report import Report, duration, write_report
from .training import fit

__all__ = ["Data", "digits", "run"]

HIDDEN, BATCH, RATE = 32, 32, 0.003
CHECKED = 60  # parameters whose derivatives are measured: each costs many runs of the net in scalars
NEAREST = 1e-12  # how near the two engines' gradients must be, relative to the largest derivative
ROUNDS = 15  # of timing; the median counts


@dataclass(frozen=True)
class Data:
    """The digits, split in two. Pixels are 0 (white) to 1 (black), less their means over the training part.

    Args:
        X: training rows, 64 pixels each.
        y: their classes, 0 to 9.
        X_test: held-out rows.
        y_test: their classes.
        images: the held-out rows as they were, 0 to 1.
        classes: the classes' names.
    """

    X: list[list[float]]
    y: list[int]
    X_test: list[list[float]]
    y_test: list[int]
    images: list[list[float]]
    classes: list[str]


def digits(seed: int) -> Data:
    """Returns the digits, 1,347 to train on and 450 held out, each class in proportion.

    Args:
        seed: of the split, 0 to 2**32 - 1.
    Raises:
        InputError: the seed is outside its range.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    if not 0 <= seed < 2**32:
        raise InputError(f"seed = {seed} is outside 0 ... 2**32 - 1; choose one within")
    bunch = load_digits()
    X, X_test, y, y_test = train_test_split(
        bunch.data / 16, bunch.target, test_size=0.25, stratify=bunch.target, random_state=seed
    )
    mean = X.mean(axis=0)  # what is held out must not shift it
    classes = [str(name) for name in bunch.target_names]
    return Data((X - mean).tolist(), y.tolist(), (X_test - mean).tolist(), y_test.tolist(), X_test.tolist(), classes)


def run(output: Path, *, epochs: int = 30, seed: int = 0, progress: bool = True) -> int:
    """Trains, checks, prints a summary and writes the report; returns the exit status, 0 if the gradients hold.

    Args:
        output: the HTML file to write.
        epochs: passes over the training data, at least 1.
        seed: of the split, the weights, the shuffling, and the choice of what is checked.
        progress: whether to show a progress bar.
    Raises:
        InputError: epochs or seed outside its range, or no folder to write to.
    """
    epochs, seed = whole("epochs", epochs), whole("seed", seed, minimum=0)
    if not output.absolute().parent.is_dir():
        raise InputError(f"cannot write {output}: there is no folder {output.absolute().parent}; make it first")
    data = digits(seed)
    model = MLP(len(data.X[0]), [HIDDEN, len(data.classes)], initializer="he_uniform", rng=seed)
    count = len(model.parameters())

    def loss(x: Any, y: Any) -> Value:
        return softmax_cross_entropy(model(x), y)

    lifted = lift(loss, model.parameters(), example=(data.X[0], data.y[0]))
    path = lifted.forms[0].paths[0]
    assert path.gradient is not None, "the loss is one number"
    operations = sum(line.rule is not None for line in record(loss(data.X[0], data.y[0])).lines)
    print(f"Digits: {len(data.X):,} to learn from, {len(data.X_test)} held out; 8 x 8 pixels each")
    print(f"Net:    {len(data.X[0])} inputs, {HIDDEN} relu neurons, {len(data.classes)} scores; {count:,} parameters")
    print(
        f"Lifted: {operations:,} scalar operations, the loss of one digit, became {len(path.value)} array instructions,"
    )
    print(f"        the loss of a whole batch ({len(path.gradient)} with its gradient)\n")
    print(lifted.program, end="\n\n", flush=True)

    start = perf_counter()
    history = fit(
        model,
        data.X,
        data.y,
        loss=softmax_cross_entropy,
        optimizer=Adam(model.parameters(), learning_rate=RATE),
        epochs=epochs,
        batch_size=BATCH,
        rng=seed,
        validation=(data.X_test, data.y_test),
        metric=correct,
        progress=progress,
    )
    took = perf_counter() - start
    answers = [classify(scores) for scores in lift(model.forward)(data.X_test).tolist()]
    table = confusion_table(answers, data.y_test, classes=len(data.classes))
    right = sum(table[i][i] for i in range(len(table)))
    print(f"\nloss        {history.losses[0]:.4f} in the first epoch, {history.losses[-1]:.4f} in the last")
    print(f"held out    {right} of {len(answers)} right, {right / len(answers):.1%}", flush=True)

    source = random.Random(seed)  # noqa: S311  # chooses what to check
    batch = source.sample(range(len(data.X)), BATCH)
    gradients = _gradcheck(model, loss, data, source)
    apart = _apart(model, loss, lifted, data, batch)
    agree = "ok" if apart < NEAREST else "wrong"
    print(f"gradients   {gradients.verdict}: {CHECKED} of {count:,}, chosen at random, beside numeric derivatives;")
    print(f"            largest difference {gradients.largest_difference:.1e}")
    print(f"            {agree}: all {count:,} of the matrix program beside the scalar engine's, over {BATCH} digits;")
    print(f"            largest difference {apart:.1e} of the largest derivative")
    slow, fast = _speeds(model, loss, lifted, data)
    print(f"speed       the scalar engine takes {duration(slow)} a digit, loss and gradient; the matrix program")
    print(f"            {duration(fast)}, {slow / fast:,.0f} times less, for {len(data.X):,} digits at once")
    pace = f"{history.steps:,} steps, {history.steps / took:,.0f} a second"
    print(f"time        {took:.1f} s for {epochs} epochs: {pace}\n")
    print(text_table(table, data.classes))

    neuron, picture = _loudest(model, data.X_test[0])
    write_report(
        output,
        Report(
            title="A net of scalars learns to read digits",
            history=history,
            table=table,
            classes=data.classes,
            images=data.images,
            labels=data.y_test,
            answers=answers,
            weights={f"neuron {i}": [w.data for w in each.w] for i, each in enumerate(model.layers[0].neurons)},
            gradients=gradients,
            apart=apart,
            agree=agree,
            neuron=picture,
            neuron_name=f"neuron {neuron}",
            program=str(path.value),
            gradient_program=str(path.gradient),
            operations=operations,
            instructions=len(path.value),
            parameters=count,
            seconds=took,
            scalar_seconds=slow,
            lifted_seconds=fast,
        ),
    )
    print(f"\nreport      {output}")
    return 0 if gradients.ok and agree == "ok" else 1


def _gradcheck(model: MLP, loss: Callable[[Any, Any], Value], data: Data, source: random.Random) -> GradientReport:
    """Returns the check of one digit's loss in scalars, by some of the parameters."""
    return gradcheck(lambda: loss(data.X[0], data.y[0]), source.sample(model.parameters(), CHECKED))


def _apart(model: MLP, loss: Callable[[Any, Any], Value], lifted: Lifted, data: Data, batch: list[int]) -> float:
    """Returns how far the lifted gradient is from the scalar engine's, relative to the largest derivative.

    Not to each derivative: where many digits pull one weight this way and that, little is left but rounding.
    """
    X, y = [data.X[i] for i in batch], [data.y[i] for i in batch]
    model.zero_grad()
    for row, label in zip(X, y, strict=True):
        loss(row, label).backward(1 / len(batch))
    truth = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    _, gradient = lifted.value_and_grad(X, y)
    differences = [abs(a - b) for a, b in zip(gradient.tolist(), truth, strict=True)]
    return float(max(differences) / max(map(abs, truth)))


def _speeds(model: MLP, loss: Callable[[Any, Any], Value], lifted: Lifted, data: Data) -> tuple[float, float]:
    """Returns the seconds a digit, loss and gradient, in scalars and as a matrix program over all training data."""
    objective = lifted.objective(data.X, data.y)
    theta = objective.start()
    objective(theta)  # compiles
    pairs = list(zip(data.X, data.y, strict=True))[:ROUNDS]
    slow = median(_seconds(lambda x, y: loss(x, y).backward(), *pair) for pair in pairs)
    fast = median(_seconds(objective, theta) for _ in range(ROUNDS))
    model.zero_grad()
    return slow, fast / len(data.X)


def _seconds(action: Callable[..., object], *arguments: object) -> float:
    start = perf_counter()
    action(*arguments)
    return perf_counter() - start


def _loudest(model: MLP, row: list[float]) -> tuple[int, GraphView]:
    """Returns which neuron of the first layer answers a digit loudest, and the end of its long sum, drawn."""
    neurons = model.layers[0].neurons
    index = max(range(len(neurons)), key=lambda i: neurons[i](row).data)
    alone = Neuron(len(row))  # by itself, its weights have short names
    alone.load_state_dict(neurons[index].state_dict())
    alone.scope = neurons[index].scope
    out = alone([Value(pixel, name=f"x{i}") for i, pixel in enumerate(row)])
    out.backward()
    return index, draw(out, fold=None, focus=out, hops=3)


def text_table(table: list[list[int]], classes: list[str]) -> str:
    r"""Returns a confusion table as text: a row for each true class, a column for each answer.

    Example:
        >>> print(text_table([[2, 1], [0, 3]], ["cat", "dog"]))
        true \ answer  cat  dog
        cat              2    1
        dog              0    3
    """
    corner = "true \\ answer"
    first = max(len(corner), *(len(name) for name in classes))
    widths = [max(3, len(name)) for name in classes]
    head = corner.ljust(first) + "".join(f"  {name:>{w}}" for name, w in zip(classes, widths, strict=True))
    rows = [
        name.ljust(first) + "".join(f"  {count:>{w}}" for count, w in zip(row, widths, strict=True))
        for name, row in zip(classes, table, strict=True)
    ]
    return "\n".join([head, *rows])
