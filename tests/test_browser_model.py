"""What a browser makes of a story: the same numbers, events, sentences and formulas as Python, to the last bit."""

import json
import math
import random
import struct

import pytest
from browser import modules
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import HOSTILE, computations, hostile, small_story

from autograd_lite import RULES, Value, define_rule, ieee, record, where
from autograd_lite.arithmetics import IEEE
from autograd_lite.expressions import FUNCTIONS, primitive
from autograd_lite.stepper.chapter import chapter_of, chapter_of_tape
from autograd_lite.stepper.document import to_json
from autograd_lite.stepper.events import Back, Forward, Seed, Update
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.telling import Teller
from autograd_lite.tape import Tape
from autograd_lite.testing import bounds, defined, kink_distance
from autograd_lite.testing.domains import full_operands
from autograd_lite.value import apply, local_partial
from autograd_lite.view.labels import exact, figure

KINDS = {Forward: "forward", Seed: "seed", Back: "backward", Update: "update"}

# Numbers cross as the hexadecimal digits of their bits, so that -0.0, nan and the last digit arrive as they are.
TOOLS = """
window.bits = (number) => {
  if (number === undefined || number === null) return null;
  if (Number.isNaN(number)) return "nan";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};
window.number = (digits) => {
  if (digits === "nan") return NaN;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt("0x" + digits));
  return view.getFloat64(0);
};
window.allBits = (numbers) => Array.from(numbers, bits);
window.told = (event) => event && [event.kind, event.line, event.changed, event.position ?? null,
  ...[event.local, event.upstream, event.before, event.after].map(bits)];
window.markup = (element) => {
  const text = new XMLSerializer().serializeToString(element);
  return text.replace(/^<math[^>]*>|<\\/math>$/g, "").replace(/ xmlns="[^"]*"/g, "");
};
window.normal = (texts) => {
  const math = `<math xmlns="http://www.w3.org/1998/Math/MathML">${texts.join("")}</math>`;
  return Array.from(new DOMParser().parseFromString(math, "application/xml").documentElement.children, markup);
};
"""


@pytest.fixture(scope="module")
def page(browser):
    with modules(browser, "numbers", "special", "rules", "story", "player", "telling") as visited:
        visited.evaluate(f"() => {{ {TOOLS} }}")
        yield visited
        assert visited.asked == []
        assert visited.errors == []


def bits(number):
    return None if number is None else "nan" if number != number else struct.pack(">d", number).hex()


def floating(digits):
    return math.nan if digits == "nan" else struct.unpack(">d", bytes.fromhex(digits))[0]


def all_bits(numbers):
    return [bits(number) for number in numbers]


def told(chapter, event):
    if event is None:
        return None
    line = event.operand if isinstance(event, Back) else event.line
    position = event.position if isinstance(event, Back) else None
    local, upstream = (event.local, event.upstream) if isinstance(event, Back) else (None, None)
    before = None if isinstance(event, Forward) else event.before
    after = chapter.tape.lines[line].data if isinstance(event, Forward) else event.after
    return [KINDS[type(event)], event.line, line, position, *map(bits, (local, upstream, before, after))]


# ---------------------------------------------------------------- stories

black = define_rule("black", lambda x: x * 3.0 + 1.0, lambda x, out: 3.0)
half_line = define_rule("half_line", "2*x", "2", domain="x > 0")
blend = define_rule("blend", "x*y/(x*x + 1) if x < y else -y", ["y/(x*x + 1) if x < y else 0", "x if x < y else -1"])
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-9, 123456.5, 1e300, 5e-324, math.inf, -math.inf, math.nan)
NAMES = ("w1", "w_1", "b_in", "alpha", "sigma_2", "x", "w1_2", "π", "", "weird name", "3", "-0.5", "1_0", *HOSTILE)


def random_graph(rng):
    """Returns a result of random operations, of whatever numbers: repeated operands, constants, ties, black boxes."""
    leaves = [Value(rng.choice(NUMBERS) if rng.random() < 0.5 else rng.gauss(0, 2), name=rng.choice(NAMES))
              for _ in range(rng.randint(1, 4))]  # fmt: skip
    values, rules = [*leaves], list(RULES.values())
    with ieee():
        for _ in range(rng.randint(1, 12)):
            rule = rng.choice(rules)
            x = rng.choice(values[-4:])
            y = x if rng.random() < 0.2 else rng.choice(values)
            given = [x, y][: rule.arity]
            if rule.arity == 2 and rng.random() < 0.3:
                given[rng.randrange(2)] = rng.choice(NUMBERS)
            kind = rng.random()
            if rule.name == "where":
                out = where(rng.choice(leaves).data > 0, *given)
            else:
                out = black(x) if kind < 0.06 else blend(x, y) if kind < 0.12 else apply(rule, *given)
            if rng.random() < 0.3:
                out.name = rng.choice(NAMES)
            values.append(out)
    for leaf in leaves:
        if rng.random() < 0.3:
            leaf.grad = rng.choice(NUMBERS)
    return leaves, values[-1]


def random_story(rng):
    leaves, root = random_graph(rng)
    parameters = rng.sample(leaves, rng.randint(0, len(leaves)))
    chapters = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        with ieee():
            chapter = chapter_of(
                root,
                title=rng.choice(NAMES),
                seed=rng.choice((1.0, -2.0, 0.5)),
                accumulate=rng.random() < 0.5,
                parameters=parameters,
            )
        chapters.append(chapter.updated([rng.choice((leaf.data, 1.5)) for leaf in parameters]))
        if rng.random() < 0.3:
            leaves, root = random_graph(rng)
            parameters = rng.sample(leaves, min(len(parameters), len(leaves)))
    return Story(tuple(chapters), "a story")


def other_stories():
    """Returns stories of kinds that random ones are not."""
    for steps in (1, 3):
        yield small_story(steps=steps)[0]
    for name in HOSTILE:
        yield hostile(name, scope=name, title=name)
    tape = record(Value(3.0, name="x") ** 2)
    yield Story((chapter_of_tape(tape, tape.evaluate({"x": 4.0}).values, title="at 4"),))
    tape = record((Value(3.0, name="x") ** 2).tanh())
    yield Story((chapter_of_tape(Tape(tape.lines, (2,)), title="the last line is of no use"),))
    x = Value(3.0, name="x")
    x.grad = 2.0
    yield Story((chapter_of(x, accumulate=True, title="a root without operations"),))
    chapter = chapter_of((x * x).tanh() * x)
    backs = [event for event in chapter.events if isinstance(event, Back)]
    early = tuple(event for event in chapter.events if not isinstance(event, Back))
    yield Story((chapter, type(chapter)("wrong", chapter.tape, (*early, *backs[::-1]), chapter.earlier, chapter.places,
                                        scripted=True)))  # fmt: skip


@pytest.fixture(scope="module")
def stories():
    rng = random.Random(20)
    return [*other_stories(), *(random_story(rng) for _ in range(150))]


def documents(stories):
    return [to_json(story) for story in stories]


READ = """(texts) => texts.map((text) => {
  const story = model.readStory(JSON.parse(text));
  return {starts: story.starts, chapters: story.chapters.map((chapter) => ({
    values: allBits(chapter.values),
    partials: allBits(chapter.partials),
    phases: chapter.phases.map(({name, start, stop}) => [name, start, stop]),
    earlier: [...chapter.earlier].map(([line, had]) => [line, bits(had)]),
    events: Array.from({length: chapter.length}, (_, index) => told(chapter.event(index))),
    names: chapter.values.length < 200 ? Array.from(chapter.values, (_, line) => chapter.name(line)) : [],
    changes: Array.from(chapter.values, (_, line) => [...chapter.changes(line)]),
    contributions: Array.from(chapter.values, (_, line) => [...chapter.contributions(line)]),
  }))};
})"""


def as_read(story):
    return {
        "starts": list(story.starts),
        "chapters": [
            {
                "values": [bits(line.data) for line in chapter.tape.lines],
                "phases": [list(phase) for phase in chapter.phases],
                "earlier": [[line, bits(had)] for line, had in enumerate(chapter.earlier) if had is not None],
                "events": [told(chapter, event) for event in chapter.events],
                "names": Teller(chapter).names,
                "changes": [list(events) for events in chapter.changes],
                "contributions": [list(events) for events in chapter.contributions],
            }
            for chapter in story.chapters
        ],
    }


def test_a_browser_reads_the_same_numbers_and_events(page, stories):
    for story, found in zip(stories, page.evaluate(READ, documents(stories)), strict=True):
        for chapter, read in zip(story.chapters, found["chapters"], strict=True):
            starts = [0]
            for line in chapter.tape.lines:
                starts.append(starts[-1] + len(line.operands))
            partials = read.pop("partials")
            for event in chapter.events:
                if isinstance(event, Back):
                    rule = chapter.tape.lines[event.line].rule
                    edge = starts[event.line] + len(rule.operands) - rule.arity + event.position
                    assert partials[edge] == bits(event.local)
        assert found == as_read(story)


@settings(max_examples=25)
@given(computations(), st.booleans())
def test_a_browser_reads_drawn_programs(page, computation, accumulate):
    leaves, root = computation
    story = Story((chapter_of(root, parameters=leaves, accumulate=accumulate).updated([1.0] * len(leaves)),))
    (found,) = page.evaluate(READ, documents([story]))
    del found["chapters"][0]["partials"]
    assert found == as_read(story)


# ---------------------------------------------------------------- the player

WALK = """([text, moves]) => {
  const player = new model.Player(model.readStory(JSON.parse(text)));
  return moves.map(([move, ...given]) => {
    const last = player.position;
    if (player[move](...given) !== player) throw new Error(move);
    const chapter = player.chapter, lines = Array.from(chapter.values.keys()), line = last % lines.length;
    const ledger = player.ledger(line);
    return {
      position: player.position, place: [player.chapterIndex, player.done],
      phase: player.phase && [player.phase.name, player.phase.start, player.phase.stop],
      event: told(player.event),
      values: lines.map((line) => bits(player.value(line))),
      adjoints: lines.map((line) => bits(player.adjoint(line))),
      progress: lines.map((line) => player.progress(line)),
      waits: player.waitsFor(line),
      ledger: [ledger.line, bits(ledger.earlier), ledger.entries.map(([index, event]) => [index, told(event)]),
        ledger.expected, bits(ledger.gradient)],
    };
  });
}"""
MOVES = {
    "forward": "forward", "back": "back", "first": "first", "last": "last", "nextPhase": "next_phase",
    "previousPhase": "previous_phase", "toPhase": "to_phase", "nextOf": "next_of", "previousOf": "previous_of",
    "go": "go",
}  # fmt: skip


def walk(story, rng, steps):
    """Returns random moves, and what a player knows after each."""
    player, moves, known = Player(story), [], []
    for _ in range(steps):
        name = rng.choice(list(MOVES))
        lines, last = len(player.chapter.tape), player.position
        given = {
            "toPhase": lambda: [rng.choice(player.chapter.phases).name],
            "nextOf": lambda n=lines: [rng.randrange(n)],
            "previousOf": lambda n=lines: [rng.randrange(n)],
            "go": lambda: [rng.randint(0, len(story))],
        }.get(name, list)()
        getattr(player, MOVES[name])(*given)
        moves.append([name, *given])
        chapter = player.chapter
        ledger = player.ledger(last % len(chapter.tape))
        known.append({
            "position": player.position,
            "place": list(player.place),
            "phase": player.phase and list(player.phase),
            "event": told(chapter, player.event),
            "values": all_bits(player.state.values),
            "adjoints": all_bits(player.state.adjoints),
            "progress": [list(player.progress(line)) for line in range(len(chapter.tape))],
            "waits": list(player.waits_for(last % len(chapter.tape))),
            "ledger": [
                ledger.line,
                bits(ledger.earlier),
                [[index, told(chapter, event)] for index, event in ledger.entries],
                ledger.expected,
                bits(ledger.gradient),
            ],
        })  # fmt: skip
    return moves, known


def test_a_browsers_player_goes_where_pythons_goes(page, stories):
    rng = random.Random(21)
    for story in stories[:80]:
        moves, known = walk(story, rng, 25)
        assert page.evaluate(WALK, [to_json(story), moves]) == known, moves


def test_a_player_stays_within_its_story(page):
    text = to_json(small_story()[0])
    script = """([text, positions]) => {
      const player = new model.Player(model.readStory(JSON.parse(text)));
      return positions.map((position) => player.go(position).position);
    }"""
    assert page.evaluate(script, [text, [-5, 2.7, 10**9]]) == [0, 2, len(small_story()[0])]


# ---------------------------------------------------------------- what is told

TELL = """(texts) => texts.map((text) => {
  const story = model.readStory(JSON.parse(text));
  return story.chapters.map((chapter) => Array.from({length: chapter.length}, (_, index) => {
    const {before, after, contribution} = model.changeOf(chapter, index);
    return {
      sentence: model.sentence(story, chapter, index),
      change: [bits(before), bits(after), contribution],
      formulas: model.formulas(story, chapter, index).map(({names, numbers}) => [markup(names), markup(numbers)]),
    };
  }));
})"""
NORMAL = "(texts) => normal(texts)"


def test_a_browser_says_the_same_sentences_and_formulas(page, stories):
    tellings = []
    for story, found in zip(stories, page.evaluate(TELL, documents(stories)), strict=True):
        for chapter, events in zip(story.chapters, found, strict=True):
            teller = Teller(chapter)
            tellings += [(event, teller.tell(index)) for index, event in enumerate(events)]
    markups = [text for _, told in tellings for formula in told.formulas for text in formula]
    normal = iter(page.evaluate(NORMAL, markups))
    for here, there in tellings:
        assert here["sentence"] == there.sentence
        contribution = there.contribution and list(there.contribution)
        assert here["change"] == [bits(there.before), bits(there.after), contribution]
        assert here["formulas"] == [[next(normal), next(normal)] for _ in there.formulas], there.sentence


def operand_sets(rule, rng):
    """Yields operands that are set in all the ways there are: of either sign, 1, with an exponent, not finite."""
    shown = (-2.0, 1.0, 3.0, 2e-7, -3e-8, 1e-5, 4e9, math.inf, math.nan)
    yield from zip(*(rng.sample(shown, len(shown)) for _ in range(rule.arity)), strict=True)
    yield (1.0,) * rule.arity
    yield (-2.0,) * rule.arity


ODD_RULES = (
    define_rule(
        "odd_powers", "(x*y)**2/x*y**x - (-y)", ["x*(y*(x + y)*-x)*sqrt(x)*y", "-(x/2) if not x < y else -x**-y"]
    ),
    define_rule("odd_sums", "x + y - x*-y - (x - y)", ["exp2(x)*exp2(y)*abs(x)*y*floor(y)", "log2(x)*y*2*x"]),
    define_rule("odd_calls", "x*maximum(y, x)*hypot(x, y)", ["x/y/(x*y)", "cbrt(x)*y*y*y*(x + 1)*(y + 1)"]),
)


def test_every_rule_is_written_as_python_writes_it(page):
    rng, stories = random.Random(22), []
    for rule in (*RULES.values(), *(operation.rule for operation in ODD_RULES)):
        chapters = []
        for numbers in operand_sets(rule, rng):
            for lone in (False, True):
                x, *rest = (Value(number, name=rng.choice(("w", "w_1", "beta2", "", "7"))) for number in numbers)
                if lone:
                    rest = [y.data for y in rest]
                with ieee():
                    out = where(x.data > 0, x, *rest) if rule.name == "where" else apply(rule, x, *rest)
                    chapters.append(chapter_of(out * 2.0))
        stories.append(Story(tuple(chapters)))
    test_a_browser_says_the_same_sentences_and_formulas(page, stories)


# ---------------------------------------------------------------- numbers


def doubles(rng):
    """Yields floats of all magnitudes, and those on which rounding to four digits, or to whole numbers, ties."""
    yield from NUMBERS
    for _ in range(12_000):
        yield struct.unpack(">d", rng.randbytes(8))[0]
    for _ in range(3_000):
        yield struct.unpack(">d", rng.randrange(2**53).to_bytes(8, "big"))[0]  # subnormal, or nearly
    for _ in range(2_500):
        yield rng.choice((1, -1)) * (rng.randrange(1000, 10_000_000) + 0.5)
    for _ in range(2_500):
        digits, below = 10 * rng.randrange(1000, 10_000) + 5, rng.randrange(5)  # 12345 / 2**k * 10**k is exact
        yield rng.choice((1, -1)) * digits / 10**4 if rng.random() < 0.1 else digits * 5.0**below / 10.0**below / 2**0
    for _ in range(2_500):
        yield rng.randrange(10_000, 100_000) * 10.0 ** rng.randint(-8, 20) * 0.5
    for power in range(-12, 25):
        for near in (9999.5, 999.95, 99995.0, 1.0, 9.9995, 0.03125, 1.00005):
            number = near * 10.0**power
            yield from (number, math.nextafter(number, 0), math.nextafter(number, math.inf))
    for whole in range(1, 4_000):
        yield whole / 1024  # short binary fractions: many tie


def test_numbers_are_written_digit_for_digit(page):
    numbers = list(doubles(random.Random(23)))
    script = """(all) => all.map(number).map((x) => [model.figure(x), model.exact(x), model.general(x, 6)])"""
    found = page.evaluate(script, all_bits(numbers))
    assert len(numbers) > 20_000
    assert sum(figure(x) != f"{x:.5g}" for x in numbers) > 1_000
    for number, written in zip(numbers, found, strict=True):
        assert written == [figure(number), exact(number), f"{number:.6g}"], number.hex()


def test_a_browser_has_every_function_that_the_table_cannot_express(page):
    found = page.evaluate("() => [...model.PRIMITIVES.keys()]")
    assert sorted(found) == sorted(name for name in FUNCTIONS if primitive(name))


def test_error_functions_are_right_to_fourteen_digits(page):
    mpmath = pytest.importorskip("mpmath")
    rng = random.Random(24)
    points = [rng.uniform(-6, 6) for _ in range(2_000)] + [rng.uniform(0, 26) for _ in range(2_000)]
    points += [10.0 ** rng.uniform(-300, 0) for _ in range(200)] + [1.0, math.nextafter(1.0, 2), -1.0, 0.0]
    script = "(all) => all.map(number).map((x) => [model.erf(x), model.erfc(x)].map(bits))"
    found = page.evaluate(script, all_bits(points))
    with mpmath.workdps(40):
        for point, pair in zip(points, found, strict=True):
            for function, digits in zip((mpmath.erf, mpmath.erfc), pair, strict=True):
                truth, here = function(mpmath.mpf(point)), floating(digits)
                assert abs(here - truth) <= 1e-14 * abs(truth), (point, here, truth)
    ends = (math.inf, -math.inf, math.nan, -0.0)
    assert page.evaluate(script, all_bits(ends)) == [all_bits([math.erf(x), math.erfc(x)]) for x in ends]


def same(here, there):
    """Says whether two results agree: the same nan, infinity or zero, else all but the last digits."""
    if not there or not math.isfinite(there) or not math.isfinite(here):
        return bits(here) == bits(there)
    return math.isclose(here, there, rel_tol=1e-13)


def test_rules_are_computed_as_python_computes_them_at_the_edges(page):
    rng, chapters, asked, wanted = random.Random(27), [], [], []
    for rule in RULES.values():
        x = [Value(1.5), Value(0.5)][: rule.arity]
        with ieee():
            chapters.append(chapter_of(where(True, *x) if rule.name == "where" else apply(rule, *x)))
        for _ in range(40):
            point = full_operands(rule, tuple(rng.choice((*NUMBERS, -0.3, rng.gauss(0, 1))) for _ in x))
            out = float(IEEE.value(rule)(*point))
            asked.append([rule.name, all_bits(point), bits(out)])
            ways = [(i, lone) for lone in (False, True) for i in range(rule.arity)]
            wanted.append([out, *(local_partial(rule, i, point, out, lone=lone) for i, lone in ways)])
    script = """([text, asked]) => {
      const rules = new Map(model.readStory(JSON.parse(text)).rules.map((rule) => [rule.name, rule]));
      return asked.map(([name, digits, digitsOfOut]) => {
        const rule = rules.get(name), point = digits.map(number), out = number(digitsOfOut);
        const slopes = (lone) => rule.math.partials.map((_, i) => rule.partial(i, point, out, lone));
        return [rule.value(point), ...slopes(false), ...slopes(true)].map(bits);
      });
    }"""
    found = page.evaluate(script, [to_json(Story(tuple(chapters))), asked])
    wrong = [
        (name, point, floating(here), there)
        for (name, point, _), numbers, theirs in zip(asked, found, wanted, strict=True)
        for here, there in zip(numbers, theirs, strict=True)
        if not same(floating(here), there)
    ]
    assert wrong == []


# ---------------------------------------------------------------- what if

IMAGINE = """([text, changes]) => changes.map(([chapter, pairs]) => {
  const {graph} = window.read.chapters[chapter];
  const changed = new Map(pairs.map(([line, digits]) => [line, number(digits)]));
  const found = window.read.chapters[chapter].imagined(changed);
  return {values: allBits(found.values), adjoints: allBits(found.adjoints), undefinedLines: found.undefinedLines,
    hasAdjoint: Array.from(found.hasAdjoint)};
})"""


def imagined(page, story, changes):
    """Returns for each [chapter, {line: number}] what the browser imagines, its numbers as floats."""
    page.evaluate("(text) => { window.read = model.readStory(JSON.parse(text)); }", to_json(story))
    found = page.evaluate(IMAGINE, ["", [[at, [[i, bits(x)] for i, x in numbers.items()]] for at, numbers in changes]])
    for one in found:
        for key in ("values", "adjoints"):
            one[key] = [floating(x) for x in one[key]]
    return found


def interior_points(rule, rng, count):
    """Yields operands inside the rule's domain and off its kinks."""
    found = 0
    while found < count:
        point = []
        for edges in bounds(rule)[-rule.arity :]:
            low, high = (edges[0], edges[-1] if len(edges) > 1 else edges[0] + 4) if edges else (-3, 3)
            point.append(rng.uniform(low, high))
        full = full_operands(rule, tuple(point))
        if defined(rule, full) and kink_distance(rule, full) > 1e-3:
            found += 1
            yield tuple(point)


def condition(tape, inputs, pick):
    """Returns how much a number of a run moves with its inputs, per relative change of them, and its own size."""
    here = pick(tape.evaluate(inputs))
    moved = [pick(tape.evaluate({**inputs, leaf: x * (1 + 1e-7)})) for leaf, x in inputs.items()]
    return abs(here) + sum(abs(there - here) / 1e-7 for there in moved)


def test_every_rule_is_imagined_as_python_computes_it(page):
    rng = random.Random(25)
    for rule in RULES.values():
        first, *points = interior_points(rule, rng, 12)
        leaves = [Value(number, name=f"x{i}") for i, number in enumerate(first)]
        root = (where(True, *leaves) if rule.name == "where" else apply(rule, *leaves)) * 1.5
        chapter = chapter_of(root)
        tape, lines = chapter.tape, chapter.tape.leaves
        changes = [[0, dict(zip(lines, point, strict=True))] for point in points]
        for (_, inputs), found in zip(changes, imagined(page, Story((chapter,)), changes), strict=True):
            run = tape.evaluate(inputs)
            gradients = run.gradients()
            assert found["undefinedLines"] == []
            assert math.isclose(
                found["values"][tape.outputs[0]],
                run.outputs[0],
                abs_tol=1e-12 * condition(tape, inputs, lambda run: run.outputs[0]),
                rel_tol=0,
            ), (rule, inputs)
            for line in lines:
                name = tape.lines[line].name
                tolerance = 1e-12 * condition(tape, inputs, lambda run, name=name: run.gradients()[name])
                assert abs(found["adjoints"][line] - gradients[name]) <= tolerance, (rule, inputs, name)


def test_imagining_nothing_changes_nothing(page, stories):
    for story in stories[-60:]:
        changes = [[at, {}] for at in range(len(story.chapters))]
        for chapter, found in zip(story.chapters, imagined(page, story, changes), strict=True):
            sums = {}
            for event in chapter.events:
                if isinstance(event, Seed):
                    sums[event.line] = event.after if chapter.earlier[event.line] is None else chapter.seed
                elif isinstance(event, Back):
                    sums[event.operand] = sums.get(event.operand, 0.0) + event.local * event.upstream
            assert all_bits(found["values"]) == [bits(line.data) for line in chapter.tape.lines]
            adjoints = zip(found["adjoints"], found["hasAdjoint"], strict=True)
            wanted = [bits(sums.get(line)) for line in range(len(chapter.tape))]
            assert [bits(x) if has else None for x, has in adjoints] == wanted


def test_only_what_depends_on_a_change_is_computed_again(page):
    x, w = Value(3.0, name="x"), Value(0.5, name="w")
    chapter = chapter_of((x * x).tanh() * w.exp() + 1)
    leaf = chapter.tape.leaves[1]
    (found,) = imagined(page, Story((chapter,)), [[0, {leaf: 2.0}]])
    run = chapter.tape.evaluate({leaf: 2.0})
    assert found["values"] == pytest.approx(run.values, rel=1e-14)
    kept = [line for line, data in enumerate(run.values) if data == chapter.tape.lines[line].data]
    assert [found["values"][line] for line in kept] == [run.values[line] for line in kept]


def test_where_python_would_raise_the_line_is_named(page):
    x = Value(2.0, name="x")
    roots = (x.log() * 2, 1 / x, x.exp() + 1, x.sqrt() * 3, x**0.5, half_line(x) + 1, x.floor() + x)
    chapters = [chapter_of(root) for root in roots]
    numbers = zip(chapters, (-1.0, 0.0, 1000.0, -4.0, -1.0, -1.0, 2.5), strict=True)
    changes = [[at, {chapter.tape.leaves[0]: number}] for at, (chapter, number) in enumerate(numbers)]
    found = imagined(page, Story(tuple(chapters)), changes)
    assert [len(one["undefinedLines"]) for one in found] == [1, 1, 1, 1, 1, 1, 0]
    assert math.isnan(found[0]["values"][-1])
    assert found[2]["values"][-1] == math.inf


def test_an_imagined_tie_with_a_constant_is_the_constants(page):
    x, y = Value(3.0, name="x"), Value(1.0, name="y")
    story = Story((chapter_of(x.maximum(0.0)), chapter_of(x.maximum(y))))
    lone, beside = imagined(page, story, [[0, {0: 0.0}], [1, {0: 1.0}]])
    assert (lone["adjoints"][0], beside["adjoints"][0]) == (0.0, 0.5)


def test_a_black_box_cannot_be_imagined(page):
    x = Value(2.0)
    texts = documents([Story((chapter_of(black(x) + 1),)), Story((chapter_of(x.exp() + 1),))])
    script = "(texts) => texts.map((text) => model.readStory(JSON.parse(text)).chapters[0].canImagine)"
    assert page.evaluate(script, texts) == [False, True]


# ---------------------------------------------------------------- what else a document says


def test_a_document_of_another_format_is_refused(page):
    text = to_json(small_story()[0])
    for change in ({"version": 2}, {"format": "a picture"}):
        script = "(text) => { try { model.readStory(JSON.parse(text)); } catch (error) { return error.name; } }"
        assert page.evaluate(script, json.dumps({**json.loads(text), **change})) == "TypeError"


def test_a_graph_knows_who_uses_what_and_where_it_belongs(page, stories):
    script = """(texts) => texts.map((text) => model.readStory(JSON.parse(text)).graphs.map((graph) => ({
      lines: Array.from({length: graph.size}, (_, line) => ({
        operands: [...graph.operands(line)],
        kind: [graph.isLeaf(line), graph.isConstant(line), graph.rule(line)?.name ?? null],
        consumers: [...graph.consumers(line)].map((edge) => [graph.edgeLine[edge], graph.edgeOperand[edge]]),
        home: graph.home(line), inside: graph.pieces[graph.home(line)]?.lines.includes(line) ?? null,
        right: model.right({graph, name: (other) => graph.name(other)}, line),
      })),
      pieces: graph.pieces.map((piece) => [piece.name, piece.parent, piece.count, piece.lines.length, piece.children]),
    })))"""
    for story, graphs in zip(stories, page.evaluate(script, documents(stories)), strict=True):
        firsts = {}
        for chapter, entry in zip(story.chapters, json.loads(to_json(story))["chapters"], strict=True):
            firsts.setdefault(entry["graph"], chapter)
        for at, graph in enumerate(graphs):
            chapter = firsts[at]
            teller, lines = Teller(chapter), chapter.tape.lines
            for line, found in zip(lines, graph["lines"], strict=True):
                assert found["operands"] == list(line.operands)
                assert found["kind"] == [line.is_leaf, line.constant, line.rule.name if line.rule else None]
                users = [[other.index, line.index] for other in lines for i in other.operands if i == line.index]
                assert found["consumers"] == users
                assert found["right"] == teller.right(line.index)
                assert found["inside"] is (None if found["home"] < 0 else True)
            for at_piece, (_, parent, count, direct, children) in enumerate(graph["pieces"]):
                assert parent < at_piece
                assert count == direct + sum(graph["pieces"][child][2] for child in children)


@pytest.mark.slow
def test_sixty_thousand_lines_arrive_to_the_bit(page):
    rng, leaves = random.Random(26), [Value(i / 7.0, name=f"x{i}") for i in range(100)]
    total = leaves[0]
    for i in range(20_000):
        total = (total * 0.5 + rng.choice(leaves)).tanh() if i % 3 == 0 else total * rng.choice(leaves) * 0.1 + 1.0
    story = Story((chapter_of(total),))
    assert len(story.chapters[0].tape) > 60_000
    script = """(text) => {
      const {chapters: [chapter]} = model.readStory(JSON.parse(text));
      const last = chapter.event(chapter.length - 1);
      return [chapter.length, told(last), allBits(chapter.values)];
    }"""
    length, last, values = page.evaluate(script, to_json(story))
    chapter = story.chapters[0]
    assert length == len(story)
    assert last == told(chapter, chapter.events[-1])
    assert values == [bits(line.data) for line in chapter.tape.lines]
