"""Worksheets: what is asked, what the key says, and that the sheet does not give it away."""

import re
from xml.etree import ElementTree as ET

import pytest

from autograd_lite import FLOAT, RULES, InputError, OperandError, Value, Worksheet, define_rule, step, where, worksheet
from autograd_lite.stepper.textbook import ON_PAPER
from autograd_lite.value import apply
from autograd_lite.view.labels import figure


def shared():
    a, c = Value(3.0, name="a"), Value(-2.0, name="c")
    return a, c, (a * a + c * a).tanh() / (c * c + 1) - 0.537 * a


def parts(sheet):
    """Returns the page's sheet and key, each without the other."""
    page = sheet.to_html()
    head, _, key = page.partition('<section class="key"')
    return head, key


def test_the_numbers_of_the_key_are_the_engines():
    a, c, out = shared()
    sheet = worksheet(out)
    out.backward()
    (_, forward), (_, backward) = sheet.sections
    assert forward[-1].answers == (figure(out.data),)
    assert len(forward) == 9
    totals = {row.text[0]: row.answers[-1] for row in backward}
    assert totals["dL/da = "] == figure(a.grad)
    assert totals["dL/dc = "] == figure(c.grad)
    assert f"dL/da = {' + '.join(s for s in next(r for r in backward if r.text[0] == 'dL/da = ').answers[:-1])}" in str(
        sheet
    )


def test_a_sum_has_a_row_for_each_contribution_and_one_number():
    x = Value(3.0, name="x")
    rows = worksheet(x * x + x).sections[1][1]
    assert [row.written(solved=True) for row in rows] == [
        "1. dL/dv1 = dv2/dv1 * dL/dv2 = 1 * 1 = 1",
        "2. dv2/dx * dL/dv2 = 1 * 1 = 1",
        "   dv1/dx (as operand 1) * dL/dv1 = 3 * 1 = 3",
        "   dv1/dx (as operand 2) * dL/dv1 = 3 * 1 = 3",
        "   dL/dx = 1 + 3 + 3 = 7",
    ]
    assert rows[-1].written(solved=False) == "   dL/dx = ____ + ____ + ____ = ____"


def test_a_long_sum_is_one_number():
    x = Value(3.0, name="x")
    assert worksheet(x * x + x * x + x).sections[1][1][-1].written(solved=True) == "   dL/dx = their sum = 13"


@pytest.mark.parametrize(("blanks", "names"), [("values", ["Forward"]), ("gradients", ["Backward"]), ("all", None)])
def test_what_is_asked_can_be_chosen(blanks, names):
    sheet = worksheet(shared()[2], blanks=blanks)
    assert [name for name, _ in sheet.sections] == (names or ["Forward", "Backward"])


@pytest.mark.parametrize("blanks", ["values", "gradients", "all"])
def test_the_sheet_has_boxes_and_no_answer_and_the_key_has_them(blanks):
    _, c, out = shared()
    value, root = repr(out.data), figure(out.data)
    sheet, key = parts(worksheet(out, blanks=blanks))
    out.backward()
    assert 'class="blank"' in sheet
    assert 'class="blank"' not in key
    assert (value in sheet or root in sheet) is (blanks == "gradients")
    assert value in key  # the title of its card
    assert root in key
    assert repr(c.grad) not in sheet
    assert (repr(c.grad) in key) is (blanks != "values") or figure(c.grad) in key


def test_the_boxes_of_sheet_and_key_are_in_the_same_places():
    sheet, key = parts(worksheet(shared()[2]))
    place = r'<rect x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)" rx="6"'
    assert re.findall(place, sheet) == re.findall(place, key) != []
    assert sheet.count('rx="3"') == 9 + 9 + 1  # values and gradients of 9 operations but the seed, and two leaves'


def test_the_page_is_well_formed_static_and_closed_to_the_network():
    page = worksheet(shared()[2], title="<script>alert(1)</script> & co").to_html()
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    body = page.partition("<main>")[2].partition("</main>")[0]
    assert ET.fromstring(f"<main>{body}</main>").find("section/h1").text == "<script>alert(1)</script> & co"


def test_hostile_names_stay_text():
    x = Value(2.0, name='</span><img src=x onerror="alert(1)">')
    sheet = worksheet((x * x).exp(), title="\x00\ud800")
    assert "<img src=x" not in sheet.to_html()
    assert "<img src=x" not in sheet._repr_mimebundle_()["text/html"]
    sheet.to_html().encode()


def test_conditions_own_rules_and_constants_can_be_asked_for():
    thrice = define_rule("thrice_on_paper", lambda x: 3 * x, lambda x, out: 3.0)
    x = Value(2.0, name="x")
    sheet = worksheet(where(x > 0, thrice(x) / 4, -x))
    assert "thrice_on_paper(x)" in str(sheet)
    assert "where(" in str(sheet)
    ET.fromstring("<main>" + sheet.to_html().partition("<main>")[2].partition("</main>")[0] + "</main>")


@pytest.mark.parametrize("name", ON_PAPER)
def test_what_textbooks_write_is_what_the_table_computes(name):
    for x in (-2.0, 0.0, 0.5, 3.0):
        out = apply(RULES[name], Value(x))
        assert FLOAT.formula(ON_PAPER[name], ("x", "out"))(x, out.data) == pytest.approx(out.partials[0], rel=1e-13)


def test_a_leaf_alone_has_nothing_to_ask():
    assert repr(worksheet(Value(2.0, name="x"))) == "<Worksheet: 0 questions, with key>"


def test_the_key_can_be_left_out():
    sheet = worksheet(shared()[2], key=False)
    assert 'class="key"' not in sheet.to_html()
    assert "Key" not in str(sheet)
    assert "Key" not in sheet._repr_mimebundle_()["text/html"]
    assert repr(sheet) == "<Worksheet: 19 questions>"


def test_jupyter_gets_an_image_the_questions_and_a_key_that_is_closed():
    bundle = worksheet(shared()[2], title="Paper")._repr_mimebundle_()
    assert bundle["text/html"].startswith("<h3>Paper</h3>\n<img src=")
    assert "<details><summary>Key" in bundle["text/html"]
    assert bundle["text/plain"].startswith("Paper\nGiven: a = 3, c = -2\nForward\n1. v1 = a * a = ____")


def test_a_worksheet_is_written_as_a_page(tmp_path):
    sheet = worksheet(shared()[2])
    sheet.to_html(tmp_path / "sheet.html")
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8") == sheet.to_html()
    with pytest.raises(InputError, match=r"the suffix '\.pdf' is not a page's; name it \.html"):
        sheet.to_html(tmp_path / "sheet.pdf")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        sheet.to_html(tmp_path / "nowhere" / "sheet.html")


def test_a_stepper_has_a_worksheet_too():
    sheet = worksheet(step(lambda x: x * 2, 3.0, title="twice"), blanks="values")
    assert isinstance(sheet, Worksheet)
    assert str(sheet).startswith("twice\nGiven: x = 3\n")


def test_what_makes_no_worksheet_is_said_with_its_remedy():
    x = Value(0.5, name="x")
    with pytest.raises(InputError, match="blanks='numbers': choose 'values', 'gradients' or 'all'"):
        worksheet(x.tanh(), blanks="numbers")
    with pytest.raises(OperandError, match=r"worksheet\(3\.0\): a float is no graph; give the Value"):
        worksheet(3.0)
    y = x
    for _ in range(60):
        y = y.tanh()
    with pytest.raises(InputError, match="61 values are more than anybody fills in; at most 60"):
        worksheet(y)
    with pytest.raises(OperandError, match="is not a real number"):
        worksheet(x.tanh(), seed="one")


def test_the_derivatives_needed_are_those_beside_the_constants():
    x = Value(3.0, name="x")
    needed = worksheet((x**2 + x**3) * x).to_html().partition("The derivatives you need")[2].partition("</ul>")[0]
    rows = ["".join(ET.fromstring(row).itertext()) for row in re.findall(r"<li>.*?</li>", needed)]
    assert [row.replace("\u2062", "") for row in rows[:2]] == ["out=x2∂out∂x=2x", "out=x3∂out∂x=3x2"]
    assert len(rows) == 4
    assert rows[3].count("∂out") == 2
