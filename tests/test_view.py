"""The view as data: what is in it, what is folded, and that it is a snapshot."""

import math
import random
from itertools import pairwise

import pytest

from autograd_lite.errors import InputError, OperandError
from autograd_lite.functions import where
from autograd_lite.scopes import in_scope, scoped
from autograd_lite.value import Value
from autograd_lite.view import Edge, draw


def perceptron(widths, *, seed=0, inputs=None):
    """Returns the output of a tanh network with a scope for the net, each layer and each neuron."""
    rng = random.Random(seed)

    def neuron(weights, bias):
        def call(x):
            total = bias
            for w, xi in zip(weights, x, strict=True):
                total = total + w * xi
            return total.tanh()

        return call

    def layer(fan_in, fan_out):
        neurons = [
            neuron([Value(rng.uniform(-1, 1), name=f"w{i}") for i in range(fan_in)], Value(0.0, name="b"))
            for _ in range(fan_out)
        ]
        return lambda x: [in_scope(f"neuron{j}", call, x) for j, call in enumerate(neurons)]

    layers = [layer(*pair) for pair in pairwise(widths)]

    def network(x):
        for i, call in enumerate(layers):
            x = in_scope(f"layer{i}", call, x)
        return x[0]

    inputs = inputs or [Value(0.5 * i, name=f"x{i}") for i in range(widths[0])]
    return in_scope("mlp", network, inputs)


def chain(length):
    value = Value(1.0, name="start")
    for i in range(length):
        value = value.tanh() if i % 2 else value + 1
    return value


# ---------------------------------------------------------------- nodes and edges


def test_nodes_are_in_tape_order_and_show_value_and_gradient():
    a, b = Value(2.0, name="a"), Value(-3.0, name="b")
    out = a * b + 1
    out.backward()
    view = draw(out)
    assert [(n.id, n.kind, n.symbol, n.name, n.value, n.adjoint) for n in view.nodes] == [
        ("v0", "leaf", "", "a", 2.0, -3.0),
        ("v1", "leaf", "", "b", -3.0, 2.0),
        ("v2", "operation", "*", "", -6.0, 1.0),
        ("v3", "constant", "", "", 1.0, None),
        ("v4", "operation", "+", "", -5.0, 1.0),
    ]
    assert [n.id for n in view.outputs] == ["v4"]


def test_x_times_x_has_two_edges():
    x = Value(3.0)
    assert draw(x * x).edges == (Edge("v0", "v1", 0, 3.0), Edge("v0", "v1", 1, 3.0))


def test_an_edge_carries_the_local_partial_and_a_constant_has_none():
    x = Value(3.0)
    assert draw(x**2).edges == (Edge("v0", "v2", 0, 6.0), Edge("v1", "v2", 1, None))


def test_the_condition_of_where_is_an_operand_without_a_partial():
    x, y = Value(3.0), Value(4.0)
    edges = draw(where(x > 0, x, y)).edges
    assert [(edge.position, edge.partial) for edge in edges] == [(0, None), (1, 1.0), (2, 0.0)]


def test_a_gradient_that_was_not_computed_is_not_zero():
    x = Value(3.0)
    flat = x * 0
    assert draw(flat).nodes[0].adjoint is None
    flat.backward()
    assert draw(flat).nodes[0].adjoint == 0.0


def test_a_view_does_not_change_with_the_graph():
    x = Value(3.0, name="x")
    out = x * x
    view = draw(out)
    before = view.text
    out.backward()
    x.data, x.name = 5.0, "other"
    assert view.text == before


def test_several_outputs_share_what_they_share():
    x = Value(1.0)
    view = draw(x.sin(), x.cos())
    assert len(view.nodes) == 3
    assert [n.symbol for n in view.outputs] == ["sin", "cos"]


def test_a_single_leaf_can_be_drawn():
    view = draw(Value(1.0, name="alone"))
    assert (len(view.nodes), view.edges) == (1, ())
    assert "alone" in view.svg(engine="builtin")


def test_what_is_not_a_value_is_refused():
    with pytest.raises(OperandError, match=r"3\.0 is not a Value"):
        draw(3.0)
    with pytest.raises(OperandError, match="at least one"):
        draw()


def test_nan_and_infinity_are_shown():
    x = Value(math.nan, name="x") + Value(math.inf)
    svg = draw(x).svg(engine="builtin")
    assert ">nan<" in svg
    assert ">inf<" in svg


# ---------------------------------------------------------------- folding


def test_up_to_sixty_values_everything_is_drawn():
    view = draw(perceptron([2, 2, 1]))
    assert len(view.nodes) == view.total <= 60
    assert [box.name for box in view.boxes if box.parent is None] == ["mlp"]


def test_from_sixty_to_four_hundred_values_neurons_are_folded():
    view = draw(perceptron([3, 4, 4, 1]))
    assert 60 < view.total <= 400
    assert [n.name for n in view.nodes if n.kind == "folded"] == [f"neuron{j}" for j in (0, 1, 2, 3, 0, 1, 2, 3, 0)]
    assert sorted(box.name for box in view.boxes) == ["layer0", "layer1", "layer2", "mlp"]


def test_beyond_four_hundred_values_layers_are_folded():
    view = draw(perceptron([4, 12, 12, 1]))
    assert view.total > 400
    assert [n.name for n in view.nodes if n.kind == "folded"] == ["layer0", "layer1", "layer2"]


def test_parameters_fold_in_with_their_neuron_and_inputs_do_not():
    view = draw(perceptron([3, 4, 4, 1]))
    assert sorted(n.name for n in view.nodes if n.kind == "leaf") == ["x0", "x1", "x2"]


def test_a_folded_node_shows_its_results_and_how_many_operations_it_holds():
    out = perceptron([2, 1])
    out.backward()
    (node,) = (n for n in draw(out, fold=1).nodes if n.kind == "folded")
    assert (node.name, node.operations, node.is_output) == ("mlp", 5, True)
    assert [(r.value, r.adjoint) for r in node.results] == [(out.data, 1.0)]
    assert dict(node.census)["tanh"] == 1


def test_uses_of_a_folded_node_are_counted_on_one_edge():
    view = draw(perceptron([3, 4, 1]), fold=2)
    counts = {(edge.source, edge.target): edge.count for edge in view.edges}
    assert sorted(counts.values()) == [4, 4, 4, 4]


def test_an_operation_on_a_folded_result_keeps_its_positions_and_partials():
    out = 3.0 - perceptron([2, 1]) * 1
    view = draw(out, fold=1)
    (piece,) = (n for n in view.nodes if n.kind == "folded")
    assert [(e.position, e.partial) for e in view.edges if e.source == piece.id] == [(0, 1.0)]
    assert "= mlp * 1 " in view.text


def test_fold_takes_a_depth_and_paths():
    out = perceptron([2, 2, 1])
    assert [n.name for n in draw(out, fold=1).nodes if n.kind == "folded"] == ["mlp"]
    assert [n.name for n in draw(out, fold=2).nodes if n.kind == "folded"] == ["layer0", "layer1"]
    assert [n.name for n in draw(out, fold={"mlp.layer1"}).nodes if n.kind == "folded"] == ["layer1"]
    assert [n.name for n in draw(out, fold={("mlp", "layer0")}).nodes if n.kind == "folded"] == ["layer0"]
    assert all(n.kind != "folded" for n in draw(out, fold=None).nodes)


@pytest.mark.parametrize("fold", [0, -1, True, "everything", 1.5])
def test_a_fold_that_makes_no_sense_is_refused_with_the_choices(fold):
    with pytest.raises(InputError, match="fold="):
        draw(Value(1.0).exp(), fold=fold)


def test_a_path_that_no_piece_has_is_refused_with_the_paths_there_are():
    with pytest.raises(InputError, match=r"'mlp\.layer9'; there are 'mlp', 'mlp\.layer0'"):
        draw(perceptron([2, 2, 1]), fold={"mlp.layer9"})


def test_equal_pieces_side_by_side_become_one_when_there_are_many():
    @scoped("sample")
    def sample(x):
        return (x * x - 1).tanh()

    view = draw(sum(sample(Value(float(i))) for i in range(100)))
    (merged,) = (n for n in view.nodes if n.name == "sample")
    assert (merged.repeats, merged.operations, len(merged.results)) == (100, 300, 100)
    (run,) = (n for n in view.nodes if n.symbol == "+" and n.kind == "folded")
    assert run.repeats == 99


def test_a_piece_that_reads_its_own_consumer_is_still_drawn():
    x = Value(2.0, name="x")
    inner = x.exp()
    outside = inner * 2
    out = in_scope("closure", lambda w: w + inner, outside)  # inner leads to the input, and is used inside
    for fold in ("auto", None, 1):
        view = draw(out, fold=fold)
        assert view.svg(engine="builtin").count("data-node=") == len(view.nodes)
        assert view.text


# ---------------------------------------------------------------- large graphs


def test_ten_thousand_values_are_summarised_and_none_is_forgotten():
    out = chain(10_000)
    view = draw(out)
    assert len(view.nodes) <= 70
    assert sum(len(n.lines) for n in view.nodes) == view.total > 10_000
    assert any("folded into" in note for note in view.notes)
    assert view.nodes[0].name.startswith("operations 1-")
    assert [n.lines[-1] for n in view.outputs] == [view.total - 1]


def test_ten_thousand_values_go_through_every_renderer():
    view = draw(chain(10_000))
    assert view.svg(engine="builtin").count("data-node=") == len(view.nodes)
    assert view.html(engine="builtin")
    assert view.source
    assert view.text


def test_a_long_chain_drawn_in_full_needs_no_recursion():
    view = draw(chain(3_000), fold=None)
    assert view.svg(engine="builtin").count("data-node=") == len(view.nodes) == view.total
    assert len(view.text.splitlines()) >= len(view.nodes)
    assert view.source.count("->") == len(view.edges)


def test_pieces_nested_five_hundred_deep_need_no_recursion():
    value = Value(1.0)
    for i in range(500):
        value = in_scope(f"level{i}", lambda v: v.tanh(), value)
    deep = Value(0.5)

    def nest(level, v):
        return v.tanh() if not level else in_scope(f"n{level}", lambda w: nest(level - 1, w) + 1, v)

    out = nest(60, deep) + value
    view = draw(out, fold=None)
    assert view.svg(engine="builtin")
    assert view.source


def test_focus_shows_the_neighbourhood_and_stands_in_for_the_rest():
    v = chain(1_000)
    middle = v
    for _ in range(500):
        middle = middle.operands[0]
    view = draw(v, focus=middle, hops=2)
    assert [n.kind for n in view.nodes].count("rest") == 2
    shown = [n for n in view.nodes if n.kind != "rest"]
    assert 3 <= len(shown) <= 9
    assert sum(len(n.lines) for n in view.nodes) == view.total


def test_focus_opens_the_pieces_around_it():
    out = perceptron([4, 12, 12, 1])
    tanh = out
    view = draw(out, focus=tanh, hops=1)
    assert any(n.symbol == "tanh" for n in view.nodes)


def test_a_focus_outside_the_computation_is_refused():
    with pytest.raises(InputError, match="'stranger' is not part"):
        draw(Value(1.0).exp(), focus=Value(2.0, name="stranger"))
    with pytest.raises(InputError, match="hops=-1"):
        draw(Value(1.0).exp(), hops=-1)


def test_the_repr_is_short():
    assert repr(draw(Value(1.0).exp())) == "<GraphView: 2 nodes, 1 edges; 2 values recorded>"


def test_a_value_draws_itself_with_the_options_of_draw():
    out = perceptron([3, 4, 1])
    assert out.graph(fold=2) == draw(out, fold=2)
    assert out.graph(focus=out, hops=1) == draw(out, focus=out, hops=1)
    with pytest.raises(TypeError, match="folds"):
        out.graph(folds=2)
