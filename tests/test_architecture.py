"""Who may import whom: the picture, as a table, held against what `ast` reads in the files."""

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

import autograd_lite
import nn

ROOT = Path(__file__).parent.parent

# The picture. A module may import from its own row of names, at module level; nothing else of the project.
# `lift`, `testing`, `view` and `stepper` stand for everything in their folders.
PICTURE = {
    "errors": "",
    "files": "errors",
    "rules": "",
    "expressions": "errors rules",
    "context": "",
    "faults": "errors",
    "arithmetics": "errors rules expressions",
    "operations": "rules expressions arithmetics",
    "operands": "errors",
    "tracing": "errors context",
    "value": "errors rules arithmetics operations faults context operands tracing",
    "lookup": "errors rules context operands tracing value",
    "functions": "errors rules expressions arithmetics operands value",
    "run": "errors arithmetics context value functions",
    "tape": "errors rules arithmetics operations faults context operands run",
    "tape_file": "errors rules files tape",
    "recording": "errors rules value tape",
    "scopes": "errors value tape recording",
    "transforms": "errors rules arithmetics context operands value functions recording run",
    "check": "errors arithmetics context operands value tape recording transforms",
    "markup": "",
    "notation": "rules expressions markup",
    "anomaly": "faults value tape recording scopes",
    "extend": "errors rules expressions operands value check",
    "lift": "errors rules expressions arithmetics context operands tracing value lookup transforms anomaly lift",
    "testing": "errors rules expressions arithmetics operations value functions tape recording testing",
    "view": "errors rules operations value tape recording scopes notation markup lift files view",
    "stepper": "errors rules expressions context faults arithmetics operations operands value functions tape recording "
    "scopes notation markup anomaly files view stepper",
    "cli": "errors expressions functions value check",
}

# Arrows inside functions, taken only when somebody asks for that service.
LAZY = {
    ("value", "view"): "value.graph() draws",
    ("value", "stepper"): "value.step() shows every step",
    ("cli", "stepper"): "the commands step and worksheet",
    ("tape", "tape_file"): "tape.save() and load()",
    ("cli", "view"): "how a page's file has to be called",
    ("cli", "nn"): "the command is where the two packages meet",
    ("__init__", "view"): "draw and GraphView are imported on first use",
    ("__init__", "stepper"): "step, worksheet and their company are imported on first use",
    ("__init__", "lift"): "lift and lift_graph are imported on first use, and NumPy with them",
}

HEAVY = {"numpy", "scipy", "sklearn", "matplotlib", "graphviz", "tqdm", "hypothesis", "jax", "IPython", "torch"}
HEAVY |= {"mpmath", "flint", "anywidget", "traitlets", "pandas"}
ALLOWED_HEAVY = {("testing", "hypothesis"), ("lift", "numpy")}


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def module_of(path):
    """Returns "value" for autograd_lite/value.py and "view" for everything in autograd_lite/view/."""
    relative = path.relative_to(ROOT)
    return relative.parts[1] if len(relative.parts) > 2 else path.stem


def dotted(path):
    """Returns "autograd_lite.view" for autograd_lite/view/__init__.py."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path):
    """Yields (imported module, names, kind) of a file; kind is "module", "lazy" or "types"."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])

    def visit(node, kind):
        for child in ast.iter_child_nodes(node):
            inner = kind
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inner = "lazy" if kind == "module" else kind
            elif isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                inner = "types"
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, (), kind
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                name = ".".join([*base, *([child.module] if child.module else [])])
                yield name, tuple(alias.name for alias in child.names), kind
            yield from visit(child, inner)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), "module")


def inside(path):
    """Yields (module of autograd_lite, kind) that a file of autograd_lite imports."""
    for name, names, kind in imports(path):
        parts = name.split(".")
        if parts[0] != "autograd_lite":
            continue
        for module in [parts[1]] if len(parts) > 1 else names:
            if module != "__version__":  # a fact about the whole package
                yield module, kind


ENGINE = files("autograd_lite")
IDS = [str(path.relative_to(ROOT)) for path in ENGINE]


@pytest.mark.parametrize("path", ENGINE, ids=IDS)
def test_every_arrow_is_on_the_picture(path):
    module = module_of(path)
    if module == "__init__":
        return
    assert module in PICTURE, f"{module} is not on the picture; put it there, with what it may import"
    for imported, kind in inside(path):
        if kind == "module":
            assert imported in PICTURE[module].split(), f"{module} -> {imported} is not on the picture"
        elif kind == "lazy":
            allowed = imported in PICTURE[module].split() or (module, imported) in LAZY
            assert allowed, f"{module} -> {imported} inside a function is not on the picture"


def test_the_picture_has_no_cycle_and_goes_upwards_only():
    drawn = set()
    for module, row in PICTURE.items():
        drawn.add(module)
        assert set(row.split()) <= drawn, f"{module} imports what is drawn after it"


def test_the_picture_shows_every_module_and_no_other():
    assert set(PICTURE) == {module_of(path) for path in ENGINE} - {"__init__"}


def test_the_readme_shows_the_same_modules():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (picture,) = re.findall(r"Who may import whom.*?```\n(.*?)```", text, re.DOTALL)
    drawn = re.findall(r"\w+", re.sub(r"\(.*?\)", "", picture))
    assert {*drawn} - {"nn", "autograd_lite"} == {*PICTURE}


@pytest.mark.parametrize("folder", ["view", "view.pieces", "testing", "lift", "stepper", "stepper.laboratory"])
def test_the_map_of_a_folder_lists_every_module_in_it(folder):
    listed = importlib.import_module(f"autograd_lite.{folder}").__doc__.partition(">>>")[0]
    modules = {path.stem for path in (ROOT / "autograd_lite" / folder.replace(".", "/")).glob("*.py")} - {"__init__"}
    assert modules <= {*re.findall(r"\w+", listed)}


def test_value_reaches_upwards_for_pictures_only_and_when_asked():
    lazy = {imported for imported, kind in inside(ROOT / "autograd_lite" / "value.py") if kind == "lazy"}
    assert lazy == {"view", "stepper"}


@pytest.mark.parametrize("path", [*ENGINE, *files("nn")], ids=str)
def test_heavy_packages_are_imported_inside_the_function_that_needs_them(path):
    for name, _, kind in imports(path):
        root = name.partition(".")[0]
        if root in HEAVY and kind == "module":
            assert (module_of(path), root) in ALLOWED_HEAVY, f"{path.name} imports {root} at module level"


@pytest.mark.parametrize("path", ENGINE, ids=IDS)
def test_only_the_command_knows_nn(path):
    for name, _, kind in imports(path):
        if name.partition(".")[0] == "nn":
            assert (module_of(path), kind) == ("cli", "lazy")


@pytest.mark.parametrize("path", files("nn"), ids=lambda p: p.name)
def test_nn_imports_public_names_of_the_engine_only(path):
    for name, names, _ in imports(path):
        if name.partition(".")[0] == "autograd_lite":
            assert name == "autograd_lite", f"{path.name} imports {name}"
            assert set(names) <= set(autograd_lite.__all__)


@pytest.mark.parametrize("path", [*ENGINE, *files("nn")], ids=str)
def test_everything_else_comes_from_the_standard_library_or_a_declared_package(path):
    declared = {*HEAVY, "nn", "autograd_lite"}
    for name, _, _ in imports(path):
        root = name.partition(".")[0]
        assert root in sys.stdlib_module_names or root in declared, f"{path.name} imports {root}"


@pytest.mark.parametrize("path", [*ENGINE, *files("nn")], ids=str)
def test_a_module_offers_what_others_import_from_it(path):
    modules = {dotted(other) for other in [*ENGINE, *files("nn")]}
    for name, names, _ in imports(path):
        if name in modules:
            offered = {*importlib.import_module(name).__all__, "__version__"}
            hidden = [n for n in names if n not in offered and f"{name}.{n}" not in modules]
            assert not hidden, f"{hidden} are not in the __all__ of {name}"


@pytest.mark.parametrize("package", ["autograd_lite", "nn"])
def test_there_is_no_cycle_among_imports_at_module_level(package):
    arrows = {}
    for path in files(package):
        found = set()
        for name, names, kind in imports(path):
            if kind == "module" and name.partition(".")[0] == package:
                found |= {name, *(f"{name}.{n}" for n in names)} - {package}  # `from . import x` is an arrow to x
        arrows[dotted(path)] = found
    arrows = {module: found & set(arrows) - {module} for module, found in arrows.items()}
    remaining = dict(arrows)
    while remaining:
        free = [module for module, found in remaining.items() if not found & set(remaining)]
        assert free, f"a cycle among {sorted(remaining)}"
        for module in free:
            del remaining[module]


def reading_order(name):
    """Constants first, then classes, then functions; log2 before log10."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


@pytest.mark.parametrize("package", [autograd_lite, nn], ids=lambda m: m.__name__)
def test_the_public_names_are_sorted_and_all_there(package):
    assert sorted(set(package.__all__), key=reading_order) == package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize("package", [autograd_lite, nn], ids=lambda m: m.__name__)
def test_the_public_names_are_the_namespace(package):
    modules = {module_of(path) for path in files(package.__name__)} | {"TYPE_CHECKING", "Any", "annotations"}
    names = {name for name in vars(package) if not name.startswith("_")} - (modules - set(package.__all__))
    assert names | set(package.__all__) == set(package.__all__)
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("path", [*ENGINE, *files("nn")], ids=str)
def test_no_file_is_called_after_what_it_is_not(path):
    assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common", "manager", "tmp", "g"}


@pytest.mark.parametrize("path", [*ENGINE, *files("nn")], ids=str)
def test_every_file_says_what_it_is_for_and_what_it_offers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    offered = [n for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    assert offered or path.stem == "__main__", f"{path.name} has no __all__"


def test_what_public_functions_return_has_a_public_name():
    x = autograd_lite.Value(2.0)
    tape = autograd_lite.record(x * x)
    returned = [tape, tape.lines[0], tape.evaluate(), x.graph(), autograd_lite.gradcheck(abs, [1.0])]
    assert [type(thing).__name__ for thing in returned] == ["Tape", "Line", "Run", "GraphView", "GradientReport"]
    assert {type(thing).__name__ for thing in returned} <= {*autograd_lite.__all__}


def test_an_unknown_attribute_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        autograd_lite.nothing
