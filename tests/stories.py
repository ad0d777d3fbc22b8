"""What the stepper's tests work on: computations as stories, names that are any text, and a second reader of documents.

The reader follows the description of `to_json` and nothing else. It stands for the browser: what it makes of a document
must be what the engine did, to the bit.
"""

import math
import operator
from typing import NamedTuple

from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.arithmetics import ieee_divide
from autograd_lite.scopes import in_scope
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.events import Back, Forward, Seed, Update
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.telling import telling
from autograd_lite.testing import RAW, edge_floats, programs

HOSTILE = [
    "<script>alert(1)</script>",
    "</script>",
    '" onload="alert(1)',
    "&amp; &#x3c; &lt;",
    "]]>",
    "<!-- comment",
    "line\nbreak\r\n\tand tab",
    "\x00\x01\x7f\x85",
    "\ud800",
    "\ufffe\uffff",
    "\u2028\u2029",
    "\u202eevil\u202c",
    "שלום",
    "🙂👩‍👩‍👧‍👦",
    "x" * 10_000,
    "重" * 10_000,
    "back\\slash",
    "{0} %s $x {name}",
    "\ue000",
    "nan",
    "1e999",
    "-5",
    "L",
    " ",
    "",
]
names = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text(alphabet="<>&\"'\\{}|:;[]-!/ \nNL", max_size=12))


# ---------------------------------------------------------------- stories


def bits(numbers):
    return [None if number is None else float(number).hex() for number in numbers]


def play(*chapters):
    return Player(Story(chapters))


def story_of(*roots, **kwargs):
    return Story(tuple(chapter_of(root, **kwargs) for root in roots))


def sentences(story):
    return [telling(story, index).sentence for index in range(len(story))]


def hostile(name, other="plain", scope="scope", title="title"):
    """Returns a story in which everything that has a name has one of these."""
    x, y = Value(2.0, name=name), Value(-3.0, name=other)
    out = in_scope(scope, lambda a, b: a * b, x, y)
    out.name = name
    chapter = chapter_of((out * x).tanh(), title=title, parameters=[x])
    return Story((chapter.updated([1.0]),), title)


@st.composite
def computations(draw):
    """Draws leaves, some with a gradient from before, and a result of shared nodes, constants and unused leaves."""
    program = draw(programs(RAW, domain=draw(st.sampled_from([(-32.0, 32.0), (-1e300, 1e300)])), kinks=True))
    leaves = program.leaves()
    for leaf in leaves:
        if draw(st.booleans()):
            leaf.grad = draw(edge_floats())
    return leaves, program.run(leaves)


def small_story(parameters=True, steps=2):
    """Returns some steps of training on w*x + w, as a story, and the parameter."""
    w, x, idle = Value(0.5, name="w"), Value(2.0, name="x"), Value(1.0, name="idle")
    chapters = []
    for step in range(steps):
        w.grad = 0.0
        loss = (w * x + w).tanh() ** 2
        given_parameters = [idle, w] if parameters else []
        chapter = chapter_of(loss, title=f"step {step}", parameters=given_parameters, accumulate=True)
        loss.backward()
        w.data -= 0.1 * w.grad
        chapters.append(chapter.updated([1.0, w.data]) if parameters else chapter)
    return Story(tuple(chapters)), w


# ---------------------------------------------------------------- the second reader


class Read(NamedTuple):
    """A chapter as read from a document."""

    values: list
    partials: dict
    events: list


def number(written):
    """Returns a number of a document."""
    return float(written)


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2], strict=True))


SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": ieee_divide,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
NAMED = {"pi": math.pi, "inf": math.inf, "nan": math.nan}


def evaluate(tree, letters, call=None):
    """Returns what a tree is: a float, or a bool if it is a test. Without `call`, only what is exact everywhere."""
    if isinstance(tree, str):
        return letters[tree] if tree in letters else NAMED[tree]
    if not isinstance(tree, list):
        return float(tree)
    sign, *parts = tree
    if sign == "if":
        test = evaluate(parts[0], letters, call)
        assert isinstance(test, bool)
        return evaluate(parts[1 if test else 2], letters, call)
    if sign == "call":
        return call(parts[0], *(evaluate(part, letters, call) for part in parts[1:]))
    if sign == "**":
        return call("pow", *(evaluate(part, letters, call) for part in parts))
    sides = [evaluate(part, letters, call) for part in parts]
    if sign in ("and", "or", "not"):
        assert all(isinstance(side, bool) for side in sides)
        return not sides[0] if sign == "not" else all(sides) if sign == "and" else any(sides)
    assert all(isinstance(side, float) for side in sides)
    return -sides[0] if sign == "neg" else SIGNS[sign](*sides)


def read(document, index):
    """Returns the values, local derivatives and events of a chapter."""
    chapter = document["chapters"][index]
    graph, rules = document["graphs"][chapter["graph"]], document["rules"]
    given, slopes = pairs(chapter["numbers"]), pairs(chapter["partials"])
    values, partials, arguments, starts = [], {}, [], []
    for line, kind in enumerate(graph["rules"]):
        rule = rules[kind] if kind >= 0 else None
        starts.append(starts[-1] + len(arguments[-1]) if starts else 0)
        count = len(rule["letters"]) if rule else 0
        arguments.append(graph["operands"][starts[-1] : starts[-1] + count])
        letters = dict(zip(rule["letters"] if rule else (), (values[i] for i in arguments[-1]), strict=True))
        values.append(number(given[line]) if line in given else evaluate(rule["value"], letters))
    if chapter["events"] is not None:
        return Read(values, partials, [written(event) for event in chapter["events"]])
    events = [Forward(line) for line, kind in enumerate(graph["rules"]) if kind >= 0]
    earlier, sums = {line: number(had) for line, had in pairs(chapter["earlier"]).items()}, {}

    def total(line):
        if line not in earlier:
            return sums.get(line, 0.0)
        return sums[line] + earlier[line] if line in sums else earlier[line]

    def add(line, term):
        before = total(line)
        sums[line] = sums.get(line, 0.0) + term
        return before, total(line)

    root, seed = graph["root"], number(chapter["seed"])
    before = total(root)
    sums[root] = seed + 0.0 if graph["rules"][root] < 0 and root not in earlier else seed
    events.append(Seed(root, before, total(root)))
    for line in reversed(range(len(values))):
        if graph["rules"][line] < 0 or line not in sums:
            continue
        rule, skip = rules[graph["rules"][line]], 0
        skip = len(rule["letters"]) - len(rule["partials"])
        lone = any(graph["rules"][operand] == -2 for operand in arguments[line][skip:])
        trees = rule["lone"] if lone and rule["lone"] else rule["partials"]
        letters = {**dict(zip(rule["letters"], (values[i] for i in arguments[line]), strict=True)), "out": values[line]}
        for position, operand in enumerate(arguments[line][skip:]):
            edge = starts[line] + skip + position
            if graph["rules"][operand] != -2:
                local = number(slopes[edge]) if edge in slopes else evaluate(trees[position], letters)
                partials[edge] = local
                upstream = sums[line]
                events.append(Back(line, position, operand, local, upstream, *add(operand, local * upstream)))
    now = list(values)
    flat = chapter["updates"]
    for line, after in zip(flat[::2], map(number, flat[1::2]), strict=True):
        events.append(Update(line, now[line], after))
        now[line] = after
    return Read(values, partials, events)


def written(event):
    """Returns an event that a document has written out."""
    letter, *fields = event
    kind = {"f": Forward, "s": Seed, "b": Back, "u": Update}[letter]
    whole = {"f": 1, "s": 1, "b": 3, "u": 1}[letter]
    return kind(*fields[:whole], *map(number, fields[whole:]))
