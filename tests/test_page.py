"""The stepper's page, without a browser: what it allows, what it holds, and that no text gets out of its place."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest

from autograd_lite import Value
from autograd_lite.stepper.bundle import bundle, joined, style
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.document import to_json
from autograd_lite.stepper.page import document_to_html, to_html, to_iframe
from autograd_lite.stepper.story import Story

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "]]>&amp;<b>&#60;",
    "\u2028\u2029\x00\ud800",
    "javascript:alert(1)",
]


def story(title="", name="x"):
    x = Value(3.0, name=name)
    return Story((chapter_of(x * x + x.tanh(), title=title),), title=title)


class Page(HTMLParser):
    """Takes a page apart: elements with their attributes and texts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = []
        self.found.append((tag, dict(attrs), self.inside))

    def handle_endtag(self, tag):  # what ends does not matter
        self.inside = None

    def handle_data(self, data):
        if self.inside is not None:
            self.inside.append(data)

    def all(self, tag):
        return [(attributes, "".join(texts)) for name, attributes, texts in self.found if name == tag]


def policy(page):
    content = next(a["content"] for a, _ in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    return dict(part.split(" ", 1) for part in content.split("; "))


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_policy_allows_the_one_script_and_the_one_sheet_by_their_hashes_and_nothing_else():
    page = Page(to_html(story()))
    [(_, program)] = [found for found in page.all("script") if found[0].get("type") == "module"]
    [(_, sheet)] = page.all("style")
    assert policy(page) == {
        "default-src": "'none'",
        "script-src": f"'{digest(program)}'",
        "style-src": f"'{digest(sheet)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert "\r" not in program + sheet  # a browser would hash something else


def test_no_element_brings_style_script_or_address_along():
    for tag, attributes, _ in Page(to_html(story())).found:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "href"}], tag


def test_the_page_is_named_has_one_heading_and_speaks_without_a_script():
    page = Page(to_html(story("A neuron")))
    assert page.all("html")[0][0]["lang"] == "en"
    assert page.all("title")[0][1] == page.all("h1")[0][1] == "A neuron"
    assert len(page.all("h1")) == 1
    assert page.all("noscript")
    assert [a for a, _ in page.all("meta") if a.get("name") == "viewport"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_and_names_stay_text(text):
    page = Page(to_html(story(text, text)))
    plain = Page(to_html(story("plain", "plain")))
    assert [tag for tag, _, _ in page.found] == [tag for tag, _, _ in plain.found]
    data = next(found for a, found in page.all("script") if a.get("id") == "story")
    assert "<" not in data
    assert json.loads(data) == json.loads(to_json(story(text, text)))


def test_a_document_that_is_no_json_is_refused():
    with pytest.raises(ValueError, match="Expecting"):
        document_to_html("</script>", title="")


def test_the_page_is_the_same_every_time_and_fetches_nothing():
    page = to_html(story())
    assert page == to_html(story())
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[\w./-]*", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", page)


def test_a_story_its_document_and_the_laboratory_come_as_the_same_kind_of_page():
    assert to_html(story("t")) == document_to_html(to_json(story("t")), title="t")
    assert "position: 3," in to_html(story(), position=3)


def test_an_iframe_holds_the_whole_page_and_may_only_run_scripts():
    page = to_html(story("</iframe>"))
    [(attributes, _)] = Page(to_iframe(page, title='"<x>"')).all("iframe")
    assert attributes["srcdoc"] == page
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["title"] == '"<x>"'
    assert html.unescape(to_iframe("a<b>&")).count("a<b>&") == 1


def test_the_bundle_is_one_module_without_imports_or_dangerous_calls():
    text = bundle()
    assert text.endswith("\nexport default { render };")
    assert text.count("export ") == 1
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)", text)
    assert "</script" not in text.lower()
    assert "<!--" not in text
    assert bundle() is text


def test_the_styles_are_about_the_stepper_alone():
    text = re.sub(r"/\*.*?\*/", "", style(), flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@(?:media|container)[^{]*\{", "", text))
    for rule in rules:
        for selector in re.split(r",(?![^(]*\))", rule.strip().strip("}")):
            assert re.match(r"\s*(\.autograd-lite|\.al-|\[data-|\}|@keyframes|$)", selector), selector
    assert "</style" not in text.lower()


def sources(**files):
    return {f"{name}.js": text for name, text in files.items()}


def test_what_is_imported_comes_first_and_once():
    files = sources(
        a='import { b } from "./b.js";\nimport { c } from "./c.js";\nexport const a = b + c;',
        b='import { c } from "./c.js";\n/** Says b. */\nexport const b = c;',
        c="// alone on its line\nexport const c = 1; // stays\n\n",
        d="export const unused = 0;",
    )
    order = "const c = 1; // stays\nconst b = c;\nconst a = b + c;\nexport default { render };"
    assert joined(files, "a.js") == order


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            sources(a='import { b } from "./b.js";\nfunction one() {}', b="export const one = 1;"),
            "'one' is declared in",
        ),
        (sources(a='import { b } from "./b.js";\nconst [x, y] = b;', b="export const b = 1;\nclass y {}"), "'y' is"),
        (
            sources(a='import { b } from "./b.js";', b='import { a } from "./a.js";'),
            "in a circle: a.js -> b.js -> a.js",
        ),
        (sources(a='import { b } from "./b.js";'), "a.js needs b.js, which is not there"),
        (sources(a='import b from "./b.js";', b=""), "not of the form"),
        (sources(a="export default class {}"), "not of the form"),
        (sources(a="const text = `one\n  two`;"), "goes over several lines: 'const text = `one'"),
    ],
)
def test_sources_that_cannot_be_joined_are_refused(files, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        joined(files, "a.js")
