"""Names are any text: no name breaks a picture, changes what it shows, or makes it do anything."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite.notation import printable
from autograd_lite.rules import Rule
from autograd_lite.scopes import in_scope
from autograd_lite.value import Value, apply
from autograd_lite.view import draw
from autograd_lite.view.labels import short

HOSTILE = [
    "<script>alert(1)</script>",
    "</script>",
    "</svg><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "' onclick='alert(1)",
    "javascript:alert(1)",
    "a:b",
    "a:b:n",
    "<b>x</b>",
    "<",
    "<>",
    "<a href='javascript:alert(1)'>x</a>",
    "line\nbreak",
    "carriage\r\nreturn",
    "tab\there",
    'quote"',
    "apostrophe'",
    "back\\slash",
    "ends in backslash\\",
    '\\"',
    "\\N",
    "\\G \\E \\l \\r \\n",
    "{|}",
    "<port> | {x}",
    "\x00\x01\x08\x1f\x7f\x85",
    "\ud800",
    "ok\udfff\ud800",
    "\ufffe\uffff",
    "\u2028\u2029",
    "\u202eevil\u202c",
    "שלום",
    "مرحبا",
    "🙂👩‍👩‍👧‍👦",
    "e\u0301" * 20,
    "x" * 10_000,
    "重" * 10_000,
    "&amp; &#x3c; &lt;",
    "]]>",
    "-->",
    "<!-- comment",
    "<![CDATA[x",
    "%(name)s {0} $x",
    "node",
    "digraph",
    "graph [label=x]; v0 -> v1",
    '"]; v0 -> v1 [label="',
    " ",
    "",
]
names = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text(alphabet="<>&\"'\\{}|:;[]-!/ \nN", max_size=12))
SVG_ELEMENTS = {"svg", "g", "rect", "path", "polygon", "text", "tspan", "title"}
ATTRIBUTES = {
    "width",
    "height",
    "viewBox",
    "role",
    "aria-label",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-opacity",
    "stroke-width",
    "stroke-linejoin",
    "stroke-dasharray",
    "paint-order",
    "text-anchor",
    "transform",
    "x",
    "y",
    "dx",
    "rx",
    "d",
    "points",
    "data-node",
    "data-kind",
    "data-edge",
    "data-box",
}


def picture(name, other="plain", scope="scope"):
    x, y = Value(2.0, name=name), Value(3.0, name=other)
    out = in_scope(scope, lambda a, b: a * b, x, y)
    out.name = name
    return draw(out * x, fold=None)


def check_svg(view, *wanted):
    root = ET.fromstring(view.svg(engine="builtin"))
    nodes = {g.get("data-node"): g for g in root.iter() if g.get("data-node")}
    assert set(nodes) == {node.id for node in view.nodes}
    assert sum(g.get("data-edge") is not None for g in root.iter()) == len(view.edges)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= SVG_ELEMENTS
    assert {key for element in root.iter() for key in element.attrib} <= ATTRIBUTES
    titles = [title.text or "" for title in root.iter("{http://www.w3.org/2000/svg}title")]
    for name in wanted:
        assert any(printable(name) in title for title in titles)
    return nodes


@settings(deadline=None)
@given(names, names, names)
def test_an_svg_parses_has_all_nodes_and_edges_and_nothing_executable(name, other, scope):
    nodes = check_svg(picture(name, other, scope), name, other, scope)
    shown = "".join(nodes["v0"].itertext())
    assert short(name) in shown


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_each_name_of_the_list_survives_every_renderer(name):
    view = picture(name, scope=name)
    check_svg(view, name)
    check_html(view)
    check_dot(view)
    assert len(view.text.splitlines()) == len(picture("plain").text.splitlines())
    view.text.encode()


class _Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.cells = [], [], 0

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value) for key, value in attrs]


def check_html(view):
    for text, rows in ((view.html(engine="builtin"), True), (view._repr_mimebundle_()["text/html"], False)):
        page = _Page()
        page.feed(text)
        page.close()
        assert not set(page.tags) & {
            "script",
            "iframe",
            "object",
            "embed",
            "a",
            "link",
            "base",
            "form",
            "foreignobject",
        }
        assert not any(key.startswith("on") or key in ("href", "style", "srcdoc") for _, key, _ in page.attributes)
        sources = [value for _, key, value in page.attributes if key == "src"]
        assert all(value.startswith("data:image/svg+xml;base64,") for value in sources)
        assert page.tags.count("tr") == 1 + len(view.nodes)
        assert (page.tags.count("h1") == 1) == rows


@settings(deadline=None)
@given(names)
def test_a_page_parses_and_has_nothing_executable(name):
    check_html(picture(name, scope=name))


QUOTED = r'"(?:[^"\\]|\\.)*"'
PAIRS = rf"(?:\w+=(?:{QUOTED}|[\w.\-\u0080-\uffff]+) ?)*"
STATEMENT = re.compile(rf"\s*(?:\w+(?: -> \w+)?(?: \[{PAIRS}\])?|{PAIRS}|subgraph \w+ \{{|digraph \{{|\}})")


def check_dot(view):
    source = view.source
    assert [line for line in source.splitlines() if not STATEMENT.fullmatch(line)] == []
    assert len(re.findall(r"^\s*[vs]\d+ \[", source, re.MULTILINE)) == len(view.nodes)
    assert len(re.findall(r"^\s*[vs]\d+ -> [vs]\d+", source, re.MULTILINE)) == len(view.edges)
    unquoted = re.sub(QUOTED, '""', source)
    assert not re.search(r"\b(URL|href|tooltip|comment|image)=|=<", unquoted)
    if not shutil.which("dot"):
        return
    drawn = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True).stdout
    root = ET.fromstring(drawn)
    kinds = [g.get("class") for g in root.iter("{http://www.w3.org/2000/svg}g")]
    assert kinds.count("node") == len(view.nodes)
    assert kinds.count("edge") == len(view.edges)
    assert not any(element.tag.endswith(("}a", "}script", "}image")) for element in root.iter())
    texts = ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
    wanted = " ".join(short(view.nodes[0].name).split())
    assert not wanted or any(wanted in " ".join(text.split()) for text in texts)


@settings(max_examples=25, deadline=None)
@given(names, names)
def test_dot_source_keeps_its_structure(name, scope):
    check_dot(picture(name, scope=scope))


@settings(deadline=None)
@given(names)
def test_the_text_has_one_line_a_node(name):
    view = picture(name, scope=name)
    assert len(view.text.splitlines()) == len(picture("plain").text.splitlines())


def test_a_rule_with_a_hostile_name_is_harmless():
    rule = Rule('<script>"\\N', "x", ("1",))
    view = draw(apply(rule, Value(1.0)))
    check_svg(view)
    check_html(view)
    check_dot(view)


def test_a_folded_piece_with_a_hostile_name_is_harmless():
    out = in_scope("</title><script>", lambda v: v * 2, Value(1.0))
    view = draw(out, fold=1)
    check_svg(view, "</title><script>")
    check_html(view)
    check_dot(view)
