"""What Jupyter gets of a stepper: the widget, the frame, the picture; and the page."""

import json
import subprocess
import sys

import pytest

from autograd_lite import InputError, step

VIEW = "application/vnd.jupyter.widget-view+json"


def neuron(w, x, b=-1.0):
    return (w * x + b).tanh()


@pytest.fixture
def _without_anywidget(monkeypatch):
    from autograd_lite.stepper.widget import widget_class

    widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    yield
    widget_class.cache_clear()


@pytest.mark.usefixtures("_without_anywidget")
def test_without_anywidget_jupyter_gets_the_page_in_an_iframe_and_the_picture():
    bundle = step(neuron, 0.5, 2.0, -1.0)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<iframe" in bundle["text/html"]
    assert '<img src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert bundle["text/plain"].startswith("v5 = tanh(v4)")


@pytest.mark.usefixtures("_without_anywidget")
def test_without_anywidget_asking_for_the_widget_names_the_remedy():
    with pytest.raises(ImportError, match=r"pip install 'autograd-lite\[widget\]', or write a page with stepper"):
        step(neuron, 0.5, 2.0, -1.0).widget()


@pytest.fixture
def widget():
    pytest.importorskip("anywidget")
    return step(neuron, 0.5, 2.0, -1.0)


def test_jupyter_gets_the_widget_and_the_picture(widget):
    data, metadata = widget._repr_mimebundle_()
    assert data[VIEW]["model_id"] == widget.widget().model_id
    assert data["text/plain"].startswith("v5 = tanh(v4)")
    assert '<img src="data:image/svg+xml;base64,' in data["text/html"]
    assert "image/svg+xml" not in data, "the picture would be stored twice"
    assert isinstance(metadata, dict)
    assert widget.widget()._repr_mimebundle_()[0] == data


def test_the_widget_has_the_story_and_is_one_for_each_stepper(widget):
    assert widget.widget() is widget.widget()
    assert json.loads(widget.widget().story)["format"] == "autograd-lite story"
    assert type(widget.widget()).__mro__[1:3] == type(step(neuron, 1.0, 2.0, 3.0).widget()).__mro__[1:3]
    assert (widget.widget().theme, widget.widget().position, widget.widget().selected) == ("auto", 0, -1)
    assert {"story", "position", "selected", "theme", "_esm", "_css"} <= set(widget.widget().keys)


def test_position_and_selection_go_both_ways_between_stepper_and_widget(widget):
    widget.position = 3
    widget.selected = 1
    shown = widget.widget()
    assert (shown.position, shown.selected) == (3, 1)
    shown.position, shown.selected = 5, 2  # the browser moved
    assert (widget.position, widget.place, widget.selected) == (5, (0, 5), 2)
    assert widget.forward().position == shown.position == 6
    assert widget.to_phase("seed").next_of(0).position == shown.position, "whatever moves it moves the browser"
    widget.selected = None
    assert shown.selected == -1
    shown.selected = 0
    assert widget.selected == 0


def test_a_position_of_the_browsers_that_is_not_there_is_put_back(widget):
    shown = widget.widget()
    shown.position = 99
    shown.selected = 99
    assert (widget.position, shown.position, widget.selected) == (0, 0, None)


def test_the_page_is_returned_and_written_whole(tmp_path):
    stepper = step(neuron, 0.5, 2.0, -1.0)
    assert stepper.to_html(tmp_path / "out.html") is None, "a notebook would print all of it"
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == stepper.to_html()
    with pytest.raises(InputError, match=r"the suffix '.pdf' is not a page's; name it .html"):
        stepper.to_html(tmp_path / "out.pdf")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        stepper.to_html(tmp_path / "nowhere" / "out.html")


def test_the_package_imports_nothing_of_the_stepper_by_itself():
    code = "import sys, autograd_lite; print([m for m in sys.modules if 'stepper' in m or 'widget' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
