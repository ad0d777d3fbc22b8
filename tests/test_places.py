"""Source places: every operation remembers the line that made it, where that is asked for, and nothing raises."""

import math
import sys
import threading
from types import SimpleNamespace

import pytest

from autograd_lite import (
    Value,
    remember_places,
)
from autograd_lite.context import Modes, hint, modes
from autograd_lite.faults import Place, here


def neuron(w, x, b=-1.0):
    return (w * x + b).tanh()


def test_every_operation_remembers_its_place_and_nothing_raises():
    with remember_places():
        y = Value(1e200) * 1e200  # inf
        z = (y - y).relu()
    assert (y.data, math.isnan(z.data)) == (math.inf, True)
    assert (y.more.place.file, y.more.place.text) == ("test_places.py", "y = Value(1e200) * 1e200  # inf")
    assert z.operands[0].more.place.line == z.more.place.line == y.more.place.line + 1
    z.backward()
    assert (y * 1.0).more.place is None


def test_places_end_with_their_block_whatever_happens():
    with pytest.raises(KeyboardInterrupt), remember_places():
        raise KeyboardInterrupt
    assert modes() == Modes()
    assert hint["careful"] == 0


def test_places_change_no_number():
    plain = neuron(Value(0.5), Value(2.0))
    with remember_places():
        kept = neuron(Value(0.5), Value(2.0))
    assert (plain.data, plain.partials) == (kept.data, kept.partials)


def test_places_are_remembered_in_the_thread_that_asked_only():
    found = []
    with remember_places():
        assert modes() == Modes(places=True)
        thread = threading.Thread(target=lambda: found.append(Value(2.0) * 3.0))
        thread.start()
        thread.join()
        assert (Value(2.0) * 3.0).more.place
    assert found[0].more.place is None
    assert hint["careful"] == 0


def test_a_place_says_where_its_source_is_to_be_read_and_shows_it_not():
    with remember_places():
        y = Value(2.0) * 3.0
    assert y.more.place.path == __file__
    assert __file__ not in str(y.more.place)
    program = compile("y = Value(2.0) * 3.0", "nowhere.py", "exec")
    with remember_places():
        exec(program, scope := {"Value": Value, "__name__": "__main__"})
    assert scope["y"].more.place == Place("nowhere.py", 1, "")


def test_a_notebook_cell_is_called_by_its_number_where_jupyter_knows_it(monkeypatch):
    def known(name):
        return ("Cell", "In[7]") if "3456" in name else None

    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=known))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    places = []
    for name in ("/x/ipykernel_12/3456.py", "/x/ipykernel_12/9.py"):
        exec(compile("places.append(here())", name, "exec"), {"__name__": "__main__", "places": places, "here": here})
    assert [place.file for place in places] == ["cell [7]", "a notebook cell"]
