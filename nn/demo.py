"""The main job: a small net learns Iris with the scalar engine, and every claim about it is checked and shown.

`autograd-lite demo` runs it. 150 flowers, four measurements each, three species; a quarter is held out. The report is
one HTML file that needs nothing else.

Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograd_lite import GradientReport, InputError, Value, draw, gradcheck, no_grad

from .inputs import whole
from .layers import MLP
from .losses import softmax_cross_entropy
from .metrics import accuracy, classify, confusion_table, correct
from .optimizers import Adam
from .report import Report, write_report
from .training import History, fit

__all__ = ["Data", "iris", "run"]

HIDDEN, BATCH, RATE = 8, 16, 0.02


@dataclass(frozen=True)
class Data:
    """A data set split in two, its features centred and scaled by the training part's mean and deviation.

    Args:
        X: training rows.
        y: their classes.
        X_test: held-out rows.
        y_test: their classes.
        features: the columns' names.
        classes: the classes' names.
    """

    X: list[list[float]]
    y: list[int]
    X_test: list[list[float]]
    y_test: list[int]
    features: list[str]
    classes: list[str]


def iris(seed: int) -> Data:
    """Returns Iris, 112 flowers to train on and 38 held out, each species in proportion.

    Args:
        seed: of the split, 0 to 2**32 - 1.
    Raises:
        InputError: the seed is outside its range.
    """
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    if not 0 <= seed < 2**32:
        raise InputError(f"seed = {seed} is outside 0 ... 2**32 - 1; choose one within")
    bunch = load_iris()
    X, X_test, y, y_test = train_test_split(
        bunch.data, bunch.target, test_size=0.25, stratify=bunch.target, random_state=seed
    )
    scaler = StandardScaler().fit(X)  # what is held out must not shift the scale
    features = [name.removesuffix(" (cm)") for name in bunch.feature_names]
    classes = [str(name) for name in bunch.target_names]
    return Data(
        scaler.transform(X).tolist(), y.tolist(), scaler.transform(X_test).tolist(), y_test.tolist(), features, classes
    )


def run(output: Path, *, epochs: int = 30, seed: int = 0, progress: bool = True) -> int:
    """Trains, checks, prints a summary and writes the report; returns the exit status, 0 if the gradients hold.

    Args:
        output: the HTML file to write.
        epochs: passes over the training data, at least 1.
        seed: of the split, the weights and the shuffling.
        progress: whether to show a progress bar.
    Raises:
        InputError: epochs or seed outside its range, or no folder to write to.
    """
    epochs, seed = whole("epochs", epochs), whole("seed", seed, minimum=0)
    if not output.absolute().parent.is_dir():
        raise InputError(f"cannot write {output}: there is no folder {output.absolute().parent}; make it first")
    data = iris(seed)
    model = MLP(
        len(data.features), [HIDDEN, len(data.classes)], activation="tanh", initializer="glorot_uniform", rng=seed
    )
    count = len(model.parameters())
    print(f"Iris: {len(data.X)} flowers to learn from, {len(data.X_test)} held out")
    print(f"Net:  {len(data.features)} inputs, {HIDDEN} tanh neurons, {len(data.classes)} scores; {count} parameters\n")

    start = time.perf_counter()
    history = _train(model, data, epochs=epochs, seed=seed, progress=progress)
    took = time.perf_counter() - start
    predicted = predict(model, data.X_test)
    score = accuracy(predicted, data.y_test)
    table = confusion_table(predicted, data.y_test, classes=len(data.classes))
    report = _gradcheck(model, data)

    print(f"\nloss        {history.losses[0]:.4f} in the first epoch, {history.losses[-1]:.4f} in the last")
    print(f"held out    {round(score * len(predicted))} of {len(predicted)} right, {score:.1%}")
    apart = f"largest difference {report.largest_difference:.1e}"
    print(f"gradients   {report.verdict}: all {count} beside numeric derivatives, {apart}")
    print(f"time        {took:.1f} s for {epochs} epochs, one scalar at a time\n")
    print(text_table(table, data.classes))

    neuron, row = model.layers[0].neurons[0], data.X_test[0]
    out = neuron([Value(x, name=name) for x, name in zip(row, data.features, strict=True)])
    out.backward()
    write_report(
        output,
        Report(
            title="A net of scalars learns Iris",
            history=history,
            table=table,
            classes=data.classes,
            accuracy=score,
            gradients=report,
            neuron=draw(out),
            neuron_name=f"{model.layers[0].scope}.{neuron.scope}",
            sample=data.classes[data.y_test[0]],
            seconds=took,
            parameters=count,
        ),
    )
    print(f"\nreport      {output}")
    return 0 if report.ok else 1


def _train(model: MLP, data: Data, *, epochs: int, seed: int, progress: bool) -> History:
    return fit(
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


def predict(model: MLP, X: Sequence[Sequence[float]]) -> list[int]:
    """Returns the class of every row, without recording a graph."""
    with no_grad():
        return [classify(model(row)) for row in X]


def _gradcheck(model: MLP, data: Data) -> GradientReport:
    """Returns the check of the whole net's loss, over one flower of each species, by every parameter."""
    chosen = [data.y.index(label) for label in range(len(data.classes))]

    def loss() -> Value:
        return sum((softmax_cross_entropy(model(data.X[i]), data.y[i]) for i in chosen), Value(0.0)) / len(chosen)

    return gradcheck(loss, model.parameters())


def text_table(table: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
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
